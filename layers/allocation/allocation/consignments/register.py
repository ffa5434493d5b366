"""Creates, changes, cancels, finds and erases consignments."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from allocation.consignments.changes import (
    Changes,
    ReferenceText,
    consignment_reference,
    described,
    mode_of,
    require_state,
)
from allocation.consignments.errors import ChangedMeanwhileError, RequestError, UnknownConsignmentError
from allocation.consignments.intake import CharacterSource, issued, taken_in
from allocation.consignments.store import (
    ALLOCATED,
    ALLOCATION_FAILED,
    CANCELLED,
    STATES,
    UNALLOCATED,
    Document,
    Known,
    StoredConsignment,
)
from allocation.domain.errors import RetryableError
from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import Cancelled
from allocation.domain.reference import ConsignmentReference

MAX_ATTEMPTS = 3
MAX_FOUND = 10_000
"""References that one search returns."""
MAX_CUSTOMER_REFERENCE = 256
"""Characters, as `FullConsignment` has it; DynamoDB refuses to look for keys of more than 2,048 bytes."""
CANCELLABLE = (UNALLOCATED, ALLOCATION_FAILED, ALLOCATED)
EDITABLE = (UNALLOCATED, ALLOCATION_FAILED)
FIXED_BY_ALLOCATION = ("Addresses", "Packages")


@dataclass(frozen=True, slots=True)
class Register:
    """The use cases that keep consignments."""

    changes: Changes
    random_characters: CharacterSource
    retention: timedelta
    """How long a consignment's personal data is kept after its last change."""

    def create(self, sent: Document) -> ConsignmentReference:
        """Keeps a new consignment and returns the reference issued to it. Raises `RequestError`."""
        for _ in range(MAX_ATTEMPTS):
            reference = ConsignmentReference(issued("EC", self.random_characters(9)))
            document = {**taken_in(sent, reference, self.random_characters), "Source": "Api"}
            now = self.changes.now()
            if self.changes.store.add(StoredConsignment(reference, document, now, expires_at=now + self.retention)):
                return reference
        raise RetryableError(f"{MAX_ATTEMPTS} references in a row were taken")

    def update(self, sent: Document) -> ConsignmentReference:
        """Replaces a consignment by what was sent; packages that are left out stay as they are.

        Raises `RequestError` for an unknown consignment, for fields that can't be used, and for addresses or
        packages that differ while the consignment is allocated.
        """
        for _ in range(MAX_ATTEMPTS):
            seen = self.changes.known(text_field(sent, "Reference"))
            stored = self._updated(sent, seen)
            if self.changes.store.replace(stored, seen):
                return seen.reference
        raise ChangedMeanwhileError(seen.reference)

    def _updated(self, sent: Document, seen: Known) -> StoredConsignment:
        before = described(seen)
        if seen.state == CANCELLED:
            require_state(seen, "changed", EDITABLE)
        kept = {name: before.document.get(name) for name in ("Source", "Packages")}
        given = {name: value for name, value in sent.items() if name != "Source" and (name != "Packages" or value)}
        document = taken_in({**kept, **given}, seen.reference, self.random_characters)
        if any(document.get(name) != before.document.get(name) for name in FIXED_BY_ALLOCATION):
            require_state(seen, "given other addresses or packages", EDITABLE)
        expires_at = self.changes.now() + self.retention
        return replace(before, document=document, version=before.version + 1, expires_at=expires_at)

    def cancel(self, reference: ReferenceText, request_id: str) -> None:
        """Cancels a consignment, for good; one that is allocated gives its carrier service back.

        Raises `RequestError` for an unknown consignment or one that is cancelled already.
        """

        def decide(seen: Known) -> tuple[AllocationMode | None, Cancelled]:
            require_state(seen, "cancelled", CANCELLABLE)
            return mode_of(seen.record), Cancelled()

        self.changes.change(reference, request_id, decide)

    def in_state(self, state: str) -> Sequence[ConsignmentReference]:
        """The references of up to `MAX_FOUND` consignments in a state, whose name may be in any case."""
        named = {known.casefold(): known for known in STATES}.get(state.strip().casefold())
        return self.changes.store.in_state(named, MAX_FOUND) if named else ()

    def in_direction(self, references: Sequence[ConsignmentReference], direction: str) -> list[ConsignmentReference]:
        """Those of the consignments that go in a direction, whose name may be in any case."""
        known = self.changes.store.find(references)
        wanted = direction.strip().casefold()
        return [item for item in references if item in known and known[item].direction.casefold() == wanted]

    def provided_by_customer(self, reference: str) -> Sequence[ConsignmentReference]:
        """The consignments whose sender calls them by this reference; none where no reference is that long."""
        return () if len(reference) > MAX_CUSTOMER_REFERENCE else self.changes.store.provided_by_customer(reference)

    def erase(self, reference: ReferenceText) -> None:
        """Removes a consignment's personal data for good; its allocation record stays.

        Raises `UnknownConsignmentError` where there was none.
        """
        if not self.changes.store.erase(consignment_reference(reference)):
            raise UnknownConsignmentError(reference)


def text_field(document: Document, name: str) -> str:
    """A field that has to be text. Raises `RequestError`."""
    value: Any = document.get(name)
    if not isinstance(value, str) or not value:
        raise RequestError("ValidationException", f"{name} is missing: it names the consignment.")
    return value
