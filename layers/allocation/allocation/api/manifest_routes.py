"""Manifests: their list, and each with its consignments and its document.

PRO's help, "Manifesting Consignments", has a list of manifests and a PDF in base64, its SDK a manifest's items.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Final

from pydantic import ConfigDict, Field, StringConstraints
from typing_extensions import TypedDict

from allocation.api.manifest_views import ManifestFileInfo, ManifestView, manifest_info, manifest_lines, manifest_view
from allocation.api.operations import Operation, operation
from allocation.api.replies import Reply
from allocation.api.requests import Request
from allocation.api.searched_values import shipping_date
from allocation.api.use_cases import UseCases
from allocation.consignments.errors import NOT_FOUND, RequestError
from allocation.consignments.manifests import origin_location
from allocation.consignments.pro_values import ProModel
from allocation.consignments.searching import Listing, SearchTerms, Term, reference_of
from allocation.consignments.store import Known
from allocation.consignments.strict_values import CalendarDate
from allocation.documents.results import LabelFile
from allocation.domain.state import ALLOWED_IN, UserAction
from allocation.engine.loaded_catalogue import Carrier

OPERATIONS: Final[list[Operation]] = []
# Consignments that one query manifests. The next one goes on with what is left.
_MAX_QUEUED: Final = 10_000
_Text = Annotated[str, StringConstraints(min_length=1, max_length=256)]
_CONTENT_TYPES: Final = {"PDF": "application/pdf", "CSV": "text/csv"}


_Texts = Annotated[list[_Text], Field(max_length=100)] | None


class ShippingDateRange(ProModel):
    """The first and the last day of shipping."""

    # What is not understood here would exclude nothing, and everything would be manifested.
    model_config = ConfigDict(extra="forbid")

    start_date: CalendarDate | None = None
    end_date: CalendarDate | None = None


class ManifestFromQueryRequest(ProModel):
    """What the consignments to manifest have in common. What is left out or empty excludes none."""

    shipping_location_references: _Texts = None
    states: _Texts = None
    carriers: _Texts = None
    labels_printed: bool | None = None
    shipping_date: CalendarDate | None = None
    shipping_date_ranges: ShippingDateRange | list[ShippingDateRange] | None = None


class ManifestFromQueryResponse(TypedDict):
    """How many consignments met the query and were manifested, and those that could not be."""

    Message: str
    FailedConsignments: list[str]


@operation(
    OPERATIONS,
    "POST",
    "/consignments/manifestFromQuery",
    "Manifest consignments from a query",
    gives=ManifestFromQueryResponse,
    takes=ManifestFromQueryRequest,
    errors=(400,),
)
def manifest_consignments_from_query(request: Request, use_cases: UseCases) -> Reply:
    """Manifest the consignments that meet a query, at most 10,000, those first that were allocated first.

    What there is no time for is among the failed ones. Send the query again to go on.
    """
    query = request.model(ManifestFromQueryRequest)
    terms = _query_terms(query, use_cases.engine.catalogue.carriers)
    found = use_cases.searching.oldest(terms, _MAX_QUEUED, reference_of)
    results = use_cases.manifests.manifest(found, request.request_id)
    failed = [each.text for each in results if each.outcome != "Manifested"]
    text = (
        f"Query found {len(results)} consignment(s). {len(results) - len(failed)} successfully queued to manifest. "
        f"{len(failed)} failed to be added to the queue"
    )
    return Reply(ManifestFromQueryResponse(Message=text, FailedConsignments=failed), root="ManifestFromQueryResponse")


@operation(
    OPERATIONS,
    "PUT",
    "/consignments/manifestFromQuery",
    "Manifest consignments from a query, as two of PRO's call flows send it",
    gives=ManifestFromQueryResponse,
    takes=ManifestFromQueryRequest,
    errors=(400,),
)
def put_manifest_from_query(request: Request, use_cases: UseCases) -> Reply:
    """Manifest the consignments that meet a query."""
    return manifest_consignments_from_query(request, use_cases)


def _query_terms(query: ManifestFromQueryRequest, carriers: Mapping[str, Carrier]) -> SearchTerms:
    """Return the terms of a query. Raises `RequestError` for a state in which nothing can be manifested."""
    allowed = ALLOWED_IN[UserAction.MANIFEST]
    states = tuple(state for state in allowed if state.casefold() in {each.casefold() for each in query.states or ()})
    if len(states) < len({each.casefold() for each in query.states or ()}):
        text = f"Only consignments in {' or '.join(allowed)} can be manifested: correct States."
        raise RequestError("InvalidConsignmentStateException", text)
    others: list[Term] = []
    if query.shipping_location_references:
        locations = frozenset(query.shipping_location_references)
        others.append(lambda known: origin_location(known) in locations)
    if query.labels_printed is not None:
        wanted = query.labels_printed
        others.append(lambda known: (known.labels_given is not None) is wanted)
    others += map(_ships_within, _ranges(query))
    listing = Listing(states or allowed, _carriers(query.carriers or (), carriers))
    return SearchTerms(listing, others=tuple(others))


def _carriers(given: Sequence[str], carriers: Mapping[str, Carrier]) -> frozenset[str] | None:
    """Return the references of carriers that are named by reference or name, in any case; None for all."""
    named = {each.casefold() for each in given}
    found = {ref for ref, carrier in carriers.items() if {ref.casefold(), carrier.name.casefold()} & named}
    return frozenset({*found, *given}) if given else None


def _ranges(query: ManifestFromQueryRequest) -> Iterator[Sequence[ShippingDateRange]]:
    """Yield lists of ranges: a consignment must ship within one of each."""
    if query.shipping_date:
        yield [ShippingDateRange.model_construct(start_date=query.shipping_date, end_date=query.shipping_date)]
    given = query.shipping_date_ranges
    ranges = given if isinstance(given, list) else [given] if given else []
    if ranges:
        yield ranges


def _ships_within(ranges: Sequence[ShippingDateRange]) -> Term:
    def term(known: Known) -> bool:
        ships = shipping_date(known)
        day = str(ships)[:10] if ships else ""
        return bool(day) and any(
            (not each.start_date or each.start_date.isoformat() <= day)
            and (not each.end_date or day <= each.end_date.isoformat())
            for each in ranges
        )

    return term


@operation(
    OPERATIONS,
    "GET",
    "/consignments/customer/manifests",
    "List manifests",
    gives=list[ManifestFileInfo],
    query=("ShippingLocationReference",),
)
def get_customer_manifests(request: Request, use_cases: UseCases) -> Reply:
    """Return the latest manifests, of a shipping location or all, the newest first."""
    location = request.query.get("shippinglocationreference") or None
    found = use_cases.manifests.recent(location)
    names = use_cases.engine.catalogue.locations if found else {}
    return Reply([manifest_info(each, names) for each in found], root="ManifestFileInfo")


@operation(
    OPERATIONS,
    "GET",
    "/consignments/customer/manifest/{manifest}",
    "Get a manifest",
    gives=ManifestView,
    errors=(404,),
)
def get_customer_manifest(request: Request, use_cases: UseCases) -> Reply:
    """Return a manifest's consignments. Its document is one level below, under PDF or CSV.

    Clients of the API's first version get the document itself: a PDF as text in base64.
    """
    if request.is_older:
        return get_manifest_of_customers(request, use_cases)
    manifest, booked = use_cases.manifests.booked(request.path["manifest"])
    return Reply(manifest_view(manifest, booked, use_cases.located), root="ManifestItemsView")


@operation(
    OPERATIONS,
    "GET",
    "/consignments/customer/manifest/{manifest}/{format}",
    "Get a manifest's list in a format",
    gives=LabelFile,
    errors=(404,),
)
def get_customer_manifest_in_format(request: Request, use_cases: UseCases) -> Reply:
    """Return the list of a manifest's consignments as a file in base64: PDF or CSV. PRO has no such operation."""
    return Reply(_file(request, use_cases, request.path["format"]), root="GetLabelsResponse")


@operation(
    OPERATIONS,
    "GET",
    "/consignmentcustomers/manifests",
    "List manifests at the address of 2016",
    gives=list[ManifestFileInfo],
    query=("ShippingLocationReference",),
)
def get_manifests_of_customers(request: Request, use_cases: UseCases) -> Reply:
    """Return the latest manifests, for clients of 2016."""
    return get_customer_manifests(request, use_cases)


@operation(
    OPERATIONS,
    "GET",
    "/consignmentcustomers/manifest/{manifest}",
    "Get a manifest at the address of 2016",
    gives=str,
    errors=(404,),
)
def get_manifest_of_customers(request: Request, use_cases: UseCases) -> Reply:
    """Return a manifest's document, for clients of 2016: a PDF as text in base64."""
    return Reply(_file(request, use_cases, "PDF")["File"], root="base64Binary")


def _file(request: Request, use_cases: UseCases, wanted: str) -> LabelFile:
    """Return a manifest's list as a file. Raises `RequestError` for an unknown manifest or format."""
    content_type = _CONTENT_TYPES.get(wanted.upper())
    if content_type is None:
        text = f"Unknown manifest format {wanted[:16]!r}: use {', '.join(_CONTENT_TYPES)}."
        raise RequestError("ManifestFormatNotFoundException", text, NOT_FOUND)
    # The drawing library slows every cold start: it is loaded with the first document.
    from allocation.documents.manifest_list import manifest_csv, manifest_pdf

    manifest, booked = use_cases.manifests.booked(request.path["manifest"])
    heading, lines = manifest_lines(manifest, booked, use_cases.located)
    content = manifest_pdf(heading, lines) if wanted.upper() == "PDF" else manifest_csv(lines)
    return LabelFile(File=b64encode(content).decode("ascii"), ContentType=content_type)
