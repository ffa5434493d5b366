"""What the console's page asks for, below `/console/api`: JSON of our own, which is no part of PRO's API.

What the page does to a consignment are PRO's own operations, served below the same prefix: a token of an OpenID
provider opens nothing else.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from allocation.api.keys import KeyScope
from allocation.api.operations import Endpoint, Method
from allocation.api.replies import Reply
from allocation.api.requests import MAX_BYTES, Request
from allocation.api.resolver import OPERATIONS
from allocation.api.use_cases import UseCases
from allocation.consignments.errors import RequestError, read_as
from allocation.console.consignment_page import consignment_page
from allocation.console.history import Publications, events_page
from allocation.console.rate_card import rate_card
from allocation.console.reports import Days, daily_counts, days_asked, failures
from allocation.console.retrying import Retrying
from allocation.console.searching import EntryFilters, EntrySearch
from allocation.console.stack_files import StackFiles
from allocation.console.trial import MAX_CATALOGUE, Trial, tried
from allocation.domain.errors import UnreadableExplanationError
from allocation.domain.frozen import frozen
from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import Explanation
from allocation.observability import logger
from allocation.records.stored_record import StoredRecord

_PREFIX: Final = "/console/api"
_USUAL_TAKE: Final = 50
# Of PRO's operations, what the page asks for.
_OF_PRO: Final = frozenset(
    {
        ("PUT", "/consignments/{consignment}/deallocate"),
        ("PUT", "/consignments/{consignment}/cancel"),
        ("GET", "/labels/{consignment}/{format}"),
        ("GET", "/consignments/docs/{consignment}"),
    }
)
_MAX_RETRIED: Final = 50
# A body with a catalogue: its quotes and line ends take two bytes each in JSON.
_MAX_TRIAL_BYTES: Final = 2 * MAX_CATALOGUE + MAX_BYTES


@frozen
class ConsoleUseCases:
    """What the console works with. `explanation_of` returns what a record kept of its decision, `files` has replays.

    `published` looks for the events of a record in the publisher's log. It raises `RetryableError`. `mode` is that of
    the stack.
    """

    api: UseCases
    search: EntrySearch
    retrying: Retrying
    explanation_of: Callable[[StoredRecord], Explanation | None]
    files: StackFiles | None
    published: Publications
    mode: AllocationMode


def console_endpoints(use_cases: ConsoleUseCases) -> list[Endpoint]:
    """Return everything that the page asks for."""

    def endpoint(
        method: Method, path: str, handler: Callable[[Request, ConsoleUseCases], Reply], scope: KeyScope = KeyScope.READ
    ) -> Endpoint:
        name = "console" + handler.__name__.title().replace("_", "")
        return Endpoint(method, _PREFIX + path, name, lambda request: handler(request, use_cases), scope, is_pros=False)

    of_pro = [each.endpoint(use_cases.api) for each in OPERATIONS if (each.method, each.path) in _OF_PRO]
    return [
        endpoint("GET", "/consignments", _consignments),
        endpoint("GET", "/consignments/{consignment}", _consignment),
        endpoint("GET", "/consignments/{consignment}/events", _consignment_events),
        endpoint("GET", "/failures", _failures),
        endpoint("GET", "/days", _days),
        endpoint("GET", "/catalogue", _catalogue),
        endpoint("POST", "/try", _try),
        endpoint("POST", "/retry", _retry, KeyScope.ALLOCATE),
        endpoint("GET", "/replays", _replays),
        endpoint("GET", "/replays/{replay}", _replay),
        *(replace(each, path=_PREFIX + each.path, is_pros=False) for each in of_pro),
    ]


def _consignments(request: Request, use_cases: ConsoleUseCases) -> Reply:
    asked = request.query
    texts = {name: value.strip() for name in EntryFilters._fields if name != "day" and (value := asked.get(name))}
    filters = EntryFilters(**{name: value for name, value in texts.items() if value}, day=_date_in(request, "day"))
    page = use_cases.search.page(filters, _take(asked.get("take")), asked.get("next") or None)
    return Reply({"items": [entry.shown() for entry in page.entries], "next": page.next})


def _take(text: str | None) -> int:
    """Return how many entries are wanted. Raises `RequestError` for what is no whole number."""
    if not text:
        return _USUAL_TAKE
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise RequestError("ValidationException", "take must be a whole number, such as 50.")
    return int(text)


def _date_in(request: Request, name: str) -> date | None:
    """Return the day of a parameter, None where it is not given. Raises `RequestError` for what is no day."""
    text = request.query.get(name)
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise RequestError("ValidationException", f"{name} must be a day such as 2026-11-26.") from error


def _days_in(request: Request, use_cases: ConsoleUseCases) -> Days:
    return days_asked(_date_in(request, "from"), _date_in(request, "to"), use_cases.api.now().date())


def _consignment(request: Request, use_cases: ConsoleUseCases) -> Reply:
    known = use_cases.api.changes.known(request.path["consignment"])
    past = use_cases.search.index.past_versions(known.reference)
    by_pro = use_cases.retrying.order_queue is not None
    return Reply(consignment_page(known, _explained(use_cases, known.record), past, by_pro=by_pro))


def _consignment_events(request: Request, use_cases: ConsoleUseCases) -> Reply:
    record = use_cases.api.changes.known(request.path["consignment"]).record
    past = use_cases.search.index.past_versions(record.consignment_reference) if record else ()
    return Reply(events_page(record, past, use_cases.published))


def _explained(use_cases: ConsoleUseCases, record: StoredRecord | None) -> Explanation | None:
    """Return what a record keeps of its decision, or None where that can't be read. The rest is shown all the same."""
    try:
        return use_cases.explanation_of(record) if record else None
    except UnreadableExplanationError as error:
        logger.error("explanation not read", extra={"cause": str(error)})
        return None


def _failures(request: Request, use_cases: ConsoleUseCases) -> Reply:
    return Reply(failures(use_cases.search, _days_in(request, use_cases)))


def _days(request: Request, use_cases: ConsoleUseCases) -> Reply:
    days, catalogue = _days_in(request, use_cases), use_cases.api.engine.catalogue
    return Reply(daily_counts(use_cases.search, days, catalogue, use_cases.api.limit_usage))


def _catalogue(_: Request, use_cases: ConsoleUseCases) -> Reply:
    card = rate_card(use_cases.api.engine)
    published = use_cases.files.publications() if use_cases.files else []
    current = next((each for each in published if each.get("digest") == card["digest"]), None)
    return Reply({**card, "publications": [{**each, "current": each is current} for each in published]})


class _TrialBody(BaseModel):
    """The body of a trial."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")

    consignment: dict[str, Any]
    mode: str | None = None
    group: str | None = None
    service: str | None = None
    now: str | None = None
    catalogue: str | None = None


def _try(request: Request, use_cases: ConsoleUseCases) -> Reply:
    asked = read_as(_TrialBody, request.data_of(_MAX_TRIAL_BYTES))
    given = {name: value or None for name, value in asked.model_dump(exclude={"consignment"}).items()}
    now = use_cases.api.now()
    return Reply(tried(Trial(asked.consignment, **given), lambda: use_cases.api.engine, use_cases.mode, now))


class _RetryBody(BaseModel):
    """The body of a retry."""

    model_config = ConfigDict(extra="forbid")

    consignments: list[str] = Field(min_length=1, max_length=_MAX_RETRIED)


def _retry(request: Request, use_cases: ConsoleUseCases) -> Reply:
    references = read_as(_RetryBody, request.data).consignments
    choices = use_cases.api.choices(request.base_url)
    return Reply({"results": use_cases.retrying.retry(references, choices, request.request_id)})


def _replays(_: Request, use_cases: ConsoleUseCases) -> Reply:
    return Reply({"items": use_cases.files.replays() if use_cases.files else [], "next": None})


def _replay(request: Request, use_cases: ConsoleUseCases) -> Reply:
    found = use_cases.files.replay(request.path["replay"]) if use_cases.files else None
    if found is None:
        raise RequestError("ReplayNotFoundException", "There is no such replay.", 404)
    return Reply(found)
