"""The tables of `template.yaml`, made in the DynamoDB of a test with the keys and indexes that they have on AWS."""

from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import Any, Final

import boto3
from samtranslator.yaml_helper import yaml_parse

from allocation.records.items import from_item
from tests.support.partiql import teach_partiql
from tests.support.transactions import teach_sharing

_TEMPLATE: Final = Path(__file__).parents[2] / "template.yaml"
_TAKEN: Final = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")


def create_table(dynamodb: Any, resource: str, name: str) -> None:
    """Create the table `name` as the resource of the template is, by a DynamoDB client.

    The table is that of a stack with the allocation API.
    """
    teach_partiql()
    teach_sharing()
    properties = _tables()[resource]
    schema = {key: properties[key] for key in _TAKEN if key in properties}
    dynamodb.create_table(TableName=name, BillingMode=properties["BillingMode"], **schema)


def kept_item(table: str, reference: str) -> dict[str, Any]:
    """What a table has of a consignment, read as the layer reads it; empty for nothing."""
    key = {"consignmentReference": {"S": reference}}
    return from_item(boto3.client("dynamodb").get_item(TableName=table, Key=key).get("Item", {}))


def streamed(value: Any) -> Any:
    """An item as Lambda delivers it: JSON, bytes as base64."""
    kind = type(value)
    if kind is str:
        return value
    if kind is dict:
        return {name: each if type(each) is str else streamed(each) for name, each in value.items()}
    if kind is bytes:
        return b64encode(value).decode()
    return [streamed(each) for each in value] if kind is list else value


@cache
def _tables() -> dict[str, dict[str, Any]]:
    """Return the properties of the template's tables by their logical names."""
    resources = yaml_parse(_TEMPLATE.read_text("utf-8"))["Resources"]
    return {
        name: _with_everything(resource["Properties"])
        for name, resource in resources.items()
        if resource.get("Type") == "AWS::DynamoDB::Table"
    }


def _with_everything(value: Any) -> Any:
    """Return a value with each `Fn::If` replaced by what it has where its condition holds."""
    if isinstance(value, list):
        return [_with_everything(part) for part in value]
    if not isinstance(value, dict):
        return value
    if "Fn::If" in value:
        return _with_everything(value["Fn::If"][1])
    return {key: _with_everything(part) for key, part in value.items()}
