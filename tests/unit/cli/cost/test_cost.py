"""`carrier cost` counts what the code uses as AWS does, and the table in the documents is what it says."""

import json
import re
from decimal import Decimal

import pytest

from allocation.aws.dynamodb.insertions import insert_all
from cli import main
from cli.commands.cost import USUAL_ORDERS
from cli.cost.estimate import estimates
from cli.cost.metering import Meter, item_bytes
from cli.cost.prices import PRICES, Used
from cli.paths import ROOT

TABLE = re.compile(r"^\| ([\d,]+) \| (\d+) \| (\d+) \|$", re.MULTILINE)


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "_stop_on", lambda _signal: None)


def put(table: str, size: int, **more: str) -> dict[str, object]:
    item = {"k": {"S": "x" * (size - 1)}, **{name: {"S": value} for name, value in more.items()}}
    return {"TableName": table, "Item": item}


def test_each_begun_kilobyte_is_a_write_unit_and_each_index_one_more() -> None:
    for size, more, units in ((1024, {}, 1), (1025, {}, 2), (100, {"orderReference": "A", "state": "B"}, 3)):
        meter = Meter()
        meter.client("dynamodb").put_item(**put("AllocationsTable", size, **more))
        assert meter.used[Used.WRITE_UNITS] == units


def test_a_transaction_takes_twice_the_units_and_its_checks_write_no_index() -> None:
    meter = Meter()
    check = {"TableName": "CancelledOrdersTable", "Key": {"orderReference": {"S": "A"}}}
    actions = [{"Put": put("AllocationsTable", 1500, state="A")}, {"ConditionCheck": check}]
    meter.client("dynamodb").transact_write_items(TransactItems=actions)
    assert meter.used[Used.WRITE_UNITS] == 2 * 2 + 1 + 2
    assert [table for table, _ in meter.items] == ["AllocationsTable"]


def test_a_read_that_may_be_a_moment_behind_costs_half() -> None:
    meter = Meter()
    keys = [{"id": {"S": "A"}}] * 3
    for consistent, units in ((True, 3), (False, Decimal("4.5"))):
        meter.client("dynamodb").batch_get_item(RequestItems={"A": {"Keys": keys, "ConsistentRead": consistent}})
        assert meter.used[Used.READ_UNITS] == units


def test_items_inserted_in_one_call_are_charged_each_by_itself() -> None:
    meter = Meter()
    items = [{"id": {"S": "A" * size}, "state": {"S": "Allocated"}} for size in (100, 1500)]
    assert insert_all(meter.client("dynamodb"), "AllocationsTable", items).codes == ["", ""]
    assert meter.used[Used.WRITE_UNITS] == 1 + 1 + 2 + 1
    assert (meter.calls, meter.items) == (1, [("AllocationsTable", item) for item in items])


def test_a_statement_of_which_the_charge_is_unknown_is_refused() -> None:
    with pytest.raises(ValueError, match="not an insertion"):
        Meter().client("dynamodb").batch_execute_statement(Statements=[{"Statement": "DELETE FROM a"}])


def test_an_item_has_the_bytes_of_its_names_and_values() -> None:
    assert item_bytes({"ab": {"S": "\u00e9"}, "c": {"B": b"123"}, "d": {"NULL": True}}) == 2 + 2 + 1 + 3 + 1 + 1
    assert item_bytes({"m": {"M": {"k": {"L": [{"BOOL": True}]}}}}) == 1 + 3 + 1 + 1 + 3 + 1 + 1


def test_a_publication_of_more_than_64_kb_is_several_requests() -> None:
    meter = Meter()
    entries = [{"Id": str(number), "Message": "x" * 40_000} for number in range(2)]
    meter.client("sns").publish_batch(TopicArn="t", PublishBatchRequestEntries=entries)
    assert meter.used[Used.TOPIC_REQUESTS] == 2


def test_what_orders_use_grows_with_them_and_the_rest_stays() -> None:
    few, many = (estimates(orders)[0] for orders in (1_000, 2_000))
    assert round(many.used[Used.WRITE_UNITS]) == round(2 * few.used[Used.WRITE_UNITS]) > 0
    assert many.used[Used.ALARMS] == few.used[Used.ALARMS] > 10
    assert few.total == sum(few.dollars.values())


def test_functions_wait_for_sortedpro() -> None:
    engine, pro = estimates(100_000)
    assert pro.used[Used.GIGABYTE_SECONDS] > engine.used[Used.GIGABYTE_SECONDS]


def test_the_table_in_the_documents_is_what_the_command_says() -> None:
    """Within a tenth: a change of the record's size moves it a little."""
    rows = TABLE.findall((ROOT / "docs" / "cost.md").read_text("utf-8"))
    assert [int(orders.replace(",", "")) for orders, *_ in rows] == list(USUAL_ORDERS)
    for orders, *told in rows:
        found = estimates(int(orders.replace(",", "")))
        for dollars, estimate in zip(told, found, strict=True):
            assert abs(Decimal(dollars) - estimate.total) <= max(estimate.total / 10, Decimal(1)), orders


@pytest.mark.usefixtures("eighty_columns")
def test_the_program_prints_it_for_people_and_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["cost", "--orders", "12"]) == 0
    shown = capsys.readouterr().out
    assert "DynamoDB write units" in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert main.main(["cost", "--orders", "12", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    for estimate in found["estimates"]:
        assert Decimal(estimate["total"]) == sum(Decimal(part["dollars"]) for part in estimate["parts"])
        assert {part["what"] for part in estimate["parts"]} == {used.value for used in Used}
    assert main.main(["cost"]) == 0
    assert "1,000,000" in capsys.readouterr().out


def test_everything_that_is_paid_for_has_a_price_with_its_source() -> None:
    assert set(PRICES) == set(Used)
    assert all(price.page.startswith("https://aws.amazon.com/") for price in PRICES.values())
