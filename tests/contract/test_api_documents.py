"""Labels and customs documents, of a consignment and of one package: PRO's documented examples, and their bounds.

The pages named are those of PRO's help: `getting_labels.md`, `getting_customs_docs_and_invoices.md`.
"""

from base64 import b64decode
from datetime import timedelta
from xml.etree import ElementTree

import pytest

from tests.support import document_samples
from tests.support.allocation_api import Api
from tests.support.consignments import DESTINATION, ORIGIN, UNKNOWN, package
from tests.support.document_reading import png, scanned, texts

ABROAD = {**DESTINATION, "Region": None, "Town": "Zürich", "Postcode": "8001", "Country": "CH"}
CUSTOMS = {"CategoryType": "Other", "ReasonForExport": "Sale", "ShippingTerms": "DAP"}
PDF = b"%PDF-"


def allocated(api: Api, packages: int = 2, **changes: object) -> tuple[str, list[str]]:
    """Creates and allocates a consignment; returns its reference and those of its packages."""
    items = changes.pop("Items", None)
    sent = [package(**({"Items": items} if items else {})) for _ in range(packages)]
    reference = api.create(Packages=sent, **changes)
    assert api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote").data[0]["StatusCode"] == 200
    told = api.call("GET", f"/consignments/{reference}").data
    return reference, [each["Reference"] for each in told["Packages"]]


def exported(api: Api, packages: int = 1, value: str = "5.99") -> tuple[str, list[str]]:
    item = {**document_samples.ITEM, "Value": {"Amount": float(value), "Currency": {"IsoCode": "GBP"}}}
    return allocated(api, packages, Items=[item], Addresses=[ORIGIN, ABROAD], CustomsDocumentation=CUSTOMS)


# getting_labels.md, "Getting Labels for an Individual Package" and "Request Examples".
@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/labels/{c}", "application/pdf"),
        ("/labels/{c}/pdf", "application/pdf"),
        ("/labels/package/{c}/{p}", "application/pdf"),
        ("/labels/package/{c}/{p}/PNG", "image/png"),
        ("/labels/package/{c}/{p}/zpl", "application/zpl"),
        ("/Labels/Package/{c}/{p}/ZPLII", "application/zpl"),
        ("/labels/{c}/{p}", "application/pdf"),
        ("/labels/{c}/{p}/pdf", "application/pdf"),
    ],
)
def test_every_documented_request_for_labels_is_answered_with_file_and_content_type(
    api: Api, path: str, content_type: str
) -> None:
    reference, [first, _] = allocated(api)
    answer = api.call("GET", path.format(c=reference, p=first.lower()))
    assert (answer.status, set(answer.data), answer.data["ContentType"]) == (200, {"File", "ContentType"}, content_type)
    assert b64decode(answer.data["File"], validate=True)


def test_a_package_s_label_has_its_own_tracking_reference_the_same_each_time_and_after_a_resend(api: Api) -> None:
    reference, packages = allocated(api, 3)
    legs = api.call("GET", f"/consignments/{reference}").data["ConsignmentLegs"]
    tracking = legs[0]["TrackingReferences"]
    assert len(set(tracking)) == 3
    for at, each in enumerate(packages):
        file = api.call("GET", f"/labels/package/{reference}/{each}/PNG").data["File"]
        assert scanned(png(file)) == [tracking[at]]
    shown = api.call("GET", f"/consignments/{reference}").data["Packages"]
    assert [each["ConsignmentLegs"][0]["TrackingReferences"] for each in shown] == [[text] for text in tracking]
    api.call("PUT", f"/consignments/{reference}/deallocate")
    again = api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote").data[0]
    assert again["ConsignmentLegs"][0]["TrackingReferences"] == tracking


def test_the_label_of_a_package_says_which_of_all_packages_it_is(api: Api) -> None:
    reference, packages = allocated(api, 2)
    [page] = texts(api.call("GET", f"/labels/package/{reference}/{packages[1]}").data["File"])
    assert "Package 2 of 2" in page


def test_labels_of_an_unknown_package_of_another_consignment_or_before_the_allocation_are_refused(api: Api) -> None:
    reference, _ = allocated(api)
    _, [others, _] = allocated(api)
    for package_reference in ("EP-ZZZ-ZZZ-ZZZ", others):
        answer = api.call("GET", f"/labels/package/{reference}/{package_reference}")
        assert (answer.status, answer.data["Code"]) == (404, "PackageNotFoundException")
    assert api.call("GET", f"/labels/package/{UNKNOWN}/{others}").status == 404
    answer = api.call("GET", f"/labels/package/{reference}/{others}/GIF")
    assert (answer.status, answer.data["Code"]) == (404, "LabelFormatNotFoundException")
    unallocated = api.create()
    own = api.call("GET", f"/consignments/{unallocated}").data["Packages"][0]["Reference"]
    assert api.call("GET", f"/labels/package/{unallocated}/{own}").status == 400


def test_labels_count_as_printed_from_the_first_time_until_the_allocation_is_another(api: Api) -> None:
    reference, packages = allocated(api)
    names = ("LabelCount", "LabelsPrinted", "DateLabelsWereFirstPrinted")

    def told() -> tuple[object, ...]:
        consignment = api.call("GET", f"/consignments/{reference}").data
        return tuple(consignment[name] for name in names)

    assert told() == (0, False, None)
    first = api.clock.now
    api.call("GET", f"/labels/package/{reference}/{packages[0]}")
    api.clock.now += timedelta(hours=1)
    api.call("GET", f"/labels/{reference}/ZPL")
    assert told() == (2, True, first.isoformat())
    changed = {"Reference": reference, "ConsignmentReferenceProvidedByCustomer": "WEB-2"}
    assert api.call("PUT", "/consignments", changed).status == 200
    assert told() == (2, True, first.isoformat())
    api.call("PUT", f"/consignments/{reference}/deallocate")
    assert told() == (0, False, None)


def test_labels_that_are_refused_do_not_count_as_printed(api: Api) -> None:
    reference, _ = allocated(api, 61)
    assert api.call("GET", f"/labels/{reference}/PNG").status == 400
    assert not api.call("GET", f"/consignments/{reference}").data["LabelsPrinted"]


def test_too_many_labels_are_refused_with_the_bound_and_the_ways_that_work(api: Api) -> None:
    reference, packages = allocated(api, 61)
    answer = api.call("GET", f"/labels/{reference}/PNG")
    assert (answer.status, answer.data["Code"]) == (400, "DocumentTooLargeException")
    for words in ("61 labels", "up to 60", "PDF or ZPL", "/labels/package/"):
        assert words in answer.data["Message"]
    assert api.call("GET", f"/labels/{reference}/ZPL").status == 200
    assert api.call("GET", f"/labels/package/{reference}/{packages[60]}/PNG").status == 200


# getting_customs_docs_and_invoices.md, "Getting Commercial Invoices".
def test_the_commercial_invoice_is_answered_as_an_array_of_bytes_in_json_and_xml(api: Api) -> None:
    reference, _ = exported(api)
    answer = api.call("GET", f"/consignments/docs/commercialinvoice/{reference}")
    assert answer.status == 200
    assert b64decode(answer.data, validate=True).startswith(PDF)
    path = f"/consignments/docs/CommercialInvoice/{reference}"
    xml = ElementTree.fromstring(api.call("GET", path, headers={"Accept": "application/xml"}).body)  # noqa: S314
    assert (xml.tag, xml.text) == ("base64Binary", answer.data)


# getting_customs_docs_and_invoices.md, "Getting an Individual Customs Document".
@pytest.mark.parametrize(("value", "needed", "other"), [("5.99", "CN22", "CN23"), ("271.00", "CN23", "CN22")])
def test_each_package_has_the_form_that_its_value_needs_and_no_other(
    api: Api, value: str, needed: str, other: str
) -> None:
    reference, packages = exported(api, 2, value)
    together = api.call("GET", f"/consignments/docs/{reference}").data[f"{needed}Documents"]
    for at, each in enumerate(packages):
        answer = api.call("GET", f"/consignments/docs/{needed.lower()}/{reference}/{each}")
        assert (answer.status, answer.data) == (200, together[at]["Value"])
        refused = api.call("GET", f"/consignments/docs/{other}/{reference}/{each}")
        assert (refused.status, refused.data["Code"]) == (404, "CustomsDocumentNotFoundException")


def test_documents_that_are_not_needed_are_a_404_and_so_is_an_unknown_package_or_type(api: Api) -> None:
    reference, [own] = allocated(api, 1)
    for path in (f"CN22/{reference}/{own}", f"CN23/{reference}/{own}", f"commercialinvoice/{reference}"):
        answer = api.call("GET", f"/consignments/docs/{path}")
        assert (answer.status, answer.data["Code"]) == (404, "CustomsDocumentNotFoundException"), path
    exports, [its] = exported(api)
    assert api.call("GET", f"/consignments/docs/CN22/{exports}/{own}").data["Code"] == "PackageNotFoundException"
    assert api.call("GET", f"/consignments/docs/CN24/{exports}/{its}").status == 404


def test_the_documents_of_many_packages_are_had_one_by_one(api: Api) -> None:
    reference, packages = exported(api, 101)
    answer = api.call("GET", f"/consignments/docs/{reference}")
    assert (answer.status, answer.data["Code"]) == (400, "DocumentTooLargeException")
    for words in ("101 packages", "up to 100", "/consignments/docs/commercialinvoice/"):
        assert words in answer.data["Message"]
    assert api.call("GET", f"/consignments/docs/CN22/{reference}/{packages[100]}").status == 200
    assert api.call("GET", f"/consignments/docs/commercialinvoice/{reference}").status == 200
