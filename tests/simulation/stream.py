"""Lambda's polling of the table's stream: in order, one batch at a time, from the lowest sequence number that failed.

Now and then a batch comes again, or its records come in another order, as those of different shards do.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from allocation.aws.sns import SnsPublisher
from allocation.aws.sqs import SqsUnpublishable
from allocation.events.publish_allocations import PublishAllocations, PublishReport
from allocation.records.items import to_item
from tests.simulation.aws import KEY, SimulatedDynamoDB, SimulatedSetAside, SimulatedSNS
from tests.simulation.once import Decoded
from tests.simulation.world import World

PUBLISHER_SECONDS = 30.0
MAX_BATCH = 100
MAX_RECORD_AGE_SECONDS = 6 * 3600.0
MAX_PAUSE_SECONDS = 60.0
FOREIGN = "EC-FOR-EIG-N00"
EARLIER = "EC-OLD-SCH-EMA"
LATER = "EC-NEW-SCH-EMA"


@dataclass(slots=True)
class StreamPolling:
    """Publishes what the table's stream brings."""

    world: World
    table: SimulatedDynamoDB
    topic: SimulatedSNS
    set_aside: SimulatedSetAside
    decoded: Decoded
    given_up: list[str] = field(default_factory=list)
    """Sequence numbers that the stream gave up on: they are in the stream's failure queue."""
    _publishing: bool = False
    _position: int = 0
    _attempts: int = 0
    _most: int = MAX_BATCH

    def failed_references(self) -> set[str]:
        """The consignments whose changes the stream gave up on."""
        images = {sequence_number(change): change["dynamodb"]["NewImage"] for change in self.table.stream}
        return {images[number][KEY]["S"] for number in self.given_up}

    def follow(self) -> None:
        """Polls, unless that is done already or there is nothing to be had."""
        if not self._publishing and self._position < len(self.table.stream):
            self._publishing = True
            self.world.at(0.2, self._publish)

    def _publish(self) -> None:
        batch = self.table.stream[self._position : self._position + self._most]
        delivered = list(batch)
        if self.world.random.random() < 0.1:
            self.world.random.shuffle(delivered)
        if self.world.random.random() < 0.05:
            delivered += self.table.stream[max(self._position - 3, 0) : self._position]
        publisher = PublishAllocations(
            SnsPublisher(self.topic, "topic"),  # type: ignore[arg-type]
            SqsUnpublishable(self.set_aside, "stream-failures"),  # type: ignore[arg-type]
        )
        self.world.start(
            lambda: publisher.process(self.decoded.changes(delivered)),
            PUBLISHER_SECONDS,
            lambda report: self._published(batch, report),
        )

    def _published(self, batch: Sequence[dict[str, Any]], report: PublishReport | None) -> None:
        numbers = [sequence_number(record) for record in batch]
        failed = [at for at, number in enumerate(numbers) if report is None or number in report.failed]
        done = failed[0] if failed else len(batch)
        self._position += done
        self._attempts = 0 if done else self._attempts + 1
        self._most = max(1, len(batch) // 2) if report is None else MAX_BATCH  # BisectBatchOnFunctionError
        age = self.world.now - self.table.streamed_at[self._position] if failed else 0.0
        if age > MAX_RECORD_AGE_SECONDS:
            self.given_up.append(numbers[done])
            self._position, self._attempts = self._position + 1, 0
        self._publishing = False
        if failed:
            self._publishing = True
            self.world.at(min(2.0**self._attempts, MAX_PAUSE_SECONDS), self._publish)
        self.follow()


def sequence_number(record: dict[str, Any]) -> str:
    """What a stream record is known by."""
    number: str = record["dynamodb"]["SequenceNumber"]
    return number


def draw_other_records(draw: Random, later: Random) -> list[dict[str, Any]]:
    """What else the stream may bring: now and then a foreign item, or a record as another version wrote it."""
    records = []
    if draw.random() < 0.05:
        records.append(to_item({"consignmentReference": FOREIGN, "owner": "somebody else"}))
    if draw.random() < 0.05:
        earlier = {
            "consignmentReference": EARLIER,
            "orderReference": "ORDER-0",
            "state": "AllocationFailed",
            "version": 1,
            "allocatedAt": "2025-01-01T00:00:00.000Z",
            "failure": {"code": "NoCarrierServiceAvailable", "message": "nothing fits"},
        }
        records.append(to_item(earlier))
    if later.random() < 0.05:
        records.append(to_item({"consignmentReference": LATER, "state": "Allocated", "version": 1, "schemaVersion": 3}))
    return records
