"""A fake SortedPRO over real HTTP, and an allocator over it whose circuit, claims and clock a test sets."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from allocation.domain.consignment import Consignment
from allocation.domain.mode import AllocationMode, CarrierService, DefaultRules, ServiceGroup
from allocation.domain.outcome import Allocated, AllocationFailed, Deferred, Outcome
from allocation.domain.reference import ConsignmentReference
from allocation.pro.allocator import ProAllocator
from allocation.pro.calls import MAX_STATE_SECONDS, RESERVE_SECONDS, Pauses
from allocation.pro.creating import Creating
from allocation.pro.ports import CircuitOpenError, Claimed, Watch
from allocation.pro.sender_allocator import SenderAllocator
from cli.imitation.consignments import Consignment as ProConsignment
from tests.support.pro_clients import allocator_over, client_at
from tests.support.pro_server import KEY, ProServer

Answers = Mapping[ConsignmentReference, Outcome | Deferred]
A, B, C, D, E, F, G = REFERENCES = [ConsignmentReference(f"EC-000-000-AA{letter}") for letter in "ABCDEFG"]
UNKNOWN: Final = ConsignmentReference("EC-404-000-AAA")
NOTHING_FITS: Final = ConsignmentReference("EC-NOF-000-AAA")
MODES: Final[list[AllocationMode]] = [DefaultRules(), ServiceGroup("valuableGoods"), CarrierService("CX_NDS")]
PATIENCE_SECONDS: Final = 180.0
UNTIL: Final = 1_764_075_600_000
HOLDER: Final = "this test"


class Remaining:
    """A deadline that never comes closer."""

    def __init__(self, seconds: float = 60) -> None:
        self.seconds = seconds

    def remaining_seconds(self) -> float:
        return self.seconds


# Leaves 0.6 s for an allocation call.
HURRY: Final = Remaining(RESERVE_SECONDS + MAX_STATE_SECONDS + 0.6)


class Watched:
    """A circuit that is closed, or open for a cause, and the errors that were reported to it."""

    def __init__(self, opened: CircuitOpenError | None = None) -> None:
        self.opened = opened
        self.errors: list[type[Exception] | None] = []

    def run(self, work: Callable[[], None]) -> None:
        if self.opened:
            raise self.opened
        try:
            work()
        except Exception as error:
            self.errors.append(type(error))
            raise
        self.errors.append(None)


class RememberedClaims:
    """Claims in memory: those that others `hold`, and those made `before`, by this allocator too.

    A claim made here ends with its batch, so that a test need not wait to deliver again.
    """

    def __init__(self) -> None:
        self.hold: dict[ConsignmentReference, int] = {}
        self.before: set[ConsignmentReference] = set()
        self.taken: list[tuple[ConsignmentReference, float]] = []
        self.given_back: list[tuple[ConsignmentReference, float]] = []
        # What was left for PRO.
        self.watched: dict[ConsignmentReference, Watch] = {}
        # The base URLs of other PROs.
        self.elsewhere: dict[ConsignmentReference, str] = {}
        # When PRO was first asked for each; for those that it does not know, long ago.
        self.since: dict[ConsignmentReference, datetime] = {UNKNOWN: datetime(2026, 11, 1, tzinfo=UTC)}
        # What PRO is asked for by a new try next.
        self.over: list[ConsignmentReference] = []

    def take(
        self,
        references: Sequence[ConsignmentReference],
        seconds: float,
        over: Mapping[ConsignmentReference, str] | None = None,  # noqa: ARG002 - claims end with their batch here
        *,
        takes_back: bool = False,
    ) -> Claimed:
        held = {reference: self.hold[reference] for reference in references if reference in self.hold}
        free = [reference for reference in references if reference not in held and reference not in self.elsewhere]
        asked_before = frozenset(self.before.intersection(free))
        self.before.update(free)
        self.taken += [(reference, seconds) for reference in free]
        watched = {
            reference: watch
            for reference, watch in self.watched.items()
            if reference in held and watch not in (Watch.TAKING_BACK, Watch.NOT_ASKED, Watch.SETTLED)
        }
        elsewhere = {reference: url for reference, url in self.elsewhere.items() if reference in references}
        return Claimed(asked_before, held, UNTIL, HOLDER, takes_back, watched, elsewhere, self.since)

    def ever_taken(self, references: Sequence[ConsignmentReference]) -> frozenset[ConsignmentReference]:
        return frozenset(self.before.union(self.hold).intersection(references))

    def give_back(
        self,
        claimed: Claimed,
        references: Sequence[ConsignmentReference],
        seconds: float,
        watch: Watch | None = None,
        *,
        is_over: bool = False,
    ) -> None:
        assert claimed.until == UNTIL
        if is_over:
            self.over += references
            return
        self.given_back += [(reference, seconds) for reference in references]
        self.before.difference_update(references if watch is Watch.NOT_ASKED else ())
        self.watched |= dict.fromkeys(references, watch) if watch else {}


class RememberedLinks(dict[ConsignmentReference, ConsignmentReference]):
    """`Links` in memory."""

    def find(self, references: Sequence[ConsignmentReference]) -> Mapping[ConsignmentReference, ConsignmentReference]:
        return {each: self[each] for each in references if each in self}

    def keep(self, links: Mapping[ConsignmentReference, ConsignmentReference]) -> None:
        self.update(links)


class Pro:
    """A fake PRO, and an allocator that calls it without ever sleeping."""

    def __init__(self, server: ProServer) -> None:
        self.server = server
        self.circuit = Watched()
        self.pauses: list[float] = []
        # What happens while the allocator pauses.
        self.during_pause: Callable[[], object] = lambda: None
        self.counted: list[str] = []
        self.measured: list[tuple[str, int]] = []
        # The subscription key that a fetch finds.
        self.key = KEY
        self.keys_fetched = 0
        # How far the client's clock has run ahead.
        self.seconds_passed = 0.0
        self.claims = RememberedClaims()
        self.links = RememberedLinks()
        self.with_details = False

    def allocate(
        self,
        references: Sequence[ConsignmentReference],
        mode: AllocationMode | None = None,
        deadline: Remaining | None = None,
    ) -> Answers:
        consignments = [Consignment(reference) for reference in references]
        return self.allocator().allocate(consignments, mode or DefaultRules(), deadline or Remaining())

    def sender_allocator(self) -> SenderAllocator:
        """The allocator for consignments that PRO does not have as well."""
        allocator = self.allocator()
        pauses = allocator.pauses
        creating = Creating(allocator.client, self.claims, self.links, self.circuit, PATIENCE_SECONDS, pauses)
        return SenderAllocator(allocator, creating)

    def allocator(self) -> ProAllocator:
        allocator = allocator_over(
            client_at(self.server.url, self.fetch_key, monotonic=lambda: time.monotonic() + self.seconds_passed),
            self.claims,
            patience_seconds=PATIENCE_SECONDS,
            circuit=self.circuit,
            count=lambda metric, _: self.counted.append(metric),
            measure=lambda metric, value: self.measured.append((metric, value)),
            pauses=Pauses(self.pause, lambda: 0.5),
        )
        return replace(allocator, with_details=self.with_details)

    def fetch_key(self) -> str:
        self.keys_fetched += 1
        return self.key

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.during_pause()

    def stands(self, reference: ConsignmentReference, state: str, service: str | None = None) -> None:
        """Set a consignment's state at PRO."""
        self.server.state.consignments[reference] = ProConsignment(state, service)

    def require_truth(self, answers: Answers) -> None:
        """Check that every answer is true at PRO, and that nothing was allocated twice or asked for once allocated."""
        assert all(times == 1 for times in self.server.state.allocations.values())
        assert self.server.state.asked_again == {}
        for reference, answer in answers.items():
            allocated = self.server.state.allocations[reference] == 1
            if isinstance(answer, Allocated):
                detail = self.server.state.detail(reference)
                assert allocated
                assert answer.summary.carrier_service_reference == detail["Allocation"]["MpdCarrierServiceReference"]
                assert [leg.tracking_references for leg in answer.summary.consignment_legs] == [(f"TRK-{reference}",)]
            elif isinstance(answer, AllocationFailed):
                assert not allocated


def pro_over_http() -> Iterator[Pro]:
    """Yield a fake PRO, for `pytest.fixture`."""
    with ProServer() as server:
        yield Pro(server)


def services(answer: Outcome | Deferred) -> str | None:
    """Return the carrier service of an answer that must be an allocation."""
    assert isinstance(answer, Allocated)
    return answer.summary.carrier_service_reference
