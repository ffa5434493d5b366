"""Where everything stands on a label."""

from dataclasses import replace
from typing import Final

from allocation.documents.code128 import barcode_in
from allocation.documents.drawing import LABEL_WIDTH, Box, Drawing, Filled, Mark, Text
from allocation.documents.fonts import text_width
from allocation.documents.label import Label
from allocation.documents.typesetting import set_in
from allocation.documents.writing import Covers, cleaned, legible

MARGIN: Final = 24
WIDTH: Final = LABEL_WIDTH - 2 * MARGIN
SAMPLE: Final = "SAMPLE"
NOTICE: Final = "Sample: not valid for carriage. Ship with the label that the carrier itself issues for this package."
TRANSLITERATED: Final = "Some words are transliterated into Roman letters."


def label_drawing(label: Label, covers: Covers) -> Drawing:
    """The label, in the characters that `covers` knows.

    Raises `LabelDataError` for a tracking reference that no barcode can carry.
    """
    words = Words(covers)
    marks = (*heading(label, words), *addresses(label, words), *references(label, words), *tracking(label))
    notices = [NOTICE, TRANSLITERATED] if words.changed else [NOTICE]
    return (*marks, *set_in(Box(MARGIN, 1152, WIDTH, 56), notices, 20))


class Words:
    """Makes words legible, and remembers whether any of them had to be transliterated."""

    def __init__(self, covers: Covers) -> None:
        """`covers` tells which characters can be drawn."""
        self.covers = covers
        self.changed = False

    def __call__(self, text: str) -> str:
        """`text` in characters that can be drawn."""
        result = legible(text, self.covers)
        self.changed |= result != cleaned(text)
        return result


def heading(label: Label, words: Words) -> tuple[Mark, ...]:
    """The mark of a sample, the carrier and its service, and which package and leg this is."""
    counts = (f"Package {label.package} of {label.packages}", f"Leg {label.leg} of {label.legs}")
    return (
        Filled(Box(0, 0, LABEL_WIDTH, 72)),
        centred(Text(0, 4, 56, SAMPLE, "Bold", is_white=True)),
        *set_in(Box(MARGIN, 88, 480, 64), [words(label.carrier)], 48, "Bold"),
        *set_in(Box(MARGIN, 154, 480, 64), [words(label.service)], 36),
        *set_in(Box(540, 88, 248, 64), [counts[0]], 36, "Bold"),
        *set_in(Box(540, 154, 248, 64), [counts[1]], 36, "Bold"),
        line_at(226),
    )


def addresses(label: Label, words: Words) -> tuple[Mark, ...]:
    """Where the package goes, and whence."""
    return (
        Text(MARGIN, 238, 24, "To"),
        *set_in(Box(MARGIN, 270, WIDTH, 330), [words(line) for line in label.destination], 46, "Bold"),
        line_at(610),
        Text(MARGIN, 620, 24, "From (return address)"),
        *set_in(Box(MARGIN, 652, WIDTH, 146), [words(line) for line in label.sender], 26),
        line_at(808),
    )


def references(label: Label, words: Words) -> tuple[Mark, ...]:
    """How sender and warehouse know the package."""
    customer = words(label.customer_reference)
    return (
        *set_in(Box(MARGIN, 816, 480, 40), [f"Consignment {label.consignment}"], 30, "Bold"),
        *set_in(Box(540, 816, 248, 40), [label.weight], 30, "Bold"),
        *set_in(Box(MARGIN, 858, WIDTH, 36), [f"Your reference {customer}"] if customer else [], 26),
        line_at(900),
    )


def tracking(label: Label) -> tuple[Mark, ...]:
    """The barcode, and its text for people."""
    barcode = barcode_in(Box(0, 916, LABEL_WIDTH, 176), label.tracking_reference, label.tracking_target)
    text = set_in(Box(MARGIN, 1100, WIDTH, 44), [label.tracking_reference], 34, "Bold")
    return (barcode, *(centred(line) for line in text))


def centred(text: Text) -> Text:
    """The same text in the middle of the label."""
    return replace(text, x=int(LABEL_WIDTH - text_width(text.value, text.size, text.weight)) // 2)


def line_at(y: int) -> Filled:
    """A line across the label."""
    return Filled(Box(MARGIN, y, WIDTH, 3))
