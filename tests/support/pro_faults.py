"""What can go wrong with a call to SortedPRO, before and after it has done the work: by script, or by seeded chance."""

import json
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from threading import Lock
from typing import Any, Final, Literal

HTML: Final = b"<html><body><h1>Service unavailable</h1></body></html>"
HUGE_BYTES: Final = 8 << 20
# PRO is gone for a moment: nobody can connect, but existing connections survive. In a script this fault strikes right
# after the faults before it, so that the next call can't connect. By chance it strikes during a call, whose connection
# is reset.
REFUSED: Final = "refused"
MAX_REFUSAL_SECONDS: Final = 0.5


@dataclass(frozen=True)
class Wire:
    """What goes over the wire. `ending` says how the exchange ends."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    ending: Literal["whole", "reset", "hang", "drip", "cut", "closed_later"] = "whole"


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong with one call. `before`: PRO has not done the work and never will.

    `retry_after` is the header's text, or how long after the reply the date in it is. `seconds` is how long a `hang`, a
    `drip` or a refusal lasts. The fault strikes only calls with `path` in their path; a refusal ignores it. `location`
    is the target of a `redirect`.
    """

    kind: str
    before: bool = False
    retry_after: str | timedelta | None = None
    seconds: float = 30.0
    path: str = ""
    location: str = "https://elsewhere.example/allocation/allocate"

    def strike(self, wire: Wire) -> Wire:
        """Return the reply `wire` as this fault leaves it."""
        wish = date_in(self.retry_after) if isinstance(self.retry_after, timedelta) else self.retry_after
        headers = (("Retry-After", wish),) if wish is not None else ()
        if self.kind.isdigit():
            return Wire(int(self.kind), HTML, headers)
        if self.kind == "redirect":
            return Wire(302, b"", (("Location", self.location),))
        return KINDS[self.kind](wire)


def date_in(wait: timedelta) -> str:
    """Return the time so far from now as RFC 9110 writes it, rounded up to whole seconds."""
    return format_datetime(datetime.now(UTC) + wait + timedelta(microseconds=999_999), usegmt=True)


def _items(change: Callable[[list[Any]], list[Any]]) -> Callable[[Wire], Wire]:
    """Return a fault that changes the list of summaries. A reply of another shape stays as it is."""

    def strike(wire: Wire) -> Wire:
        document = json.loads(wire.body or b"null")
        return Wire(wire.status, json.dumps(change(document)).encode()) if isinstance(document, list) else wire

    return strike


def _failed(item: dict[str, Any], status: int) -> dict[str, Any]:
    nulls = dict.fromkeys(["CarrierReference", "CarrierName", "CarrierServiceReference", "CarrierServiceName"])
    return {**item, **nulls, "StatusCode": status, "ConsignmentLegs": [], "Description": "it failed"}


def _items_failed(status: int) -> Callable[[Wire], Wire]:
    return _items(lambda items: [_failed(item, status) for item in items])


ITEMS_FAILED: Final = {f"items_failed_{status}": _items_failed(status) for status in (400, 429, 500, 521)}


def _foreign(item: dict[str, Any]) -> dict[str, Any]:
    return {**item, "ApiLinks": [{"Rel": "detail", "Href": "https://elsewhere.example/consignments/EC-FOR-EIG-N00"}]}


KINDS: Final[dict[str, Callable[[Wire], Wire]]] = {
    "521_of_pro": lambda _: Wire(521, b'{"Code": "AllocationFailedException", "Message": "nothing fits"}'),
    "503_of_pro": lambda _: Wire(503, b'{"Code": "ServiceUnavailableException", "Message": "busy"}'),
    "403_of_pro": lambda _: Wire(403, b'{"Code": "ForbiddenException", "Message": "not this one"}'),
    "no_service": lambda _: Wire(400, b'{"Code": "MpdCarrierServiceNotFoundException", "Message": "not here"}'),
    "reset": lambda wire: Wire(wire.status, b"", ending="reset"),
    REFUSED: lambda wire: Wire(wire.status, b"", ending="reset"),
    "hang": lambda wire: Wire(wire.status, wire.body, ending="hang"),
    "drip": lambda wire: Wire(wire.status, wire.body, ending="drip"),
    "truncated": lambda wire: Wire(wire.status, wire.body, ending="cut"),
    "dead_keep_alive": lambda wire: Wire(wire.status, wire.body, ending="closed_later"),
    "half_json": lambda wire: Wire(200, wire.body[: len(wire.body) // 2]),
    "wrong_json": lambda _: Wire(200, b'{"hello": ["world", null]}'),
    "not_json": lambda _: Wire(200, b"\xff\xfe nothing that could be read"),
    "html": lambda _: Wire(200, HTML),
    "empty_body": lambda _: Wire(200, b""),
    "empty_array": lambda _: Wire(200, b"[]"),
    "accepted": lambda _: Wire(202, b"[]"),
    "status_202": lambda wire: Wire(202, wire.body),
    "huge": lambda wire: Wire(wire.status, wire.body.ljust(HUGE_BYTES)),
    "huge_redirect": lambda wire: Wire(302, wire.body.ljust(HUGE_BYTES), (("Location", "/elsewhere"),)),
    "fewer": _items(lambda items: items[:-1]),
    "more": _items(lambda items: [*items, *(_foreign(item) for item in items)]),
    "repeated": _items(lambda items: items + items),
    "contradictory": _items(lambda items: items + [_failed(item, 400) for item in items]),
    "reordered": _items(lambda items: items[::-1]),
    **ITEMS_FAILED,
    "no_links": _items(lambda items: [{**item, "ApiLinks": None} for item in items]),
    "foreign": _items(lambda items: [_foreign(item) for item in items]),
    "null_carrier": _items(lambda items: [_failed(item, 200) for item in items]),
}
STATUSES: Final = ("401", "403", "429", "500", "502", "503", "504", "521")
# Faults that make sense whether the work was done or not. The others need the work's reply.
BOTH_SIDES: Final = (
    *STATUSES,
    *("reset", "hang", "drip", "truncated", "half_json", "wrong_json", "not_json", "html", "empty_body"),
    *("empty_array", "accepted", "redirect", "huge", "huge_redirect", "503_of_pro"),
)
# Items that say nothing about their consignment. They too make sense whether the work was done or not.
UNDONE_ITEMS: Final = ("items_failed_429", "items_failed_500")
# Faults that say that nothing was done, and so never follow the work.
BEFORE_ONLY: Final = ("401", "403", "429", REFUSED)
LAST_DATE: Final = "Fri, 31 Dec 9999 23:59:59 GMT"
DATES: Final = (timedelta(seconds=1), timedelta(seconds=30), "Thu, 01 Jan 1970 00:00:00 GMT", LAST_DATE)
YEARS: Final = "999999999"
RETRY_AFTER: Final = (None, "0", "1", "30", YEARS, "-5", "soon", *DATES)


@dataclass
class Faults:
    """Decides what goes wrong with each call: what the script says next, else chance."""

    chance: float = 0.0
    seed: int = 0
    kinds: tuple[str, ...] = (*STATUSES, "redirect", *KINDS)
    hang_seconds: float = 30.0
    # Refuses connections for so many seconds. The server sets this when it gets these faults.
    refuse: Callable[[float], None] = lambda _: None
    _script: deque[Fault | None] = field(default_factory=deque)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def script(self, *faults: Fault | None) -> None:
        """Set what goes wrong with the next calls, one each. None leaves a call alone."""
        self._script.extend(faults)
        self._refuse_if_next()

    def next(self, path: str) -> Fault | None:
        """Return what goes wrong with a call that has arrived."""
        with self._lock:
            fault = self._next(path)
        if fault and fault.kind == REFUSED:
            self.refuse(fault.seconds)
        self._refuse_if_next()
        return fault

    def _next(self, path: str) -> Fault | None:
        if self._script and (self._script[0] is None or self._script[0].path in path):
            return self._script.popleft()
        return self._chosen() if self._random.random() < self.chance else None

    def _refuse_if_next(self) -> None:
        with self._lock:
            following = self._script[0] if self._script else None
            if following is None or following.kind != REFUSED:
                return
            self._script.popleft()
        self.refuse(following.seconds)

    def _chosen(self) -> Fault:
        kind = self._random.choice(self.kinds)
        before = kind in BEFORE_ONLY or (kind in (*BOTH_SIDES, *UNDONE_ITEMS) and self._random.random() < 0.5)
        wish = self._random.choice(RETRY_AFTER) if kind in ("429", "503") else None
        seconds = min(self.hang_seconds, MAX_REFUSAL_SECONDS) if kind == REFUSED else self.hang_seconds
        return Fault(kind, before, wish, seconds)
