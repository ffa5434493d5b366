"""What stands on one label, and where. One layout serves every format (`docs/decisions/0061-one-label-layout.md`)."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Final

from allocation.documents.drawing import LABEL_WIDTH, Box, Drawing, Filled, Mark, TextLine, barcode_in
from allocation.documents.fonts import text_width
from allocation.documents.text import Covers, cleaned, legible
from allocation.documents.typesetting import set_in
from allocation.domain.frozen import frozen

_MARGIN: Final = 24
_WIDTH: Final = LABEL_WIDTH - 2 * _MARGIN
_SAMPLE: Final = "SAMPLE"
_NOTICE: Final = "Sample: not valid for carriage. Ship with the label that the carrier itself issues for this package."
_TRANSLITERATED: Final = "Some words are transliterated into Roman letters."


@frozen
class Label:
    """The words of one label, as they are in the consignment. Packages and legs count from 1."""

    tracking_reference: str
    tracking_target: str  # the path of the tracking reference in the Allocation Summary
    carrier: str
    service: str
    destination: tuple[str, ...]
    sender: tuple[str, ...]
    consignment: str
    customer_reference: str
    weight: str
    package: int
    packages: int
    leg: int
    legs: int


def label_drawings(labels: Sequence[Label], covers: Covers) -> list[Drawing]:
    """Lay out labels in the characters that `covers` knows.

    Raises `LabelDataError` for a tracking reference that no barcode can carry.
    """
    # A consignment's labels share these words, and long ones take a tenth of a second to fit in.
    shared = cache(partial(_shared, covers))
    return [
        _label_drawing(label, _Words(covers), shared(label.destination, label.sender, label.customer_reference))
        for label in labels
    ]


def _label_drawing(label: Label, words: "_Words", shared: tuple[Drawing, bool]) -> Drawing:
    """Lay out one label. `shared` has marks, and whether a word of theirs was transliterated."""
    shared_marks, is_changed = shared
    marks = (*_heading(label, words), *shared_marks, *_references(label), *_tracking(label))
    notices = [_NOTICE, _TRANSLITERATED] if words.changed or is_changed else [_NOTICE]
    return (*marks, *set_in(Box(_MARGIN, 1152, _WIDTH, 56), notices, 20))


class _Words:
    """Makes words legible, and remembers whether any of them had to be transliterated."""

    def __init__(self, covers: Covers) -> None:
        self.covers = covers
        self.changed = False

    def __call__(self, text: str) -> str:
        """Return `text` in characters that can be drawn."""
        result = legible(text, self.covers)
        self.changed |= result != cleaned(text)
        return result


def _heading(label: Label, words: _Words) -> tuple[Mark, ...]:
    """Draw the mark of a sample, the carrier and its service, and the numbers of package and leg."""
    counts = (f"Package {label.package} of {label.packages}", f"Leg {label.leg} of {label.legs}")
    return (
        Filled(Box(0, 0, LABEL_WIDTH, 72)),
        _centred(TextLine(0, 4, 56, _SAMPLE, "Bold", is_white=True)),
        *set_in(Box(_MARGIN, 88, 480, 64), [words(label.carrier)], 48, "Bold"),
        *set_in(Box(_MARGIN, 154, 480, 64), [words(label.service)], 36),
        *set_in(Box(540, 88, 248, 64), [counts[0]], 36, "Bold"),
        *set_in(Box(540, 154, 248, 64), [counts[1]], 36, "Bold"),
        _line_at(226),
    )


def _shared(
    covers: Covers, destination: tuple[str, ...], sender: tuple[str, ...], customer_reference: str
) -> tuple[Drawing, bool]:
    """Draw the destination, the return address and the sender's reference.

    Return the marks, and whether a word was transliterated.
    """
    words = _Words(covers)
    customer = [f"Your reference {words(customer_reference)}"] if customer_reference else []
    marks: Drawing = (
        TextLine(_MARGIN, 238, 24, "To"),
        *set_in(Box(_MARGIN, 270, _WIDTH, 330), [words(line) for line in destination], 46, "Bold"),
        _line_at(610),
        TextLine(_MARGIN, 620, 24, "From (return address)"),
        *set_in(Box(_MARGIN, 652, _WIDTH, 146), [words(line) for line in sender], 26),
        _line_at(808),
        *set_in(Box(_MARGIN, 858, _WIDTH, 36), customer, 26),
    )
    return marks, words.changed


def _references(label: Label) -> tuple[Mark, ...]:
    """Draw the reference by which the warehouse knows the package, and its weight."""
    return (
        *set_in(Box(_MARGIN, 816, 480, 40), [f"Consignment {label.consignment}"], 30, "Bold"),
        *set_in(Box(540, 816, 248, 40), [label.weight], 30, "Bold"),
        _line_at(900),
    )


def _tracking(label: Label) -> tuple[Mark, ...]:
    """Draw the barcode, and its text for people."""
    barcode = barcode_in(Box(0, 916, LABEL_WIDTH, 176), label.tracking_reference, label.tracking_target)
    text = set_in(Box(_MARGIN, 1100, _WIDTH, 44), [label.tracking_reference], 34, "Bold")
    return (barcode, *(_centred(line) for line in text))


def _centred(text: TextLine) -> TextLine:
    """Move a line of text to the middle of the label."""
    return replace(text, x=int(LABEL_WIDTH - text_width(text.value, text.size, text.weight)) // 2)


def _line_at(y: int) -> Filled:
    """Draw a line across the label."""
    return Filled(Box(_MARGIN, y, _WIDTH, 3))
