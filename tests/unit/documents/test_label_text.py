"""Text on labels: other scripts, commands in disguise, and more of it than there is room for."""

from base64 import b64decode
from typing import Any

import pytest

from allocation.documents.drawing import Box
from allocation.documents.fonts import covers, text_width
from allocation.documents.label_files import label_file
from allocation.documents.typesetting import CUT, SMALLEST, set_in
from tests.support.document_reading import png, scanned, texts
from tests.support.document_samples import DESTINATION, ORIGIN, consignment, summary
from tests.support.zpl_reading import Format, read_zpl

NOTE = "Some words are transliterated into Roman letters."


def pdf_text(**fields: Any) -> str:
    """The text of the PDF label of a consignment whose destination has these fields."""
    changed = consignment(Addresses=[ORIGIN, DESTINATION | fields])
    return texts(label_file(changed, summary(), "PDF")["File"])[0]


def zpl_label(**fields: Any) -> Format:
    """Its ZPL label."""
    changed = consignment(Addresses=[ORIGIN, DESTINATION | fields])
    return read_zpl(b64decode(label_file(changed, summary(), "ZPL")["File"]))[0]


@pytest.mark.parametrize("town", ["Łódź", "Αθήνα", "Київ", "Đà Nẵng", "Reykjavík", "İzmir"])
def test_scripts_that_the_font_has_are_drawn_as_they_are(town: str) -> None:
    page = pdf_text(Town=town)
    assert town in page
    assert NOTE not in page


@pytest.mark.parametrize(
    ("town", "roman"),
    [("北京", "BeiJing"), ("तेल", "tel"), ("ירושלים", "yrvslym"), ("ソウル", "souru"), ("\ue000", "?")],
)
def test_other_scripts_are_transliterated_and_the_label_says_so(town: str, roman: str) -> None:
    page = pdf_text(Town=town)
    assert roman in page
    assert NOTE in page


def test_zpl_transliterates_what_a_printer_may_not_have() -> None:
    label = zpl_label(Town="Αθήνα", AddressLine1="Łódzka 1")
    assert "Athina" in label.texts
    assert "Łódzka 1" in label.texts
    assert NOTE in label.texts


@pytest.mark.parametrize("line", ["^XZ^XA^FDOWNED^FS", "~JA", "a_5E\\&b", "^FH\\^FD_7E", "100% ~ ^ _ \\"])
def test_printer_commands_in_an_address_are_printed_not_obeyed(line: str) -> None:
    label = zpl_label(AddressLine1=line)
    assert line in label.texts


def test_control_and_direction_characters_leave_no_trace() -> None:
    label = zpl_label(AddressLine1="1\r\n2\x00\x1b3 \u202e4\u200b5\ufeff")
    assert "1 2 3 45" in label.texts


def test_a_pdf_takes_no_markup_from_an_address() -> None:
    line = "Flat 1 (left) \\ <b>%PDF</b> & endobj"
    assert line in pdf_text(AddressLine1=line)


def test_long_words_shrink_and_wrap_but_nothing_of_them_is_lost() -> None:
    lines = {"CompanyName": "Long name of a company " * 6, "AddressLine1": "W" * 120, "AddressLine2": "x" * 256}
    assert "".join(line.strip() for line in lines.values()).replace(" ", "") in pdf_text(**lines).replace(" ", "")


def test_the_barcode_scans_on_a_label_full_of_text() -> None:
    full = dict.fromkeys(("CompanyName", "AddressLine1", "AddressLine2", "AddressLine3", "Town"), "W" * 256)
    changed = consignment(Addresses=[ORIGIN | full, DESTINATION | full])
    assert scanned(png(label_file(changed, summary(), "PNG")["File"])) == ["TRK00009823"]


def test_text_stays_inside_its_box() -> None:
    box = Box(24, 100, 300, 120)
    for line in set_in(box, ["Short", "A line that is certainly wider than its box is", "W" * 60], 46, "Bold"):
        assert line.x + text_width(line.value, line.size, line.weight) <= box.x + box.width
        assert box.y <= line.y
        assert line.y + line.size <= box.y + box.height


def test_short_text_is_as_large_as_it_may_be() -> None:
    assert [line.size for line in set_in(Box(0, 0, 700, 300), ["Leeds", "LS1 1AA"], 46)] == [46, 46]


def test_text_that_fits_at_no_size_is_cut_with_a_mark() -> None:
    box = Box(0, 0, 200, 40)
    lines = set_in(box, ["word " * 200], 46)
    assert lines[-1].value.endswith(CUT)
    assert {line.size for line in lines} == {SMALLEST}
    assert lines[-1].y + SMALLEST <= box.height
    assert text_width(lines[-1].value, SMALLEST, "Regular") <= box.width


def test_the_font_has_what_the_decision_promises() -> None:
    assert all(covers(character) for character in "AZaz09€£ßØŁőŞİΑωЖяїĐẵ")
    assert not any(covers(character) for character in "北ا")
