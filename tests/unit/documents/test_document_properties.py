"""Whatever a consignment holds, its documents are drawn or refused with reasons, and every barcode scans."""

from base64 import b64decode
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocation.consignments.full_consignment import FullConsignment
from allocation.documents.customs_documents import CustomsPapers
from allocation.documents.label_files import label_file
from allocation.documents.results import CustomsDataError
from tests.support.document_reading import png, printed, scanned, texts
from tests.support.document_samples import DESTINATION, ITEM, ORIGIN, PACKAGE, document, summary
from tests.support.size import sized
from tests.support.zpl_reading import read_zpl

# What is covered here is covered by other tests too; measuring it would treble the time.
pytestmark = pytest.mark.no_cover

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=256)
LONG_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=2000)
LINE = st.none() | ANY_TEXT | st.sampled_from(["^XZ", "~JA", "W" * 256, "北" * 256, "</para>", "&amp;", "a\n" * 100])
QUANTITY = st.decimals(0, 10**10 - 1, places=10)
TRACKING = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9 ._:/+%$#&*()=-]{0,26}[A-Za-z0-9])?", fullmatch=True) | st.from_regex(
    r"[0-9]{2,44}", fullmatch=True
)


def lines(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    """Fields of a line each, any of them missing."""
    return st.fixed_dictionaries(dict.fromkeys(names, LINE))


CONTACT = lines("Title", "FirstName", "LastName", "Telephone")
STREET = st.builds(
    lambda fields, contact: fields | {"Contact": contact},
    lines("CompanyName", "AddressLine1", "AddressLine2", "AddressLine3", "Town"),
    st.none() | CONTACT,
)
ITEMS = st.lists(
    st.fixed_dictionaries(
        {
            "Description": LONG_TEXT.filter(str.strip),
            "Quantity": st.none() | st.integers(1, 1_000_000),
            "Weight": st.builds(lambda value: {"Value": value, "Unit": "lb"}, QUANTITY),
            "Value": st.builds(lambda amount: {"Amount": amount, "Currency": {"IsoCode": "GBP"}}, QUANTITY),
        }
    ).map(lambda fields: ITEM | {name: value for name, value in fields.items() if value is not None}),
    min_size=1,
    max_size=3,
)


def given_of(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields that are more than blank."""
    return {name: value for name, value in fields.items() if value and str(value).strip()}


@st.composite
def consignments(draw: st.DrawFn) -> FullConsignment:
    """A consignment to Germany that holds anything at all in its texts and numbers."""
    weight = {"Value": draw(QUANTITY), "Unit": draw(st.sampled_from(["Kg", "g", "lb", "oz"]))}
    packages = [PACKAGE | {"Weight": weight, "Items": draw(ITEMS)}] * draw(st.integers(1, 2))
    addresses = [fields | given_of(draw(STREET)) for fields in (ORIGIN, DESTINATION)]
    details = draw(
        lines("ReasonForExport", "CategoryTypeExplanation", "CN23Comments", "ImportersEmail", "ShippingTerms")
    )
    customs = (
        {"CategoryType": draw(st.sampled_from(["Gift", "Other"]))}
        | details
        | {"ReferencesOfAttachedInvoices": draw(st.lists(ANY_TEXT, max_size=3))}
    )
    return FullConsignment.model_validate(
        document(
            Packages=packages,
            Addresses=addresses,
            CustomsDocumentation=customs,
            ConsignmentReferenceProvidedByCustomer=draw(LINE),
        )
    )


@settings(max_examples=sized(5, 100))
@given(consignments(), st.lists(TRACKING, min_size=1, max_size=2))
def test_every_label_is_drawn_and_its_barcodes_are_the_tracking_references(
    consignment: FullConsignment, references: list[str]
) -> None:
    allocated = summary(*((reference,) for reference in references))
    expected = references * len(consignment.packages)
    assert scanned(png(label_file(consignment, allocated, "PNG")["File"])) == expected
    pages = printed(label_file(consignment, allocated, "PDF")["File"])
    assert [text for page in pages for text in scanned(page)] == expected
    labels = read_zpl(b64decode(label_file(consignment, allocated, "ZPL")["File"]))
    assert [text for label in labels for text in label.barcodes] == expected


@settings(max_examples=sized(30, 300))
@given(TRACKING)
def test_every_tracking_reference_scans(reference: str) -> None:
    consignment = FullConsignment.model_validate(document())
    assert scanned(png(label_file(consignment, summary((reference,)), "PNG")["File"])) == [reference]


@settings(max_examples=sized(25, 300))
@given(consignments())
def test_customs_documents_are_drawn_or_refused_with_reasons(consignment: FullConsignment) -> None:
    try:
        reply = CustomsPapers(consignment, summary(), date(2026, 11, 23), {}).all()
    except CustomsDataError as error:
        reply, refused = None, error.problems
    else:
        refused = ()
    forms = [*reply["CN22Documents"], *reply["CN23Documents"]] if reply else []
    assert len(forms) == (0 if refused else len(consignment.packages))
    assert all("EC-000-05B-MMA" in " ".join(texts(form["Value"])) for form in forms)
