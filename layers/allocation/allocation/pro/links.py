"""SortedPRO's own references of the consignments that it created for this stack, by their senders' references.

They are items of the claims' table: a consignment whose creation may be lost has a claim under its sender's reference.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from allocation.aws.dynamodb.bulk_calls import MAX_KEYS, read_items, write_all
from allocation.aws.dynamodb.record_reading import KEY
from allocation.batches import batches
from allocation.domain.frozen import frozen
from allocation.domain.reference import ConsignmentReference

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# No reference has a slash in it, so no claim has such a key.
_PREFIX: Final = "created/"


@frozen
class DynamoDBLinks:
    """`Links` in a table with the partition key `consignmentReference` and the TTL attribute `expiresAt`."""

    client: "DynamoDBClient"
    table: str
    # Returns aware UTC.
    now: Callable[[], datetime]
    # The PRO that is asked: another one has consignments of its own.
    base_url: str
    # How long records are kept, None for ever: what they name in PRO is known as long.
    retention: timedelta | None

    def find(self, references: Sequence[ConsignmentReference]) -> Mapping[ConsignmentReference, ConsignmentReference]:
        """Read the links, consistently."""
        found: dict[ConsignmentReference, ConsignmentReference] = {}
        for batch in batches(references, MAX_KEYS):
            keys = [{KEY: {"S": _PREFIX + reference}} for reference in batch]
            read = read_items(self.client, {self.table: {"Keys": keys, "ConsistentRead": True}})
            found |= {
                ConsignmentReference(item[KEY]["S"].removeprefix(_PREFIX)): ConsignmentReference(item["pro"]["S"])
                for item in read[self.table]
                if item["baseUrl"]["S"] == self.base_url
            }
        return found

    def keep(self, links: Mapping[ConsignmentReference, ConsignmentReference]) -> None:
        """Write the links, each in the place of any before."""
        for batch in batches(list(links), MAX_KEYS):
            items = [self._item(reference, links[reference]) for reference in batch]
            write_all(self.client, [{"Put": {"TableName": self.table, "Item": item}} for item in items])

    def _item(self, reference: ConsignmentReference, pro: ConsignmentReference) -> dict[str, Any]:
        ends = self.now() + self.retention if self.retention else None
        kept = {"expiresAt": {"N": str(int(ends.timestamp()))}} if ends else {}
        return {KEY: {"S": _PREFIX + reference}, "pro": {"S": pro}, "baseUrl": {"S": self.base_url}, **kept}
