"""Labels and customs documents of allocated consignments; what draws them is imported with the first one asked for."""

from decimal import Decimal
from typing import Final

from allocation.api.operations import Operation
from allocation.api.replies import Reply
from allocation.api.requests import Request
from allocation.api.services import Services
from allocation.consignments.errors import Problem, RequestError, UnknownConsignmentError
from allocation.consignments.full_consignment import FullAddress, FullConsignment
from allocation.consignments.store import ALLOCATED
from allocation.documents.results import CustomsDocuments, DocumentError, LabelFile
from allocation.domain.summary import AllocationSummary
from allocation.engine.loaded_catalogue import Catalogue

DEFAULT_FORMAT: Final = "PDF"


def get_labels(request: Request, services: Services) -> Reply:
    """The labels of all packages in one PDF."""
    return labels(request, services, DEFAULT_FORMAT)


def get_labels_of_documents(request: Request, services: Services) -> Reply:
    """The labels under their address of 2016."""
    return labels(request, services, DEFAULT_FORMAT)


def get_labels_in_format(request: Request, services: Services) -> Reply:
    """The labels of all packages in one file of a format: PDF, PNG, ZPL or ZPLII."""
    return labels(request, services, request.path["format"])


def labels(request: Request, services: Services, wanted: str) -> Reply:
    """The labels in a format. Raises `RequestError`."""
    from allocation.documents.label_files import CONTENT_TYPES, label_file

    if wanted.upper() not in CONTENT_TYPES:
        text = f"There are no labels in the format {wanted[:16]!r}: ask for {', '.join(CONTENT_TYPES)}."
        raise RequestError("LabelFormatNotFoundException", text, 404)
    consignment, summary = allocated_consignment(request, services)
    try:
        return Reply(label_file(consignment, summary, wanted), root="GetLabelsResponse")
    except DocumentError as error:
        raise refusal(error) from error


def get_customs_documents(request: Request, services: Services) -> Reply:
    """The customs documents of a consignment: CN22 or CN23 of each package, and the commercial invoice."""
    from allocation.documents.customs_documents import customs_documents

    consignment, summary = allocated_consignment(request, services)
    today = services.now().date()
    rates = {
        rate.currency: rate.rate for rate in services.engine.catalogue.exchange_rates if rate.validity.covers(today)
    }
    try:
        return Reply(
            dict(customs_documents(consignment, summary, today, gbp(services, rates))), root="CustomsDocuments"
        )
    except DocumentError as error:
        raise refusal(error) from error


def gbp(services: Services, rates: dict[str, Decimal]) -> dict[str, Decimal]:
    """What a unit of each currency is worth in GBP; the catalogue says so only if its own currency is that."""
    return rates if services.engine.catalogue.currency == "GBP" else {}


def allocated_consignment(request: Request, services: Services) -> tuple[FullConsignment, AllocationSummary]:
    """The consignment, its locations filled in, and its allocation. Raises `RequestError` where it has none."""
    known = services.changes.known(request.path["consignment"])
    known.require_state("labelled or declared", (ALLOCATED,))
    consignment = FullConsignment.model_validate(known.described().content)
    summary = known.record.allocation_summary if known.record else None
    if summary is None:
        raise UnknownConsignmentError(known.reference)
    return consignment.with_locations(locations(services.engine.catalogue, consignment)), summary


def locations(catalogue: Catalogue, consignment: FullConsignment) -> dict[str, FullAddress]:
    """The shipping locations that a consignment names without saying where they are, as far as the catalogue knows."""
    named = [
        address for address in consignment.addresses if address.shipping_location_reference and address.country is None
    ]
    return {
        location.reference: FullAddress.model_validate(
            {
                "AddressType": address.address_type,
                "CompanyName": address.company_name or location.reference,
                "Country": {"IsoCode": {"TwoLetterCode": location.country}},
                "Postcode": location.postcode,
            }
        )
        for address in named
        if (location := catalogue.locations.get(address.shipping_location_reference or ""))
    }


def refusal(error: DocumentError) -> RequestError:
    """What a consignment lacks for a document, field by field."""
    problems = [Problem("MissingOrInvalid", problem.target, problem.message) for problem in error.problems]
    text = "The document can't be made of this consignment: mend what Details names."
    return RequestError(type(error).__name__.removesuffix("Error") + "Exception", text, problems=problems)


OPERATIONS: Final = (
    Operation("GET", "/labels/{consignment}", get_labels, "Get labels", gives=LabelFile, errors=(400, 404)),
    Operation(
        "GET",
        "/labels/{consignment}/{format}",
        get_labels_in_format,
        "Get labels in a format",
        gives=LabelFile,
        errors=(400, 404),
    ),
    Operation(
        "GET",
        "/documents/labels/{consignment}",
        get_labels_of_documents,
        "Get labels, as clients of 2016 ask for them",
        gives=LabelFile,
        errors=(400, 404),
    ),
    Operation(
        "GET",
        "/consignments/docs/{consignment}",
        get_customs_documents,
        "Get customs documents",
        gives=CustomsDocuments,
        errors=(400, 404),
    ),
)
