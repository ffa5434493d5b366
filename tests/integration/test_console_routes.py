"""What the console's page is told, over the API's own use cases and tables that moto imitates."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import pytest

from allocation.api.console_routes import ConsoleUseCases, console_endpoints
from allocation.api.resolver import api_resolver
from allocation.api.routing import AnyCaseResolver
from allocation.aws.dynamodb.search_index import DynamoDBIndexWriter
from allocation.aws.dynamodb.search_queries import DynamoDBIndexReader
from allocation.aws.publisher_log import PublisherLog, publisher_log
from allocation.aws.sqs import SqsOrderQueue
from allocation.aws.stack_files import S3StackFiles
from allocation.aws.stream_events import changes
from allocation.console.indexing import IndexAllocations
from allocation.console.retrying import Retrying
from allocation.console.searching import EntrySearch
from allocation.domain.mode import AllocationMode, DefaultRules, allocation_mode
from allocation.orders.order_created import USUAL_RULES, read_order
from allocation.records.record_document import moment_text
from cli.catalogue.compilation import SAMPLE, compile_text
from cli.paths import COMPILED_SAMPLE
from tests.support.allocation_api import RECORDS, REGION, Answer, Api, served_api
from tests.support.consignments import consignment
from tests.support.quick_aws import shared_client
from tests.support.search_index import INDEX
from tests.support.tables import create_table, streamed

BUCKET = "catalogue"
LOG = publisher_log("shop")
ROUTING = """
routing:
  default: {mode: default_rules}
  options: {next-day: {mode: service_group, reference: valuableGoods}}
"""
HEAVY = {"Weight": {"Value": 5000, "Unit": "Kg"}}


@dataclass
class ConsoleApi(Api):
    """The API with the console."""

    order_queue: SqsOrderQueue | None = None
    mode: AllocationMode = field(default_factory=DefaultRules)

    @cached_property
    def resolver(self) -> AnyCaseResolver:
        dynamodb: Any = shared_client("dynamodb", REGION)
        api = self.use_cases
        retrying = Retrying(api.changes, api.allocations, lambda: api.engine.catalogue.routing, self.order_queue)
        works = ConsoleUseCases(
            api,
            EntrySearch(DynamoDBIndexReader(dynamodb, table=INDEX, records=RECORDS)),
            retrying,
            api.explanations.of,
            S3StackFiles(shared_client("s3", REGION), BUCKET),
            PublisherLog(shared_client("logs", REGION), LOG).published,
            self.mode,
        )
        return api_resolver(api, self.address, console_endpoints(works))

    def index(self) -> None:
        """Brings the index up to the records, as the stream does."""
        dynamodb: Any = shared_client("dynamodb", REGION)
        items = map(streamed, dynamodb.scan(TableName=RECORDS)["Items"])
        records = [{"dynamodb": {"SequenceNumber": str(at), "NewImage": item}} for at, item in enumerate(items)]
        assert not IndexAllocations(DynamoDBIndexWriter(dynamodb, INDEX)).process(changes({"Records": records})).failed

    def get(self, path: str) -> Any:
        """What the console is answered with 200."""
        answer = self.call("GET", f"/console/api/{path}")
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    def allocate(self, *references: str) -> None:
        """Allocates by the default rules."""
        assert self.call("PUT", "/allocation/allocate", {"ConsignmentReferences": list(references)}).status == 200

    def post(self, path: str, body: Any) -> Answer:
        """What the console is answered to a body."""
        return self.call("POST", f"/console/api/{path}", body)


@pytest.fixture
def api() -> Iterator[ConsoleApi]:
    with served_api() as plain:
        dynamodb: Any = shared_client("dynamodb", REGION)
        create_table(dynamodb, "SearchIndexTable", INDEX)
        shared_client("s3", REGION).create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        shared_client("s3", REGION).put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        yield ConsoleApi(plain.store)


def too_heavy() -> dict[str, Any]:
    """A consignment that no service takes."""
    sent = consignment()
    sent["Packages"] = [{**sent["Packages"][0], **HEAVY}]
    return sent


def create(api: ConsoleApi, sent: dict[str, Any]) -> str:
    answer = api.call("POST", "/consignments", sent)
    assert answer.status == 201, answer.body
    return str(answer.data[0]["Href"].rpartition("/")[2])


def test_an_allocated_consignment_is_listed_and_explained(api: ConsoleApi) -> None:
    reference = api.create()
    api.allocate(reference)
    api.index()
    (item,) = api.get("consignments?state=Allocated")["items"]
    assert (item["consignment"], item["state"], item["version"]) == (reference, "Allocated", 1)
    assert item["price"]["currency"] == "GBP"
    assert item["trackingReferences"]
    page = api.get(f"consignments/{reference}")
    assert page["consignment"] == item
    assert page["offers"][0]["service"] == item["service"]
    assert page["offers"][0]["lines"]
    assert page["excluded"][0]["reasons"][0]["code"]
    assert page["why"]
    assert [each["what"] for each in page["history"]] == ["Received", "Allocated"]
    assert page["actions"] == ["deallocate", "cancel"]
    assert page["label"] == f"labels/{reference}/PDF"
    assert page["explanation"]["catalogueDigest"]


def test_a_consignment_s_history_has_every_version_that_the_stream_brought(api: ConsoleApi) -> None:
    reference = create(api, too_heavy())
    for _ in range(3):
        api.allocate(reference)
        api.index()
    page = api.get(f"consignments/{reference}")
    told = [(each["what"], each["version"]) for each in page["history"]]
    assert told == [("Received", None), *(("AllocationFailed", number) for number in (1, 2, 3))]
    assert all("weighs 5,000" in each["detail"] for each in page["history"][1:])
    assert [each["at"] for each in page["history"]] == sorted(each["at"] for each in page["history"])
    assert page["unknownVersions"] == 0


def test_versions_of_before_the_console_are_counted_and_the_last_failure_is_told(api: ConsoleApi) -> None:
    reference = create(api, too_heavy())
    for _ in range(4):
        api.allocate(reference)
    api.index()
    page = api.get(f"consignments/{reference}")
    assert [each["version"] for each in page["history"]] == [None, None, 4]
    assert page["unknownVersions"] == 2


def test_events_are_told_with_the_time_at_which_they_were_published(api: ConsoleApi) -> None:
    reference, logs = api.create(), shared_client("logs", REGION)
    assert api.get(f"consignments/{reference}/events") == {"events": [], "trouble": None}
    api.allocate(reference)
    api.index()
    without_log = api.get(f"consignments/{reference}/events")
    assert "ResourceNotFoundException" in without_log["trouble"]
    now = datetime.now(UTC).replace(microsecond=0)
    line = {"message": "published", "event_ids": [f"{reference}#1"], "types": ["consignment.allocated"]}
    logs.create_log_group(logGroupName=LOG)
    logs.create_log_stream(logGroupName=LOG, logStreamName="one")
    event = {"timestamp": int(now.timestamp() * 1000), "message": json.dumps(line)}
    logs.put_log_events(logGroupName=LOG, logStreamName="one", logEvents=[event])
    assert api.call("PUT", f"/consignments/{reference}/cancel").status == 200
    assert api.get(f"consignments/{reference}/events")["events"] == [
        {"id": f"{reference}#1", "version": 1, "type": "consignment.allocated", "publishedAt": moment_text(now)},
        {"id": f"{reference}#2", "version": 2, "type": None, "publishedAt": None},
    ]


def test_what_was_never_tried_has_a_page_too(api: ConsoleApi) -> None:
    page = api.get(f"consignments/{api.create()}")
    assert (page["consignment"]["state"], page["offers"], page["failure"]) == ("Unallocated", [], None)
    api.allocate(page["consignment"]["consignment"])
    assert set(page["consignment"]) == set(api.get(f"consignments/{page['consignment']['consignment']}")["consignment"])


def test_no_reply_holds_what_the_sender_said_of_people(api: ConsoleApi) -> None:
    sent = consignment()
    reference = create(api, sent)
    api.allocate(reference)
    api.index()
    people = {
        str(value)
        for address in sent["Addresses"]
        for part in (address, address.get("Contact") or {})
        for name, value in part.items()
        if name in {"FirstName", "LastName", "Email", "Mobile", "AddressLine1", "Telephone"} and value
    }
    assert people
    for path in ("consignments", f"consignments/{reference}", "failures", "days"):
        text = json.dumps(api.get(path))
        assert [each for each in people if each in text] == []


def test_the_page_s_buttons_are_pro_s_operations_below_the_console(api: ConsoleApi) -> None:
    reference = api.create()
    api.allocate(reference)
    label = api.get(f"labels/{reference}/ZPL")
    assert label["File"]
    assert api.call("PUT", f"/console/api/consignments/{reference}/deallocate").status == 200
    assert api.get(f"consignments/{reference}")["consignment"]["state"] == "Unallocated"
    assert api.call("PUT", f"/console/api/consignments/{reference}/cancel").status == 200
    assert api.get(f"consignments/{reference}")["actions"] == []
    answer = api.call("PUT", f"/console/api/consignments/{reference}/deallocate")
    assert (answer.status, answer.data["Code"]) == (400, "InvalidConsignmentStateException")


def test_failures_stand_together_by_cause_with_an_example(api: ConsoleApi) -> None:
    references = [create(api, too_heavy()) for _ in range(2)]
    api.allocate(*references)
    api.index()
    (group,) = api.get("failures")["groups"]
    assert (group["code"], group["count"]) == ("NoCarrierServiceAvailable", 2)
    assert set(group["consignments"]) == set(references)
    assert not any(reference in group["cause"] + group["nearestMiss"] for reference in references)
    assert "weighs 5,000 kg" in group["nearestMiss"]
    assert "5,000" not in group["cause"]
    first = api.get(f"consignments?cause={group['causeDigest']}&take=1")
    rest = api.get(f"consignments?cause={group['causeDigest']}&next={first['next']}")
    assert {each["consignment"] for each in first["items"] + rest["items"]} == set(references)
    assert api.get("consignments?cause=another")["items"] == []


def test_a_day_has_its_states_and_the_services_costs(api: ConsoleApi) -> None:
    taken, failed = api.create(), create(api, too_heavy())
    api.allocate(taken, failed)
    api.index()
    item = api.get(f"consignments/{taken}")["consignment"]
    (day,) = api.get("days")["days"]
    assert day["states"] == {"Allocated": 1, "AllocationFailed": 1}
    (service,) = day["services"]
    assert (service["service"], service["count"], service["net"]) == (item["service"], 1, item["price"]["net"])
    api.call("PUT", f"/consignments/{taken}/cancel")
    api.index()
    (day,) = api.get("days")["days"]
    assert (day["states"], day["services"]) == ({"AllocationFailed": 1, "Cancelled": 1}, [])


@pytest.mark.parametrize(
    "query",
    [
        "consignments?take=0",
        "consignments?take=101",
        "consignments?take=x",
        "consignments?state=Eaten",
        "consignments?day=yesterday",
        "consignments?next=%7B%7D",
        "consignments?order=" + "x" * 300,
        "failures?from=2026-01-01&to=2026-12-31",
        "failures?from=2026-02-02&to=2026-02-01",
        "days?from=1",
    ],
)
def test_what_can_not_be_asked_is_refused_with_a_reason(api: ConsoleApi, query: str) -> None:
    answer = api.call("GET", f"/console/api/{query}")
    assert (answer.status, answer.data["Code"]) == (400, "ValidationException")
    assert answer.headers["cache-control"] == "no-store"


def test_a_failed_consignment_is_tried_again_once_it_was_mended(api: ConsoleApi) -> None:
    reference = create(api, too_heavy())
    api.allocate(reference)
    assert api.get(f"consignments/{reference}")["actions"] == ["retry", "cancel"]
    api.clock.now += timedelta(minutes=1)
    mended = {**consignment(), "Reference": reference}
    assert api.call("PUT", "/consignments", mended).status == 200
    (result,) = api.post("retry", {"consignments": [reference]}).data["results"]
    assert (result["consignment"], result["state"]) == (reference, "Allocated")
    page = api.get(f"consignments/{reference}")
    assert [each["what"] for each in page["history"]] == ["Received", "AllocationFailed", "Allocated"]
    assert page["pastFailure"]["code"] == "NoCarrierServiceAvailable"


def test_a_retry_says_of_each_consignment_why_it_stays_as_it_is(api: ConsoleApi) -> None:
    allocated, failed, unkept = api.create(), create(api, too_heavy()), create(api, too_heavy())
    api.allocate(allocated, failed, unkept)
    api.call("DELETE", f"/consignments/{unkept}")
    asked = [allocated, failed, unkept, "NOBODY"]
    results = api.post("retry", {"consignments": asked}).data["results"]
    assert [each["state"] for each in results] == ["Allocated", "AllocationFailed", "AllocationFailed", None]
    assert "send its order again" in results[2]["message"]
    assert all(each["message"] for each in results)


def test_a_consignment_of_sortedpro_is_tried_again_by_the_order_queue(api: ConsoleApi) -> None:
    failed = create(api, too_heavy() | {"ConsignmentReferenceProvidedByCustomer": "WEB-1-1"})
    api.allocate(failed)
    api.call("DELETE", f"/consignments/{failed}")
    sqs = shared_client("sqs", REGION)
    queue = sqs.create_queue(QueueName="orders")["QueueUrl"]
    api.order_queue = SqsOrderQueue(sqs, queue)
    assert "retry" in api.get(f"consignments/{failed}")["actions"]
    (result,) = api.post("retry", {"consignments": [failed]}).data["results"]
    assert (result["state"], result["isQueued"]) == ("AllocationFailed", True)
    (sent,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    read = read_order(sent["Body"], replace(USUAL_RULES, only_pro_references=True))
    (asked,) = read.order.consignments
    assert (asked.reference, read.order.reference) == (
        failed,
        api.get(f"consignments/{failed}")["consignment"]["order"],
    )
    assert read.order.event_id.startswith("retry-")


@pytest.mark.parametrize("body", [{}, {"consignments": []}, {"consignments": ["A"] * 51}, [], {"consignments": [1]}])
def test_a_retry_of_nothing_or_too_much_is_refused(api: ConsoleApi, body: Any) -> None:
    assert api.post("retry", body).status == 400


def test_a_consignment_can_be_tried_under_the_live_and_under_an_uploaded_catalogue(api: ConsoleApi) -> None:
    sent = {name: value for name, value in consignment().items() if name != "Reference"}
    live = api.post("try", {"consignment": sent})
    assert live.status == 200, live.body
    assert live.data["winner"]["service"]
    uploaded = api.post("try", {"consignment": sent, "catalogue": COMPILED_SAMPLE.read_text("utf-8")})
    assert uploaded.status == 200, uploaded.body
    assert {each["service"] for each in uploaded.data["excluded"] + uploaded.data["offers"]}
    one = api.post("try", {"consignment": sent, "service": live.data["winner"]["service"]})
    assert one.data["mode"] == "carrier_service"
    boto = shared_client("dynamodb", REGION)
    assert boto.scan(TableName=RECORDS)["Items"] == []


def test_a_trial_without_a_mode_is_decided_as_the_queue_would(api: ConsoleApi) -> None:
    asked = {"consignment": {**consignment(), "deliveryOption": "next-day"}, "now": "2026-11-23T15:00:00Z"}
    by_stack = api.post("try", asked).data
    assert (by_stack["mode"], by_stack.get("route")) == ("default_rules", None)
    assert by_stack["winner"]["collected"] >= by_stack["winner"]["cutOff"] >= asked["now"]
    api.mode = allocation_mode("carrier_service", "CX_NDS")
    assert api.post("try", asked).data["winner"]["service"] == "CX_NDS"
    routed = api.post("try", {**asked, "catalogue": compile_text(SAMPLE.read_text("utf-8") + ROUTING)})
    assert (routed.data["mode"], routed.data["route"]["row"]) == ("service_group", "next-day")
    unrouted = api.post("try", {**asked, "mode": "default_rules"}).data
    assert (unrouted["mode"], unrouted.get("route")) == ("default_rules", None)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"consignment": {}, "other": 1}, 400),
        ({"consignment": {"Packages": "none"}}, 400),
        ({"consignment": {}, "mode": "best"}, 400),
        ({"consignment": {}, "mode": "service_group"}, 400),
        ({"consignment": {}, "service": "NO_SUCH"}, 400),
        ({"consignment": {}, "now": "tomorrow"}, 400),
        ({"consignment": {}, "now": "2026-01-01T00:00:00"}, 400),
        ({"consignment": {}, "now": "9999-12-31T23:59:59-23:00"}, 400),
        ({"consignment": {}, "catalogue": "{}"}, 400),
        ({"consignment": {}, "catalogue": "[" * 100_000}, 400),
        ({"consignment": {}, "catalogue": "x" * 1_000_001}, 413),
        ({"consignment": {}, "catalogue": "x" * 3_000_000}, 413),
    ],
    ids=range(13),
)
def test_what_can_not_be_tried_is_refused_with_a_reason(api: ConsoleApi, body: Any, status: int) -> None:
    answer = api.post("try", body)
    assert answer.status == status, answer.body
    assert answer.data["Message"]


def test_a_catalogue_that_was_tampered_with_is_not_tried(api: ConsoleApi) -> None:
    text = COMPILED_SAMPLE.read_text("utf-8")
    changed = text.replace('"4.', '"1.', 1)
    assert changed != text
    answer = api.post("try", {"consignment": {}, "catalogue": changed})
    assert (answer.status, answer.data["Code"]) == (400, "InvalidCatalogueException")


def test_the_catalogue_is_a_rate_card_with_its_publications(api: ConsoleApi) -> None:
    s3 = shared_client("s3", REGION)
    digest = api.engine.catalogue.digest
    for number in ("older", digest):
        body = json.dumps({"publishedAt": "2026-11-01T00:00:00Z", "version": "1", "digest": number})
        s3.put_object(Bucket=BUCKET, Key="publication.json", Body=body.encode())
    card = api.get("catalogue")
    assert [(each["digest"], each["current"]) for each in card["publications"]] == [(digest, True), ("older", False)]
    texts = json.dumps(card["services"])
    assert all(
        words in texts for words in ("weight at most 70 Kg", "38.40 GBP", "girth is over 200 Cm", "cut-off 13:00")
    )
    service = card["services"][0]
    assert {"reference", "rates", "surcharges", "cutOffs", "transit", "destinations", "limits"} <= set(service)
    assert all(rate["price"] for each in card["services"] for rate in each["rates"])


def test_replays_are_listed_and_read_and_nothing_else_of_the_bucket(api: ConsoleApi) -> None:
    s3 = shared_client("s3", REGION)
    assert api.get("replays") == {"items": [], "next": None}
    s3.put_object(Bucket=BUCKET, Key="replays/2026-11-26.json", Body=b'{"consignments": 3}')
    s3.put_object(Bucket=BUCKET, Key="replays/big/parts/1.json", Body=b"{}")
    s3.put_object(Bucket=BUCKET, Key="secret.json", Body=b'{"secret": true}')
    (replay,) = api.get("replays")["items"]
    assert replay["id"] == "2026-11-26"
    assert api.get("replays/2026-11-26") == {"consignments": 3}
    for name in ("missing", "..%2Fsecret", "../secret", "%2e%2e"):
        assert api.call("GET", f"/console/api/replays/{name}").status == 404


def test_the_console_speaks_json_to_whoever_asks(api: ConsoleApi) -> None:
    answer = api.call("GET", "/console/api/days", headers={"Accept": "application/xml", "electio-api-version": "1.0"})
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.data == {"days": []}
