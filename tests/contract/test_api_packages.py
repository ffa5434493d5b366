"""Single packages, package sizes, addresses and details: PRO's documented examples, states, and what is refused.

The examples are those of `updating_existing_consignments.md` of PRO's help.
"""

import re
from decimal import Decimal
from typing import Any

import pytest

from tests.support.allocation_api import Api
from tests.support.consignments import DESTINATION, ORIGIN, UNKNOWN, package

# "Add Package Example": what is sent, and what the reply has beyond it.
SENT: dict[str, Any] = {
    "Weight": {"Value": Decimal("0.5"), "Unit": "Kg"},
    "Dimensions": {"Unit": "Cm", "Width": Decimal("10.0"), "Length": Decimal("10.0"), "Height": Decimal("10.0")},
    "Description": "Updated Description",
    "Value": {"Amount": Decimal("5.99"), "Currency": {"IsoCode": "GBP"}},
}
REPLY = {
    **SENT,
    "ConsignmentLegs": [],
    "Items": [],
    "Charges": [],
    "PackageReferenceProvidedByCustomer": "",
    "Value": {"Amount": Decimal("5.99"), "Currency": {"Name": "Pound Sterling", "IsoCode": "GBP"}},
    "PackageSizeReference": None,
    "Barcode": None,
    "MetaData": [],
}


def packages(api: Api, reference: str) -> list[dict[str, Any]]:
    return list(api.call("GET", f"/consignments/{reference}").data["Packages"])


def allocate(api: Api, reference: str) -> None:
    assert api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote").data[0]["StatusCode"] == 200


def test_the_documented_package_is_added_and_answered_field_by_field(api: Api) -> None:
    reference = api.create()
    answer = api.call("POST", f"/consignments/{reference}/addpackage", SENT)
    assert answer.status == 201
    issued = answer.data["Reference"]
    assert re.fullmatch(r"EP(-[A-Z0-9]{3}){3}", issued)
    assert answer.data == {**REPLY, "Reference": issued}
    assert [each["Reference"] for each in packages(api, reference)][1] == issued
    assert packages(api, reference)[1] == {**REPLY, "Reference": issued}


def test_a_package_is_added_and_answered_in_xml(api: Api) -> None:
    body = (
        "<Package><Weight><Value>0.5</Value><Unit>Kg</Unit></Weight><Dimensions><Unit>Cm</Unit><Width>10</Width>"
        "<Length>10</Length><Height>10</Height></Dimensions><Description>Socks</Description><Value><Amount>5.99"
        "</Amount><Currency><IsoCode>GBP</IsoCode></Currency></Value></Package>"
    )
    headers = {"Content-Type": "application/xml", "Accept": "application/xml"}
    answer = api.call("POST", f"/consignments/{api.create()}/addpackage", body, headers)
    assert answer.status == 201
    assert "<Package xmlns" in answer.body
    assert "<Description>Socks</Description>" in answer.body


@pytest.mark.parametrize("name", ["Weight", "Dimensions", "Description", "Value"])
def test_what_pro_demands_of_a_package_is_named_where_it_is_missing(api: Api, name: str) -> None:
    sent = {key: value for key, value in SENT.items() if key != name}
    answer = api.call("POST", f"/consignments/{api.create()}/addpackage", sent)
    assert (answer.status, [each["Target"] for each in answer.data["Details"]]) == (400, [name])


def test_a_package_may_name_a_size_of_the_catalogue_in_place_of_its_dimensions(api: Api) -> None:
    sizes = api.call("GET", "/packagesizes").data
    assert {each["Reference"] for each in sizes} == set(api.engine.catalogue.package_sizes)
    assert all(each["Length"] > 0 for each in sizes)
    sized = {**SENT, "Dimensions": None, "PackageSizeReference": sizes[0]["Reference"]}
    reference = api.create()
    assert api.call("POST", f"/consignments/{reference}/addpackage", sized).status == 201
    allocate(api, reference)
    unknown = {**sized, "PackageSizeReference": "NOWHERE"}
    for path, body in (
        (f"/consignments/{api.create()}/addpackage", unknown),
        ("/consignments", {"Packages": [unknown], "Addresses": [ORIGIN, DESTINATION]}),
    ):
        answer = api.call("POST", path, body)
        assert (answer.status, answer.data["Code"]) == (400, "PackageSizeNotFoundForCustomerException")
        assert answer.data["Details"][0]["Target"] == "Packages[0].PackageSizeReference"


def test_packages_are_deleted_by_their_reference_alone_but_never_the_last_one(api: Api) -> None:
    reference = api.create(Packages=[package(), package(), package()])
    first, second, third = (each["Reference"] for each in packages(api, reference))
    answer = api.call("DELETE", f"/packages/{second.lower()}")
    assert (answer.status, answer.body) == (200, "")
    assert api.call("POST", f"/consignments/{reference}/removepackage/{first}").status == 200
    assert [each["Reference"] for each in packages(api, reference)] == [third]
    assert api.call("DELETE", f"/packages/{third}").data["Code"] == "LastPackageException"
    for gone in (first, "EP-ZZZ-ZZZ-ZZZ", "nonsense", "x" * 3000):
        answer = api.call("DELETE", f"/packages/{gone}")
        assert (answer.status, answer.data["Code"]) == (404, "PackageNotFoundException")


def test_a_package_that_was_added_is_found_and_so_is_one_whose_reference_its_sender_gave(api: Api) -> None:
    reference = api.create(Packages=[package(Reference="EP-AAA-AAA-AAA")])
    added = api.call("POST", f"/consignments/{reference}/addpackage", SENT).data["Reference"]
    for each in (added, "EP-AAA-AAA-AAA"):
        changed = {"Description": f"Changed {each}", "weight": {"Value": 2, "Unit": "Kg"}}
        assert api.call("PUT", f"/packages/{each}", changed).status == 200
    kept = packages(api, reference)
    assert [each["Description"] for each in kept] == ["Changed EP-AAA-AAA-AAA", f"Changed {added}"]
    assert [each["Weight"]["Value"] for each in kept] == [2, 2]
    assert kept[1]["Value"] == REPLY["Value"]


def test_what_a_typed_client_does_not_set_of_a_package_stays(api: Api) -> None:
    """PRO's SDK of 2016 writes null for it."""
    reference = api.create(Packages=[package(Items=[{"Sku": "A"}], MetaData=[{"KeyValue": "k", "StringValue": "v"}])])
    [before] = packages(api, reference)
    path, unset = f"/packages/{before['Reference']}", dict.fromkeys(SENT)
    assert api.call("PUT", path, {**unset, "Description": "Other"}).status == 200
    assert packages(api, reference) == [before | {"Description": "Other"}]
    size = api.call("GET", "/packagesizes").data[0]["Reference"]
    assert api.call("PUT", path, {**unset, "PackageSizeReference": size}).status == 200
    [sized] = packages(api, reference)
    assert (sized["PackageSizeReference"], sized["Dimensions"]) == (size, None)
    assert api.call("PUT", path, {**unset, "Dimensions": before["Dimensions"]}).status == 200
    [measured] = packages(api, reference)
    assert (measured["PackageSizeReference"], measured["Dimensions"]) == (None, before["Dimensions"])


def test_a_consignment_of_more_packages_than_a_transaction_takes_is_created_and_found_by_each(api: Api) -> None:
    reference = api.create(Packages=[package() for _ in range(120)])
    references = [each["Reference"] for each in packages(api, reference)]
    for each in (references[0], references[-1]):
        assert api.call("DELETE", f"/packages/{each}").status == 200
    assert len(packages(api, reference)) == 118


@pytest.mark.parametrize("undo", ["deallocate", None])
def test_packages_and_addresses_change_before_the_allocation_and_after_it_is_undone_only(
    api: Api, undo: str | None
) -> None:
    reference = api.create(Packages=[package(), package()])
    own = packages(api, reference)[0]["Reference"]
    allocate(api, reference)
    if undo:
        api.call("PUT", f"/consignments/{reference}/{undo}")
    for method, path, body in (
        ("POST", f"/consignments/{reference}/addpackage", SENT),
        ("PUT", f"/packages/{own}", {"Description": "Other"}),
        ("PUT", f"/packages/{own}/setCustomerProvidedReference", {"Reference": "BOX-1"}),
        ("POST", f"/consignments/{reference}/updateconsignmentaddress", {**DESTINATION, "Postcode": "M2 6LW"}),
        ("DELETE", f"/packages/{own}", None),
    ):
        answer = api.call(method, path, body)
        if undo:
            assert answer.status in (200, 201), path
        else:
            assert (answer.status, answer.data["Code"]) == (400, "InvalidConsignmentStateException"), path


def test_the_sender_s_references_and_the_details_are_set(api: Api) -> None:
    reference = api.create()
    own = packages(api, reference)[0]["Reference"]
    path = f"/consignments/{reference}"
    assert api.call("PUT", f"{path}/setCustomerProvidedReference", {"Reference": "WEB-7"}).status == 200
    assert api.call("PUT", f"/packages/{own}/setCustomerProvidedReference", {"reference": "BOX-7"}).status == 200
    details = {"ShippingDateTime": "2026-12-01T00:00:00+00:00", "RequestedDeliveryDate": "2026-12-03T00:00:00+00:00"}
    assert api.call("PUT", f"{path}/details", details).status == 200
    assert api.call("PUT", f"{path}/details", {"IsExactRequestedDeliveryDate": True}).status == 200
    told = api.call("GET", path).data
    assert told["ConsignmentReferenceProvidedByCustomer"] == "WEB-7"
    assert told["Packages"][0]["PackageReferenceProvidedByCustomer"] == "BOX-7"
    assert told["ShippingDate"] == details["ShippingDateTime"]
    promise = {"Date": details["RequestedDeliveryDate"], "IsToBeExactlyOnTheDateSpecified": True}
    assert told["RequestedDeliveryDate"] == promise
    unset = dict.fromkeys(("RequestedDeliveryDate", "IsExactRequestedDeliveryDate", "ShippingDateTime"))
    other = unset | {"ConsignmentReferenceProvidedByCustomer": "WEB-8"}
    assert api.call("PUT", f"{path}/details", other).status == 200
    assert api.call("GET", path).data == told | {"ConsignmentReferenceProvidedByCustomer": "WEB-8"}


def test_an_address_takes_the_place_of_the_one_of_its_type(api: Api) -> None:
    reference = api.create()
    path = f"/consignments/{reference}/updateconsignmentaddress"
    assert api.call("POST", path, {**DESTINATION, "Postcode": "M2 6LW"}).status == 200
    told = api.call("GET", f"/consignments/{reference}").data["Addresses"]
    assert [(each["AddressType"], each["Postcode"]) for each in told] == [
        ("Origin", "M2 6LW"),
        ("Destination", "M2 6LW"),
    ]
    assert api.call("POST", path, {"Postcode": "M2 6LW"}).data["Details"][0]["Target"] == "AddressType"
    unknown = {**ORIGIN, "ShippingLocationReference": "NOWHERE"}
    assert api.call("POST", path, unknown).data["Code"] == "ShippingLocationNotFoundException"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "addpackage", SENT),
        ("PUT", "details", {"ShippingDateTime": None}),
        ("PUT", "setCustomerProvidedReference", {"Reference": "a"}),
        ("POST", "updateconsignmentaddress", DESTINATION),
        ("POST", "removepackage/EP-AAA-AAA-AAA", None),
    ],
)
def test_an_unknown_consignment_is_a_404(api: Api, method: str, path: str, body: Any) -> None:
    answer = api.call(method, f"/consignments/{UNKNOWN}/{path}", body)
    assert (answer.status, answer.data["Code"]) == (404, "ConsignmentNotFoundException")


# metadata.md, "Metadata Example".
def test_the_documented_metadata_is_told_with_its_consignment(api: Api) -> None:
    sent = {"KeyValue": "Picked_On", "StringValue": "Josh Allen", "DateTimeValue": "2019-06-04T00:00:00+01:00"}
    reference = api.create(MetaData=[sent])
    [told] = api.call("GET", f"/consignments/getconsignmentwithmetadata/{reference}").data["MetaData"]
    assert sent.items() <= told.items()
