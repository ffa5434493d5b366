"""`BatchExecuteStatement` for moto: the one statement that the layer writes, by DynamoDB's documented rules.

moto leaves PartiQL to a package that is not among our tools, and knows no `DuplicateItem`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from moto.dynamodb.exceptions import ConditionalCheckFailed, MockValidationException
from moto.dynamodb.models import DynamoDBBackend

_INSERTION: Final = re.compile(r"""INSERT INTO "([^"]+)" VALUE \{((?:'\w+': \?(?:, )?)+)\}""")
MAX_STATEMENTS: Final = 25


def teach_partiql() -> None:
    """Let moto execute insertions, each by itself."""
    DynamoDBBackend.batch_execute_statement = _batch_execute_statement  # type: ignore[method-assign]


def insertion(statement: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The table and the item of a statement."""
    found = _INSERTION.fullmatch(statement["Statement"])
    assert found, f"unknown statement {statement['Statement']}"
    names = re.findall(r"'(\w+)': \?", found[2])
    return found[1], dict(zip(names, statement["Parameters"], strict=True))


def _batch_execute_statement(self: DynamoDBBackend, statements: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    if not 0 < len(statements) <= MAX_STATEMENTS:
        raise MockValidationException("Member must have length less than or equal to 25")
    return [_answer(self, *insertion(statement)) for statement in statements]


def _answer(backend: DynamoDBBackend, table: str, item: dict[str, Any]) -> dict[str, Any]:
    if table not in backend.tables:
        return _error("ResourceNotFound")
    key = backend.tables[table].hash_key_attr
    try:
        backend.put_item(table, item, condition_expression=f"attribute_not_exists({key})")
    except ConditionalCheckFailed:
        return _error("DuplicateItem")
    except MockValidationException:
        return _error("ValidationError")
    return {"TableName": table}


def _error(code: str) -> dict[str, Any]:
    return {"Error": {"Code": code, "Message": code}}
