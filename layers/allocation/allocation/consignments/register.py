"""The use cases that keep consignments: create, change, cancel, find and erase."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from allocation.consignments.changes import MAX_ATTEMPTS, Changes, consignment_references
from allocation.consignments.errors import ChangedMeanwhileError, RequestError, UnknownConsignmentError
from allocation.consignments.intake import CharacterSource, issued_consignment_reference, taken_in
from allocation.consignments.labels_given import LabelsGiven
from allocation.consignments.older_forms import consignment_in_current_form
from allocation.consignments.store import (
    CANCELLED,
    ConsignmentJson,
    Known,
    ReferenceText,
    StoredConsignment,
)
from allocation.domain.errors import RetryableError
from allocation.domain.frozen import frozen
from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import Cancelled
from allocation.domain.reference import ConsignmentReference
from allocation.domain.state import UserAction

# Characters, as in `FullConsignment`. DynamoDB refuses to look up keys of more than 2,048 bytes.
_MAX_CUSTOMER_REFERENCE: Final = 256
FIXED_BY_ALLOCATION: Final = ("Addresses", "Packages")
# No update takes these away (PRO's help, "Updating Existing Consignments"; a consignment needs addresses).
_KEPT_WHERE_EMPTY: Final = (*FIXED_BY_ALLOCATION, "Tags", "Direction")


def _has_no_spaces(_: ConsignmentReference) -> None:
    """Do nothing: nothing was selected at a pickup location."""


def _all_of_it(sent: ConsignmentJson, _: Known) -> ConsignmentJson:
    return sent


@frozen
class Register:
    """Keeps consignments. `retention` is how long personal data is kept after the consignment's last change.

    `give_back_spaces` frees the spaces that a cancelled consignment has at pickup locations.
    """

    changes: Changes
    random_characters: CharacterSource
    retention: timedelta
    give_back_spaces: Callable[[ConsignmentReference], None] = _has_no_spaces

    def create(self, sent: ConsignmentJson) -> ConsignmentReference:
        """Keep a new consignment and return the reference issued to it.

        Raises `RequestError` for invalid fields, and `RetryableError` where no free reference was found.
        """
        for _ in range(MAX_ATTEMPTS):
            reference = issued_consignment_reference(self.random_characters)
            if self.create_as(reference, sent):
                return reference
        raise RetryableError(f"all {MAX_ATTEMPTS} references that were tried are taken")

    def create_as(self, reference: ConsignmentReference, sent: ConsignmentJson) -> bool:
        """Keep a new consignment under a reference issued before. False: the reference is taken.

        Raises `RequestError` for invalid fields.
        """
        content = {**taken_in(sent, reference, self.random_characters), "Source": "Api"}
        now = self.changes.now()
        return self.changes.store.add(StoredConsignment(reference, content, now, expires_at=now + self.retention))

    def update(
        self, sent: ConsignmentJson, news_in: Callable[[ConsignmentJson, Known], ConsignmentJson] = _all_of_it
    ) -> ConsignmentReference:
        """Change what was sent of a consignment; the rest of it stays (`pro-operations.md`, PUT /consignments).

        Null takes a value away, but for the fields that PRO then keeps; typed clients write null for every field that
        they do not set. `news_in` leaves out what only says again what the sender was told of the consignment.

        Raises `RequestError` for an unknown consignment, for invalid fields, and for new addresses or packages of a
        consignment that is allocated.
        """
        return self.edit(_reference_in(sent), lambda known: news_in(sent, known)).reference

    def edit(self, reference: ReferenceText, change: Callable[[Known], ConsignmentJson]) -> StoredConsignment:
        """Change a consignment by what `change` makes of it, as `update` does, and return it as it is now."""
        for _ in range(MAX_ATTEMPTS):
            seen = self.changes.known(reference)
            stored = self._updated(change(seen), seen)
            if self.changes.store.replace(stored, seen):
                return stored
        raise ChangedMeanwhileError(seen.reference)

    def _updated(self, sent: ConsignmentJson, seen: Known) -> StoredConsignment:
        before = seen.described()
        if seen.state == CANCELLED:
            seen.require(UserAction.EDIT)
        given = {
            name: value
            for name, value in consignment_in_current_form(sent).items()
            if name != "Source" and (value or name not in _KEPT_WHERE_EMPTY)
        }
        content = taken_in({**before.content, **given}, seen.reference, self.random_characters)
        if any(content.get(name) != before.content.get(name) for name in FIXED_BY_ALLOCATION):
            seen.require(UserAction.EDIT)
        expires_at = self.changes.now() + self.retention
        return replace(before, content=content, version=before.version + 1, expires_at=expires_at)

    def cancel(self, reference: ReferenceText, request_id: str) -> None:
        """Cancel a consignment for good. It gives its carrier service back, and its spaces at pickup locations.

        Raises `RequestError` for an unknown consignment, for one that is already cancelled, and while what was created
        for it elsewhere is not cancelled there.
        """
        last: list[Known] = []

        def decide(seen: Known) -> tuple[AllocationMode | None, Cancelled]:
            last[:] = [seen]
            if seen.state == CANCELLED:
                # A cancellation that broke off may have left it half done.
                self._follow_cancellation(seen)
            seen.require(UserAction.CANCEL)
            self.changes.release(seen)
            return seen.mode, Cancelled()

        self.changes.change(reference, request_id, decide)
        self._follow_cancellation(*last)

    def _follow_cancellation(self, seen: Known) -> None:
        """Do what only a consignment that is recorded as cancelled allows.

        Before, another request might have it allocated: it would go to its location without a space, and nothing would
        bring it back elsewhere.
        """
        self.give_back_spaces(seen.reference)
        self.changes.cancel_recorded(seen)

    def note_labels(self, seen: Known) -> None:
        """Keep that labels of an allocated consignment were given out now, unless it is known."""
        tracking = seen.record.tracking_reference if seen.record else None
        if tracking is None or seen.labels_given:
            return
        legs = seen.record.allocation_summary.consignment_legs if seen.record and seen.record.allocation_summary else ()
        count = len(legs) * len(seen.described().content["Packages"])
        self.changes.store.note_labels(seen.reference, LabelsGiven(tracking, self.changes.now(), count))

    def provided_by_customer(self, reference: str) -> Sequence[ConsignmentReference]:
        """Return the consignments whose sender gave them this reference."""
        # No consignment has a longer one.
        return () if len(reference) > _MAX_CUSTOMER_REFERENCE else self.changes.store.provided_by_customer(reference)

    def erase(self, reference: ReferenceText) -> None:
        """Delete a consignment's personal data for good and keep its allocation record.

        Raises `UnknownConsignmentError` where there is none to delete.
        """
        if not any(self.changes.store.erase(each) for each in consignment_references(reference)):
            raise UnknownConsignmentError(reference)


def _reference_in(sent: ConsignmentJson) -> str:
    """Return the reference of a consignment to change. Raises `RequestError` where it has none."""
    value: Any = sent.get("Reference")
    if not isinstance(value, str) or not value:
        raise RequestError("ValidationException", "Reference is missing: name the consignment to update.")
    return value
