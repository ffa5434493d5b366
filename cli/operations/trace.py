"""All there is about an order or a consignment: records, their events, messages in the DLQ, and what may still come.

References only.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from allocation.aws.publisher_log import published_at
from allocation.console.explained_decision import ExplainedDecision
from allocation.console.recorded_explanation import recorded_explanation
from allocation.domain.errors import InvalidMessageError, RetryableError, UnreadableExplanationError
from allocation.domain.outcome import Allocated, DeferralCause
from allocation.events.published import Publication, Versions
from allocation.orders.event_types import CANCELLED, UPDATED
from allocation.orders.order_created import USUAL_RULES, ReadingRules
from allocation.records.stored_record import StoredRecord, is_of_later_version
from cli.errors import aws_text
from cli.operations.dead_letters import DeadLetter, DeadLetterQueue
from cli.operations.finding import FoundRecords, find_records
from cli.operations.message_body import has_word
from cli.operations.records import KEY, Record
from cli.operations.target import Target
from cli.operations.waiting import Waiting, waiting_for


@dataclass(frozen=True, slots=True)
class Traced:
    """A record. `stored` is None where this version can't read it, `kept` where no explanation was kept."""

    record: Record
    stored: StoredRecord | None = None
    kept: Mapping[str, Any] | None = None
    """The explanation as the engine made it."""
    trouble: str = ""
    """Why an explanation that was kept can't be read; empty where it can."""

    @property
    def reference(self) -> str:
        """The consignment's reference."""
        return str(self.record[KEY])

    @property
    def state(self) -> str:
        """The consignment's state."""
        return str(self.record.get("state", "unknown"))

    @property
    def versions(self) -> Versions:
        """The record's versions. Nobody knows when those before the present one were written."""
        last = int(self.record["version"])
        return Versions(self.reference, last, datetime.fromisoformat(self.record["allocatedAt"]) if last == 1 else None)

    @property
    def explanation(self) -> ExplainedDecision | None:
        """The explanation that was kept, ready to be shown."""
        return recorded_explanation(self.stored, self.kept) if self.stored and self.kept else None


@dataclass(frozen=True, slots=True)
class History:
    """What is known of an order or a consignment."""

    found: FoundRecords
    traced: Sequence[Traced]
    """By consignment reference."""
    dead_letters: Sequence[DeadLetter]
    waiting: Waiting
    published: Mapping[str, Publication] = field(default_factory=dict)
    """By event id: the events of the records, as far as the log has them."""
    log_trouble: str = ""
    """Why the publisher's log could not be read; empty where it was."""

    reading: ReadingRules = USUAL_RULES
    """How the stack reads its messages."""
    read_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def is_allocated_since(self, letter: DeadLetter) -> bool:
        """Return whether a dead message says that an order was created of which every consignment is allocated."""
        try:
            event = self.reading.event_in(letter.body or "")
        except InvalidMessageError:
            return False
        kind, sent = event.get("eventType"), event.get("consignments")
        if UPDATED.has(kind) or CANCELLED.has(kind) or not isinstance(sent, list) or not sent:
            return False
        of_order = [each for each in self.traced if each.record["orderReference"] == event.get("orderReference")]
        named = {each.get("Reference") for each in sent if isinstance(each, dict)} - {None}
        known = {name for each in of_order for name in (each.reference, each.record.get("customerReference"))}
        return named <= known and len(sent) <= len(of_order) and {each.state for each in of_order} == {Allocated.state}

    @property
    def waits(self) -> bool:
        """Whether a message of it came back after everything that is recorded, without an outcome.

        That of a cancellation comes back once, when its work is done, to look for more.
        """
        done = max((str(each.record.get("allocatedAt", "")) for each in self.traced), default="")
        returns = [each for each in self.waiting.returns if not (done and each.cause == DeferralCause.CANCELLING)]
        return bool(returns) and (not done or returns[-1].at > datetime.fromisoformat(done))


def history_of(target: Target, name: str) -> History:
    """Read all there is about an order, a consignment, or what else the name stands for (`finding`)."""
    found = find_records(target, name)
    names = [name, *_references(found.records)]
    with DeadLetterQueue(target.sqs, target.order_dlq_url) as queue:
        letters = [letter for run in queue.read() for letter in run if mentions(letter, names)]
    orders = dict.fromkeys([name, *(str(record["orderReference"]) for record in found.records)])
    consignments = dict.fromkeys([name, *(str(record[KEY]) for record in found.records)])
    waiting = waiting_for(target, list(orders), list(consignments), datetime.now(UTC))
    traced = [_traced(target, record) for record in found.records]
    history = History(found, traced, letters, waiting, reading=target.reading_rules() if letters else USUAL_RULES)
    try:
        versions = [each.versions for each in traced]
        return replace(history, published=published_at(target.logs, target.publisher_log, versions))
    except (ClientError, BotoCoreError) as error:  # who may not read logs still gets the rest
        return replace(history, log_trouble=aws_text(error))


def explained_records(target: Target, name: str) -> list[Traced]:
    """Return the records that a name stands for, with the explanations that they kept."""
    return [_traced(target, record) for record in find_records(target, name).records]


def mentions(letter: DeadLetter, names: Sequence[str]) -> bool:
    """Return whether a message has one of the names as a word of its own, written plainly or as JSON writes it."""
    spellings = {spelling for name in names for spelling in (name, json.dumps(name)[1:-1])}
    ids = (letter.order_reference, letter.message_id, letter.original_message_id)
    return any(each in names for each in ids) or any(has_word(letter.body or "", spelling) for spelling in spellings)


def _references(records: Sequence[Record]) -> Iterator[str]:
    """Yield by what messages may name the consignments of records."""
    for record in records:
        yield from (str(record[name]) for name in (KEY, "orderReference"))


def _traced(target: Target, record: Record) -> Traced:
    try:
        stored = None if is_of_later_version(record) else StoredRecord.model_validate(record)
    except ValidationError:
        stored = None
    try:
        return Traced(record, stored, target.explanations.of(stored) if stored else None)
    except (UnreadableExplanationError, RetryableError) as error:
        return Traced(record, stored, trouble=str(error))
