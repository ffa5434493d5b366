"""Insertions of many items into DynamoDB, each by itself at the price of a single write, several calls at once."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.dynamodb.bulk_calls import NoAnswerError, date_of, not_written
from allocation.batches import batches, in_parallel
from allocation.domain.errors import RetryableError
from allocation.observability import logger
from allocation.records.items import DynamoItem

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# `BatchExecuteStatement`'s limit.
MAX_STATEMENTS: Final = 25
# The code of an item that was written, and of one whose key is there.
INSERTED: Final = ""
DUPLICATE: Final = "DuplicateItem"
# Stands for any reason to write an item by itself.
NOT_INSERTED: Final = "NotInserted"


class Insertions(NamedTuple):
    """What became of items, in their order."""

    # `INSERTED`, `DUPLICATE`, or why an item may not have been written; None where DynamoDB does not answer.
    codes: Sequence[str | None]
    no_answer: NoAnswerError | None
    # The time on AWS's own clock, aware UTC in whole seconds; None where no answer has it.
    at: datetime | None


def insert_all(client: "DynamoDBClient", table: str, items: Sequence[DynamoItem]) -> Insertions:
    """Insert items, `MAX_STATEMENTS` in a call."""
    runs = list(batches(items, MAX_STATEMENTS))
    codes: list[str | None] = []
    no_answer: NoAnswerError | None = None
    at: datetime | None = None
    for run, found in zip(runs, in_parallel(lambda run: _inserted(client, table, run), runs), strict=True):
        if isinstance(found, NoAnswerError):
            no_answer = found
            codes += [None] * len(run)
        else:
            codes += found.codes
            at = found.at or at
    return Insertions(codes, no_answer, at)


def _inserted(client: "DynamoDBClient", table: str, items: Sequence[DynamoItem]) -> Insertions | NoAnswerError:
    """Return what `_insert_each` says of the items, or for each that it is still to be written."""
    try:
        return _insert_each(client, table, items)
    except NoAnswerError as error:
        return error
    except RetryableError as error:
        logger.warning("not inserted together", extra={"cause": str(error), "table": table, "items": len(items)})
        return Insertions([NOT_INSERTED] * len(items), None, None)


def _insert_each(client: "DynamoDBClient", table: str, items: Sequence[DynamoItem]) -> Insertions:
    """Insert at most `MAX_STATEMENTS` items, each by itself: one may be written and another not.

    Return a code for each, in their order: empty where it was written, `DUPLICATE` where an item with its key is there,
    else DynamoDB's code for why it may not have been written. Raises `NoAnswerError`, or another `RetryableError` if
    DynamoDB says nothing of the items.
    """
    statements = [{"Statement": insertion(table, item), "Parameters": list(item.values())} for item in items]
    try:
        answer: Any = client.batch_execute_statement(Statements=statements)  # type: ignore[arg-type]
    except (ClientError, BotoCoreError) as error:
        raise not_written(error) from error
    codes = [each.get("Error", {}).get("Code", "") for each in answer["Responses"]]
    if len(codes) != len(items):
        raise RetryableError(f"DynamoDB answered for {len(codes)} of {len(items)} items")
    return Insertions(codes, None, date_of(answer))


def insertion(table: str, attributes: Iterable[str]) -> str:
    """Return the PartiQL statement that inserts an item with these attributes, if there is none with its key.

    >>> print(insertion("records", ["id", "version"]))
    INSERT INTO "records" VALUE {'id': ?, 'version': ?}
    """
    return f'INSERT INTO "{table}" VALUE {{{", ".join(f"{name!r}: ?" for name in attributes)}}}'
