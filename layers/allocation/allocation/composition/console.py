"""Wires the console into the API: its page, and what that asks for. Only where a stack has it on."""

import time
from typing import TYPE_CHECKING

from allocation.aws.clients import client

if TYPE_CHECKING:
    from allocation.api.console_page import ConsolePage
    from allocation.api.console_routes import ConsoleUseCases
    from allocation.api.open_id import OpenIdProvider
    from allocation.api.routing import AnyCaseResolver
    from allocation.api.use_cases import UseCases
    from allocation.settings import AllocationApiSettings


def with_console(use_cases: "UseCases", settings: "AllocationApiSettings") -> "AnyCaseResolver":
    """Return the API with the console: its page, and what that asks for."""
    from allocation.api.console_page import add_page
    from allocation.api.console_routes import console_endpoints
    from allocation.api.resolver import api_resolver, base_url_of

    endpoints = console_endpoints(_console(use_cases, settings))
    resolver = api_resolver(use_cases, settings.api_base_url, endpoints)
    add_page(resolver, _console_page(settings), lambda: base_url_of(resolver.current_event, settings.api_base_url))
    return resolver


def _console(use_cases: "UseCases", settings: "AllocationApiSettings") -> "ConsoleUseCases":
    """Return what the console works with."""
    from allocation.api.console_routes import ConsoleUseCases
    from allocation.aws.dynamodb.search_queries import DynamoDBIndexReader
    from allocation.aws.publisher_log import PublisherLog, publisher_log
    from allocation.aws.sqs import SqsOrderQueue
    from allocation.aws.stack_files import S3StackFiles
    from allocation.console.retrying import Retrying
    from allocation.console.searching import EntrySearch

    table, bucket = settings.search_index_table or "", settings.catalogue_bucket
    index = DynamoDBIndexReader(client("dynamodb"), table=table, records=settings.allocations_table)
    order_queue = SqsOrderQueue(client("sqs"), settings.order_queue_url) if settings.order_queue_url else None
    return ConsoleUseCases(
        use_cases,
        EntrySearch(index),
        Retrying(use_cases.changes, use_cases.allocations, lambda: use_cases.engine.catalogue.routing, order_queue),
        use_cases.explanations.of,
        S3StackFiles(client("s3"), bucket) if bucket else None,
        PublisherLog(client("logs"), publisher_log(settings.stack_name)).published,
        settings.mode,
    )


def _console_page(settings: "AllocationApiSettings") -> "ConsolePage":
    """Return the console's page."""
    from allocation.api.console_page import ConsolePage, OpenIdSettings

    issuer, client_id = settings.console_open_id_issuer, settings.console_open_id_client_id
    if not (issuer and client_id):
        return ConsolePage(settings.stack_name)
    open_id = OpenIdSettings(issuer=issuer, clientId=client_id)
    return ConsolePage(settings.stack_name, open_id, open_id_provider(issuer).origins)


def open_id_provider(issuer: str) -> "OpenIdProvider":
    """Return the provider that signs people in, by its issuer's URL. It is asked when a token comes."""
    from allocation.api.open_id import OpenIdProvider, read_over_https

    # Not the monotonic clock: it may stand still while the function is frozen.
    return OpenIdProvider(issuer, read_over_https, time.time)
