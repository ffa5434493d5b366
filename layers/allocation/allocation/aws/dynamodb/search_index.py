"""The search index in DynamoDB: how entries, their look-ups and their tallies are kept, and written together.

The table's keys are `pk` and `sk`. It has
  `c#CONSIGNMENT`, `entry`   the entry, with the keys of the indexes in which it is listed
  `c#CONSIGNMENT`, `v#...`   a version before that of the entry, by its number with ten digits
  `t#TRACKING`, CONSIGNMENT  a look-up by tracking reference
  `k#REFERENCE`, CONSIGNMENT a look-up by the sender's own reference
  `days` or `causes`, DAY#.. a tally
A look-up is written before the entry and never removed, except by its TTL: readers compare it with the entry.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.dynamodb.bulk_calls import (
    CONDITION_FAILED,
    MAX_KEYS,
    Action,
    CancelledError,
    not_written,
    read_items,
    write_all,
)
from allocation.batches import batches
from allocation.console.entries import Entry, PastVersion
from allocation.console.tallies import COUNT, NET, Counted, DayTally, Tallied, tally_changes
from allocation.domain.errors import RetryableError
from allocation.records.items import DynamoItem, from_item, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ENTRY: Final = "entry"
# What the sort keys of past versions begin with.
VERSIONS: Final = "v#"
# `BatchWriteItem` takes 25 items.
_MAX_PUTS: Final = 25
_MAX_TRIES: Final = 5
_DAY_SECONDS: Final = 24 * 3600
_FIELDS: Final = frozenset(str(field.alias) for field in Entry.model_fields.values())


class DynamoDBIndexWriter:
    """An `IndexWriter` over one table."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        """`client` must have timeouts of its own; `table` is the table's name."""
        self._client = client
        self._table = table

    def entries(self, consignments: Sequence[str]) -> Mapping[str, Entry]:
        """Return the entries that exist, read consistently. Raises `RetryableError`."""
        return read_entries(self._client, self._table, consignments, consistently=True)

    def write(self, changes: Sequence[tuple[Entry | None, Entry]]) -> bool:
        """Write entries with their counts, if all entries are as they were read. Raises `RetryableError`."""
        self._put_all([each for before, after in changes for each in _new_look_ups(before, after)])
        expires_at = max((after.expires_at or 0 for _, after in changes), default=0)
        puts: list[Action] = [self._put(before, after) for before, after in changes]
        updates = [self._add(tally, numbers, expires_at) for tally, numbers in tally_changes(changes).items()]
        try:
            write_all(self._client, [*puts, *updates])
        except CancelledError as error:
            if CONDITION_FAILED in error.reasons:
                return False
            raise
        return True

    def keep(self, versions: Sequence[PastVersion]) -> None:
        """Keep past versions, each by itself. Raises `RetryableError`."""
        self._put_all(
            [_version_item(each) for each in {(each.consignment, each.version): each for each in versions}.values()]
        )

    def _put(self, before: Entry | None, after: Entry) -> Action:
        if before is None:
            condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        else:
            seen = {":seen": {"N": str(before.version)}}
            condition = {"ConditionExpression": "version = :seen", "ExpressionAttributeValues": seen}
        return {"Put": {"TableName": self._table, "Item": entry_item(after), **condition}}

    def _add(self, tally: DayTally, numbers: Mapping[str, Decimal], expires_at: int) -> Action:
        """Return the action that changes a tally. It stays a day longer than the last of its entries."""
        set_to = {name: value for name, value in tally._asdict().items() if name != "of"}
        if expires_at:
            set_to["expiresAt"] = expires_at + _DAY_SECONDS
        names = {f"#{at}": name for at, name in enumerate([*set_to, *numbers])}
        values = {f":{at}": value for at, value in enumerate([*set_to.values(), *numbers.values()])}
        settings = ", ".join(f"#{at} = :{at}" for at in range(len(set_to)))
        additions = ", ".join(f"#{at} :{at}" for at in range(len(set_to), len(names)))
        update = {
            "TableName": self._table,
            "Key": to_item({"pk": str(tally.of), "sk": tally.key}),
            "UpdateExpression": f"SET {settings} ADD {additions}",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": to_item(values),
        }
        return {"Update": update}

    def _put_all(self, items: Sequence[DynamoItem]) -> None:
        """Write items that say the same whenever they are written. Raises `RetryableError`."""
        for batch in batches(items, _MAX_PUTS):
            left: Any = {self._table: [{"PutRequest": {"Item": item}} for item in batch]}
            for _ in range(_MAX_TRIES):
                try:
                    left = self._client.batch_write_item(RequestItems=left).get("UnprocessedItems")
                except (ClientError, BotoCoreError) as error:
                    raise not_written(error) from error
                if not left:
                    break
            else:
                raise RetryableError(f"DynamoDB left look-ups unwritten {_MAX_TRIES} times")


def read_entries(
    client: "DynamoDBClient", table: str, consignments: Sequence[str], *, consistently: bool
) -> dict[str, Entry]:
    """Return the entries of consignments that have one. Raises `RetryableError`."""
    found: dict[str, Entry] = {}
    for batch in batches(dict.fromkeys(consignments), MAX_KEYS):
        keys = [to_item({"pk": consignment_key(each), "sk": _ENTRY}) for each in batch]
        for item in read_items(client, {table: {"Keys": keys, "ConsistentRead": consistently}})[table]:
            entry = entry_in(item)
            found[entry.consignment] = entry
    return found


def entry_item(entry: Entry) -> dict[str, Any]:
    """Return an entry as an item, with the keys of the lists that it stands in (`listed_by_...`)."""
    keys = {
        "pk": consignment_key(entry.consignment),
        "sk": _ENTRY,
        "at": f"{entry.allocated_at}#{entry.consignment}",
        "listState": entry.state,
        "listService": listed_by_cause(entry.cause_digest) if entry.cause_digest else listed_by_service(entry.service),
        "listCarrier": listed_by_code(entry.failure_code) if entry.failure_code else listed_by_carrier(entry.carrier),
    }
    whole = entry.model_dump(by_alias=True, exclude_none=True) | {"trackingReferences": list(entry.tracking_references)}
    return to_item({name: value for name, value in (whole | keys).items() if value is not None})


def _version_item(version: PastVersion) -> dict[str, Any]:
    """Return a past version as an item. It stands in no list."""
    keys = {"pk": consignment_key(version.consignment), "sk": f"{VERSIONS}{version.version:010d}"}
    return to_item(version.model_dump(by_alias=True, exclude_none=True) | keys)


def version_in(item: DynamoItem) -> PastVersion:
    """Return the past version of an item."""
    return PastVersion.model_validate(from_item(item))


def consignment_key(consignment: str) -> str:
    """Return the partition key of a consignment's entry and past versions."""
    return f"c#{consignment}"


def entry_in(item: DynamoItem) -> Entry:
    """Return the entry of an item."""
    return Entry.model_validate({name: value for name, value in from_item(item).items() if name in _FIELDS})


def listed_by_service(service: str | None) -> str | None:
    """Return the key of the list of a carrier service, or None."""
    return f"s#{service}" if service else None


def listed_by_cause(digest: str) -> str:
    """Return the key of the list of a cause of failures."""
    return f"f#{digest}"


def listed_by_carrier(carrier: str | None) -> str | None:
    """Return the key of the list of a carrier, or None."""
    return f"c#{carrier}" if carrier else None


def listed_by_code(code: str) -> str:
    """Return the key of the list of a failure's code."""
    return f"e#{code}"


def counted_in(item: DynamoItem) -> Counted:
    """Return the tally of an item."""
    document = from_item(item)
    given = {name: document.get(name, "") for name in DayTally._fields if name != "of"}
    net = {name.removeprefix(NET): Decimal(value) for name, value in document.items() if name.startswith(NET)}
    return Counted(DayTally(Tallied(document["pk"]), **given), int(document.get(COUNT, 0)), net)


def _new_look_ups(before: Entry | None, after: Entry) -> Iterator[dict[str, Any]]:
    """Yield the look-ups that an entry needs and the one before it did not have."""
    known = set(_look_ups(before)) if before and before.expires_at == after.expires_at else set()
    for key in dict.fromkeys(_look_ups(after)):
        if key not in known:
            expiry = {"expiresAt": after.expires_at} if after.expires_at else {}
            yield to_item({"pk": key, "sk": after.consignment, **expiry})


def _look_ups(entry: Entry) -> list[str]:
    own = [f"k#{entry.customer_reference}"] if entry.customer_reference else []
    return [*own, *(f"t#{reference}" for reference in entry.tracking_references)]
