"""Replays of a table's export: each file is a part, and the parts come to what one replay of all would."""

import gzip
import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from allocation.aws.clients import client
from allocation.composition import background
from allocation.domain.errors import RetryableError
from allocation.domain.mode import CarrierService, DefaultRules
from allocation.domain.outcome import AllocationFailed, Deallocated, Failure, Standing
from allocation.domain.record import AllocationRecord
from allocation.domain.reference import ConsignmentReference, OrderReference
from allocation.engine.asked import asked_bytes
from allocation.records.items import record_item
from allocation.replay.decisions import Replayable, Side
from allocation.replay.partial import replay
from allocation.replay.parts import NoPartsError, request_key, result_key
from allocation.replay.requests import InvalidRequestError, ReplayRequest, request_text
from cli.catalogue.compilation import compile_text
from tests.integration.handlers import ROOT, Context, function
from tests.support.engines import NOW, PARCEL, document, engine_of, package, rate, service

BUCKET, ID = "catalogues", "january"
BEFORE = {"A": service(), "B": service(rates=[rate("GB", 4, 9)])}
AFTER = {"A": service(), "B": service(rates=[rate("GB", 4, 9)], dailyLimit=3)}
FAILED = AllocationFailed(Failure("NoCarrierServiceAvailable", "none"))
ENGINE = engine_of(BEFORE)
SINCE = NOW - timedelta(hours=1)


@pytest.fixture(autouse=True)
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("REPLAYS_BUCKET", BUCKET)
    background.replay_in_parts.cache_clear()
    made = client("s3")
    made.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
    for key, services in (("catalogue.json", BEFORE), ("replays/january/catalogue.json", AFTER)):
        made.put_object(Bucket=BUCKET, Key=key, Body=compile_text(json.dumps(document(services))).encode())
    request = ReplayRequest(SINCE, "catalogue.json", "replays/january/catalogue.json", None, None, DefaultRules())
    made.put_object(Bucket=BUCKET, Key=request_key(ID), Body=request_text(request).encode())
    yield made
    background.replay_in_parts.cache_clear()


def asked(number: int) -> Replayable:
    consignment = replace(
        PARCEL, reference=ConsignmentReference(f"C-{number}"), packages=(package(str(1 + number % 2)),)
    )
    mode = CarrierService("B") if number == 5 else DefaultRules()
    return Replayable(consignment, mode, NOW + timedelta(seconds=number), is_routed=True)


def line(each: Replayable, outcome: Standing = FAILED, decided_at: datetime | None = None) -> str:
    """A record as an export of the table has it."""
    reference, at = each.consignment.reference, decided_at or each.decided_at
    record = AllocationRecord(reference, OrderReference("ORDER"), each.mode, outcome, "event", at.astimezone(UTC))
    inquiry = ENGINE.inquire(each.consignment)
    assert not isinstance(inquiry, Failure)
    item = record_item(record, by_order=False) | {"asked": {"B": asked_bytes(inquiry, each.mode, at)}}
    return json.dumps({"Item": item}, default=lambda value: b64encode(value).decode())


def export(s3: Any, name: str, lines: Sequence[str]) -> str:
    key = f"replays/{ID}/export/AWSDynamoDB/01/data/{name}.json.gz"
    s3.put_object(Bucket=BUCKET, Key=key, Body=gzip.compress("\n".join(lines).encode()))
    return key


def invoke(name: str) -> Callable[..., Any]:
    handler = function(name, ROOT / "replay" / "functions").handler
    return lambda **event: handler(event, Context())


def stored(s3: Any) -> Any:
    return json.loads(s3.get_object(Bucket=BUCKET, Key=result_key(ID))["Body"].read())


def test_parts_add_up_to_the_replay_of_all_limits_included(s3: Any) -> None:
    consignments = [asked(number) for number in range(12)]
    keys = [export(s3, str(part), [line(each) for each in consignments[part::3]]) for part in range(3)]
    for key in (*keys, keys[0]):  # Step Functions may try a part again
        told = invoke("replay_part")(replay=ID, file=key)
        assert told == {"file": key, "consignments": 4, "leftOut": 0}
    found = invoke("merge_replay")(replay=ID)
    whole = replay(Side(ENGINE), Side(engine_of(AFTER)), consignments).document()
    assert whole["limits"][0]["turnedAway"] > 0
    assert stored(s3) == whole
    assert found == {
        "result": "replays/january.json",
        "consignments": 12,
        "moved": whole["moved"],
        "newlyFailed": whole["newlyFailed"],
        "newlyAllocated": 0,
    }


def test_only_decisions_since_the_moment_are_replayed(s3: Any) -> None:
    old = line(asked(1), decided_at=SINCE - timedelta(milliseconds=1))
    undone = line(asked(2), Deallocated())
    bare = json.loads(line(asked(3)))
    del bare["Item"]["asked"]
    foreign = json.dumps({"Item": {"consignmentReference": {"S": "C-9"}, "state": {"N": "1"}}})
    lines = [old, undone, json.dumps(bare), foreign, line(asked(4)), line(asked(6), decided_at=SINCE)]
    told = invoke("replay_part")(replay=ID, file=export(s3, "all", lines))
    assert (told["consignments"], told["leftOut"]) == (2, 2)


def test_what_an_export_has_beside_its_data_comes_to_nothing(s3: Any) -> None:
    told = invoke("replay_part")(replay=ID, file="replays/january/export/AWSDynamoDB/01/manifest-summary.json")
    assert told["consignments"] == 0
    with pytest.raises(NoPartsError, match="no parts"):
        invoke("merge_replay")(replay=ID)
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET, Prefix="replays/january/parts/")


def test_a_replay_says_what_is_wrong_with_its_request(s3: Any) -> None:
    key = export(s3, "one", [line(asked(1))])
    s3.put_object(Bucket=BUCKET, Key=request_key(ID), Body=b'{"since": "2026-12-01"}')
    with pytest.raises(InvalidRequestError, match="request"):
        invoke("replay_part")(replay=ID, file=key)
    with pytest.raises(RetryableError, match=r"replays/other/request\.json can't be read"):
        invoke("replay_part")(replay="other", file=key)
