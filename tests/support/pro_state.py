"""What a fake SortedPRO knows and does: the packaged imitation, counted, and failing where a test wants it to."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from cli.imitation.consignments import SERVICES, Consignment, Document, ImitatedPro, ProError

# PRO fails to allocate these when first asked, and can allocate them when asked again.
FAILS_ONCE_PREFIX: Final = "EC-ONE-"
# PRO failed to allocate these before it was first asked here, and can allocate them now.
FAILED_BEFORE_PREFIX: Final = "EC-OLD-"


@dataclass
class ProState(ImitatedPro):
    """An imitation that counts what it does."""

    # Called during the allocation of each consignment, which takes as long as this does.
    work: Callable[[], object] = lambda: None
    # How often each consignment was really allocated. More than once must never happen.
    allocations: Counter[str] = field(default_factory=Counter)
    # How often PRO was asked to allocate what it had allocated. It refuses, but a caller who can know must not ask.
    asked_again: Counter[str] = field(default_factory=Counter)
    deallocations: Counter[str] = field(default_factory=Counter)
    # How often a consignment was created for each reference of a sender's. More than once must never happen.
    creations: Counter[str] = field(default_factory=Counter)
    nothing_fits: set[str] = field(default_factory=set)
    # Whether PRO is kind: it refuses to allocate what is allocated or being allocated, and shows at once what it is
    # allocating. Otherwise each try chooses the next carrier service, and the state is `Allocating` only after `work`.
    is_kind: bool = True
    # How often an unkind PRO was asked for each.
    tries: Counter[str] = field(default_factory=Counter)
    # Whether a consignment is there by now.
    has_arrived: Callable[[str], bool] = lambda _: True
    # What the rest of the work takes, when the state shows it.
    finish: Callable[[], object] = lambda: None
    # Whether the search shows a consignment by now; it is asked when one is created, too.
    is_found: Callable[[str], bool] = lambda _: True
    # Consignments that make a whole call fail when their turn comes. Those before them in the list are done.
    spoils_lists: set[str] = field(default_factory=set)

    def consignment(self, reference: str) -> Consignment:
        if not self.has_arrived(reference):
            raise ProError(404, "ConsignmentNotFoundException", f"Consignment {reference} was not found")
        return super().consignment(reference)

    def create(self, content: Document) -> str:
        reference = super().create(content)
        self.creations[self.senders(reference) or ""] += 1
        self.is_found(reference)
        return reference

    def find(self, customer_reference: str) -> list[str]:
        return [each for each in super().find(customer_reference) if self.is_found(each)]

    def first(self, reference: str) -> Consignment:
        failed_before = reference.startswith(FAILED_BEFORE_PREFIX)
        return Consignment("AllocationFailed", failure="too heavy, then") if failed_before else Consignment()

    def allocate(self, reference: str, service: str, group: str | None = None) -> Document:
        if reference in self.spoils_lists:
            raise ProError(400, "InvalidAllocationRequestException", f"Consignment {reference} is not valid")
        return super().allocate(reference, self._chosen(reference, service), group)

    def begin(self, reference: str) -> Consignment:
        with self.lock:
            if self.consignment(reference).service is not None:
                self.asked_again[reference] += 1
            consignment = super().begin(reference) if self.is_kind else self.consignment(reference)
        self.work()
        consignment.state = "Allocating"
        self.finish()
        return consignment

    def reason_against(self, reference: str, consignment: Consignment) -> str:
        fails_once = reference.startswith(FAILS_ONCE_PREFIX) and consignment.failure is None
        if reference in self.nothing_fits or fails_once:
            return "This service is not available for the given package dimensions/weight."
        return super().reason_against(reference, consignment)

    def take(self, reference: str, consignment: Consignment, service: str) -> None:
        with self.lock:
            self.allocations[reference] += 1
            super().take(reference, consignment, service)

    def _chosen(self, reference: str, service: str) -> str:
        """Return the carrier service of a try: an unkind PRO has another one each time."""
        if self.is_kind:
            return service
        others = [service, *(other for other in SERVICES if other != service)]
        self.tries[reference] += 1
        return others[(self.tries[reference] - 1) % len(others)]

    def deallocate(self, reference: str) -> None:
        with self.lock:
            super().deallocate(reference)
            self.deallocations[reference] += 1

    def detail(self, reference: str) -> Document:
        """Answer with a contact, which nobody may keep."""
        return {
            **super().detail(reference),
            "Addresses": [{"AddressType": "Destination", "Contact": {"FirstName": "Peter"}}],
        }
