"""The step of an allocated consignment, written into its record."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.dynamodb.bulk_calls import not_written
from allocation.aws.dynamodb.record_reading import KEY
from allocation.domain.reference import ConsignmentReference
from allocation.domain.state import Step
from allocation.records.items import step_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def step_update(
    table: str, reference: ConsignmentReference, step: Step, event_ids: Sequence[str], version: int
) -> dict[str, Any]:
    """Return the update of a record that has had these events, if it still has this version."""
    fields = step_item(step, reference, event_ids, version)
    return {
        "TableName": table,
        "Key": {KEY: {"S": reference}},
        # A refused update and the state of the index by state are those of an earlier version.
        "UpdateExpression": f"SET {', '.join(f'{name} = :{name}' for name in fields)} REMOVE refusedUpdate, #state",
        "ConditionExpression": "version = :seen",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": {
            ":seen": {"N": str(version)},
            **{f":{name}": value for name, value in fields.items()},
        },
    }


def written_step(
    client: "DynamoDBClient",
    table: str,
    reference: ConsignmentReference,
    step: Step,
    event_ids: Sequence[str],
    version: int,
) -> bool:
    """Change what a step changes of a record that has had these events, if it still has this version.

    Return False if it has another. Raises `RetryableError`.
    """
    try:
        client.update_item(**step_update(table, reference, step, event_ids, version))
    except client.exceptions.ConditionalCheckFailedException:
        return False
    except (ClientError, BotoCoreError) as error:
        raise not_written(error) from error
    return True
