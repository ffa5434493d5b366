"""`carrier replay --since`: what a stack has decided, decided again from its records."""

import gzip
import json
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from allocation.aws.clients import client
from allocation.aws.replay_files import S3ReplayFiles
from allocation.domain.mode import AllocationMode, CarrierService, DefaultRules
from allocation.domain.record import AllocationRecord
from allocation.domain.reference import ConsignmentReference, OrderReference
from allocation.domain.routing import Route
from allocation.engine.allocator import EngineAllocator
from allocation.engine.engine import Engine
from allocation.replay.parts import ReplayInParts
from cli import main
from cli.catalogue.compilation import compile_text
from cli.operations.published_catalogues import PublishedCatalogues
from cli.operations.target import Target
from tests.integration.stack_target import ARCHIVE, add
from tests.support.engines import PARCEL, document, engine_of, package, rate, service
from tests.support.ports import InMemoryCatalogues, InMemoryLimits

BUCKET = "own"
SINCE = "2027-06-09T09:00:00Z"
AT = datetime(2027, 6, 9, 10, tzinfo=UTC)
BEFORE = {"A": service(), "B": service(rates=[rate("GB", 4, 9)])}
AFTER = {"A": service(), "B": service(rates=[rate("GB", 6, 9)])}
TABLE = {
    "default": {"mode": "default_rules"},
    "options": {"next-day": {"mode": "carrier_service", "reference": "A"}},
    "unknown": "fail",
}
Run = Callable[..., tuple[int, dict[str, Any]]]


def record(
    number: int, engine: Engine, mode: AllocationMode | None = None, route: Route | None = None, hours: int = 0
) -> AllocationRecord:
    """What the deployed allocator records of a consignment."""
    at, chosen = AT + timedelta(seconds=number, hours=hours), mode or DefaultRules()
    reference = ConsignmentReference(f"C-{number}")
    consignment = replace(PARCEL, reference=reference, packages=(package(str(1 + number % 2)),))
    allocator = EngineAllocator(
        engine, now=lambda: at, api_base_url="", usage=InMemoryLimits(), archive=InMemoryCatalogues()
    )
    outcome = allocator.outcomes([consignment], chosen)[reference]
    return AllocationRecord(reference, OrderReference("ORDER"), chosen, outcome, "event", at, route=route)


@pytest.fixture
def target(target: Target, monkeypatch: pytest.MonkeyPatch) -> Target:
    s3 = client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    found = replace(
        target,
        catalogue=lambda: compile_text(json.dumps(document(BEFORE))),
        catalogues=lambda: PublishedCatalogues(s3, BUCKET, "catalogue.json"),
    )
    monkeypatch.setattr("cli.commands.replay.target", lambda _name: found)
    monkeypatch.setattr(main, "_stop_on", lambda _signal: None)
    return found


@pytest.fixture
def after(tmp_path: Path) -> str:
    file = tmp_path / "after.json"
    file.write_text(json.dumps(document(AFTER)), "utf-8")
    return str(file)


@pytest.fixture
def run(target: Target, capsys: pytest.CaptureFixture[str]) -> Run:  # noqa: ARG001 - the stack that is replayed
    def replayed(*options: str, since: Sequence[str] = ("--since", SINCE)) -> tuple[int, dict[str, Any]]:
        status = main.main(["replay", *since, "--json", *options])
        streams = capsys.readouterr()
        return status, json.loads(streams.out) | {"err": " ".join(streams.err.split())}

    return replayed


def ways(found: dict[str, Any]) -> dict[tuple[str | None, str | None], int]:
    return {(move["from"], move["to"]): move["count"] for move in found["moves"]}


def test_records_are_replayed_under_the_catalogue_in_use_and_another(target: Target, after: str, run: Run) -> None:
    engine = engine_of(BEFORE)
    add(target, *(record(number, engine) for number in range(4)), record(9, engine, hours=-2))
    status, found = run("--to", after)
    assert status == 0
    assert ways(found) == {("A", "A"): 2, ("B", "A"): 2}
    assert (found["costBefore"], found["costAfter"]) == ({"GBP": "18.00"}, {"GBP": "20.00"})
    assert found["from"]["digest"] == engine.catalogue.digest


def test_a_mode_that_was_asked_for_is_kept_unless_another_is_named(target: Target, after: str, run: Run) -> None:
    add(target, record(2, engine_of(BEFORE), CarrierService("B")))
    assert ways(run("--to", after)[1]) == {("B", "B"): 1}
    assert ways(run("--to-service", "A")[1]) == {("B", "A"): 1}


def test_what_a_row_of_the_routing_table_chose_is_chosen_by_the_other_table(
    target: Target, tmp_path: Path, run: Run
) -> None:
    routed = document(BEFORE, routing=TABLE)
    other = json.loads(json.dumps(routed))
    other["routing"]["options"]["next-day"]["reference"] = "B"
    for name, content in (("before", routed), ("after", other), ("without", document(BEFORE))):
        (tmp_path / f"{name}.json").write_text(json.dumps(content), "utf-8")
    engine = engine_of(BEFORE, routing=TABLE)
    add(target, record(2, engine, CarrierService("A"), Route("next-day", "next-day")))
    add(target, record(4, engine, CarrierService("A")))  # asked for over the API
    before = ("--from", str(tmp_path / "before.json"))
    assert ways(run(*before, "--to", str(tmp_path / "after.json"))[1]) == {("A", "B"): 1, ("A", "A"): 1}
    assert ways(run(*before, "--to", str(tmp_path / "without.json"))[1]) == {("A", "B"): 1, ("A", "A"): 1}


def test_a_record_of_an_earlier_version_is_replayed_from_its_order(target: Target, after: str, run: Run) -> None:
    add(target, record(2, engine_of(BEFORE)), record(4, engine_of(BEFORE)))
    for reference in ("C-2", "C-4"):
        target.dynamodb.update_item(
            TableName="records",
            Key={"consignmentReference": {"S": reference}},
            UpdateExpression="REMOVE asked",
        )
    kept = {
        "Reference": "C-2",
        "Packages": [
            {"Weight": {"Value": 0.5, "Unit": "Kg"}, "Dimensions": {"Unit": "Cm", "Width": 9, "Length": 9, "Height": 9}}
        ],
        "Addresses": [
            {"AddressType": "Origin", "ShippingLocationReference": "Depot"},
            {"AddressType": "Destination", "Country": "GB", "Postcode": "M1 5WG"},
        ],
    }
    item: Any = {"consignmentReference": {"S": "C-2"}, "document": {"S": json.dumps(kept)}}
    target.dynamodb.put_item(TableName="kept", Item=item)
    status, found = run("--to", after)
    assert (status, ways(found)) == (1, {("B", "A"): 1})
    assert "1 record of the stack left out" in found["err"]


def test_a_result_is_kept_in_the_bucket_of_the_stack(target: Target, after: str, run: Run) -> None:
    add(target, record(2, engine_of(BEFORE)))
    _, found = run("--to", after, "--keep")
    s3 = client("s3")
    (kept,) = s3.list_objects_v2(Bucket=BUCKET, Prefix="replays/")["Contents"]
    assert f"s3://{BUCKET}/{kept['Key']}" in found["err"]
    assert json.loads(s3.get_object(Bucket=BUCKET, Key=kept["Key"])["Body"].read())["moves"] == found["moves"]


def test_orders_of_a_file_are_read_and_allocated_as_the_stack_would(target: Target, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "orders.jsonl"
    consignment = {
        "Packages": [
            {"Weight": {"Value": 0.5, "Unit": "Kg"}, "Dimensions": {"Unit": "Cm", "Width": 9, "Length": 9, "Height": 9}}
        ],
        "Addresses": [
            {"AddressType": "Origin", "ShippingLocationReference": "Depot"},
            {"AddressType": "Destination", "Country": "GB", "Postcode": "M1 5WG"},
        ],
    }
    order = {"eventType": "shop.placed", "eventId": "1", "orderReference": "O-1", "occurredAt": SINCE}
    file.write_text(json.dumps(order | {"consignments": [consignment]}), "utf-8")
    object.__setattr__(target, "reading", replace(target.reading, own_types={"shop.placed"}))
    object.__setattr__(target, "mode", CarrierService("A"))
    found = run(str(file), "--stack", "shop", "--to-mode", "default_rules", since=())[1]
    assert ways(found) == {("A", "B"): 1}


def test_it_is_said_how_many_another_catalogue_has_decided(target: Target, after: str, run: Run) -> None:
    add(target, record(2, engine_of(BEFORE)), record(4, engine_of(AFTER)))
    found = run("--to", after)[1]
    assert "1 consignment decided by another catalogue" in found["err"]
    assert "name the catalogue of then" in found["err"]


def test_each_record_is_compared_with_the_catalogue_that_decided_it(target: Target, after: str, run: Run) -> None:
    old, new = engine_of(BEFORE), engine_of({"A": service(rates=[rate("GB", 3, 9)])})
    ARCHIVE.kept[new.catalogue.digest] = compile_text(json.dumps(document({"A": service(rates=[rate("GB", 3, 9)])})))
    add(target, record(2, old), record(4, new))
    _, found = run("--to", after)
    assert ways(found) == {("B", "A"): 1, ("A", "A"): 1}
    assert found["costBefore"] == {"GBP": "7.00"}
    assert (found["from"]["name"], found["to"]["name"]) == ("as decided, 2 catalogues", "after.json")
    assert "another catalogue" not in found["err"]


class Machines:
    """Step Functions, which replays one file of an export while it is asked how far it is."""

    def __init__(self, target: Target) -> None:
        self.target, self.asked, self.replay = target, 0, ""

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> dict[str, str]:  # noqa: A002, N803
        assert (stateMachineArn, json.loads(input)) == ("machine", {"replay": name})
        self.replay = name
        return {"executionArn": "execution"}

    def describe_execution(self, *, executionArn: str) -> dict[str, str]:  # noqa: N803
        assert executionArn == "execution"
        self.asked += 1
        if self.asked < 3:
            return {"status": "RUNNING"}
        assert self.target.catalogues
        files = S3ReplayFiles(self.target.catalogues().s3, BUCKET)
        items = self.target.dynamodb.scan(TableName=self.target.allocations_table)["Items"]
        lines = [json.dumps({"Item": each}, default=lambda value: b64encode(value).decode()) for each in items]
        files.client.put_object(Bucket=BUCKET, Key="export.json.gz", Body=gzip.compress("\n".join(lines).encode()))
        assert ReplayInParts(files).replay_part(self.replay, "export.json.gz")["leftOut"] == 0
        return {"status": "SUCCEEDED"}


def test_a_stack_replays_by_itself_where_it_can(
    target: Target, after: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(target, *(record(number, engine_of(BEFORE)) for number in range(4)))
    status = main.main(["replay", "--since", SINCE, "--to", after, "--in-stack"])
    assert status == 2
    machines = Machines(target)
    able = replace(target, replay_machine="machine", state_machines=lambda: machines)
    monkeypatch.setattr("cli.commands.replay.target", lambda _name: able)
    monkeypatch.setattr("cli.replay.in_stack._POLL_SECONDS", 0)
    status, found = run("--to", after, "--in-stack")
    assert (status, ways(found)) == (0, {("A", "A"): 2, ("B", "A"): 2})
    assert machines.asked == 3
