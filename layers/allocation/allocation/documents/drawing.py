"""What a label consists of, in dots of 1/8 mm from its top left corner: the resolution of a 203 dpi label printer."""

from dataclasses import dataclass
from typing import Final

from allocation.documents.fonts import Weight

DOTS_PER_MM: Final = 8
LABEL_WIDTH: Final = 812
LABEL_HEIGHT: Final = 1218
"""4 x 6 inches."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the label."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Filled:
    """A black rectangle; a thin one is a line."""

    box: Box


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text. `y` is the top of its em square, `size` its height; white text stands on a black rectangle."""

    x: int
    y: int
    size: int
    value: str
    weight: Weight = "Regular"
    is_white: bool = False


@dataclass(frozen=True, slots=True)
class Barcode:
    """A Code 128 barcode of `value`: `modules` is its bars, 1 for black, each `module_width` dots wide."""

    x: int
    y: int
    height: int
    module_width: int
    modules: str
    value: str


Mark = Filled | Text | Barcode
Drawing = tuple[Mark, ...]
