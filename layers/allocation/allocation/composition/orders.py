"""Wires the function of the order queue: reading, the allocator it is set up with, and records."""

import os
import random
import time
from contextlib import suppress
from dataclasses import replace
from functools import cache, partial
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final

from allocation.aws.clients import client, hasty_client
from allocation.composition import steady_clock, utc_now
from allocation.composition.catalogues import catalogue_place, engine_file, routes_file
from allocation.domain.errors import RetryableError
from allocation.domain.reference import OrderReference
from allocation.settings import AllocateOrdersSettings, ProSettings, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from mypy_boto3_dynamodb import DynamoDBClient

    from allocation.aws.dynamodb.limit_usage import DynamoDBLimitUsage
    from allocation.consignments.store import OrderedConsignments
    from allocation.domain.outcome import AllocatedBy
    from allocation.domain.routing import RoutingTable
    from allocation.orders.allocate_orders import AllocateOrders
    from allocation.orders.allocation_waves import AllocationWaves
    from allocation.orders.order_created import ReadingRules
    from allocation.ports import Allocator, LimitUsage
    from allocation.pro.settled_first import OpenClaims

_PACKAGED_SCHEME: Final = "packaged://"
# No order has it. Looking for it costs a read unit.
_NO_ORDER: Final = OrderReference("-")
# Long enough that no two names of who claims are the same, and short in every record.
_HOLDER_BYTES: Final = 6


@cache
def allocate_orders() -> "AllocateOrders":
    """Return the use case of the order queue. Raises `ConfigurationError` for an environment that can't be used."""
    return orders_use_case(read_settings(AllocateOrdersSettings, os.environ), client, hasty_client, utc_now)


def warm() -> None:
    """Do what the first message would wait for: open the connections to DynamoDB, and keep the catalogue.

    A function calls it in its init. What fails is left to the first message.
    """
    from allocation.engine.allocator import EngineAllocator
    from allocation.pro.settled_first import SettledFirst

    waves = allocate_orders().waves
    allocator = waves.allocator.engine if isinstance(waves.allocator, SettledFirst) else waves.allocator
    with suppress(RetryableError):
        waves.records.recorded((), [_NO_ORDER])
        if isinstance(allocator, EngineAllocator):
            allocator.keep_catalogue()


def orders_use_case(
    settings: AllocateOrdersSettings,
    client: "Callable[[str], Any]",
    hasty_client: "Callable[[str], Any]",
    now: "Callable[[], datetime]",
) -> "AllocateOrders":
    """Return the use case of the order queue; `now` returns aware UTC.

    `client` makes clients of AWS services, `hasty_client` those for what can be done without.
    """
    from allocation.aws.dynamodb.canaries import DynamoDBCanaries
    from allocation.aws.dynamodb.limit_usage import DynamoDBLimitUsage
    from allocation.aws.sqs import SqsRedelivery, SqsRefusedMessages
    from allocation.orders.allocate_orders import AllocateOrders
    from allocation.orders.canaries import Canaries
    from allocation.orders.redelivery import require_patience

    require_patience(settings.order_queue_visibility_seconds, settings.order_queue_max_receives)
    sqs, dynamodb = client("sqs"), client("dynamodb")
    limit_usage = DynamoDBLimitUsage(dynamodb, settings.limits_table)
    chosen = _allocator(settings, limit_usage, client, hasty_client, now)
    waves = _waves(settings, chosen, dynamodb, limit_usage, now)
    return AllocateOrders(
        waves=waves,
        refused_messages=SqsRefusedMessages(sqs, settings.order_dlq_url),
        redelivery=SqsRedelivery(sqs, settings.order_queue_url),
        now=now,
        jitter=random.random,
        reading=_reading_rules(settings, chosen),
        canaries=Canaries(DynamoDBCanaries(dynamodb, settings.allocations_table), waves.routing, now),
    )


def _waves(
    settings: AllocateOrdersSettings,
    allocator: "Allocator",
    dynamodb: "DynamoDBClient",
    limit_usage: "DynamoDBLimitUsage",
    now: "Callable[[], datetime]",
) -> "AllocationWaves":
    """Return what decides and writes the consignments of a batch."""
    from allocation.aws.calls.connections import while_waiting
    from allocation.aws.dynamodb.cancelled_orders import DynamoDBCancelledOrders
    from allocation.aws.dynamodb.records import DynamoDBRecords
    from allocation.orders.allocation_waves import AllocationWaves
    from allocation.orders.cancelling import Cancelling
    from allocation.orders.updating import Updating

    retention = settings.record_retention
    records = DynamoDBRecords(dynamodb, settings.allocations_table, limit_usage, settings.cancelled_orders_table)
    cancelled_orders = DynamoDBCancelledOrders(dynamodb, settings.cancelled_orders_table, now, retention)
    ordered_consignments = _ordered_consignments(settings, dynamodb, now)
    return AllocationWaves(
        allocator=allocator,
        mode=settings.mode,
        records=records,
        cancelling=Cancelling(allocator, records, cancelled_orders, now, retention, allocates_here(settings)),
        updating=Updating(records, ordered_consignments, now),
        ordered_consignments=ordered_consignments,
        now=now,
        retention=retention,
        routing=_routing(settings),
        while_waiting=while_waiting,
        may_lag=_may_lag(settings, now),
    )


def _may_lag(settings: AllocateOrdersSettings, now: "Callable[[], datetime]") -> "Callable[[], bool]":
    """Return what tells whether the first look at records may lag."""
    if settings.allocator == "engine":
        return lambda: True
    from allocation.pro.settled_first import InUse

    return InUse(now)


def _ordered_consignments(
    settings: AllocateOrdersSettings, dynamodb: "DynamoDBClient", now: "Callable[[], datetime]"
) -> "OrderedConsignments | None":
    """Return what keeps the consignments of orders, or None where they are not kept."""
    if not settings.consignments_table:
        return None
    from allocation.aws.dynamodb.ordered_consignments import DynamoDBOrderedConsignments

    table, retention = settings.consignments_table, settings.consignment_retention
    return DynamoDBOrderedConsignments(dynamodb, table, settings.allocations_table, now, retention)


def _allocator(
    settings: AllocateOrdersSettings,
    limit_usage: "LimitUsage",
    client: "Callable[[str], Any]",
    hasty_client: "Callable[[str], Any]",
    now: "Callable[[], datetime]",
) -> "Allocator":
    """Return the allocator of the queue: the engine or SortedPRO."""
    if settings.allocator == "pro":
        return pro_allocator(settings, client, settings.record_retention, with_details=settings.with_details)
    from allocation.aws.dynamodb.catalogue_archive import DynamoDBCatalogueArchive
    from allocation.engine.allocator import EngineAllocator

    engine = engine_file(catalogue_place())
    archive = DynamoDBCatalogueArchive(hasty_client("dynamodb"), settings.catalogues_table, time.time)
    allocator = EngineAllocator(engine, now=now, api_base_url=settings.api_base_url, usage=limit_usage, archive=archive)
    claims = open_claims(settings, client("dynamodb"), settings.allocations_table)
    if not claims:
        return allocator
    from allocation.pro.settled_first import SettledFirst

    return SettledFirst(allocator, claims)


def open_claims(settings: ProSettings, dynamodb: "DynamoDBClient", records_table: str) -> "OpenClaims | None":
    """Return what knows for what SortedPRO was asked before the engine was to allocate; None without claims' table."""
    if not settings.pro_claims_table:
        return None
    from allocation.aws.dynamodb.record_reading import RecordReader
    from allocation.pro.settled_first import OpenClaims

    # Orders are not asked for: those that are cancelled have a table that the API does without.
    return OpenClaims(
        dynamodb, settings.pro_claims_table, RecordReader(dynamodb, records_table, cancelled_orders=""), utc_now
    )


def allocates_here(settings: ProSettings) -> "AllocatedBy":
    """Return who allocates in this stack."""
    from allocation.domain.outcome import ENGINE, AllocatedBy

    return AllocatedBy("pro", settings.pro_base_url.rstrip("/")) if settings.allocator == "pro" else ENGINE


def pro_allocator(
    settings: ProSettings,
    client: "Callable[[str], Any]",
    record_retention: "timedelta | None",
    *,
    with_details: bool = False,
) -> "Allocator":
    """Return SortedPRO behind circuits and claims that all execution environments share."""
    from allocation.observability import count, measure
    from allocation.pro.allocator import ProAllocator
    from allocation.pro.calls import Pauses
    from allocation.pro.circuit import dynamodb_circuit
    from allocation.pro.claims import DynamoDBClaims
    from allocation.pro.client import ProClient
    from allocation.pro.creating import Creating
    from allocation.pro.credentials import secret_key
    from allocation.pro.links import DynamoDBLinks
    from allocation.pro.sender_allocator import SenderAllocator

    dynamodb, table = client("dynamodb"), settings.pro_claims_table or ""
    key = secret_key(settings.pro_secret_name or "")
    pro = ProClient(settings.pro_base_url, key, monotonic=time.monotonic, now=utc_now)
    # A claim ends when it should, though the system's time is set in between: it is learnt how far this clock is from
    # AWS's. Where it stands still in a frozen function, the first claims after that are made twice.
    since_start = steady_clock()
    claims = DynamoDBClaims(dynamodb, table, since_start, pro.base_url, partial(token_hex, _HOLDER_BYTES))
    circuit = dynamodb_circuit(dynamodb, settings.pro_circuits_table or "", count, utc_now)
    patience_seconds, pauses = settings.patience_seconds, Pauses(time.sleep, random.random)
    allocator = ProAllocator(
        client=pro,
        claims=claims,
        circuit=circuit,
        patience_seconds=patience_seconds,
        now=since_start,
        count=count,
        measure=measure,
        pauses=pauses,
        with_details=with_details,
    )
    links = DynamoDBLinks(dynamodb, table, utc_now, pro.base_url, record_retention)
    return SenderAllocator(allocator, Creating(pro, claims, links, circuit, patience_seconds, pauses))


def _reading_rules(settings: AllocateOrdersSettings, allocator: "Allocator") -> "Callable[[], ReadingRules]":
    """Return what answers with the rules to read a batch by. Raises `ConfigurationError` for an unknown mapping."""
    from allocation.orders.order_created import ReadingRules

    location = settings.order_mapping_location
    by_pro = settings.allocator == "pro"
    rules = ReadingRules(settings.own_order_created_types, by_pro, by_pro and settings.create_in_pro == "on")
    if by_pro:
        from allocation.pro.sender_allocator import SenderAllocator

        if isinstance(allocator, SenderAllocator):
            rules = replace(rules, taken=allocator.creating.ever_asked)
    if location is None:
        return lambda: rules
    from allocation.orders.mapping import packaged_mapping, read_mapping

    if location.startswith(_PACKAGED_SCHEME):
        packaged = replace(rules, mapping=packaged_mapping(location.removeprefix(_PACKAGED_SCHEME)).applied)
        return lambda: packaged
    from allocation.aws.file_stores import store_at
    from allocation.aws.maintained_files import MaintainedFile, report_refused_mapping

    store, clock = store_at(location, client), time.time
    source = MaintainedFile(store, "mapping", read_mapping, clock=clock, refused=report_refused_mapping)
    return lambda: replace(rules, mapping=source().applied)


def _routing(settings: AllocateOrdersSettings) -> "Callable[[], RoutingTable | None]":
    """Return what answers with the routing table to use now."""
    place = catalogue_place()
    if settings.allocator == "pro":
        routes = routes_file(place)
        return lambda: routes().table
    engine = engine_file(place)
    return lambda: engine().catalogue.routing
