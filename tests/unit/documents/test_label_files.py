"""Labels: what a scanner, a person and a printer find on them."""

from base64 import b64decode

import pytest

from allocation.documents.label_files import CONTENT_TYPES, label_file
from allocation.documents.results import LabelDataError
from tests.support.document_reading import png, printed, scanned, texts
from tests.support.document_samples import DESTINATION, ORIGIN, PACKAGE, consignment, summary
from tests.support.zpl_reading import read_zpl


def zpl_texts(label_format: str = "ZPL", **changes: object) -> str:
    """All text of a consignment's ZPL labels on one line."""
    file = label_file(consignment(**changes), summary(), label_format)["File"]
    return " ".join(text for label in read_zpl(b64decode(file)) for text in label.texts)


def test_the_barcode_of_a_png_scans_as_the_tracking_reference() -> None:
    assert scanned(png(label_file(consignment(), summary(), "PNG")["File"])) == ["TRK00009823"]


def test_the_barcode_of_a_printed_pdf_scans_as_the_tracking_reference() -> None:
    (page,) = printed(label_file(consignment(), summary(), "PDF")["File"])
    assert scanned(page) == ["TRK00009823"]


@pytest.mark.parametrize("reference", ["9999", "99059", "123456789012345678901234567890123456", "a", "JJ000099 9/7"])
def test_digits_letters_and_signs_scan(reference: str) -> None:
    assert scanned(png(label_file(consignment(), summary((reference,)), "PNG")["File"])) == [reference]


@pytest.mark.parametrize("name", ["ZPL", "ZPLII", "zpl"])
def test_the_barcode_of_a_zpl_label_carries_the_tracking_reference(name: str) -> None:
    (label,) = read_zpl(b64decode(label_file(consignment(), summary(), name)["File"]))
    assert label.barcodes == ["TRK00009823"]


@pytest.mark.parametrize(
    ("name", "content_type", "begins"),
    [
        ("PDF", "application/pdf", b"%PDF-"),
        ("png", "image/png", b"\x89PNG\r\n\x1a\n"),
        ("ZPL", "application/zpl", b"^XA\n"),
        ("ZplII", "application/zpl", b"^XA\n"),
    ],
)
def test_a_label_comes_in_the_format_asked_for(name: str, content_type: str, begins: bytes) -> None:
    file = label_file(consignment(), summary(), name)
    assert file["ContentType"] == content_type
    assert b64decode(file["File"]).startswith(begins)


def test_a_label_says_all_that_people_need_to_know() -> None:
    (page,) = texts(label_file(consignment(), summary(), "PDF")["File"])
    for words in (
        *("Carrier 1", "Next Day Super", "Package 1 of 1", "Leg 1 of 1", "0.5 kg", "TRK00009823"),
        *("Jürgen Müller", "Hauptstraße 13", "München", "80331", "GERMANY"),
        *("Shop & Sons", "Unit 1", "Leeds", "LS1 1AA", "UNITED KINGDOM"),
        *("Consignment EC-000-05B-MMA", "Your reference WEB-100045-1"),
    ):
        assert words in page


def test_the_zpl_label_says_the_same_as_the_pdf() -> None:
    (page,) = texts(label_file(consignment(), summary(), "PDF")["File"])
    assert sorted(zpl_texts().split()) == sorted(page.split())


@pytest.mark.parametrize("name", ["PDF", "ZPL"])
def test_a_label_is_marked_as_a_sample(name: str) -> None:
    words = texts(label_file(consignment(), summary(), "PDF")["File"])[0] if name == "PDF" else zpl_texts()
    assert words.startswith("SAMPLE")
    assert "not valid for carriage. Ship with the label that the carrier itself issues" in words


def test_each_package_has_a_label_with_its_own_tracking_reference() -> None:
    two = consignment(Packages=[PACKAGE, PACKAGE])
    file = label_file(two, summary(("TRK0001", "TRK0002")), "PDF")["File"]
    assert [scanned(page) for page in printed(file)] == [["TRK0001"], ["TRK0002"]]
    assert ["Package 1 of 2" in page for page in texts(file)] == [True, False]
    assert scanned(png(label_file(two, summary(("TRK0001", "TRK0002")), "PNG")["File"])) == ["TRK0001", "TRK0002"]


def test_packages_share_the_tracking_reference_where_the_carrier_gave_one() -> None:
    two = consignment(Packages=[PACKAGE, PACKAGE])
    assert scanned(png(label_file(two, summary(("TRK0001",)), "PNG")["File"])) == ["TRK0001", "TRK0001"]


def test_each_carrier_that_hands_over_has_a_label_of_its_own() -> None:
    file = label_file(consignment(), summary(("LEG-ONE",), ("LEG-TWO",)), "PDF")["File"]
    assert [scanned(page) for page in printed(file)] == [["LEG-ONE"], ["LEG-TWO"]]
    first, second = texts(file)
    assert "Carrier 1" in first
    assert "Leg 1 of 2" in first
    assert "Carrier 2" in second
    assert "Leg 2 of 2" in second


def test_undeliverable_packages_return_to_the_return_address() -> None:
    returns = ORIGIN | {"AddressType": "Return", "CompanyName": "Returns Ltd"}
    words = zpl_texts(Addresses=[ORIGIN, DESTINATION, returns])
    assert "From (return address) Returns Ltd Unit 1" in words


def test_of_an_unknown_shipping_location_the_reference_stands_on_the_label() -> None:
    origin = {"AddressType": "Origin", "ShippingLocationReference": "Sorted1"}
    assert "From (return address) Sorted1" in zpl_texts(Addresses=[origin, DESTINATION])


def test_the_name_of_a_shipping_location_stands_on_the_label_once() -> None:
    named = {"AddressType": "Origin", "ShippingLocationReference": "Sorted1", "CompanyName": "SORTED1"}
    assert zpl_texts(Addresses=[named, DESTINATION]).upper().count("SORTED1") == 1
    contact = {"FirstName": "Returns", "LastName": "Ltd"}
    returns = ORIGIN | {"AddressType": "Return", "CompanyName": "Returns Ltd", "Contact": contact}
    assert zpl_texts(Addresses=[ORIGIN, DESTINATION, returns]).count("Returns Ltd") == 1


@pytest.mark.parametrize("name", CONTENT_TYPES)
def test_the_same_consignment_gives_the_same_bytes(name: str) -> None:
    assert label_file(consignment(), summary(), name) == label_file(consignment(), summary(), name)


@pytest.mark.parametrize(
    ("changes", "legs", "target"),
    [
        ({"Packages": []}, (("TRK1",),), "Packages"),
        ({"Addresses": [ORIGIN]}, (("TRK1",),), "Addresses"),
        ({}, ((),), "ConsignmentLegs[0].TrackingReferences"),
        ({}, (("TRK1",), ("A", "B")), "ConsignmentLegs[1].TrackingReferences"),
        ({}, (("TRK1",), ("A^XZ",)), "ConsignmentLegs[1].TrackingReferences[0]"),
        ({}, (("Żółć",),), "ConsignmentLegs[0].TrackingReferences[0]"),
        ({}, (("TOOLONG" * 10,),), "ConsignmentLegs[0].TrackingReferences[0]"),
        ({}, ((" TRK1",),), "ConsignmentLegs[0].TrackingReferences[0]"),
    ],
)
def test_what_keeps_a_label_from_being_drawn_is_named(
    changes: dict[str, object], legs: tuple[tuple[str, ...], ...], target: str
) -> None:
    with pytest.raises(LabelDataError) as refused:
        label_file(consignment(**changes), summary(*legs), "PNG")
    assert [problem.target for problem in refused.value.problems] == [target]


def test_a_consignment_without_legs_is_to_be_allocated_first() -> None:
    with pytest.raises(LabelDataError, match="ConsignmentLegs: is empty: allocate the consignment first"):
        label_file(consignment(), summary().model_copy(update={"consignment_legs": ()}), "PDF")


def test_a_long_barcode_scans_as_a_printer_prints_it() -> None:
    """Its modules have two dots: an edge that is rounded to the next dot would change a bar by half."""
    reference = "000:00000:0000:00000"
    (page,) = printed(label_file(consignment(), summary((reference,)), "PDF")["File"])
    assert scanned(page) == [reference]
