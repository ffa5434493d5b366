"""Why a document can't be drawn: every problem at once, each with the place of the data that it is about."""

from collections.abc import Sequence
from dataclasses import dataclass

from allocation.domain.errors import AllocationError


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the data at `target`, a path in PRO's names as `Packages[0].Items[1].HarmonisationCode`.

    `message` says what to do about it; neither holds personal data.
    """

    target: str
    message: str


class DocumentError(AllocationError):
    """A document can't be drawn from this consignment as it is; `problems` names all that has to be mended."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """`problems` has at least one member, in the order of the consignment."""
        super().__init__("; ".join(f"{problem.target}: {problem.message}" for problem in problems))
        self.problems = tuple(problems)


class LabelDataError(DocumentError):
    """The consignment or its Allocation Summary lacks what a label shows, or has what no barcode can carry."""


class CustomsDataError(DocumentError):
    """The consignment lacks what customs want to know."""
