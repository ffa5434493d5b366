"""The composition root: environment in, wired use cases out, once per execution environment.

Each function imports only what it wires: every cold start pays for imports.
"""

import os
import random
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

from allocation.aws.clients import client, hasty_client
from allocation.settings import (
    AllocateOrdersSettings,
    AllocationApiSettings,
    ApiAuthorizerSettings,
    CatalogueSettings,
    IndexAllocationsSettings,
    PublishAllocationsSettings,
    ReplaySettings,
    read_settings,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from allocation.api.authorizer import Authorizer
    from allocation.api.console_page import ConsolePage
    from allocation.api.console_routes import ConsoleUseCases
    from allocation.api.open_id import OpenIdProvider
    from allocation.api.operations import UseCases
    from allocation.api.resolver import AnyCaseResolver
    from allocation.aws.maintained_files import MaintainedFile
    from allocation.console.indexing import IndexAllocations
    from allocation.domain.routing import RoutingTable
    from allocation.engine.engine import Engine
    from allocation.events.publish_allocations import PublishAllocations
    from allocation.orders.allocate_orders import AllocateOrders
    from allocation.orders.order_created import ReadingRules
    from allocation.ports import Allocator, LimitUsage
    from allocation.replay.parts import ReplayInParts

# What a function is asked instead of being given work: which catalogue it uses.
CATALOGUE_QUESTION: Final = {"ask": "catalogue"}

_PACKAGED_SCHEME: Final = "packaged://"

_Read = TypeVar("_Read")


def utc_now() -> datetime:
    """Return the time, as aware UTC."""
    return datetime.now(UTC)


@cache
def allocate_orders() -> "AllocateOrders":
    """Return the use case of the order queue. Raises `ConfigurationError` for an environment that can't be used."""
    return orders_use_case(read_settings(AllocateOrdersSettings, os.environ), client, hasty_client, utc_now)


def orders_use_case(
    settings: AllocateOrdersSettings,
    client: "Callable[[str], Any]",
    hasty_client: "Callable[[str], Any]",
    now: "Callable[[], datetime]",
) -> "AllocateOrders":
    """Return the use case of the order queue; `now` returns aware UTC.

    `client` makes clients of AWS services, `hasty_client` those for what can be done without.
    """
    from allocation.aws.dynamodb.cancelled_orders import DynamoDBCancelledOrders
    from allocation.aws.dynamodb.limit_usage import DynamoDBLimitUsage
    from allocation.aws.dynamodb.ordered_consignments import DynamoDBOrderedConsignments
    from allocation.aws.dynamodb.records import DynamoDBRecords
    from allocation.aws.sqs import SqsRedelivery, SqsRefusedMessages
    from allocation.orders.allocate_orders import AllocateOrders
    from allocation.orders.allocation_waves import AllocationWaves
    from allocation.orders.cancelling import Cancelling
    from allocation.orders.updating import Updating

    sqs, dynamodb = client("sqs"), client("dynamodb")
    limit_usage = DynamoDBLimitUsage(dynamodb, settings.limits_table)
    chosen, retention = allocator(settings, limit_usage, client, hasty_client, now), settings.record_retention
    records = DynamoDBRecords(dynamodb, settings.allocations_table, limit_usage, settings.cancelled_orders_table)
    cancelled_orders = DynamoDBCancelledOrders(dynamodb, settings.cancelled_orders_table, now, retention)
    ordered_consignments = settings.consignments_table and DynamoDBOrderedConsignments(
        dynamodb, settings.consignments_table, settings.allocations_table, now, settings.consignment_retention
    )
    return AllocateOrders(
        waves=AllocationWaves(
            allocator=chosen,
            mode=settings.mode,
            records=records,
            cancelling=Cancelling(chosen, records, cancelled_orders, now, retention),
            updating=Updating(records, ordered_consignments or None, now),
            ordered_consignments=ordered_consignments or None,
            now=now,
            retention=retention,
            routing=_routing(settings),
        ),
        refused_messages=SqsRefusedMessages(sqs, settings.order_dlq_url),
        redelivery=SqsRedelivery(sqs, settings.order_queue_url),
        now=now,
        jitter=random.random,
        reading=_reading_rules(settings),
    )


@cache
def publish_allocations() -> "PublishAllocations":
    """Return the use case of the table's stream. Raises `ConfigurationError` for an environment that can't be used."""
    return events_use_case(read_settings(PublishAllocationsSettings, os.environ), client)


def events_use_case(settings: PublishAllocationsSettings, client: "Callable[[str], Any]") -> "PublishAllocations":
    """Return the use case of the table's stream; `client` makes its clients of AWS services."""
    from allocation.aws.sns import SnsPublisher
    from allocation.aws.sqs import SqsUnpublishable
    from allocation.events.publish_allocations import PublishAllocations

    return PublishAllocations(
        SnsPublisher(client("sns"), settings.allocations_topic_arn),
        SqsUnpublishable(client("sqs"), settings.stream_failure_queue_url),
    )


@cache
def index_allocations() -> "IndexAllocations":
    """Return the use case of the search index. Raises `ConfigurationError` for an environment that can't be used."""
    from allocation.aws.dynamodb.search_index import DynamoDBIndexWriter
    from allocation.console.indexing import IndexAllocations

    settings = read_settings(IndexAllocationsSettings, os.environ)
    return IndexAllocations(DynamoDBIndexWriter(client("dynamodb"), settings.search_index_table))


@cache
def replay_in_parts() -> "ReplayInParts":
    """Return the use case of replays. Raises `ConfigurationError` for an environment that can't be used."""
    from allocation.aws.replay_files import S3ReplayFiles
    from allocation.replay.parts import ReplayInParts

    return ReplayInParts(S3ReplayFiles(client("s3"), read_settings(ReplaySettings, os.environ).replays_bucket))


@cache
def allocation_api() -> "AnyCaseResolver":
    """Return the API. Raises `ConfigurationError` for an environment that can't be used."""
    from allocation.api.operations import UseCases
    from allocation.api.resolver import api_resolver
    from allocation.aws.dynamodb.catalogue_archive import DynamoDBCatalogueArchive
    from allocation.aws.dynamodb.consignments import DynamoDBConsignments
    from allocation.aws.dynamodb.limit_usage import DynamoDBLimitUsage
    from allocation.consignments.allocations import Allocations
    from allocation.consignments.register import Register
    from allocation.consignments.store import Changes
    from allocation.records.explanations import Explanations

    settings = read_settings(AllocationApiSettings, os.environ)
    dynamodb = client("dynamodb")
    limit_usage = DynamoDBLimitUsage(dynamodb, settings.limits_table)
    store = DynamoDBConsignments(
        dynamodb, consignments=settings.consignments_table, records=settings.allocations_table, limit_usage=limit_usage
    )
    changes = Changes(store, utc_now, settings.record_retention)
    register = Register(changes, _random_characters, settings.consignment_retention)
    archive = DynamoDBCatalogueArchive(hasty_client("dynamodb"), settings.catalogues_table, time.time)
    use_cases = UseCases(
        changes,
        register,
        Allocations(changes),
        engine_file(_place()),
        utc_now,
        limit_usage,
        archive,
        Explanations(archive),
    )
    if settings.console == "off":
        return api_resolver(use_cases, settings.api_base_url)
    return _with_console(use_cases, settings)


def _with_console(use_cases: "UseCases", settings: AllocationApiSettings) -> "AnyCaseResolver":
    """Return the API with the console: its page, and what that asks for."""
    from allocation.api.console_page import add_page
    from allocation.api.console_routes import console_endpoints
    from allocation.api.resolver import api_resolver, base_url_of

    endpoints = console_endpoints(_console(use_cases, settings))
    resolver = api_resolver(use_cases, settings.api_base_url, endpoints)
    add_page(resolver, _console_page(settings), lambda: base_url_of(resolver.current_event, settings.api_base_url))
    return resolver


def _console(use_cases: "UseCases", settings: AllocationApiSettings) -> "ConsoleUseCases":
    """Return what the console works with."""
    from allocation.api.console_routes import ConsoleUseCases
    from allocation.aws.dynamodb.search_queries import DynamoDBIndexReader
    from allocation.aws.stack_files import S3StackFiles
    from allocation.console.retrying import Retrying
    from allocation.console.searching import EntrySearch

    table, bucket = settings.search_index_table or "", settings.catalogue_bucket
    index = DynamoDBIndexReader(client("dynamodb"), table=table, records=settings.allocations_table)
    by_pro = settings.allocator == "pro"
    return ConsoleUseCases(
        use_cases,
        EntrySearch(index),
        Retrying(use_cases.changes, use_cases.allocations, lambda: use_cases.engine.catalogue.routing, by_pro),
        use_cases.explanations.of,
        S3StackFiles(client("s3"), bucket) if bucket else None,
    )


def _console_page(settings: AllocationApiSettings) -> "ConsolePage":
    """Return the console's page."""
    from allocation.api.console_page import ConsolePage, OpenIdSettings

    issuer, client_id = settings.console_open_id_issuer, settings.console_open_id_client_id
    if not (issuer and client_id):
        return ConsolePage(settings.stack_name)
    open_id = OpenIdSettings(issuer=issuer, clientId=client_id)
    return ConsolePage(settings.stack_name, open_id, _open_id_provider(issuer).origins)


@cache
def api_authorizer() -> "Authorizer":
    """Return the authorizer of the API. Raises `ConfigurationError` for an environment that can't be used."""
    from allocation.api.authorizer import Authorizer, key_hashes

    settings = read_settings(ApiAuthorizerSettings, os.environ)
    secrets, user_of = client("secretsmanager"), None
    if settings.console_open_id_issuer and settings.console_open_id_client_id:
        from allocation.api.open_id import IdTokens

        provider = _open_id_provider(settings.console_open_id_issuer)
        user_of = IdTokens(provider, settings.console_open_id_client_id).user_of
    return Authorizer(lambda: key_hashes(secrets, settings.api_keys_secret_name), time.monotonic, user_of)


def _open_id_provider(issuer: str) -> "OpenIdProvider":
    from allocation.api.open_id import OpenIdProvider, read_over_https

    # Not the monotonic clock: it may stand still while the function is frozen.
    return OpenIdProvider(issuer, read_over_https, time.time)


def _random_characters(count: int) -> str:
    """Return random characters for references, from the system's own source."""
    from secrets import choice

    from allocation.consignments.intake import REFERENCE_CHARACTERS

    return "".join(choice(REFERENCE_CHARACTERS) for _ in range(count))


def allocator(
    settings: AllocateOrdersSettings,
    limit_usage: "LimitUsage",
    client: "Callable[[str], Any]",
    hasty_client: "Callable[[str], Any]",
    now: "Callable[[], datetime]",
) -> "Allocator":
    """Return the allocator of the queue: the engine or SortedPRO."""
    if settings.allocator == "pro":
        return pro_allocator(settings, client)
    from allocation.aws.dynamodb.catalogue_archive import DynamoDBCatalogueArchive
    from allocation.engine.allocator import EngineAllocator

    engine = engine_file(_place())
    archive = DynamoDBCatalogueArchive(hasty_client("dynamodb"), settings.catalogues_table, time.time)
    return EngineAllocator(engine, now=now, api_base_url=settings.api_base_url, usage=limit_usage, archive=archive)


def _reading_rules(settings: AllocateOrdersSettings) -> "Callable[[], ReadingRules]":
    """Return what answers with the rules to read a batch by. Raises `ConfigurationError` for an unknown mapping."""
    from allocation.orders.order_created import ReadingRules

    location = settings.order_mapping_location
    rules = ReadingRules(settings.own_order_created_types, only_pro_references=settings.allocator == "pro")
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


def _place() -> CatalogueSettings:
    """Return where this function finds its catalogue."""
    return read_settings(CatalogueSettings, os.environ)


@cache
def engine_file(place: CatalogueSettings) -> "Callable[[], Engine]":
    """Return what answers with the engine to use now, over the catalogue at its place or the packaged one.

    Raises `ConfigurationError` for a location of no known kind.
    """
    from allocation.engine.compiled_catalogue import packaged_catalogue, read_compiled
    from allocation.engine.engine import Engine

    def packaged() -> Engine:
        return Engine(packaged_catalogue())

    return _catalogue_file(place, lambda text: Engine(read_compiled(text)), packaged) or _always(packaged())


@dataclass(frozen=True, slots=True)
class _Routes:
    """The routing table of a catalogue, if it has one."""

    table: "RoutingTable | None"


@cache
def routes_file(place: CatalogueSettings) -> "Callable[[], _Routes]":
    """Return what answers with the routing table for SortedPRO. It loads nothing of the engine without a catalogue.

    Raises `ConfigurationError` for a location of no known kind.
    """

    def routes_of(text: str) -> _Routes:
        from allocation.engine.compiled_catalogue import read_compiled

        return _Routes(read_compiled(text).routing)

    none = _Routes(None)
    return _catalogue_file(place, routes_of, lambda: none) or _always(none)


def _routing(settings: AllocateOrdersSettings) -> "Callable[[], RoutingTable | None]":
    """Return what answers with the routing table to use now."""
    place = _place()
    if settings.allocator == "pro":
        routes = routes_file(place)
        return lambda: routes().table
    engine = engine_file(place)
    return lambda: engine().catalogue.routing


def _always(value: _Read) -> "Callable[[], _Read]":
    return lambda: value


def _catalogue_file(
    place: CatalogueSettings, read: "Callable[[str], _Read]", otherwise: "Callable[[], _Read]"
) -> "MaintainedFile[_Read] | None":
    """Return the catalogue's file, or None for the packaged catalogue.

    `otherwise` makes what is used while the stack's own bucket never had one. Elsewhere a missing one is a mistake.
    """
    if not (place.catalogue_location or place.catalogue_bucket):
        return None
    from allocation.aws.file_stores import CATALOGUE_KEY, S3Store, Store, store_at
    from allocation.aws.maintained_files import MaintainedFile, report_refused_catalogue

    store: Store
    if place.catalogue_location:
        store, when_empty = store_at(place.catalogue_location, client), None
    else:
        bucket = place.catalogue_bucket or ""
        store, when_empty = S3Store(client("s3"), bucket, CATALOGUE_KEY, notes_refusals=True), otherwise
    # Not the monotonic clock: it may stand still while the function is frozen.
    return MaintainedFile(
        store, "catalogue", read, clock=time.time, refused=report_refused_catalogue, otherwise=when_empty
    )


def catalogue_status() -> dict[str, object]:
    """Return which catalogue this function uses: its tag, and the later one that it refused, if it did.

    Both are None where the packaged one is used.
    """
    place = _place()
    file: object = routes_file(place) if os.environ.get("ALLOCATOR") == "pro" else engine_file(place)
    from allocation.aws.maintained_files import FileStatus, MaintainedFile

    status = file.status() if isinstance(file, MaintainedFile) else FileStatus(None, None)
    return {"inUse": status.in_use, "refused": status.refused and status.refused._asdict()}


def pro_allocator(settings: AllocateOrdersSettings, client: "Callable[[str], Any]") -> "Allocator":
    """Return SortedPRO behind circuits and claims that all execution environments share."""
    from allocation.observability import count, measure
    from allocation.pro.allocator import ProAllocator
    from allocation.pro.calls import Pauses
    from allocation.pro.circuit import dynamodb_circuit
    from allocation.pro.claims import DynamoDBClaims
    from allocation.pro.client import ProClient
    from allocation.pro.credentials import secret_key

    dynamodb = client("dynamodb")
    key = secret_key(settings.pro_secret_name or "")
    return ProAllocator(
        client=ProClient(settings.pro_base_url, key, monotonic=time.monotonic, now=utc_now),
        claims=DynamoDBClaims(dynamodb, settings.pro_claims_table or "", utc_now),
        circuit=dynamodb_circuit(dynamodb, settings.pro_circuits_table or "", count, utc_now),
        patience_seconds=settings.pro_patience_seconds,
        count=count,
        measure=measure,
        pauses=Pauses(time.sleep, random.random),
    )
