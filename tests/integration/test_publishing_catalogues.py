"""`carrier catalogue publish`, `versions` and `rollback`, over S3 and functions that read it as deployed ones do."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import click
import pytest
from botocore.exceptions import ClientError

from allocation.aws.file_stores import CATALOGUE_KEY, S3Store
from allocation.aws.maintained_files import REFRESH_SECONDS, MaintainedFile
from allocation.composition.catalogues import CATALOGUE_QUESTION
from allocation.engine.compiled_catalogue import packaged_catalogue, read_compiled
from allocation.engine.engine import Engine
from allocation.records.items import record_item
from cli import main
from cli.commands import catalogue_publish, catalogue_versions
from cli.operations.catalogue_use import Functions
from cli.operations.published_catalogues import PublishedCatalogues
from cli.operations.target import Target, described
from tests.integration.test_replay_of_a_stack import record
from tests.support.engines import document, engine_of, service
from tests.support.samples import order_event
from tests.support.tables import create_table

BUCKET = "own"
SAMPLE = Engine(packaged_catalogue())
OUTPUTS = {
    "OrderQueueUrl": "orders",
    "OrderDlqUrl": "dlq",
    "StreamFailureQueueUrl": "failures",
    "AllocationsTableName": "records",
    "AllocationsTopicArn": "topic",
    "CatalogueBucketName": BUCKET,
    "AllocateOrdersFunctionName": "shop-orders",
    "AllocationApiFunctionName": "shop-api",
}


class Lambda:
    """The functions of a stack, each with several execution environments, of which any answers."""

    def __init__(self) -> None:
        self.s3 = boto3.client("s3")
        self.dynamodb = boto3.client("dynamodb")
        self.seconds = 1000.0
        self.environments = {
            name: [self.environment() for _ in range(2)] for name in ("shop-orders:live", "shop-api:live")
        }
        self.asked = 0
        self.error: ClientError | None = None
        self.answer: dict[str, Any] = {}

    def environment(self) -> MaintainedFile[Engine]:
        return MaintainedFile(
            S3Store(self.s3, BUCKET, CATALOGUE_KEY, notes_refusals=True),
            "catalogue",
            lambda text: Engine(read_compiled(text)),
            clock=lambda: self.seconds,
            refused=lambda _: None,
            otherwise=lambda: SAMPLE,
        )

    def invoke(self, *, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        assert json.loads(Payload) == CATALOGUE_QUESTION
        if self.error:
            raise self.error
        self.asked += 1
        environments = self.environments[FunctionName]
        status = environments[self.asked % len(environments)].status()
        told = {"inUse": status.in_use, "refused": status.refused and status.refused._asdict()}
        return {"Payload": io.BytesIO(json.dumps(told).encode())} | self.answer

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def versions(self) -> set[str]:
        """The versions that decide, whichever environment is asked."""
        return {file().catalogue.version for files in self.environments.values() for file in files}


Publish = Callable[..., int]


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> Lambda:
    """A stack with a bucket of its own, whose functions all run."""
    monkeypatch.setattr(main, "_stop_on", lambda _signal: None)
    functions = Lambda()
    functions.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
    functions.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    create_table(functions.dynamodb, "AllocationsTable", OUTPUTS["AllocationsTableName"])
    functions.versions()
    outputs = [{"OutputKey": name, "OutputValue": value} for name, value in OUTPUTS.items()]
    answer = {"Stacks": [{"Outputs": outputs, "Parameters": []}]}
    clients: Any = SimpleNamespace(
        cloudformation=SimpleNamespace(describe_stacks=lambda **_: answer),
        make={"s3": functions.s3, "lambda": functions}.__getitem__,
        dynamodb=functions.dynamodb,
        **dict.fromkeys(("sqs", "sns", "logs")),
    )

    def target(_: str) -> Target:
        found = described("shop", "shop", clients, " --stack shop")
        names = found.functions().names
        return replace(found, functions=lambda: Functions(names, functions, lambda: functions.seconds, functions.sleep))

    for module in (catalogue_publish, catalogue_versions):
        monkeypatch.setattr(module, "target", target)
    return functions


@pytest.fixture
def publish(functions: Lambda, tmp_path: Path) -> Publish:  # noqa: ARG001 - it is set up first
    def publish(version: str, *more: str, **changes: Any) -> int:
        file = tmp_path / "my.yaml"
        file.write_text(json.dumps(document({"S": service(**changes)}) | {"version": version}))
        return main.main(["catalogue", "publish", str(file), *(more or ("--yes",))])

    return publish


def told(capsys: pytest.CaptureFixture[str]) -> str:
    """What was printed since the last time, on one line."""
    found = capsys.readouterr()
    return " ".join((found.out + found.err).split())


@pytest.fixture
def place(functions: Lambda) -> PublishedCatalogues:
    return PublishedCatalogues(functions.s3, BUCKET, CATALOGUE_KEY)


def test_every_execution_environment_uses_what_is_published_when_the_command_ends(
    publish: Publish, functions: Lambda, capsys: pytest.CaptureFixture[str]
) -> None:
    assert functions.versions() == {SAMPLE.catalogue.version}
    assert publish("one") == 0
    assert functions.versions() == {"one"}
    assert "in use by allocate-orders and allocation-api" in told(capsys)
    functions.seconds += REFRESH_SECONDS / 2  # they have just looked
    assert publish("two") == 0
    assert functions.versions() == {"two"}


def test_a_function_that_nobody_has_called_is_started_by_the_question(publish: Publish, functions: Lambda) -> None:
    functions.environments = {name: [functions.environment()] for name in functions.environments}
    assert publish("one") == 0
    assert functions.asked >= 2
    assert functions.versions() == {"one"}


def test_what_changes_is_shown_and_without_an_answer_nothing_does(
    publish: Publish, functions: Lambda, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    publish("one")
    told(capsys)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert publish("two", "--json", weight="7 kg") == 1
    shown = told(capsys)
    assert "2 changes to what shop has:" in shown
    assert "version: one -> two" in shown
    assert "Nothing has changed. Say --yes" in shown
    assert functions.versions() == {"one"}


def test_what_orders_come_to_is_shown_before_the_question_and_kept(
    place: PublishedCatalogues, publish: Publish, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    orders = tmp_path / "orders.jsonl"
    orders.write_text(json.dumps(order_event("EC-000-000-AAA", "EC-000-000-AAB")))
    more = ("--yes", "--no-wait", "--orders", str(orders))
    assert publish("one", *more) == 0
    assert publish("two", *more) == 0
    assert "under the new catalogue: None of 2 consignments move" in told(capsys)
    current = place.current()
    assert current is not None
    publication = place.publication_of(current)
    assert publication is not None
    assert publication.outcomes is not None
    assert publication.outcomes["consignments"] == 2


def test_what_the_stack_decided_in_the_last_day_is_compared(
    publish: Publish, functions: Lambda, capsys: pytest.CaptureFixture[str]
) -> None:
    publish("one", "--yes", "--no-wait")
    assert "The orders of events/sample-orders.jsonl, under the new catalogue" in told(capsys)
    for number in range(3):
        item = record_item(record(number, engine_of({"S": service()})), by_order=True)
        functions.dynamodb.put_item(TableName=OUTPUTS["AllocationsTableName"], Item=item)
    publish("two", "--yes", "--no-wait")
    read = "What shop decided in the last day, in the first 20,000 records of its table, under the new catalogue:"
    assert f"{read} None of 3 consignments move" in told(capsys)


def test_who_may_not_read_records_publishes_all_the_same(
    publish: Publish, functions: Lambda, capsys: pytest.CaptureFixture[str]
) -> None:
    def denied(**_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "Scan")

    functions.dynamodb.meta.events.register("before-call.dynamodb.Scan", denied)
    assert publish("one", "--yes", "--no-wait") == 0
    assert "The records of shop can't be read: Scan: AccessDeniedException no" in told(capsys)


def test_yes_is_an_answer(publish: Publish, functions: Lambda, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(click, "confirm", lambda *_, **__: True)
    assert publish("one", "--no-wait") == 0
    functions.seconds += REFRESH_SECONDS
    assert functions.versions() == {"one"}


def test_a_catalogue_with_problems_changes_nothing(
    place: PublishedCatalogues, publish: Publish, functions: Lambda
) -> None:
    publish("one")
    assert publish("two", currency="pounds") == 1
    functions.seconds += REFRESH_SECONDS
    assert functions.versions() == {"one"}
    assert len(place.history()) == 1


def test_what_is_published_already_is_not_published_again(
    place: PublishedCatalogues, publish: Publish, capsys: pytest.CaptureFixture[str]
) -> None:
    publish("one")
    assert publish("one") == 0
    assert "shop has this catalogue already" in told(capsys)
    assert len(place.history()) == 1


def test_of_two_who_publish_at_once_the_second_is_told(
    publish: Publish, functions: Lambda, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    publish("one")

    def meanwhile(*_: object, **__: object) -> bool:
        monkeypatch.setattr(click, "confirm", lambda *_, **__: True)
        publish("theirs", "--no-wait")
        return True

    monkeypatch.setattr(click, "confirm", meanwhile)
    assert publish("mine", "--no-wait") == 1
    assert "Somebody else has just published" in told(capsys)
    functions.seconds += REFRESH_SECONDS
    assert functions.versions() == {"theirs"}


def test_the_first_of_two_first_publications_wins(
    place: PublishedCatalogues, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(*_: object, **__: object) -> bool:
        place.put("theirs", None)
        return True

    monkeypatch.setattr(click, "confirm", meanwhile)
    assert publish("mine", "--no-wait") == 1


def test_functions_that_refuse_it_end_the_waiting_with_the_reason(
    publish: Publish, functions: Lambda, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    publish("one")
    assert functions.versions() == {"one"}

    def older(_: str) -> Engine:
        raise ValueError("a rule that is unknown here")

    for files in functions.environments.values():
        for file in files:
            monkeypatch.setattr(file, "_read", older)
    assert publish("two") == 1
    assert "refuses it: a rule that is unknown here. The catalogue from before stays in use." in told(capsys)
    assert functions.versions() == {"one"}
    assert main.main(["catalogue", "versions"]) == 0
    shown = told(capsys)
    assert "two refused" in shown
    assert "one in use" in shown
    assert "was refused: a rule that is unknown here" in shown


def test_functions_that_never_read_it_are_named(
    publish: Publish, functions: Lambda, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in functions.environments["shop-orders:live"]:
        monkeypatch.setattr(file._store, "changed", lambda: None)
    assert publish("one") == 1
    assert "allocate-orders still has the catalogue from before" in told(capsys)


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException"])
def test_who_may_not_ask_the_functions_is_told_the_right_that_is_missing(
    publish: Publish, functions: Lambda, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    functions.error = ClientError({"Error": {"Code": code, "Message": "no"}}, "Invoke")
    assert publish("one") == 1
    assert "ask for the right lambda:InvokeFunction on shop-orders:live, or say --no-wait" in told(capsys)


def test_a_stack_of_an_earlier_version_is_told(
    publish: Publish, functions: Lambda, capsys: pytest.CaptureFixture[str]
) -> None:
    error = json.dumps({"errorType": "KeyError", "errorMessage": "'Records'"}).encode()
    functions.answer = {"FunctionError": "Unhandled", "Payload": io.BytesIO(error)}
    assert publish("one") == 1
    assert "does not say which catalogue it uses: KeyError 'Records'. A stack of an earlier version" in told(capsys)


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        ("Access Denied", "ask for the right s3:PutObject there"),
        ("not authorized to perform: kms:GenerateDataKey", "ask for kms:GenerateDataKey and kms:Decrypt on it"),
    ],
)
def test_who_may_not_write_is_told_the_right_that_is_missing(
    publish: Publish, functions: Lambda, message: str, wanted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def denied(**_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": message}}, "PutObject")

    functions.s3.meta.events.register("before-call.s3.PutObject", denied)
    assert publish("one") == 1
    assert wanted in told(capsys)


def test_the_one_before_is_put_back_and_back_again(
    publish: Publish, functions: Lambda, capsys: pytest.CaptureFixture[str]
) -> None:
    for version in ("one", "two", "three"):
        publish(version)
    assert main.main(["catalogue", "rollback", "--yes"]) == 0
    assert functions.versions() == {"two"}
    assert main.main(["catalogue", "rollback", "--to", "one", "--yes"]) == 0
    assert functions.versions() == {"one"}
    told(capsys)
    assert main.main(["catalogue", "versions", "--json"]) == 0
    versions = json.loads(capsys.readouterr().out)["versions"]
    assert [each["publication"]["version"] for each in versions] == ["one", "two", "three", "two", "one"]
    assert [each["current"] for each in versions] == [True, False, False, False, False]
    # What was put back can be compared with like any other.
    publish("four")
    assert "version: one -> four" in told(capsys)


@pytest.mark.parametrize(
    ("more", "status", "wanted"),
    [
        ((), 1, "has no earlier catalogue. To go back to the sample, publish it"),
        (("--to", "nothing"), 2, "has no version 'nothing': `carrier catalogue versions --stack shop` lists them"),
        (("--to", "one"), 1, "is what shop has"),
    ],
)
def test_there_may_be_nothing_to_go_back_to(
    publish: Publish, more: tuple[str, ...], status: int, wanted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    publish("one")
    told(capsys)
    assert main.main(["catalogue", "rollback", "--yes", *more]) == status
    assert wanted in told(capsys)


def test_a_refused_version_is_not_gone_back_to(
    place: PublishedCatalogues, publish: Publish, functions: Lambda, capsys: pytest.CaptureFixture[str]
) -> None:
    publish("one")
    place.s3.put_object(Bucket=BUCKET, Key=CATALOGUE_KEY, Body=b"by hand")
    functions.seconds += REFRESH_SECONDS
    functions.versions()
    publish("two")
    told(capsys)
    assert main.main(["catalogue", "rollback", "--yes"]) == 0
    assert functions.versions() == {"one"}


def test_nothing_published_is_the_sample(functions: Lambda, capsys: pytest.CaptureFixture[str]) -> None:
    assert functions.versions() == {SAMPLE.catalogue.version}
    assert main.main(["catalogue", "versions"]) == 0
    assert told(capsys) == "Nothing was published to shop yet: it uses the sample catalogue."


def test_a_catalogue_is_kept_as_it_was_written_with_the_rows_of_its_files(
    place: PublishedCatalogues, publish: Publish, tmp_path: Path
) -> None:
    (tmp_path / "remote.csv").write_text("country,postcode\nGB,ZE\n")
    written = document({"S": service()}, zones={"REMOTE": {"file": "remote.csv"}}, locations={}) | {"version": "one"}
    written["surcharges"] = {"Far": {"type": "Additive", "amount": 1, "destinations": ["REMOTE"]}}
    (tmp_path / "zoned.yaml").write_text(json.dumps(written))
    assert main.main(["catalogue", "publish", str(tmp_path / "zoned.yaml"), "--yes"]) == 0
    current = place.current()
    assert current is not None
    kept = place.written(place.publication_of(current))
    assert kept is not None
    assert json.loads(kept)["zones"] == {"REMOTE": ["GB:ZE"]}
    assert publish("two") == 0
