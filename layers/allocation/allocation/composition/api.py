"""Wires the function that serves the requests of the API."""

import os
import time
from functools import cache
from typing import TYPE_CHECKING

from allocation.aws.clients import client, hasty_client
from allocation.composition import utc_now
from allocation.composition.catalogues import catalogue_place, engine_file
from allocation.settings import AllocationApiSettings, read_settings

if TYPE_CHECKING:
    from typing import Any

    from allocation.api.routing import AnyCaseResolver
    from allocation.api.use_cases import UseCases
    from allocation.aws.dynamodb.consignments import DynamoDBConsignments
    from allocation.aws.dynamodb.limit_usage import DynamoDBLimitUsage
    from allocation.consignments.changes import Changes, Elsewhere
    from allocation.consignments.drafts import DraftStore
    from allocation.consignments.register import Register
    from allocation.pro.held_documents import HeldDocuments


@cache
def allocation_api() -> "AnyCaseResolver":
    """Return the API. Raises `ConfigurationError` for an environment that can't be used."""
    from allocation.api.resolver import api_resolver

    settings = read_settings(AllocationApiSettings, os.environ)
    use_cases = _use_cases(settings)
    if settings.console == "off":
        return api_resolver(use_cases, settings.api_base_url)
    from allocation.composition.console import with_console

    return with_console(use_cases, settings)


def _use_cases(settings: AllocationApiSettings) -> "UseCases":
    """Return what the operations work with."""
    from allocation.api.use_cases import UseCases
    from allocation.aws.dynamodb.catalogue_archive import DynamoDBCatalogueArchive
    from allocation.aws.dynamodb.drafts import DynamoDBDrafts
    from allocation.aws.dynamodb.limit_usage import DynamoDBLimitUsage
    from allocation.aws.dynamodb.manifests import DynamoDBManifests
    from allocation.aws.dynamodb.tracked_events import DynamoDBTracking
    from allocation.consignments.allocations import Allocations
    from allocation.consignments.manifests import Manifests
    from allocation.consignments.searching import Searching
    from allocation.consignments.tracking import Tracking
    from allocation.records.explanations import Explanations

    dynamodb = client("dynamodb")
    limit_usage = DynamoDBLimitUsage(dynamodb, settings.limits_table)
    store = _store(settings, dynamodb, limit_usage)
    changes = _changes(settings, store)
    tracked_events = DynamoDBTracking(
        dynamodb, consignments=settings.consignments_table, records=settings.allocations_table
    )
    by_pro = settings.allocator == "pro"
    drafts = DynamoDBDrafts(dynamodb, settings.consignments_table)
    archive = DynamoDBCatalogueArchive(hasty_client("dynamodb"), settings.catalogues_table, time.time)
    return UseCases(
        changes,
        _register(settings, changes, drafts),
        Allocations(changes),
        engine_file(catalogue_place()),
        utc_now,
        limit_usage,
        archive,
        Explanations(archive),
        Manifests(changes, DynamoDBManifests(dynamodb, settings.catalogues_table), _random_characters),
        Searching(store, store.listings, utc_now),
        drafts,
        Tracking(changes, tracked_events, settings.consignment_retention),
        settings.pro_base_url if by_pro else None,
        _held_documents(settings) if by_pro else None,
    )


def _store(
    settings: AllocationApiSettings, dynamodb: "Any", limit_usage: "DynamoDBLimitUsage"
) -> "DynamoDBConsignments":
    """Return the kept consignments beside their records."""
    from allocation.aws.dynamodb.consignments import DynamoDBConsignments

    return DynamoDBConsignments(
        dynamodb,
        consignments=settings.consignments_table,
        records=settings.allocations_table,
        limit_usage=limit_usage,
    )


def _changes(settings: AllocationApiSettings, store: "DynamoDBConsignments") -> "Changes":
    """Return what changes the state of a consignment, at SortedPRO too where that allocates."""
    from allocation.api.resolver import current_caller
    from allocation.composition.orders import allocates_here
    from allocation.consignments.changes import Changes

    return Changes(
        store,
        utc_now,
        settings.record_retention,
        elsewhere=_elsewhere(settings),
        here=allocates_here(settings),
        caller=current_caller,
    )


def _register(settings: AllocationApiSettings, changes: "Changes", drafts: "DraftStore") -> "Register":
    """Return what keeps consignments, and gives the spaces of those that are cancelled back."""
    from allocation.consignments.pickup_spaces import PickupSpaces
    from allocation.consignments.register import Register

    give_back = PickupSpaces(drafts, utc_now, changes.cancelled).give_back_all
    return Register(changes, _random_characters, settings.consignment_retention, give_back)


def _elsewhere(settings: AllocationApiSettings) -> "Elsewhere":
    """Return what asks SortedPRO, in the time that the request has left, or knows for what it was asked before."""
    from allocation.api.routing import AnyCaseResolver
    from allocation.aws.lambda_events import LambdaDeadline
    from allocation.composition.orders import open_claims, pro_allocator
    from allocation.consignments.changes import Elsewhere
    from allocation.pro.releasing import Releasing, SettledAtPro

    if settings.allocator != "pro":
        claims = open_claims(settings, client("dynamodb"), settings.allocations_table)
        return SettledAtPro(claims) if claims else Elsewhere()
    allocator = pro_allocator(settings, client, settings.record_retention)
    return Releasing(allocator, lambda: LambdaDeadline(AnyCaseResolver.lambda_context))


def _held_documents(settings: AllocationApiSettings) -> "HeldDocuments":
    """Return what asks SortedPRO for labels and customs documents."""
    from allocation.pro.client import ProClient
    from allocation.pro.credentials import secret_key
    from allocation.pro.held_documents import MAX_HELD_BYTES, HeldDocuments

    key, clock = secret_key(settings.pro_secret_name or ""), time.monotonic
    return HeldDocuments(
        ProClient(settings.pro_base_url, key, monotonic=clock, now=utc_now, max_reply_bytes=MAX_HELD_BYTES)
    )


def _random_characters(count: int) -> str:
    """Return random characters for references, from the system's own source."""
    from secrets import choice

    from allocation.consignments.intake import REFERENCE_CHARACTERS

    return "".join(choice(REFERENCE_CHARACTERS) for _ in range(count))
