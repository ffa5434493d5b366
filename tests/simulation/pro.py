"""SortedPRO as its client sees it: `tests.support.pro_state` with the faults and the time of the simulated world."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final
from weakref import WeakKeyDictionary

from greenlet import getcurrent, greenlet

from allocation.domain.errors import RetryableError
from allocation.pro.client import MAX_REPLY_BYTES, NoReplyError, NotSentError, ProClient, ProReply
from tests.simulation.world import World
from tests.support.pro_faults import BEFORE_ONLY, BOTH_SIDES, KINDS, REFUSED, STATUSES, Fault, Wire
from tests.support.pro_server import work
from tests.support.pro_state import ProState

GATEWAY_TIMEOUT: Final = 504
KEY_REJECTED: Final = 401
HASTE_SECONDS: Final = 150.0
"""For so long after a call whose end was not waited for PRO may begin to carry it out (`World.call`)."""
OF_THE_NETWORK: Final = ("huge", "huge_redirect", "drip", "closed_later")
BEFORE: Final = tuple(kind for kind in (*BOTH_SIDES, "no_service", REFUSED) if kind not in OF_THE_NETWORK)
AFTER: Final = tuple(kind for kind in (*STATUSES, *KINDS) if kind not in (*BEFORE_ONLY, *OF_THE_NETWORK))
LATE: Final = ("hang", "reset", "500", "502", "503", "504")
"""What the caller sees of a call that PRO carries out after all: nobody says that nothing was done."""
LATE_AND_UNKIND: Final = (
    *LATE,
    *("408", "409", "423", "425", "521", "redirect", "html", "half_json", "wrong_json", "empty_body"),
    *("not_json", "empty_array", "accepted", "503_of_pro"),
)
"""What the caller sees of such a call of an unkind PRO."""
THROTTLED: Final = ("429", "403")
"""What an unkind PRO may say after the work: that there were too many calls."""
REFUSALS: Final = ("no_service", "521_of_pro", "403_of_pro")
"""PRO's own refusals: it has not created or changed what it refuses to."""
LISTS: Final = ("/getConsignmentReferences", "/stateevents")
FEWER: Final = ("empty_array", "fewer")
"""Lists that do not tell what there is: a search may do so, not twice in a row. Of events nobody could know."""
FIND: Final = "/getConsignmentReferences"
UNHEEDED: Final = tuple(kind for kind in BEFORE if kind != "no_service" and not kind.endswith("_of_pro"))
"""What the caller sees of a call whose key PRO rejects: nothing that PRO would say about the consignments."""
RETRY_AFTER: Final = (None, 0, 1, 30, 3600)
BEGINNING: Final = datetime(2026, 11, 23, 9, tzinfo=UTC)
FIRST_KEY: Final = "the-first-key"
SECOND_KEY: Final = "the-second-key"
SECRET_LAG_SECONDS: Final = 60.0
MAX_WORK_SECONDS: Final = 60.0
"""How long PRO takes for a consignment, its state `Allocating` meanwhile, when its caller has given up waiting."""
MAX_ARRIVAL_SECONDS: Final = 60.0
"""How long after its first order a consignment of `LATER_PREFIX` arrives at PRO at most."""
MAX_SEARCH_LAG_SECONDS: Final = 110.0
"""How long after its creation an unkind PRO's search shows a consignment at most."""
MISSPELT: Final = "/allocatewithservicegroup/valuableGoods"
CORRECTED_AT: Final = (0.0, 0.0, 1200.0)
"""Until when PRO does not have that group."""
LATER_PREFIX: Final = "EC-LAT-"
MAX_LATE_WORK_SECONDS: Final = 1800.0
"""For how long an unkind PRO's state may be `Allocating` then."""
MUCH: Final = {"Surprise": "\u00e9" * 20_000, "": {"Deep": json.loads("[" * 40 + "]" * 40)}}
"""More than an item or an event can hold, and deeper, in fields that only PRO knows."""
MANY_LEGS: Final = [{"Leg": number, "CarrierName": "\U0001f600" * 400} for number in range(1, 90)]


def rivals(wire: Wire) -> Wire:
    """Of each consignment the reply says that another carrier service takes it, and then the truth."""
    document = json.loads(wire.body)
    if not isinstance(document, list):
        return wire
    others = [{**item, "StatusCode": 200, "CarrierServiceReference": "AE_DOM"} for item in document]
    return Wire(wire.status, json.dumps(others + document).encode())


def another(wire: Wire) -> Wire:
    """The state of another consignment, which is allocated."""
    document = json.loads(wire.body)
    if not isinstance(document, dict) or "ConsignmentState" not in document:
        return wire
    other = {"Reference": "EC-OTH-ERO-NE0", "ConsignmentState": "Allocated"}
    allocation = {"MpdCarrierServiceReference": "AE_DOM", "MpdCarrierServiceName": "Express Domestic"}
    return Wire(200, json.dumps({**document, **other, "Allocation": allocation}).encode())


MISLEADING: Final = {"rivals": rivals, "another": another}
UNDONE: Final = "undone"


def undone(method: str, path: str, document: Any) -> Wire:
    """A list of failures inside PRO, of which it has done nothing."""
    if not is_allocation(method, path):
        return Wire(500, b"{}")
    links = (
        {"Rel": "detail", "Href": f"https://pro.example/consignments/{each}"} for each in asked_for(path, document)
    )
    return Wire(
        200, json.dumps([{"StatusCode": 500, "ApiLinks": [link], "Description": "busy"} for link in links]).encode()
    )


class WireError(Exception):
    """A call that went wrong, with what went over the wire instead of the answer."""

    def __init__(self, kind: str, wire: Wire) -> None:
        super().__init__(kind)
        self.kind = kind
        self.wire = wire


def wire_error(kind: str) -> WireError:
    """A call that went wrong by a fault of this kind, and of whose work nothing comes back."""
    nothing = Wire(500, b"{}")
    return WireError(kind, nothing if kind == REFUSED else Fault(kind).strike(nothing))


class SimulatedPro:
    """PRO itself. Its state does the work at the moment that the world chooses."""

    base_url = "https://apisandbox.electioapp.com"

    def __init__(self, world: World) -> None:
        self._world = world
        self.state = ProState(
            self.base_url,
            work=lambda: world.linger(MAX_WORK_SECONDS),
            is_kind=not world.plan.unkind,
            finish=self._finish,
            has_arrived=self._has_arrived,
            is_found=self._is_found,
            now=lambda: BEGINNING + timedelta(seconds=world.now),
        )
        self._hidden: set[str] = set()
        """The searches whose last answer did not tell what there is."""
        self._created_at: dict[str, float] = {}
        self.arrivals: dict[str, float] = {}
        """When each consignment of `LATER_PREFIX` arrives."""
        self.corrected_at = Random(f"{world.plan.seed}/set-up").choice(CORRECTED_AT) if world.plan.unkind else 0.0
        self._sizes: WeakKeyDictionary[greenlet, int] = WeakKeyDictionary()
        """How many consignments the call has that each process, or work without one, is at."""
        self.key = self.secret = FIRST_KEY
        self.asked_again: Counter[str] = Counter()
        """How often PRO was asked to allocate what it had allocated."""
        self.asked_in_haste: Counter[str] = Counter()
        """How often PRO was asked to allocate what it could still be at."""
        self._gave_up_at: dict[str, float] = {}

    def rotate_key(self) -> None:
        """From now on PRO takes another key, and a little later Secrets Manager has it."""
        self.key = SECOND_KEY
        self._world.at(self._world.random.uniform(0, SECRET_LAG_SECONDS), self._keep_second_key)

    def _keep_second_key(self) -> None:
        self.secret = SECOND_KEY

    def fetch_key(self) -> str:
        """The key as Secrets Manager has it."""
        return self._world.call("GetSecretValue", lambda: self.secret, lambda _: RetryableError("the secret"))

    def call(self, method: str, path: str, body: bytes, key: str, seconds: float) -> ProReply:
        """One exchange; raises as `ProClient.call` does."""
        if self._world.now < self._world.plan.outage_seconds:
            self._world.sleep(0.1)
            return self._out_of_order(seconds)
        done: list[Wire] = []
        may_hide = FIND in path and path not in self._hidden
        self._hidden.discard(path)

        def answer() -> Wire:
            done.append(self._answer(method, path, json.loads(body or b"null"), key))
            return done[-1]

        def error(after: bool) -> Exception:
            draw = Random(f"{self._world.plan.seed}/{self._world.calls}/pro")
            if done and after and (done[-1].status == KEY_REJECTED or b"ServiceGroupNotFound" in done[-1].body):
                # PRO has not looked at the call. A failure that it names would be final, and never its own.
                return wire_error(draw.choice(UNHEEDED))
            if done and after:
                usual = self._kinds_after(method, path, may_hide=may_hide)
                kind = draw.choice(tuple(MISLEADING) if self._world.plan.misleading else usual)
                self._hidden |= {path} if kind in FEWER else set()
                return WireError(kind, MISLEADING.get(kind, Fault(kind).strike)(done[-1]))
            if after:
                return wire_error(draw.choice(LATE_AND_UNKIND if self._world.plan.unkind else LATE))
            kind = draw.choice(tuple(each for each in (*BEFORE, UNDONE) if each not in FEWER or not is_list(path)))
            if kind == UNDONE:
                return WireError(kind, undone(method, path, json.loads(body or b"null")))
            return wire_error(kind)

        try:
            early = self._world.plan.unkind
            wire = self._world.call(f"{method} {path}", answer, error, seconds, answers_early=early)
            return self._reply(wire, seconds)
        except WireError as error_on_the_wire:
            if error_on_the_wire.kind == REFUSED:
                raise NotSentError("no connection") from error_on_the_wire
            return self._reply(error_on_the_wire.wire, seconds)

    def _kinds_after(self, method: str, path: str, *, may_hide: bool) -> tuple[str, ...]:
        """What may come back instead of a reply, once the work is done."""
        kinds = (*AFTER, *MISLEADING, *(THROTTLED * 3 if self._world.plan.unkind else ()))
        if is_list(path):
            return (*kinds, *FEWER * 3) if may_hide else tuple(each for each in kinds if each not in FEWER)
        is_content = method == "POST" or (method, path) == ("PUT", "/consignments")
        return tuple(each for each in kinds if each not in REFUSALS) if is_content else kinds

    def _out_of_order(self, seconds: float) -> ProReply:
        kind = self._world.plan.outage_kind
        if kind == REFUSED:
            raise NotSentError("no connection: outage")
        return self._reply(Fault(kind).strike(Wire(500, b"{}")), seconds)

    def _answer(self, method: str, path: str, document: Any, key: str) -> Wire:
        if key != self.key:
            return Wire(KEY_REJECTED, b'{"statusCode": 401, "message": "Access denied"}')
        if path.endswith(MISSPELT) and self._world.now < self.corrected_at:
            return Wire(400, b'{"Code": "ServiceGroupNotFoundException", "Message": "There is no such group"}')
        if is_allocation(method, path):
            self._note(asked_for(path, document))
            self._sizes[getcurrent()] = len(list(asked_for(path, document)))
        return wordy(work(self.state, method, path, document))

    def _has_arrived(self, reference: str) -> bool:
        """Whether PRO knows a consignment; some arrive after their orders."""
        return self._world.now >= self.arrivals.get(reference, 0.0)

    def _is_found(self, reference: str) -> bool:
        """Whether the search shows a consignment that was created; an unkind PRO's does so late."""
        created_at = self._created_at.setdefault(reference, self._world.now)
        lag = Random(f"{self._world.plan.seed}/{reference}/search").uniform(0, MAX_SEARCH_LAG_SECONDS)
        return not self._world.plan.unkind or self._world.now >= created_at + lag

    def _finish(self) -> None:
        """Takes long, when the state shows it: beyond any patience, unless others of a list wait for it."""
        if self._world.plan.unkind and self._sizes.get(getcurrent()) == 1:
            self._world.linger_on(self._world.random.choice((1.0, MAX_LATE_WORK_SECONDS)))

    def _note(self, references: Iterable[str]) -> None:
        for reference in references:
            known = self.state.consignments.get(reference)
            self.asked_again[reference] += known is not None and known.state == "Allocated"
            waited = self._world.now - self._gave_up_at.get(reference, -HASTE_SECONDS)
            self.asked_in_haste[reference] += waited < HASTE_SECONDS

    def gave_up(self, path: str, body: bytes) -> None:
        """Nobody waits any longer for what PRO may still be at."""
        for reference in asked_for(path, json.loads(body or b"null")):
            self._gave_up_at[reference] = self._world.now

    def _reply(self, wire: Wire, seconds: float) -> ProReply:
        if wire.ending in ("hang", "drip"):
            self._world.sleep(seconds)
            raise NoReplyError("hung", timed_out=True)
        if wire.ending in ("reset", "cut") or len(wire.body) > MAX_REPLY_BYTES:
            raise NoReplyError("reset", timed_out=False)
        wish = self._world.random.choice(RETRY_AFTER) if wire.status in (429, 503) else None
        if self._world.plan.unkind and wire.status == 403:
            wish = self._world.random.choice(RETRY_AFTER[1:])
        return ProReply(wire.status, wire.body, wish)


class SimulatedClient(ProClient):
    """The client, whose exchanges go to the simulated PRO instead of the network."""

    def __init__(self, pro: SimulatedPro, world: World, now: Callable[[], datetime]) -> None:
        super().__init__(pro.base_url, pro.fetch_key, monotonic=lambda: world.now, now=now)
        self._pro = pro

    def _exchange(self, method: str, path: str, body: bytes, key: str, ends: float) -> ProReply:
        seconds = ends - self._monotonic()
        if seconds <= 0:
            raise NotSentError("no time was left")
        try:
            reply = self._pro.call(method, path, body, key, seconds)
        except NoReplyError as error:
            if error.timed_out and is_allocation(method, path):
                self._pro.gave_up(path, body)
            raise
        if reply.status == GATEWAY_TIMEOUT and is_allocation(method, path):
            self._pro.gave_up(path, body)
        return reply


def is_list(path: str) -> bool:
    """Whether a request asks for all that there is of something."""
    return any(name in path for name in LISTS)


def is_allocation(method: str, path: str) -> bool:
    """Whether a request asks PRO to allocate."""
    return method == "PUT" and path.startswith("/allocation/")


def asked_for(path: str, document: Any) -> Iterator[str]:
    """The consignments that an allocation call names."""
    yield from document["ConsignmentReferences"] if document else [path.split("/")[2]]


def wordy(wire: Wire) -> Wire:
    """The reply, with far too much in it about consignments that are named so."""
    if b"EC-BIG" not in wire.body:
        return wire
    document = json.loads(wire.body)
    if isinstance(document, list):
        named = ["EC-BIG" in json.dumps(item["ApiLinks"]) for item in document]
        document = [{**item, **MUCH} if is_big else item for item, is_big in zip(document, named, strict=True)]
    elif document.get("ConsignmentLegs"):
        document = {**document, **MUCH, "ConsignmentLegs": document["ConsignmentLegs"] + MANY_LEGS}
    return Wire(wire.status, json.dumps(document, ensure_ascii=False).encode())
