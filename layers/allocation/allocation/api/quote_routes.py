"""Quotes: for a consignment that is there, for one that might be created, and by service group."""

from typing import Final
from uuid import uuid5

from allocation.api.operations import Operation
from allocation.api.quote_views import QuoteResult, QuoteWriter, ServiceGroupQuotes
from allocation.api.replies import Reply
from allocation.api.requests import Request
from allocation.api.services import Services
from allocation.consignments.allocatable_consignment import Consignment as ConsignmentDocument
from allocation.consignments.errors import RequestError, UnknownConsignmentError
from allocation.consignments.full_consignment import FullConsignment
from allocation.consignments.intake import taken_in
from allocation.consignments.market import QUOTES
from allocation.consignments.store import ConsignmentJson
from allocation.domain.consignment import Consignment
from allocation.domain.mode import ServiceGroup
from allocation.domain.reference import ConsignmentReference

NOT_CREATED: Final = ConsignmentReference("EC-000-000-000")
"""Stands for the reference of a consignment that has none yet."""


def get_quotes(request: Request, services: Services) -> Reply:
    """The quotes for a consignment as it is sent; it is not created by that."""
    document = unkept(request)
    writer = quote_writer(request, services, document, "")
    return Reply(writer.result(writer.market.assess(consignment(document), writer.now)), root="QuoteResult")


def get_quotes_by_consignment(request: Request, services: Services) -> Reply:
    """The quotes for a consignment."""
    try:
        stored = services.changes.known(request.path["consignment"]).described()
    except UnknownConsignmentError as error:
        # PRO's quotes answer 400 for every mistake, this one too.
        raise RequestError(error.code, str(error)) from error
    writer = quote_writer(request, services, stored.content, stored.reference)
    assessment = writer.market.assess(consignment(stored.content), writer.now)
    return Reply(writer.result(assessment), root="QuoteResult")


def get_service_group_quotes(request: Request, services: Services) -> Reply:
    """The quotes for a consignment as it is sent, by service group."""
    document = unkept(request)
    writer = quote_writer(request, services, document, "")
    groups = sorted(services.engine.catalogue.groups)
    return Reply([group_quotes(writer, group) for group in groups], root="ServiceGroupQuotes")


def group_quotes(writer: QuoteWriter, group: str) -> ServiceGroupQuotes:
    """The quotes of the services of one group; services outside it are not mentioned."""
    assessment = writer.market.assess(consignment(writer.document), writer.now, ServiceGroup(group))
    inside = [exclusion for exclusion in assessment.excluded if exclusion.is_in_scope]
    result = writer.result(assessment._replace(excluded=inside))
    cheapest = result["Quotes"][0] if result["Quotes"] else None
    return ServiceGroupQuotes(Reference=group, Name=group, CheapestQuote=cheapest, **result)


def unkept(request: Request) -> ConsignmentJson:
    """The consignment of a request, checked like one to be created."""
    return taken_in(request.document, NOT_CREATED, lambda count: "0" * count)


def consignment(document: ConsignmentJson) -> Consignment:
    """A consignment's document as the engine sees it."""
    return ConsignmentDocument.model_validate(document).to_domain()


def quote_writer(request: Request, services: Services, document: ConsignmentJson, reference: str) -> QuoteWriter:
    """What writes the quotes of a request."""
    request_reference = str(uuid5(QUOTES, request.request_id))
    return QuoteWriter(services.market, document, reference, request_reference, services.now())


OPERATIONS: Final = (
    Operation("POST", "/quotes", get_quotes, "Get quotes", QuoteResult, FullConsignment, errors=(400,)),
    Operation(
        "GET",
        "/quotes/consignment/{consignment}",
        get_quotes_by_consignment,
        "Get quotes by consignment reference",
        QuoteResult,
        errors=(400,),
    ),
    Operation(
        "POST",
        "/quotes/serviceGroups",
        get_service_group_quotes,
        "Get service group quotes",
        list[ServiceGroupQuotes],
        FullConsignment,
        errors=(400,),
    ),
)
