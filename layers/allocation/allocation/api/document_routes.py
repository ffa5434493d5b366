"""Labels and customs documents of allocated consignments.

The code that draws them is imported with the first request for one, because it slows every cold start.
"""

from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

from allocation.api.operations import Operation, operation
from allocation.api.replies import Reply
from allocation.api.requests import Request
from allocation.api.use_cases import UseCases
from allocation.consignments.errors import NOT_FOUND, Problem, RequestError, UnknownConsignmentError
from allocation.consignments.full_consignment import FullConsignment
from allocation.consignments.intake import kept_consignment
from allocation.consignments.packages import position_of
from allocation.consignments.store import Known
from allocation.documents.results import CustomsDocuments, DocumentError, DocumentTooLargeError, LabelFile
from allocation.domain.frozen import frozen
from allocation.domain.reference import ConsignmentReference
from allocation.domain.state import UserAction
from allocation.domain.summary import AllocationSummary

if TYPE_CHECKING:
    from allocation.documents.customs_documents import CustomsPapers

OPERATIONS: Final[list[Operation]] = []
_DEFAULT_FORMAT: Final = "PDF"
_Drawn = TypeVar("_Drawn")


@operation(
    OPERATIONS,
    "GET",
    "/labels/package/{consignment}/{package}",
    "Get a package's label",
    gives=LabelFile,
    errors=(400, 404),
)
def get_package_label(request: Request, use_cases: UseCases) -> Reply:
    """Return the label of one package in a PDF."""
    return _labels(request, use_cases, _DEFAULT_FORMAT, request.path["package"])


@operation(
    OPERATIONS,
    "GET",
    "/labels/package/{consignment}/{package}/{format}",
    "Get a package's label in a format",
    gives=LabelFile,
    errors=(400, 404),
)
def get_package_label_in_format(request: Request, use_cases: UseCases) -> Reply:
    """Return the label of one package: PDF, PNG, ZPL or ZPLII."""
    return _labels(request, use_cases, request.path["format"], request.path["package"])


@operation(
    OPERATIONS, "GET", "/labels/{consignment}", "Get labels", gives=LabelFile, errors=(400, 404), beside_pro=True
)
def get_labels(request: Request, use_cases: UseCases) -> Reply:
    """Return the labels of all packages in one PDF."""
    return _labels(request, use_cases, _DEFAULT_FORMAT)


@operation(
    OPERATIONS,
    "GET",
    "/labels/{consignment}/{format}",
    "Get labels in a format",
    gives=LabelFile,
    errors=(400, 404),
    beside_pro=True,
)
def get_labels_in_format(request: Request, use_cases: UseCases) -> Reply:
    """Return the labels of all packages in one file: PDF, PNG, ZPL or ZPLII.

    In the place of the format, the reference of a package gives its label as PDF, as in an example of PRO's help.
    """
    wanted = request.path["format"]
    if wanted.upper().startswith("EP-"):
        return _labels(request, use_cases, _DEFAULT_FORMAT, wanted)
    return _labels(request, use_cases, wanted)


@operation(
    OPERATIONS,
    "GET",
    "/labels/{consignment}/{package}/{format}",
    "Get a package's label at the older address",
    gives=LabelFile,
    errors=(400, 404),
)
def get_package_label_at_older_address(request: Request, use_cases: UseCases) -> Reply:
    """Return the label of one package, at the address that the examples of PRO's help have."""
    return _labels(request, use_cases, request.path["format"], request.path["package"])


@operation(
    OPERATIONS,
    "GET",
    "/documents/labels/{consignment}",
    "Get labels at the address of 2016",
    gives=LabelFile,
    errors=(400, 404),
)
def get_labels_of_documents(request: Request, use_cases: UseCases) -> Reply:
    """Return the labels of all packages in one PDF, for clients of 2016."""
    return _labels(request, use_cases, _DEFAULT_FORMAT)


@operation(
    OPERATIONS,
    "GET",
    "/consignments/docs/commercialinvoice/{consignment}",
    "Get the commercial invoice",
    gives=str,
    errors=(400, 404),
)
def get_commercial_invoice(request: Request, use_cases: UseCases) -> Reply:
    """Return a consignment's commercial invoice: a PDF as text in base64. 404 if its goods pass no customs."""
    found = _found(request, use_cases)
    papers = _papers(found, use_cases)
    return _document(_drawn(papers.commercial_invoice), f"Consignment {found.known.reference} needs none.")


@operation(
    OPERATIONS,
    "GET",
    "/consignments/docs/{customsDocumentType}/{consignment}/{package}",
    "Get a package's customs document",
    gives=str,
    errors=(400, 404),
)
def get_customs_document(request: Request, use_cases: UseCases) -> Reply:
    """Return the CN22 or CN23 of one package: a PDF as text in base64. 404 if the package needs none, or the other."""
    from allocation.documents.customs_documents import CustomsForm

    wanted = request.path["customsDocumentType"].upper()
    if wanted not in list(CustomsForm):
        text = f"Unknown customs document type {wanted[:16]!r}: use {' or '.join(CustomsForm)}."
        raise RequestError("CustomsDocumentNotFoundException", text, NOT_FOUND)
    found = _found(request, use_cases)
    package, papers = position_of(found.known, request.path["package"]), _papers(found, use_cases)
    drawn = _drawn(lambda: papers.form(CustomsForm(wanted), package))
    return _document(drawn, f"Package {package + 1} of consignment {found.known.reference} needs no {wanted}.")


@operation(
    OPERATIONS,
    "GET",
    "/consignments/docs/{consignment}",
    "Get customs documents",
    gives=CustomsDocuments,
    errors=(400, 404),
    beside_pro=True,
)
def get_customs_documents(request: Request, use_cases: UseCases) -> Reply:
    """Return a consignment's customs documents: a CN22 or CN23 for each package, and the commercial invoice."""
    if use_cases.held_documents:
        held = use_cases.held_documents.customs_documents(_reference_at_pro(request, use_cases))
        return Reply(dict(held), root="GetCustomsDocumentationResponse")
    papers = _papers(_found(request, use_cases), use_cases)
    return Reply(dict(_drawn(papers.all)), root="GetCustomsDocumentationResponse")


def _reference_at_pro(request: Request, use_cases: UseCases) -> ConsignmentReference:
    """Return SortedPRO's reference of the allocated consignment that a request names. Raises `RequestError`."""
    known = use_cases.changes.known(request.path["consignment"])
    use_cases.changes.require_in_reach(known)
    known.require(UserAction.PRINT_LABELS)
    return (known.record.known_pro_reference if known.record else None) or known.reference


@frozen
class _Found:
    """An allocated consignment with complete addresses, and its allocation."""

    known: Known
    consignment: FullConsignment
    summary: AllocationSummary


def _found(request: Request, use_cases: UseCases) -> _Found:
    """Return the consignment that a request names. Raises `RequestError` if it is unknown, or not allocated."""
    known = use_cases.changes.known(request.path["consignment"])
    known.require(UserAction.PRINT_LABELS)
    consignment = kept_consignment(known.described().content)
    summary = known.record.allocation_summary if known.record else None
    if summary is None:
        raise UnknownConsignmentError(known.reference)
    return _Found(known, use_cases.located(consignment), summary)


def _labels(request: Request, use_cases: UseCases, wanted: str, package: str | None = None) -> Reply:
    """Return the labels in a format, of all packages or of one, and note that they were given out.

    Raises `RequestError`.
    """
    if use_cases.held_documents:
        parts = [wanted] if package is None else [package]
        return Reply(
            use_cases.held_documents.labels(_reference_at_pro(request, use_cases), *parts), root="GetLabelsResponse"
        )
    from allocation.documents.label_files import CONTENT_TYPES, label_file

    if wanted.upper() not in CONTENT_TYPES:
        text = f"Unknown label format {wanted[:16]!r}: use {', '.join(CONTENT_TYPES)}."
        raise RequestError("LabelFormatNotFoundException", text, NOT_FOUND)
    found = _found(request, use_cases)
    position = None if package is None else position_of(found.known, package)
    file = _drawn(lambda: label_file(found.consignment, found.summary, wanted, position))
    use_cases.register.note_labels(found.known)
    return Reply(file, root="GetLabelsResponse")


def _papers(found: _Found, use_cases: UseCases) -> "CustomsPapers":
    """Return the customs documents of a consignment, dated today."""
    from allocation.documents.customs_documents import CustomsPapers

    today, catalogue = use_cases.now().date(), use_cases.engine.catalogue
    # Only a catalogue in GBP knows the worth of other currencies in GBP.
    known = catalogue.exchange_rates if catalogue.currency == "GBP" else ()
    rates = {rate.currency: rate.rate for rate in known if rate.validity.covers(today)}
    return CustomsPapers(found.consignment, found.summary, today, rates)


def _document(pdf: bytes | None, why_not: str) -> Reply:
    """Return a PDF as PRO's array of bytes, which is base64 in JSON and XML. Raises `RequestError` if there is none."""
    if pdf is None:
        raise RequestError("CustomsDocumentNotFoundException", f"There is no such document. {why_not}", NOT_FOUND)
    return Reply(b64encode(pdf).decode("ascii"), root="base64Binary")


def _drawn(draw: Callable[[], _Drawn]) -> _Drawn:
    """Return what was drawn. Raises `RequestError` for a document that can't be drawn or is too large."""
    try:
        return draw()
    except DocumentTooLargeError as error:
        raise RequestError("DocumentTooLargeException", str(error)) from error
    except DocumentError as error:
        problems = [Problem("MissingOrInvalid", problem.target, problem.message) for problem in error.problems]
        text = "The consignment lacks data for this document: correct the fields in Details."
        code = type(error).__name__.removesuffix("Error") + "Exception"
        raise RequestError(code, text, problems=problems) from error
