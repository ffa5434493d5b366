"""For a stack that was switched from SortedPRO to the engine: what PRO may have allocated is settled at PRO first.

A claim without an end says that PRO was asked for a consignment, and that nobody has recorded what became of it. The
engine would allocate it a second time. PRO can't be asked: the stack has no key for it any more.

After the other switch `InUse` keeps SortedPRO from being asked for what the engine has just recorded.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of
from allocation.aws.dynamodb.bulk_calls import MAX_KEYS, read_items
from allocation.aws.dynamodb.record_reading import KEY, RecordReader
from allocation.batches import batches
from allocation.domain.consignment import Consignment
from allocation.domain.errors import RetryableError
from allocation.domain.frozen import frozen
from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import Allocated, Cancelled, Deallocated, DeferralCause, Deferred, Outcome
from allocation.domain.record import NamedAtPro, RecordSeen
from allocation.domain.reference import ConsignmentReference, is_pro_reference
from allocation.ports import NOTHING_NAMED, Allocator, Deadline
from allocation.pro.kept_claims import KeptClaim, kept_claim, moment_of
from allocation.pro.ports import Watch

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_Named = Mapping[ConsignmentReference, NamedAtPro]
_Answers = Mapping[ConsignmentReference, Deferred]
# The states of records from which an allocation was taken back.
_TAKEN_BACK: Final = (Deallocated.state, Cancelled.state)
# The states of records that are not tried again.
_LASTING: Final = (Allocated.state, Cancelled.state)
# How long a look at an empty table counts. Whatever was claimed since comes back to the queue later than that.
_MAX_AGE: Final = timedelta(seconds=1)
# No read of DynamoDB's is further behind. AWS names no bound, and says that it is usually within a second.
MAX_LAG: Final = timedelta(seconds=10)
ADVICE: Final = (
    "this stack allocates with the engine now: set Allocator=pro back until it has its outcome, or cancel it in "
    "SortedPRO and send it under another reference"
)


@dataclass(slots=True)
class OpenClaims:
    """Knows of which consignments SortedPRO was asked and no outcome is recorded, by the claims' table."""

    client: "DynamoDBClient"
    table: str
    records: RecordReader
    # Returns aware UTC.
    now: Callable[[], datetime]
    # Whether anybody has claimed anything. Once it is so it stays so.
    _has_any: bool = field(default=False, init=False)
    # When there was no claim.
    _had_none: datetime = field(default=datetime.min.replace(tzinfo=UTC), init=False)

    def among(self, references: Sequence[ConsignmentReference]) -> frozenset[ConsignmentReference]:
        """Return those of the consignments whose outcome at PRO is open. Raises `RetryableError`."""
        if not references or not self._is_used():
            return frozenset()
        unsettled = {key: claim for key, claim in self._claims(references).items() if not claim.says_nothing_is_open}
        recorded = self.records.recorded(tuple(unsettled)).records if unsettled else {}
        # A claim under its sender's reference is about its creation. PRO is asked for it under its own reference.
        theirs = {key: there for key, seen in recorded.items() if (there := seen.pro_reference)}
        at_pro = self._claims(tuple(theirs.values()))
        asked = {key: at_pro.get(theirs[key]) if key in theirs else unsettled[key] for key in recorded}
        settled = {key for key, seen in recorded.items() if _is_outcome(key, seen, asked[key])}
        return frozenset(unsettled.keys() - settled)

    def _claims(self, references: Sequence[ConsignmentReference]) -> dict[ConsignmentReference, KeptClaim]:
        """Return the claims on these consignments, read consistently."""
        claims: dict[ConsignmentReference, KeptClaim] = {}
        for batch in batches(dict.fromkeys(references), MAX_KEYS):
            keys = [{KEY: {"S": each}} for each in batch]
            read = read_items(self.client, {self.table: {"Keys": keys, "ConsistentRead": True}})
            claims |= {ConsignmentReference(item[KEY]["S"]): kept_claim(item) for item in read[self.table]}
        return claims

    def _is_used(self) -> bool:
        """Tell whether there is a claim. Where there was none, look again: another version may be asking SortedPRO."""
        if self._has_any or abs(self.now() - self._had_none) < _MAX_AGE:
            return self._has_any
        looked_at = self.now()
        try:
            seen = self.client.scan(TableName=self.table, Limit=1, ConsistentRead=True)
        except (ClientError, BotoCoreError) as error:
            raise RetryableError(f"claims could not be read ({cause_of(error)})") from error
        # A page without items, and with others to follow, says nothing.
        self._has_any = bool(seen["Items"] or seen.get("LastEvaluatedKey"))
        self._had_none = looked_at
        return self._has_any


@dataclass(slots=True)
class InUse:
    """Tells whether an environment that asks SortedPRO has been in use for longer than a read may lag.

    Then no read misses a record of the engine's, from before a switch. All other records have claims beside them, which
    are found whatever a read misses (`docs/decisions/0143-*`).
    """

    # Returns aware UTC.
    now: Callable[[], datetime]
    _since: datetime = field(default=datetime.min.replace(tzinfo=UTC), init=False)
    _last: datetime = field(default=datetime.min.replace(tzinfo=UTC), init=False)

    def __call__(self) -> bool:
        """Tell it, and count this as a use. After a pause it may be another stack: a switch takes longer than that."""
        now = self.now()
        if abs(now - self._last) > MAX_LAG:
            self._since = now
        self._last = now
        return now - self._since > MAX_LAG


@frozen
class SettledFirst:
    """The engine as `Allocator`, for all consignments but those whose outcome at SortedPRO is open."""

    engine: Allocator
    open_claims: OpenClaims

    def allocate(
        self, consignments: Sequence[Consignment], mode: AllocationMode, deadline: Deadline
    ) -> Mapping[ConsignmentReference, Outcome | Deferred]:
        """Allocate what SortedPRO has nothing to do with. Raises `RetryableError`."""
        waiting = self._waiting([each.reference for each in consignments])
        left = [each for each in consignments if each.reference not in waiting]
        return {**self.engine.allocate(left, mode, deadline), **waiting}

    def prepare(self, asked: Sequence[tuple[Consignment, AllocationMode]]) -> None:
        """Let the engine prepare itself."""
        self.engine.prepare(asked)

    def release(
        self,
        references: Sequence[ConsignmentReference],
        deadline: Deadline,
        named: _Named = NOTHING_NAMED,
        *,
        is_recorded: bool = True,  # noqa: ARG002 - what is waited for waits anyhow
    ) -> _Answers:
        """Release what SortedPRO has nothing to do with."""
        return self._released(self.engine.release, references, deadline, named)

    def cancel_recorded(
        self, references: Sequence[ConsignmentReference], deadline: Deadline, named: _Named = NOTHING_NAMED
    ) -> _Answers:
        """Do nothing: what is recorded as cancelled was released."""
        return self.engine.cancel_recorded(references, deadline, named)

    def release_lost(
        self, references: Sequence[ConsignmentReference], deadline: Deadline, named: _Named = NOTHING_NAMED
    ) -> _Answers:
        """Release what SortedPRO has nothing to do with."""
        return self._released(self.engine.release_lost, references, deadline, named)

    def settled(self, references: Sequence[ConsignmentReference]) -> None:
        """Pass it on."""
        self.engine.settled(references)

    def _released(
        self,
        release: Callable[[Sequence[ConsignmentReference], Deadline, _Named], _Answers],
        references: Sequence[ConsignmentReference],
        deadline: Deadline,
        named: _Named,
    ) -> dict[ConsignmentReference, Deferred]:
        waiting = self._waiting(references)
        return {**release([each for each in references if each not in waiting], deadline, named), **waiting}

    def _waiting(self, references: Sequence[ConsignmentReference]) -> dict[ConsignmentReference, Deferred]:
        return {each: _wait(each) for each in self.open_claims.among(references)}


def _is_outcome(reference: ConsignmentReference, seen: RecordSeen, claim: KeptClaim | None) -> bool:
    """Tell whether a record has what a claim came to: it names the claim.

    No record names a claim of an earlier version, of a creation, or one that took an allocation back. There, times
    tell: those of the record, by its writer's clock, and of the claim, by AWS's. Not so beside a creation for what may
    be tried again: it may be the engine's, from before a switch, by a clock that is ahead. A refusal of PRO's has
    settled its claim, and all else names PRO's own reference.
    """
    if claim is None or claim.says_nothing_is_open or claim.is_settled(seen.named_at_pro.claim):
        return True
    is_taken_back = claim.watch is Watch.TAKING_BACK and seen.state in _TAKEN_BACK
    is_creation = not is_pro_reference(seen.pro_reference or reference)
    has_no_name = is_taken_back or not claim.holder or (is_creation and seen.state in _LASTING)
    return has_no_name and seen.written_at is not None and seen.written_at >= moment_of(claim.since)


def _wait(reference: ConsignmentReference) -> Deferred:
    why = f"SortedPRO was asked for {reference}, and nobody has seen what became of it; {ADVICE}"
    return Deferred(DeferralCause.MISCONFIGURED, why=why)
