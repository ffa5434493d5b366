"""A stack that adopts tables of before an index says which one is missing, and the guide's commands add it."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.support.allocation_api import CONSIGNMENTS, RECORDS, REGION, Api, served_api

GUIDE = Path(__file__).parents[2] / "docs" / "teardown.md"
TABLES = {"$ALLOCATIONS": RECORDS, "$CONSIGNMENTS": CONSIGNMENTS}


@pytest.fixture
def api() -> Iterator[Api]:
    with served_api() as api:
        yield api


def commands() -> list[dict[str, Any]]:
    """What the guide's commands ask `UpdateTable` for."""
    section = GUIDE.read_text("utf-8").partition("## Tables of an earlier version")[2].partition("\n## ")[0]
    found = [shlex.split(line) for line in re.findall(r"^aws dynamodb update-table .*$", section, re.MULTILINE)]
    return [
        {
            "TableName": TABLES[words[words.index("--table-name") + 1]],
            "AttributeDefinitions": [
                dict(part.split("=") for part in word.split(",")) for word in words if word.startswith("AttributeName=")
            ],
            "GlobalSecondaryIndexUpdates": json.loads(words[-1]),
        }
        for words in found
    ]


def test_the_commands_of_the_guide_add_the_indexes_that_an_adopted_table_lacks(api: Api) -> None:
    dynamodb = boto3.client("dynamodb", region_name=REGION)
    made = dict(map(_index_of, commands()))
    described = {table: _indexes(dynamodb, table) for table in made}
    reference = api.create()
    [summary] = api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote").data
    tracking = f"/tracking/{summary['ConsignmentLegs'][0]['TrackingReferences'][0]}"
    for table, index in made.items():
        dynamodb.update_table(TableName=table, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": index}}])

    for path, table in (("/consignments/10/0?State=Allocated", RECORDS), (tracking, CONSIGNMENTS)):
        answer = api.call("GET", path)
        assert (answer.status, answer.data["Code"]) == (503, "IndexMissingException"), answer.body
        assert f"{table} has no index {made[table]}" in answer.data["Message"]

    for request in commands():
        dynamodb.update_table(**request)
    assert {table: _indexes(dynamodb, table) for table in made} == described
    assert api.call("GET", "/consignments/10/0?State=Allocated").data["Count"] == 1
    assert api.call("GET", tracking).status == 200


def _index_of(request: dict[str, Any]) -> tuple[str, str]:
    [update] = request["GlobalSecondaryIndexUpdates"]
    return request["TableName"], update["Create"]["IndexName"]


def _indexes(dynamodb: Any, table: str) -> dict[str, Any]:
    """The keys and the projection of each index of a table."""
    indexes = dynamodb.describe_table(TableName=table)["Table"]["GlobalSecondaryIndexes"]
    return {each["IndexName"]: (each["KeySchema"], each["Projection"]) for each in indexes}
