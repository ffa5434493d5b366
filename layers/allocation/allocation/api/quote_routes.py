"""Quotes: for a consignment that exists, for one that might be created, and by service group."""

from dataclasses import replace
from typing import Final
from uuid import uuid5

from allocation.api.consignment_view import completed_addresses
from allocation.api.keys import KeyScope
from allocation.api.operations import Operation, operation
from allocation.api.quote_views import QuoteResult, QuoteWriter, ServiceGroupQuoteResult
from allocation.api.replies import Reply
from allocation.api.requests import Request
from allocation.api.typed_values import consignment_values
from allocation.api.use_cases import UseCases
from allocation.consignments.allocatable_consignment import ProConsignment
from allocation.consignments.errors import RequestError, UnknownConsignmentError
from allocation.consignments.full_consignment import FullConsignment
from allocation.consignments.intake import kept_consignment, taken_in
from allocation.consignments.market import QUOTES
from allocation.consignments.store import ConsignmentJson
from allocation.domain.consignment import Consignment
from allocation.domain.mode import ServiceGroup
from allocation.domain.reference import ConsignmentReference

OPERATIONS: Final[list[Operation]] = []
# Stands in for the reference of a consignment that has none yet.
_NOT_CREATED: Final = ConsignmentReference("EC-000-000-000")


@operation(
    OPERATIONS,
    "POST",
    "/quotes",
    "Get quotes",
    gives=QuoteResult,
    takes=FullConsignment,
    status=201,
    errors=(400,),
    scope=KeyScope.READ,
)
def get_quotes(request: Request, use_cases: UseCases) -> Reply:
    """Return quotes for a consignment without creating it."""
    content = _unkept(request, use_cases)
    writer = _quote_writer(request, use_cases, content, "")
    return Reply(writer.result(writer.market.assess(_consignment(content), writer.now)), 201, "QuoteResult")


@operation(
    OPERATIONS,
    "GET",
    "/quotes/consignment/{consignment}",
    "Get quotes by consignment reference",
    gives=QuoteResult,
    status=201,
    errors=(400,),
)
def get_quotes_by_consignment(request: Request, use_cases: UseCases) -> Reply:
    """Return quotes for a consignment that exists."""
    try:
        stored = use_cases.changes.known(request.path["consignment"]).described()
    except UnknownConsignmentError as error:
        # PRO answers 400, not 404, to every mistake in a request for quotes.
        raise RequestError(error.code, str(error)) from error
    writer = _quote_writer(request, use_cases, stored.content, stored.reference)
    assessment = writer.market.assess(_consignment(stored.content), writer.now)
    return Reply(writer.result(assessment), 201, "QuoteResult")


@operation(
    OPERATIONS,
    "POST",
    "/quotes/serviceGroups",
    "Get service group quotes",
    scope=KeyScope.READ,
    gives=list[ServiceGroupQuoteResult],
    takes=FullConsignment,
    errors=(400,),
)
def get_service_group_quotes(request: Request, use_cases: UseCases) -> Reply:
    """Return quotes by service group for a consignment without creating it."""
    content = _unkept(request, use_cases)
    writer = replace(_quote_writer(request, use_cases, content, ""), source="External")
    groups = sorted(use_cases.engine.catalogue.groups)
    return Reply([_group_quotes(writer, group) for group in groups], root="ServiceGroupQuoteResult")


def _group_quotes(writer: QuoteWriter, group: str) -> ServiceGroupQuoteResult:
    """Return the quotes of one group's services, without a word on services outside it."""
    assessment = writer.market.assess(_consignment(writer.content), writer.now, ServiceGroup(group))
    outside = assessment.question.scope.outside
    inside = [(rule, failing & ~outside) for rule, failing in assessment.failures]
    result = writer.result(replace(assessment, failures=inside))
    cheapest = result["Quotes"][0] if result["Quotes"] else None
    return ServiceGroupQuoteResult(Reference=group, Name=group, CheapestQuote=cheapest, **result)


def _unkept(request: Request, use_cases: UseCases) -> ConsignmentJson:
    """Return the consignment of a request, checked like a new one."""
    sent = request.object_of(FullConsignment)
    use_cases.require_known_names(sent)
    return taken_in(sent, _NOT_CREATED, lambda count: "0" * count)


def _consignment(content: ConsignmentJson) -> Consignment:
    """Return a consignment's JSON as the engine sees it."""
    return ProConsignment.model_validate(content).to_domain()


def _quote_writer(request: Request, use_cases: UseCases, content: ConsignmentJson, reference: str) -> QuoteWriter:
    """Return the writer of the quotes of a request."""
    request_reference = str(uuid5(QUOTES, request.request_id))
    whole = use_cases.located(kept_consignment(content))
    addresses = completed_addresses(consignment_values(content), whole)
    return QuoteWriter(use_cases.market, content, addresses, reference, request_reference, use_cases.now())
