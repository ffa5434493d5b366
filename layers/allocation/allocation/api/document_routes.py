"""Labels and customs documents of allocated consignments.

The code that draws them is imported with the first request for one, because it slows every cold start.
"""

from decimal import Decimal
from typing import Final

from allocation.api.operations import Operation, UseCases, operation
from allocation.api.replies import Reply
from allocation.api.requests import Request
from allocation.consignments.errors import Problem, RequestError, UnknownConsignmentError
from allocation.consignments.full_consignment import FullConsignment
from allocation.consignments.store import ALLOCATED
from allocation.documents.results import CustomsDocuments, DocumentError, LabelFile
from allocation.domain.summary import AllocationSummary

OPERATIONS: Final[list[Operation]] = []
_DEFAULT_FORMAT: Final = "PDF"


@operation(OPERATIONS, "GET", "/labels/{consignment}", "Get labels", gives=LabelFile, errors=(400, 404))
def get_labels(request: Request, use_cases: UseCases) -> Reply:
    """Return the labels of all packages in one PDF."""
    return _labels(request, use_cases, _DEFAULT_FORMAT)


@operation(
    OPERATIONS, "GET", "/labels/{consignment}/{format}", "Get labels in a format", gives=LabelFile, errors=(400, 404)
)
def get_labels_in_format(request: Request, use_cases: UseCases) -> Reply:
    """Return the labels of all packages in one file: PDF, PNG, ZPL or ZPLII."""
    return _labels(request, use_cases, request.path["format"])


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
    "/consignments/docs/{consignment}",
    "Get customs documents",
    gives=CustomsDocuments,
    errors=(400, 404),
)
def get_customs_documents(request: Request, use_cases: UseCases) -> Reply:
    """Return a consignment's customs documents: a CN22 or CN23 for each package, and the commercial invoice."""
    from allocation.documents.customs_documents import customs_documents

    consignment, summary = _allocated_consignment(request, use_cases)
    today = use_cases.now().date()
    rates = {
        rate.currency: rate.rate for rate in use_cases.engine.catalogue.exchange_rates if rate.validity.covers(today)
    }
    try:
        return Reply(
            dict(customs_documents(consignment, summary, today, _in_gbp(use_cases, rates))), root="CustomsDocuments"
        )
    except DocumentError as error:
        raise _refusal(error) from error


def _labels(request: Request, use_cases: UseCases, wanted: str) -> Reply:
    """Return the labels in a format. Raises `RequestError`."""
    from allocation.documents.label_files import CONTENT_TYPES, label_file

    if wanted.upper() not in CONTENT_TYPES:
        text = f"Unknown label format {wanted[:16]!r}: use {', '.join(CONTENT_TYPES)}."
        raise RequestError("LabelFormatNotFoundException", text, 404)
    consignment, summary = _allocated_consignment(request, use_cases)
    try:
        return Reply(label_file(consignment, summary, wanted), root="GetLabelsResponse")
    except DocumentError as error:
        raise _refusal(error) from error


def _in_gbp(use_cases: UseCases, rates: dict[str, Decimal]) -> dict[str, Decimal]:
    """Return one unit of each currency in GBP. Only a catalogue in GBP knows the rates."""
    return rates if use_cases.engine.catalogue.currency == "GBP" else {}


def _allocated_consignment(request: Request, use_cases: UseCases) -> tuple[FullConsignment, AllocationSummary]:
    """Return the consignment with complete addresses, and its allocation. Raises `RequestError` if not allocated."""
    known = use_cases.changes.known(request.path["consignment"])
    known.require_state("labelled or declared", (ALLOCATED,))
    consignment = FullConsignment.model_validate(known.described().content)
    summary = known.record.allocation_summary if known.record else None
    if summary is None:
        raise UnknownConsignmentError(known.reference)
    return use_cases.located(consignment), summary


def _refusal(error: DocumentError) -> RequestError:
    """Return the refusal of a document, with each field that the consignment lacks."""
    problems = [Problem("MissingOrInvalid", problem.target, problem.message) for problem in error.problems]
    text = "The consignment lacks data for this document: correct the fields in Details."
    return RequestError(type(error).__name__.removesuffix("Error") + "Exception", text, problems=problems)
