"""Transactions of moto at the cost of what they write.

To go back where a condition fails, moto copies a whole table with all of its items, again for each item of a
transaction: a minute for a consignment of a thousand packages. Here a copy shares the items, and an update changes a
copy of its item.
"""

from copy import copy, deepcopy
from typing import Any, Final

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

_UPDATE: Final = DynamoDBBackend.update_item


def teach_sharing() -> None:
    """Let copies of a table share its items."""
    Table.__deepcopy__ = _with_the_same_items  # type: ignore[attr-defined]
    DynamoDBBackend.update_item = _update_item  # type: ignore[method-assign]


def _with_the_same_items(self: Table, memo: dict[int, Any]) -> Table:
    memo[id(self)] = table = copy(self)
    table.items = copy(self.items)
    if self.has_range_key:
        table.items |= {key: copy(rows) for key, rows in self.items.items()}
    table.stream_shard = deepcopy(self.stream_shard, memo)
    return table


def _update_item(self: DynamoDBBackend, table_name: str, key: dict[str, Any], *arguments: Any, **named: Any) -> Any:
    table = self.tables.get(table_name)
    if table is not None and table.hash_key_attr in key:
        names = (table.hash_key_attr, table.range_key_attr)
        *outer, last = [DynamoType(key[name]) for name in names if name in key]
        rows: Any = table.items.get(outer[0], {}) if outer else table.items
        if last in rows:
            rows[last] = deepcopy(rows[last])
    return _UPDATE(self, table_name, key, *arguments, **named)
