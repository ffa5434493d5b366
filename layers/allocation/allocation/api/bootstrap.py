"""The API's composition root, apart from the queue's so that neither function imports what only the other needs."""

import os
from datetime import timedelta
from functools import cache
from secrets import choice

from pydantic import BaseModel, ConfigDict, Field

from allocation.api.resolver import AnyCaseResolver, api_resolver
from allocation.api.services import Services
from allocation.api.table import OPERATIONS
from allocation.aws.clients import client
from allocation.aws.dynamodb.consignments import DynamoDBConsignments
from allocation.aws.dynamodb.limits import DynamoDBLimits
from allocation.composition import engine_at, utc_now
from allocation.consignments.allocations import Allocations
from allocation.consignments.changes import Changes
from allocation.consignments.intake import ALPHABET
from allocation.consignments.register import Register
from allocation.settings import read_settings


class AllocationApiSettings(BaseModel):
    """What the API needs to know."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    allocations_table: str
    consignments_table: str
    limits_table: str
    record_retention_days: int = Field(default=0, ge=0)
    consignment_retention_days: int = Field(default=90, ge=1)
    api_base_url: str = Field(default="", pattern=r"^(https?://.*)?$")
    """What links in replies begin with; empty for the address that a request came to."""
    catalogue_location: str | None = None


@cache
def allocation_api() -> AnyCaseResolver:
    """The API. Raises `ConfigurationError` for an environment that can't be used."""
    settings = read_settings(AllocationApiSettings, os.environ)
    dynamodb = client("dynamodb")
    limits = DynamoDBLimits(dynamodb, settings.limits_table)
    store = DynamoDBConsignments(
        dynamodb, consignments=settings.consignments_table, records=settings.allocations_table, limits=limits
    )
    retention = timedelta(days=settings.record_retention_days) if settings.record_retention_days else None
    changes = Changes(store, utc_now, retention)
    register = Register(changes, random_characters, timedelta(days=settings.consignment_retention_days))
    engines = engine_at(settings.catalogue_location)
    services = Services(changes, register, Allocations(changes), engines, utc_now, limits)
    return api_resolver(OPERATIONS, services, settings.api_base_url)


def random_characters(count: int) -> str:
    """Random characters for references, from the system's own source."""
    return "".join(choice(ALPHABET) for _ in range(count))
