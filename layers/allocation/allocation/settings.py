"""The environment of the functions, read once into typed settings. An empty variable counts as absent.

The authorizer's is in `authorizer_settings.py`.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Final, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from allocation.authorizer_settings import OPEN_ID_ISSUER
from allocation.domain.errors import ConfigurationError, InvalidReferenceError
from allocation.domain.mode import AllocationMode, ModeName, allocation_mode

# A record is the guard against a second allocation, so it must outlive every message: 14 days in the order queue,
# 14 more in its DLQ, and as much again with each redrive.
_MIN_RECORD_RETENTION_DAYS: Final = 90
# How long SortedPRO may still execute a call that we abandoned; one on this machine answers soon.
PATIENCE_SECONDS: Final = 300.0
LOCAL_PATIENCE_SECONDS: Final = 5.0


def _outlives_every_message(days: int) -> int:
    if 0 < days < _MIN_RECORD_RETENTION_DAYS:
        raise ValueError(f"must be 0 or at least {_MIN_RECORD_RETENTION_DAYS}")
    return days


class _FunctionSettings(BaseModel):
    """The settings of one function: frozen, and blind to the rest of the environment."""

    # A function needs one of these classes: the others are never built.
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class CatalogueSettings(_FunctionSettings):
    """Where a function finds the catalogue; in the package where both are None."""

    # `s3://bucket/key` or `appconfig://application/environment/profile`.
    catalogue_location: str | None = None
    # The stack's own bucket. While it never had a catalogue, the packaged sample is used.
    catalogue_bucket: str | None = None


class _RecordSettings(_FunctionSettings):
    """What a function needs to know that writes records."""

    allocations_table: str
    limits_table: str
    # 0 keeps records for ever.
    record_retention_days: Annotated[int, Field(ge=0, le=3650), AfterValidator(_outlives_every_message)] = 0

    @property
    def record_retention(self) -> timedelta | None:
        """How long records are kept; None for ever."""
        return timedelta(days=self.record_retention_days) if self.record_retention_days else None


class _RecordingSettings(CatalogueSettings, _RecordSettings):
    """What a function needs to know that allocates and writes records."""

    catalogues_table: str
    # How consignments of orders are allocated where no routing table says so.
    allocation_mode: ModeName = ModeName.DEFAULT_RULES
    service_group_reference: str | None = None
    carrier_service_reference: str | None = None

    @model_validator(mode="after")
    def has_whole_mode(self) -> Self:
        """Refuse a mode whose reference is missing or malformed."""
        variable, reference = self._mode_reference()
        if variable and not reference:
            raise ValueError(f"ALLOCATION_MODE {self.allocation_mode} needs {variable}")
        try:
            _ = self.mode
        except InvalidReferenceError as error:
            raise ValueError(str(error)) from error
        return self

    @property
    def mode(self) -> AllocationMode:
        """The allocation mode, with its reference."""
        _, reference = self._mode_reference()
        return allocation_mode(self.allocation_mode, reference)

    def _mode_reference(self) -> tuple[str | None, str | None]:
        """Return the variable that has the mode's reference, and its value; None for both where it needs none."""
        field = f"{self.allocation_mode}_reference"
        return (field.upper(), getattr(self, field)) if field in type(self).model_fields else (None, None)


class ProSettings(_FunctionSettings):
    """Who allocates and, where that is SortedPRO, how it is called."""

    allocator: Literal["engine", "pro"] = "engine"
    pro_base_url: str = Field(default="https://api.electioapp.com", pattern=r"^https?://")
    pro_secret_name: str | None = None
    pro_circuits_table: str | None = None
    pro_claims_table: str | None = None
    # How long PRO may still execute a call that we abandoned. None for the usual time.
    pro_patience_seconds: float | None = Field(default=None, ge=5, le=3600)

    @model_validator(mode="after")
    def callable_or_engine(self) -> Self:
        """Refuse PRO without its secret and tables."""
        if self.allocator == "pro" and not self.pro_secret_name:
            raise ValueError("ALLOCATOR pro needs PRO_SECRET_NAME")
        if self.allocator == "pro" and not (self.pro_circuits_table and self.pro_claims_table):
            raise ValueError("ALLOCATOR pro needs PRO_CIRCUITS_TABLE and PRO_CLAIMS_TABLE")
        return self

    @property
    def patience_seconds(self) -> float:
        """How long PRO may still execute a call that we abandoned: as given, or the usual time."""
        usual = LOCAL_PATIENCE_SECONDS if self.pro_base_url.startswith("http:") else PATIENCE_SECONDS
        return self.pro_patience_seconds or usual


class ProRecordSettings(ProSettings):
    """What a function needs to know that makes records of what PRO has."""

    # Whether they have PRO's prices and delivery dates.
    pro_details: Literal["off", "on"] = "off"

    @property
    def with_details(self) -> bool:
        """Whether records have PRO's prices and delivery dates."""
        return self.pro_details == "on"


def event_types(text: str) -> frozenset[str]:
    """Return the event types of a text that separates them by commas."""
    return frozenset(filter(None, map(str.strip, text.split(","))))


class AllocateOrdersSettings(_RecordingSettings, ProRecordSettings):
    """What `allocate_orders` needs to know."""

    order_queue_url: str
    order_dlq_url: str
    # The order queue's own settings: how long a message is hidden that was received, and how often it is delivered.
    order_queue_visibility_seconds: int
    order_queue_max_receives: int
    cancelled_orders_table: str
    # Where the consignments of orders are kept for labels; None where they are not.
    consignments_table: str | None = None
    consignment_retention_days: int = Field(default=90, ge=1)
    # What links in the engine's summaries begin with; without it they have none.
    api_base_url: str = Field(default="", pattern=r"^(https?://.*)?$")
    # Whether SortedPRO is to create the consignments that it does not have.
    create_in_pro: Literal["off", "on"] = "off"
    # Event types that mean an order was created, separated by commas, beside those that say so in their words.
    order_created_types: str = ""
    # `packaged://name`, `s3://bucket/key` or `appconfig://application/environment/profile`; None for no mapping.
    order_mapping_location: str | None = None

    @property
    def own_order_created_types(self) -> frozenset[str]:
        """The event types of `order_created_types`."""
        return event_types(self.order_created_types)

    @property
    def consignment_retention(self) -> timedelta:
        """How long the personal data of a consignment is kept."""
        return timedelta(days=self.consignment_retention_days)


class FollowProSettings(_RecordSettings, ProRecordSettings):
    """What `follow_pro` needs to know."""

    cancelled_orders_table: str


class PublishAllocationsSettings(_FunctionSettings):
    """What `publish_allocations` needs to know."""

    allocations_topic_arn: str
    stream_failure_queue_url: str


class IndexAllocationsSettings(_FunctionSettings):
    """What `index_allocations` needs to know."""

    search_index_table: str


class AllocationApiSettings(_RecordingSettings, ProSettings):
    """What `allocation_api` needs to know."""

    # The OpenID provider that signs the console's users in; None where only API keys are accepted.
    console_open_id_issuer: str | None = Field(default=None, pattern=OPEN_ID_ISSUER)
    console_open_id_client_id: str | None = None
    consignments_table: str
    consignment_retention_days: int = Field(default=90, ge=1)
    # What links in replies begin with; empty for the address that a request came to.
    api_base_url: str = Field(default="", pattern=r"^(https?://.*)?$")
    console: Literal["off", "on"] = "off"
    search_index_table: str | None = None
    # The order queue, where the console may send consignments of SortedPRO to it again.
    order_queue_url: str | None = None
    stack_name: str = "carrier-allocation"

    @property
    def consignment_retention(self) -> timedelta:
        """How long the personal data of a consignment is kept after its last change."""
        return timedelta(days=self.consignment_retention_days)


class ReplaySettings(_FunctionSettings):
    """What the functions of replays need to know."""

    # The stack's own bucket.
    replays_bucket: str


Settings = TypeVar("Settings", bound=BaseModel)


def read_settings(kind: type[Settings], environment: Mapping[str, str]) -> Settings:
    """Return the settings of one function; each field is the variable of its name in upper case.

    Raises `ConfigurationError`, which names every variable that is missing or can't be used.
    """
    values = {name: environment[name.upper()] for name in kind.model_fields if environment.get(name.upper())}
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, problem['loc'])).upper()} {problem['msg'].removeprefix('Value error, ')}".strip()
            for problem in error.errors(include_url=False)
        ]
        raise ConfigurationError("; ".join(problems)) from error
