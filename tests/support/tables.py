"""The tables of `template.yaml`, made in the DynamoDB of a test with the keys and indexes that they have on AWS."""

from functools import cache
from pathlib import Path
from typing import Any, Final

from samtranslator.yaml_helper import yaml_parse

_TEMPLATE: Final = Path(__file__).parents[2] / "template.yaml"
_TAKEN: Final = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")


def create_table(dynamodb: Any, resource: str, name: str) -> None:
    """Create the table `name` as the resource of the template is, by a DynamoDB client.

    The table is that of a stack with the allocation API.
    """
    properties = _tables()[resource]
    schema = {key: properties[key] for key in _TAKEN if key in properties}
    dynamodb.create_table(TableName=name, BillingMode=properties["BillingMode"], **schema)


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
