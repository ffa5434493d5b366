"""What each configuration wires together, and what it leaves unimported, since imports are paid for at cold starts."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from allocation import composition
from allocation.api.keys import Key
from allocation.aws import clients
from allocation.composition import api, catalogues, orders, utc_now
from allocation.composition.authorizer import api_authorizer
from allocation.domain.errors import ConfigurationError, RetryableError
from allocation.domain.mode import ServiceGroup
from allocation.engine.allocator import EngineAllocator
from allocation.pro.allocator import ProAllocator
from allocation.pro.claims import DynamoDBClaims
from allocation.pro.sender_allocator import SenderAllocator
from allocation.settings import CatalogueSettings
from cli.catalogue.compilation import compile_catalogue
from cli.catalogue.reading import read_catalogue
from tests.integration.handlers import Context
from tests.simulation.world import BOTO3_SECONDS
from tests.support.allocation_api import proxy_event
from tests.support.engines import document, service

LAYER = Path(__file__).parent.parent.parent / "layers" / "allocation"
NEEDED = {
    "ALLOCATIONS_TABLE": "allocations",
    "LIMITS_TABLE": "limits",
    "CATALOGUES_TABLE": "catalogues",
    "CANCELLED_ORDERS_TABLE": "cancelled-orders",
    "ORDER_QUEUE_URL": "https://sqs.example.com/orders",
    "ORDER_DLQ_URL": "https://sqs.example.com/dlq",
    "ORDER_QUEUE_VISIBILITY_SECONDS": "361",
    "ORDER_QUEUE_MAX_RECEIVES": "105",
}
FUNCTION_SECONDS = 60
"""What `allocate_orders` has in `template.yaml`."""
PACKAGED = LAYER / "allocation" / "engine" / "sample.json"
PRO = {
    "ALLOCATOR": "pro",
    "PRO_SECRET_NAME": "pro-key",
    "PRO_CIRCUITS_TABLE": "circuits",
    "PRO_CLAIMS_TABLE": "claims",
}


@pytest.fixture(autouse=True)
def _fresh() -> None:
    for wired in (orders.allocate_orders, catalogues.engine_file, catalogues.routes_file):
        wired.cache_clear()


def wire(monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str]) -> object:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return orders.allocate_orders().waves.allocator


def imported(
    environment: Mapping[str, str], module: str = "orders", function: str = "allocate_orders", first: str = "sys"
) -> set[str]:
    """The modules that a fresh interpreter has after wiring a function."""
    wired = f"from allocation.composition.{module} import {function}; {function}()"
    code = f"import sys; import {first}; {wired}; print(*sys.modules)"
    return set(
        subprocess.run(  # noqa: S603 - this interpreter, on a text of our own
            [sys.executable, "-c", code],
            env={**os.environ, **environment, "PYTHONPATH": str(LAYER)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()
    )


def test_the_engine_allocates_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(wire(monkeypatch, NEEDED), EngineAllocator)


def test_sortedpro_allocates_where_it_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    allocator = wire(monkeypatch, NEEDED | PRO)
    assert isinstance(allocator, SenderAllocator)
    assert isinstance(allocator.allocator, ProAllocator)
    assert not allocator.allocator.with_details


def test_sortedpro_is_given_the_time_that_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    allocator = wire(monkeypatch, NEEDED | PRO | {"PRO_PATIENCE_SECONDS": "77", "PRO_DETAILS": "on"})
    assert isinstance(allocator, SenderAllocator)
    assert isinstance(allocator.allocator, ProAllocator)
    assert (allocator.allocator.patience_seconds, allocator.creating.patience_seconds) == (77, 77)
    assert allocator.allocator.with_details


@pytest.mark.parametrize("lowered", [{"ORDER_QUEUE_VISIBILITY_SECONDS": "30"}, {"ORDER_QUEUE_MAX_RECEIVES": "5"}])
def test_the_function_does_not_start_with_a_queue_that_gives_orders_up_too_soon(
    monkeypatch: pytest.MonkeyPatch, lowered: dict[str, str]
) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(lowered))):
        wire(monkeypatch, NEEDED | lowered)


def test_the_engine_reads_the_catalogue_where_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = clients.client("s3")
    s3.create_bucket(Bucket="catalogues", CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
    s3.put_object(Bucket="catalogues", Key="live.json", Body=PACKAGED.read_bytes().replace(b"CX_NDS", b"CX_NEW"))
    wire(monkeypatch, NEEDED | {"CATALOGUE_LOCATION": "s3://catalogues/live.json"})
    with pytest.raises(RetryableError, match="there is no usable catalogue"):
        catalogues.engine_file(CatalogueSettings(catalogue_location="s3://catalogues/live.json"))()
    catalogues.engine_file.cache_clear()
    s3.put_object(Bucket="catalogues", Key="live.json", Body=PACKAGED.read_bytes())
    engine = catalogues.engine_file(CatalogueSettings(catalogue_location="s3://catalogues/live.json"))()
    assert "CX_NDS" in {service.reference for service in engine.catalogue.services}


@pytest.mark.parametrize("more", [{}, PRO], ids=["engine", "pro"])
def test_a_new_routing_table_holds_without_a_deployment(monkeypatch: pytest.MonkeyPatch, more: dict[str, str]) -> None:
    """SortedPRO's table comes from the same place as the engine's."""
    now = [1_000.0]
    monkeypatch.setattr("allocation.composition.catalogues.time.time", lambda: now[0])
    s3 = clients.client("s3")
    s3.create_bucket(Bucket="catalogues", CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
    wire(monkeypatch, NEEDED | more | {"CATALOGUE_LOCATION": "s3://catalogues/live.json"})
    routing = orders.allocate_orders().waves.routing
    for group in ("nextDay", "valuableGoods"):
        row = {"mode": "service_group", "reference": group}
        table = {"default": {"mode": "default_rules"}, "options": {"next-day": row}}
        text = json.dumps(document({"S": service()}, routing=table))
        compiled = compile_catalogue(read_catalogue(text, "pro"))
        s3.put_object(Bucket="catalogues", Key="live.json", Body=compiled.encode())
        now[0] += 61
        found = routing()
        assert found is not None
        assert found.way("next-day").mode == ServiceGroup(group)


@pytest.mark.parametrize("more", [{}, PRO], ids=["engine", "pro"])
def test_without_a_catalogue_of_its_own_a_stack_has_no_routing_table(
    monkeypatch: pytest.MonkeyPatch, more: dict[str, str]
) -> None:
    wire(monkeypatch, NEEDED | more)
    assert orders.allocate_orders().waves.routing() is None


def test_a_catalogue_of_no_known_kind_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="location 'ftp://x' can't be used"):
        wire(monkeypatch, NEEDED | {"CATALOGUE_LOCATION": "ftp://x"})


def test_everything_is_wired_once_for_all_invocations(monkeypatch: pytest.MonkeyPatch) -> None:
    wire(monkeypatch, NEEDED)
    assert orders.allocate_orders() is orders.allocate_orders()


def test_the_engine_needs_no_http_client() -> None:
    modules = imported(NEEDED)
    assert "allocation.engine.allocator" in modules
    assert modules.isdisjoint({"urllib3", "allocation.pro.client"})


def test_an_init_does_not_look_through_the_installed_packages_for_plugins() -> None:
    modules = imported(NEEDED, first="allocation.init_phase")
    assert "pydantic" in modules
    assert modules.isdisjoint({"importlib.metadata", "zipfile", "tempfile"})


def test_sortedpro_needs_no_engine() -> None:
    modules = imported(NEEDED | PRO)
    assert "allocation.pro.allocator" in modules
    assert "allocation.engine.engine" not in modules


def test_the_api_needs_no_queue_and_no_sortedpro() -> None:
    modules = imported(NEEDED | {"CONSIGNMENTS_TABLE": "consignments"}, "api", "allocation_api")
    assert "allocation.consignments.register" in modules
    assert modules.isdisjoint({"urllib3", "allocation.pro.client", "allocation.orders.allocate_orders"})


API = NEEDED | {"CONSIGNMENTS_TABLE": "consignments"}
CONSOLE = API | {"CONSOLE": "on", "SEARCH_INDEX_TABLE": "index"}
PUBLISHER = {
    "ALLOCATIONS_TOPIC_ARN": "arn:aws:sns:eu-west-2:000000000000:allocations",
    "STREAM_FAILURE_QUEUE_URL": "https://sqs.example.com/failures",
}
_CONTEXT: Any = Context()
OPEN_ID = {"CONSOLE_OPEN_ID_ISSUER": "https://login.example.com", "CONSOLE_OPEN_ID_CLIENT_ID": "console"}


def test_a_console_that_is_off_costs_no_start() -> None:
    assert not {name for name in imported(API, "api", "allocation_api") if "console" in name}
    assert {"allocation.console.searching", "allocation.console.rate_card"} <= imported(
        CONSOLE, "api", "allocation_api"
    )


@pytest.mark.parametrize(("settings", "status"), [(API, 404), (CONSOLE, 302)], ids=["off", "on"])
def test_the_console_is_there_where_it_is_on(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], status: int
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    api.allocation_api.cache_clear()
    try:
        reply: Any = api.allocation_api().resolve(proxy_event("GET", "/console", None, {}, "1"), _CONTEXT)
    finally:
        api.allocation_api.cache_clear()
    assert reply["statusCode"] == status


def test_the_index_needs_no_engine_and_no_catalogue() -> None:
    modules = imported({"SEARCH_INDEX_TABLE": "index"}, "background", "index_allocations")
    assert "allocation.console.indexing" in modules
    assert modules.isdisjoint({"urllib3", "allocation.engine.engine", "allocation.api.resolver"})


def test_tokens_cost_an_authorizer_nothing_before_one_comes() -> None:
    modules = imported({"API_KEYS_SECRET_NAME": "keys"} | OPEN_ID, "authorizer", "api_authorizer")
    assert "allocation.api.open_id" in modules
    assert modules.isdisjoint({"jwt", "cryptography"})


def test_the_authorizer_needs_no_more_than_its_secret() -> None:
    modules = imported({"API_KEYS_SECRET_NAME": "keys"}, "authorizer", "api_authorizer")
    assert "pydantic" not in modules
    assert {name for name in modules if name.startswith("allocation.")} == {
        "allocation.api",
        "allocation.api.authorizer",
        "allocation.api.keys",
        "allocation.authorizer_settings",
        "allocation.aws",
        "allocation.aws.calls",
        "allocation.aws.calls.attempts",
        "allocation.aws.calls.connections",
        "allocation.aws.calls.json_client",
        "allocation.aws.calls.lean_client",
        "allocation.aws.calls.places",
        "allocation.aws.calls.signature",
        "allocation.aws.clients",
        "allocation.composition",
        "allocation.composition.authorizer",
        "allocation.domain",
        "allocation.domain.errors",
        "allocation.domain.frozen",
        "allocation.domain.metric",
        "allocation.observability",
    }


@pytest.mark.parametrize(
    ("environment", "module", "function"),
    [
        (NEEDED, "orders", "allocate_orders"),
        (PUBLISHER, "background", "publish_allocations"),
        (API, "api", "allocation_api"),
        ({"API_KEYS_SECRET_NAME": "keys"}, "authorizer", "api_authorizer"),
    ],
)
def test_no_start_waits_for_botocores_clients(environment: dict[str, str], module: str, function: str) -> None:
    modules = imported(environment, module, function)
    assert "allocation.aws.calls.lean_client" in modules
    assert modules.isdisjoint({"boto3", "botocore.session", "botocore.client", "botocore.config", "urllib3"})


def test_a_key_that_was_deleted_while_the_authorizer_was_frozen_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda freezes an environment between requests, for hours: its monotonic clock may stand still meanwhile."""
    keys, now = [Key("shop", hashlib.sha256(b"deleted").hexdigest())], [1_000.0]
    clocks = SimpleNamespace(monotonic=lambda: 7.0, time=lambda: now[0])
    monkeypatch.setattr("allocation.composition.authorizer.time", clocks)
    monkeypatch.setattr("allocation.api.authorizer.fetched_keys", lambda *_: tuple(keys))
    monkeypatch.setenv("API_KEYS_SECRET_NAME", "keys")
    api_authorizer.cache_clear()
    authorizer = api_authorizer()
    api_authorizer.cache_clear()
    assert authorizer.key_of("deleted")
    keys.clear()
    now[0] += 3_600
    assert authorizer.key_of("deleted") is None


def test_a_clock_that_is_set_in_between_ends_no_claim_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that was frozen, or restored from a snapshot, is told the time while it works."""
    wired = wire(monkeypatch, NEEDED | PRO)
    assert isinstance(wired, SenderAllocator)
    allocator = wired.allocator
    assert isinstance(allocator, ProAllocator)
    assert isinstance(allocator.claims, DynamoDBClaims)
    clocks = [allocator.claims.now, allocator.now]
    before, later = [now() for now in clocks], utc_now() + timedelta(minutes=10)
    moved = type("Moved", (datetime,), {"now": lambda _: later})
    monkeypatch.setattr(composition, "datetime", moved)
    assert utc_now() == later
    assert all(now() - then < timedelta(minutes=9) for now, then in zip(clocks, before, strict=True))


def test_the_clock_is_aware_and_in_utc() -> None:
    assert utc_now().tzinfo is UTC


def test_calls_of_aws_give_up_long_before_the_function_does() -> None:
    connect_seconds, read_seconds, attempts = clients._PATIENCE
    pauses = sum(2**attempt for attempt in range(attempts - 1))  # of the mode `standard`, at most

    assert attempts * (connect_seconds + read_seconds) + pauses < FUNCTION_SECONDS / 2
    # What the simulation has a call wait for that gets no answer is what it really waits.
    assert attempts * read_seconds <= BOTO3_SECONDS <= attempts * read_seconds + pauses


def test_a_packaged_mapping_is_used_for_the_orders_of_its_shop(monkeypatch: pytest.MonkeyPatch) -> None:
    wire(monkeypatch, {**NEEDED, "ORDER_MAPPING_LOCATION": "packaged://shopify"})
    rules = orders.allocate_orders().reading()
    assert rules.mapping is not None
    assert rules.mapping({"line_items": [], "name": "#1"}) == {"line_items": [], "name": "#1"}
