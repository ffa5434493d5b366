"""The environment: what each function takes from it, and how a mistake in it is told."""

from datetime import timedelta

import pytest

from allocation.authorizer_settings import authorizer_settings
from allocation.domain.errors import ConfigurationError
from allocation.domain.mode import AllocationMode, CarrierService, DefaultRules, ServiceGroup
from allocation.settings import (
    LOCAL_PATIENCE_SECONDS,
    PATIENCE_SECONDS,
    AllocateOrdersSettings,
    AllocationApiSettings,
    ProSettings,
    PublishAllocationsSettings,
    read_settings,
)

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


def settings(**environment: str) -> AllocateOrdersSettings:
    return read_settings(AllocateOrdersSettings, NEEDED | environment)


def problem(**environment: str) -> str:
    with pytest.raises(ConfigurationError) as error:
        settings(**environment)
    return str(error.value)


@pytest.mark.parametrize(
    ("environment", "mode"),
    [
        ({}, DefaultRules()),
        ({"ALLOCATION_MODE": ""}, DefaultRules()),
        ({"ALLOCATION_MODE": "default_rules", "SERVICE_GROUP_REFERENCE": "gold"}, DefaultRules()),
        ({"ALLOCATION_MODE": "service_group", "SERVICE_GROUP_REFERENCE": "gold"}, ServiceGroup("gold")),
        ({"ALLOCATION_MODE": "carrier_service", "CARRIER_SERVICE_REFERENCE": "CX_NDS"}, CarrierService("CX_NDS")),
        ({"ALLOCATION_MODE": "carrier_service", "CARRIER_SERVICE_REFERENCE": "DOM.RP"}, CarrierService("DOM.RP")),
    ],
)
def test_the_mode_is_configured_with_its_reference(environment: dict[str, str], mode: AllocationMode) -> None:
    assert settings(**environment).mode == mode


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"ALLOCATION_MODE": "service_group"}, "ALLOCATION_MODE service_group needs SERVICE_GROUP_REFERENCE"),
        ({"ALLOCATION_MODE": "carrier_service"}, "ALLOCATION_MODE carrier_service needs CARRIER_SERVICE_REFERENCE"),
        ({"ALLOCATION_MODE": "service_group", "SERVICE_GROUP_REFERENCE": "a/b"}, "service group reference 'a/b' is"),
        ({"ALLOCATION_MODE": "carrier_service", "CARRIER_SERVICE_REFERENCE": ".."}, "carrier service reference '..'"),
        ({"ALLOCATION_MODE": "cheapest"}, "ALLOCATION_MODE Input should be 'default_rules'"),
        ({"ALLOCATOR": "pro"}, "ALLOCATOR pro needs PRO_SECRET_NAME"),
        ({"ALLOCATOR": "pro", "PRO_SECRET_NAME": "key"}, "needs PRO_CIRCUITS_TABLE and PRO_CLAIMS_TABLE"),
        (
            {"ALLOCATOR": "pro", "PRO_SECRET_NAME": "key", "PRO_CIRCUITS_TABLE": "circuits"},
            "needs PRO_CIRCUITS_TABLE and PRO_CLAIMS_TABLE",
        ),
        ({"ALLOCATOR": "other"}, "ALLOCATOR Input should be 'engine' or 'pro'"),
        ({"PRO_BASE_URL": "ftp://api"}, "PRO_BASE_URL String should match pattern"),
        ({"PRO_PATIENCE_SECONDS": "4"}, "PRO_PATIENCE_SECONDS Input should be greater than or equal to 5"),
        ({"PRO_PATIENCE_SECONDS": "3601"}, "PRO_PATIENCE_SECONDS Input should be less than or equal to 3600"),
        ({"RECORD_RETENTION_DAYS": "-1"}, "RECORD_RETENTION_DAYS Input should be greater than or equal to 0"),
        ({"RECORD_RETENTION_DAYS": "99999999999"}, "RECORD_RETENTION_DAYS Input should be less than or equal to 3650"),
        ({"RECORD_RETENTION_DAYS": "89"}, "RECORD_RETENTION_DAYS must be 0 or at least 90"),
        ({"RECORD_RETENTION_DAYS": "week"}, "RECORD_RETENTION_DAYS Input should be a valid integer"),
    ],
)
def test_a_mistake_is_named_with_its_variable(environment: dict[str, str], said: str) -> None:
    assert said in problem(**environment)


def test_every_missing_variable_is_named_at_once() -> None:
    assert problem(ALLOCATIONS_TABLE="", ORDER_DLQ_URL="") == (
        "ALLOCATIONS_TABLE Field required; ORDER_DLQ_URL Field required"
    )


def test_records_are_kept_for_ever_unless_told_otherwise() -> None:
    assert settings().record_retention is None
    assert settings(RECORD_RETENTION_DAYS="0").record_retention is None
    assert settings(RECORD_RETENTION_DAYS="90").record_retention == timedelta(days=90)


def test_the_publisher_needs_its_topic() -> None:
    needed = {"ALLOCATIONS_TOPIC_ARN": "arn:t", "STREAM_FAILURE_QUEUE_URL": "url"}
    assert read_settings(PublishAllocationsSettings, needed).allocations_topic_arn == "arn:t"
    with pytest.raises(ConfigurationError, match=r"ALLOCATIONS_TOPIC_ARN Field required; STREAM_FAILURE_QUEUE_URL"):
        read_settings(PublishAllocationsSettings, {})


@pytest.mark.parametrize("kind", [AllocateOrdersSettings, AllocationApiSettings])
@pytest.mark.parametrize("days", ["5", "89", "-1", "3651"])
def test_no_function_that_writes_records_keeps_them_for_less_than_their_messages_live(
    kind: type[AllocateOrdersSettings] | type[AllocationApiSettings], days: str
) -> None:
    environment = NEEDED | {"CONSIGNMENTS_TABLE": "consignments", "RECORD_RETENTION_DAYS": days}
    with pytest.raises(ConfigurationError, match=r"^RECORD_RETENTION_DAYS "):
        read_settings(kind, environment)


def test_the_api_keeps_personal_data_for_a_time_of_its_own() -> None:
    environment = dict.fromkeys(
        ("ALLOCATIONS_TABLE", "CONSIGNMENTS_TABLE", "LIMITS_TABLE", "CATALOGUES_TABLE"), "table"
    )
    settings = read_settings(AllocationApiSettings, environment | {"CONSIGNMENT_RETENTION_DAYS": "30"})
    assert (settings.record_retention, settings.consignment_retention) == (None, timedelta(days=30))


def test_the_authorizer_needs_the_secret_of_the_keys() -> None:
    with pytest.raises(ConfigurationError, match="API_KEYS_SECRET_NAME is missing"):
        authorizer_settings({"API_KEYS_SECRET_NAME": ""})


@pytest.mark.parametrize("issuer", ["http://login.example.com", "https://login.example.com/?tenant=1", "login"])
def test_the_authorizer_refuses_a_provider_that_is_no_https_url(issuer: str) -> None:
    environment = {"API_KEYS_SECRET_NAME": "keys", "CONSOLE_OPEN_ID_ISSUER": issuer}
    with pytest.raises(ConfigurationError, match="CONSOLE_OPEN_ID_ISSUER is not an https URL"):
        authorizer_settings(environment)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({}, PATIENCE_SECONDS),
        ({"PRO_BASE_URL": "https://apisandbox.electioapp.com"}, PATIENCE_SECONDS),
        ({"PRO_BASE_URL": "http://127.0.0.1:8080"}, LOCAL_PATIENCE_SECONDS),
        ({"PRO_BASE_URL": "http://127.0.0.1:8080", "PRO_PATIENCE_SECONDS": "60"}, 60),
        ({"PRO_PATIENCE_SECONDS": "9"}, 9),
    ],
)
def test_a_sortedpro_on_this_machine_is_waited_for_shortly(given: dict[str, str], seconds: float) -> None:
    assert read_settings(ProSettings, given).patience_seconds == seconds
