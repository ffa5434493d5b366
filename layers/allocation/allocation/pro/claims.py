"""Claims on consignments, in DynamoDB: written before SortedPRO is asked, so that the next caller knows.

PRO has no idempotency key. A second message with the same consignment, a redriven message or another execution
environment finds the claim. While PRO may be working, the consignment waits. Afterwards PRO's state is read before PRO
is asked again.

All times are on AWS's clock, as its answers tell it: the clocks of two execution environments may differ.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from allocation.aws.dynamodb.bulk_calls import (
    CONDITION_FAILED,
    MAX_KEYS,
    Action,
    CancelledError,
    read_items_at,
    write_all,
)
from allocation.aws.dynamodb.insertions import INSERTED, insert_all
from allocation.aws.dynamodb.record_reading import KEY
from allocation.aws.dynamodb.record_writes import NOT_THERE_YET
from allocation.batches import batches
from allocation.domain.errors import RetryableError
from allocation.domain.frozen import frozen
from allocation.domain.reference import ConsignmentReference
from allocation.observability import logger
from allocation.pro.kept_claims import KeptClaim, kept_claim, milliseconds, moment_of
from allocation.pro.ports import NO_CLAIMS, Claimed, Watch

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# At least as long as records are kept. After that, a record or PRO's own state must tell.
_KEPT: Final = timedelta(days=90)
_MAX_ATTEMPTS: Final = 3
# A message returns within 20 minutes (`orders/redelivery.py`). A claim that ended longer ago belongs to a try that is
# over.
_SAME_TRY: Final = timedelta(minutes=30)

# Nobody reads the state of these meanwhile: what it shows may be gone in a moment, or is recorded.
_NOT_TO_BE_READ: Final = (None, Watch.TAKING_BACK, Watch.NOT_ASKED, Watch.SETTLED)
# AWS tells its clock in whole seconds. A claim that ends so much too early is within the patience with PRO.
_MAX_CLOCK_ERROR: Final = timedelta(seconds=2)


@dataclass(slots=True)
class _ClockAhead:
    # What to add to our own clock for AWS's, as its last answer told.
    ahead: timedelta = timedelta(0)


@frozen
class DynamoDBClaims:
    """`Claims` in a table with the partition key `consignmentReference` and the TTL attribute `expiresAt`.

    `heldUntil` and `since` are in milliseconds since 1970 UTC. `watch` is there where a claim was left for PRO.
    """

    client: "DynamoDBClient"
    table: str
    # Returns aware UTC.
    now: Callable[[], datetime]
    # The PRO that is asked.
    base_url: str
    # Returns a name that nobody else gets: of who claims.
    new_holder: Callable[[], str]
    _clock: _ClockAhead = field(default_factory=_ClockAhead)

    def take(
        self,
        references: Sequence[ConsignmentReference],
        seconds: float,
        over: Mapping[ConsignmentReference, str] | None = None,
        *,
        takes_back: bool = False,
    ) -> Claimed:
        """Claim the consignments: those that nobody has asked for at once, the others upon what is read of them."""
        claimed = Claimed(holder=self.new_holder(), takes_back=takes_back)
        for batch in batches(references, MAX_KEYS):
            claimed, left = self._claim_new(batch, seconds, claimed)
            claimed = self._take(left, seconds, claimed, over) if left else claimed
        return claimed

    def ever_taken(self, references: Sequence[ConsignmentReference]) -> frozenset[ConsignmentReference]:
        """Return the consignments that have a claim, ended or not."""
        return frozenset(key for batch in batches(references, MAX_KEYS) for key in self._found(batch)[0])

    def _claim_new(
        self, references: Sequence[ConsignmentReference], seconds: float, before: Claimed
    ) -> tuple[Claimed, Sequence[ConsignmentReference]]:
        """Claim what has no claim yet, by single writes without a look. Return what is claimed, and what is left.

        Raises `NoAnswerError`.
        """
        clock = self._clock.ahead
        now = self._now(clock)
        new = {each: moment_of(now) for each in references}
        claimed = replace(
            before, until=before.until or now + ceil(seconds * 1000), since={**before.since, **new}, clock=clock
        )
        items = [self._item(each, claimed.until, self._fields(claimed, each)) for each in references]
        inserted = insert_all(self.client, self.table, items)
        if inserted.no_answer:
            raise inserted.no_answer
        if not self._was_right(clock, inserted.at):
            # The claims end too early or too late. They are found, and made again.
            return before, references
        left = [each for each, code in zip(references, inserted.codes, strict=True) if code != INSERTED]
        return replace(claimed, since={key: at for key, at in claimed.since.items() if key not in left}), left

    def _was_right(self, clock: timedelta, at: datetime | None) -> bool:
        """Learn AWS's clock from an answer. Return whether what was added to our own was about right."""
        if at is None:
            return True
        self._clock.ahead = at - self.now()
        return abs(self._clock.ahead - clock) <= _MAX_CLOCK_ERROR

    def _take(
        self,
        references: Sequence[ConsignmentReference],
        seconds: float,
        before: Claimed,
        over: Mapping[ConsignmentReference, str] | None,
    ) -> Claimed:
        """Return what was claimed before, and what is claimed now, each by a write conditional on what was read."""
        others: dict[ConsignmentReference, KeptClaim] = {}
        for attempt in range(_MAX_ATTEMPTS):
            found, clock = self._found(references)
            now = self._now(clock)
            # A claim of this caller's own was written, and the answer lost, or it has the wrong time. What it was
            # written over still counts.
            others |= {key: claim for key, claim in found.items() if claim.holder != before.holder}
            claimed = self._with(before, references, others, now, over)
            # One end for all: it identifies the claims of this caller.
            claimed = replace(claimed, until=before.until or now + ceil(seconds * 1000), clock=clock)
            free = [each for each in references if each not in claimed.held and each not in claimed.elsewhere]
            try:
                if free:
                    seen = {key: claim.ends for key, claim in found.items()}
                    fields = {each: self._fields(claimed, each) for each in free}
                    puts = [self._put(each, seen.get(each), claimed.until, fields[each]) for each in free]
                    write_all(self.client, puts)
                return claimed
            except CancelledError as error:
                # Others claimed some of them in between. The next look finds them held.
                if CONDITION_FAILED not in error.reasons or attempt + 1 == _MAX_ATTEMPTS:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _with(
        self,
        before: Claimed,
        references: Sequence[ConsignmentReference],
        found: Mapping[ConsignmentReference, KeptClaim],
        now: int,
        over: Mapping[ConsignmentReference, str] | None,
    ) -> Claimed:
        """Return `before` with what the claims that were found mean now."""
        current = {key: claim for key, claim in found.items() if claim.ends + milliseconds(_SAME_TRY) > now}
        elsewhere = {key: claim.base_url for key, claim in current.items() if claim.base_url not in ("", self.base_url)}
        ours = {key: claim for key, claim in found.items() if key not in elsewhere}
        settled = {key for key, claim in found.items() if claim.is_settled((over or NO_CLAIMS).get(key))}
        held = {key: claim for key, claim in ours.items() if claim.ends > now and (over is None or key not in settled)}
        watched = {key: claim.watch for key, claim in held.items() if claim.watch not in _NOT_TO_BE_READ}
        # What was recorded is over: a try after it is another one, and that record is not its outcome.
        goes_on = {key: claim.since for key, claim in current.items() if key not in settled}
        since = {each: goes_on.get(each, now) for each in references if each not in elsewhere}
        return replace(
            before,
            asked_before=before.asked_before
            | {key for key, claim in ours.items() if key not in held and claim.watch is not Watch.NOT_ASKED},
            held={**before.held, **{key: ceil((claim.ends - now) / 1000) for key, claim in held.items()}},
            watched={**before.watched, **watched},
            elsewhere={**before.elsewhere, **elsewhere},
            since={**before.since, **{key: moment_of(first) for key, first in since.items()}},
        )

    def _found(
        self, references: Sequence[ConsignmentReference]
    ) -> tuple[dict[ConsignmentReference, KeptClaim], timedelta]:
        """Return the claim on each consignment that was ever claimed, and what to add to our clock for AWS's."""
        keys = [{KEY: {"S": reference}} for reference in references]
        read, now_at_aws = read_items_at(self.client, {self.table: {"Keys": keys, "ConsistentRead": True}})
        claims = {ConsignmentReference(item[KEY]["S"]): kept_claim(item) for item in read[self.table]}
        return claims, now_at_aws - self.now() if now_at_aws else timedelta(0)

    def _put(self, reference: ConsignmentReference, seen: int | None, until: int, fields: Mapping[str, Any]) -> Action:
        """Return the write of a claim in the place of the one that was seen, by when that ends."""
        put: Action = {"TableName": self.table, "Item": self._item(reference, until, fields)}
        if seen is None:
            return {"Put": {**put, "ConditionExpression": NOT_THERE_YET}}
        return {
            "Put": {
                **put,
                "ConditionExpression": "heldUntil = :seen",
                "ExpressionAttributeValues": {":seen": {"N": str(seen)}},
            }
        }

    def _item(self, reference: ConsignmentReference, until: int, fields: Mapping[str, Any]) -> dict[str, Any]:
        return {KEY: {"S": reference}, "heldUntil": {"N": str(until)}, **fields}

    def _fields(self, claimed: Claimed, reference: ConsignmentReference) -> dict[str, Any]:
        since = claimed.since.get(reference)
        return {
            "expiresAt": {"N": str(int((self.now() + _KEPT).timestamp()))},
            "baseUrl": {"S": self.base_url},
            "holder": {"S": claimed.holder},
            **({"since": {"N": str(milliseconds(since))}} if since else {}),
            **({"watch": {"S": Watch.TAKING_BACK.value}} if claimed.takes_back else {}),
        }

    def give_back(
        self,
        claimed: Claimed,
        references: Sequence[ConsignmentReference],
        seconds: float,
        watch: Watch | None = None,
        *,
        is_over: bool = False,
    ) -> None:
        """End the claims in so many seconds; the items stay, because they tell that PRO was asked."""
        # Conditional on what `take` wrote: a request that is executed late must not end another caller's claim.
        ends = self._now(claimed.clock) + ceil(seconds * 1000)
        # One that is over ended before this try, so that the next one finds no try to continue.
        ends -= milliseconds(_SAME_TRY) if is_over else 0
        watched = {"watch": {"S": watch.value}} if watch else {}
        for batch in batches(references, MAX_KEYS):
            fields = {each: {**self._fields(claimed, each), **watched} for each in batch}
            try:
                write_all(self.client, [self._put(each, claimed.until, ends, fields[each]) for each in batch])
            except RetryableError as error:
                logger.warning("claims not given back", extra={"cause": str(error), "consignments": batch})

    def _now(self, clock: timedelta) -> int:
        """Return the time on AWS's clock, in milliseconds since 1970 UTC."""
        return milliseconds(self.now() + clock)
