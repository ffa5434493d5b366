"""Wires the functions that nobody waits for: they follow the table, or add up a replay."""

import os
import random
import time
from functools import cache
from typing import TYPE_CHECKING, Any

from allocation.aws.clients import client
from allocation.composition import utc_now
from allocation.settings import (
    FollowProSettings,
    IndexAllocationsSettings,
    PublishAllocationsSettings,
    ReplaySettings,
    read_settings,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from allocation.console.indexing import IndexAllocations
    from allocation.events.publish_allocations import PublishAllocations
    from allocation.pro.following import Following
    from allocation.replay.parts import ReplayInParts


@cache
def publish_allocations() -> "PublishAllocations":
    """Return the use case of the table's stream. Raises `ConfigurationError` for an environment that can't be used."""
    return events_use_case(read_settings(PublishAllocationsSettings, os.environ), client)


def warm_publisher() -> None:
    """Open the connection to SNS, in the function's init. The first events find it open."""
    from allocation.aws.sns import SnsPublisher

    publisher = publish_allocations().publisher
    if isinstance(publisher, SnsPublisher):
        publisher.connect()


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
def follow_pro() -> "Following":
    """Return the use case that follows SortedPRO. Raises `ConfigurationError` for an environment that can't be used."""
    from allocation.aws.dynamodb.limit_usage import DynamoDBLimitUsage
    from allocation.aws.dynamodb.records import DynamoDBRecords
    from allocation.pro.aligning import Aligning
    from allocation.pro.calls import Pauses
    from allocation.pro.client import ProClient
    from allocation.pro.credentials import secret_key
    from allocation.pro.cursor import DynamoDBCursor
    from allocation.pro.following import Following

    settings = read_settings(FollowProSettings, os.environ)
    dynamodb = client("dynamodb")
    limit_usage = DynamoDBLimitUsage(dynamodb, settings.limits_table)
    records = DynamoDBRecords(dynamodb, settings.allocations_table, limit_usage, settings.cancelled_orders_table)
    key = secret_key(settings.pro_secret_name or "")
    pro = ProClient(settings.pro_base_url, key, monotonic=time.monotonic, now=utc_now)
    pauses = Pauses(time.sleep, random.random)
    retention, patience_seconds = settings.record_retention, settings.patience_seconds
    aligning = Aligning(records, pro, utc_now, retention, patience_seconds, pauses, settings.with_details)
    return Following(aligning, DynamoDBCursor(dynamodb, settings.pro_circuits_table or ""), utc_now)


@cache
def replay_in_parts() -> "ReplayInParts":
    """Return the use case of replays. Raises `ConfigurationError` for an environment that can't be used."""
    from allocation.aws.replay_files import S3ReplayFiles
    from allocation.replay.parts import ReplayInParts

    return ReplayInParts(S3ReplayFiles(client("s3"), read_settings(ReplaySettings, os.environ).replays_bucket))
