"""The metrics that the code really emits: it is run, and what it writes for CloudWatch is read."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto import mock_aws

from allocation.api.authorizer import HEADER, Authorizer
from allocation.api.keys import read_keys
from allocation.aws.clients import client
from allocation.aws.maintained_files import report_refused_catalogue, report_refused_mapping
from allocation.composition.orders import pro_allocator
from allocation.domain.consignment import Consignment
from allocation.domain.errors import InvalidMessageError
from allocation.domain.metric import MetricName
from allocation.domain.mode import DefaultRules
from allocation.domain.outcome import Allocated, AllocationFailed, DeferralCause, Deferred, Failure, FailureCode
from allocation.domain.reference import ConsignmentReference
from allocation.events.publish_allocations import PublishReport, report_published
from allocation.observability import count, metrics
from allocation.orders.batch_report import BatchReport, report_batch
from allocation.ports import Allocator
from allocation.pro.creation import creation_body
from allocation.pro.credentials import secrets
from allocation.pro.following import Followed, report_followed
from allocation.settings import AllocateOrdersSettings
from tests.support.ports import FakeDeadline
from tests.support.pro_faults import Fault
from tests.support.pro_server import KEY, ProServer
from tests.support.samples import NOON, A, reference, summary_of
from tests.support.tables import create_table


@dataclass(frozen=True)
class Metric:
    """What tells one metric of CloudWatch from another."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]


def emitted(namespace: str, service: str, work: Callable[[], object]) -> set[Metric]:
    """The metrics that `work` emits as the function with this namespace and service name."""
    written = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(written):
        patch.setattr(metrics.provider, "namespace", namespace)
        patch.setattr(metrics.provider, "service", service)
        metrics.clear_metrics()
        work()
        metrics.flush_metrics()
    return {metric for line in written.getvalue().splitlines() for metric in read(json.loads(line))}


def read(line: dict[str, Any]) -> Iterator[Metric]:
    """The metrics of a line in CloudWatch's embedded metric format."""
    for directive in line["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = frozenset((name, line[name]) for name in names)
            yield from (Metric(directive["Namespace"], metric["Name"], dimensions) for metric in directive["Metrics"])


def allocate_orders() -> None:
    """Reports batches with everything that can become of an order, over SortedPRO too, and of the catalogue."""
    codes = [*FailureCode, "AnyOther"]
    failed = {reference(at): AllocationFailed(Failure(code, "no")) for at, code in enumerate(codes)}
    returned = {str(cause): Deferred(cause) for cause in DeferralCause}
    refused = {"refused": InvalidMessageError("NotJson", "the body is not JSON")}
    report_batch(BatchReport(returned, refused, failed, {"done": 1.0, "outage": 1.0}))
    report_batch(BatchReport({}, {}, {A: Allocated(summary_of(A))}, {}))
    report_refused_catalogue(ValueError("no catalogue"))
    report_refused_mapping(ValueError("no mapping"))
    allocate_over_pro()


def allocation_api() -> None:
    """Reports a catalogue that the API can't use, and answers 501."""
    report_refused_catalogue(ValueError("no catalogue"))
    count(MetricName.OPERATIONS_NOT_IMPLEMENTED, 1)


def api_authorizer() -> None:
    """Leaves out an entry of the keys, so that none opens anything."""
    authorizer = Authorizer(lambda: read_keys('{"oops": null}'), lambda: 0.0)
    authorizer.decide({"methodArn": "arn/live/GET/labels", "headers": {HEADER: "guessed"}})


def publish_allocations() -> None:
    """Reports a batch of changes, one of them without an event."""
    report_published(PublishReport({"1": "not_published"}, [f"{A}#1"], {}, canaries=[NOON]), NOON)


def follow_pro() -> None:
    """Reports a run after which a person must look."""
    report_followed(Followed(1, [A], [A]))


def allocate_over_pro() -> None:
    """Lets SortedPRO lose a reply, and have a consignment twice."""
    with pytest.MonkeyPatch.context() as patch, mock_aws(), ProServer() as pro:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        patch.delenv("AWS_PROFILE", raising=False)
        pro.faults.script(Fault("half_json", path="allocation"))
        both = [Consignment(reference(number)) for number in range(2)]
        allocator = fresh_allocator(pro)
        allocator.allocate(both, DefaultRules(), FakeDeadline())
        sent = Consignment(ConsignmentReference("WEB-1"), to_create={"Packages": [{}], "Addresses": [{}]}, event_id="1")
        for _ in range(2):
            pro.state.create(json.loads(creation_body(sent)))
        allocator.allocate([sent], DefaultRules(), FakeDeadline())
    secrets.cache_clear()


def fresh_allocator(pro: ProServer) -> Allocator:
    """The allocator of a fresh execution environment, wired as the deployed one."""
    secrets.cache_clear()
    boto3.client("secretsmanager").create_secret(Name="key", SecretString=KEY)
    create_table(boto3.client("dynamodb"), "ProCircuitsTable", "circuits")
    create_table(boto3.client("dynamodb"), "ProClaimsTable", "claims")
    settings = AllocateOrdersSettings(
        allocations_table="",
        limits_table="",
        catalogues_table="",
        cancelled_orders_table="",
        order_queue_url="",
        order_dlq_url="",
        order_queue_visibility_seconds=361,
        order_queue_max_receives=105,
        allocator="pro",
        pro_base_url=pro.url,
        pro_secret_name="key",
        pro_circuits_table="circuits",
        pro_claims_table="claims",
    )
    return pro_allocator(settings, client, None)
