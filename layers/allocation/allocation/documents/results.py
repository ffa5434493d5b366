"""What drawing a document gives: a file as PRO replies with it, or an error that names every problem.

Importing this loads no drawing library.
"""

from collections.abc import Sequence
from typing import Final

from typing_extensions import TypedDict

from allocation.domain.errors import AllocationError
from allocation.domain.frozen import frozen


class LabelFile(TypedDict):
    """A file with labels in base64, and its media type."""

    File: str
    ContentType: str


class DocumentFile(TypedDict):
    """A document: `Key` is its file name, `Value` the PDF in base64."""

    Key: str
    Value: str


class CustomsDocuments(TypedDict):
    """The customs documents of a consignment. The lists are empty if it passes no customs."""

    CommercialInvoiceDocuments: list[DocumentFile]
    CN22Documents: list[DocumentFile]
    CN23Documents: list[DocumentFile]


# Characters of base64. Lambda's reply has at most 6 MB (6,291,556 bytes), the JSON around the file included.
MAX_FILE: Final = 5_500_000


@frozen
class ManifestLine:
    """One consignment of a manifest, as text."""

    consignment: str
    customer_reference: str
    service: str
    packages: str
    weight_kg: str
    destination: str
    tracking: str
    ships_on: str
    expected_on: str


@frozen
class ManifestHeading:
    """What stands above a manifest's list."""

    reference: str
    carrier: str
    location: str
    created: str


@frozen
class DataProblem:
    """What is wrong with the data at `target`, a path in PRO's names as `Packages[0].Items[1].HarmonisationCode`.

    `message` says what to do about it. Neither holds personal data.
    """

    target: str
    message: str


class DocumentError(AllocationError):
    """A document can't be drawn from this consignment. `problems` names everything that must be corrected."""

    def __init__(self, problems: Sequence[DataProblem]) -> None:
        """Take at least one problem, in the order of the consignment."""
        super().__init__("; ".join(f"{problem.target}: {problem.message}" for problem in problems))
        self.problems = tuple(problems)


class DocumentTooLargeError(AllocationError):
    """What was asked for has more pages than one reply can hold in time. The message names the bound and the way."""


class LabelDataError(DocumentError):
    """The data of a label is missing, or no barcode can carry it."""


class CustomsDataError(DocumentError):
    """The consignment lacks data that customs require."""
