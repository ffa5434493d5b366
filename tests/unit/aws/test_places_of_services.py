"""Where our own clients ask is where botocore asks, in every region. What only botocore follows, it is left to."""

import logging
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.loaders import create_loader
from botocore.regions import EndpointResolver

from allocation.aws import clients
from allocation.aws.calls.lean_client import LeanClient
from allocation.aws.calls.places import ServicePlace, place_of
from allocation.observability import logger
from tests.support.botocore_oracle import ENVIRONMENT

SERVICES = ("dynamodb", "sqs", "sns", "secretsmanager")
REGIONS = (
    *("eu-west-2", "us-east-1", "ap-southeast-7", "mx-central-1", "us-gov-west-1", "cn-north-1", "us-iso-east-1"),
    *("us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1", "eusc-de-east-1"),
)


def place(service: str, **more: str) -> ServicePlace:
    found = place_of(service, ENVIRONMENT | more)
    assert isinstance(found, ServicePlace)
    return found


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_is_asked_where_botocore_asks_it(region: str) -> None:
    resolver: Any = EndpointResolver(create_loader().load_data("endpoints"))
    for service in SERVICES:
        found = place(service, AWS_DEFAULT_REGION=region)
        assert (found.scheme, found.host) == ("https", resolver.construct_endpoint(service, region)["hostname"])


def test_an_emulator_is_asked_where_it_is() -> None:
    every = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_CONFIG_FILE": "/dev/null", "HTTPS_PROXY": ""}
    assert place("sqs", **every)[:3] == ("http", "127.0.0.1", 4566)
    own = {"AWS_ENDPOINT_URL_SECRETS_MANAGER": "https://secrets.example.com:443/"}
    assert place("secretsmanager", **every, **own)[:3] == ("https", "secrets.example.com", None)
    assert place("sns", **every, **own).host == "127.0.0.1"


@pytest.mark.parametrize(
    "more",
    [
        {"AWS_ACCESS_KEY_ID": ""},
        {"AWS_DEFAULT_REGION": "local"},
        {"AWS_DEFAULT_REGION": "eu-west-2.evil.example"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566/below"},
        {"AWS_ENDPOINT_URL": "http://[::1]:4566"},
        {"AWS_ENDPOINT_URL": "127.0.0.1:4566"},
        {"AWS_PROFILE": "shop"},
        {"AWS_USE_FIPS_ENDPOINT": "true"},
        {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
        {"https_proxy": "http://proxy:3128"},
        {"AWS_CREDENTIAL_EXPIRATION": "2027-06-09T10:11:12Z"},
    ],
)
def test_what_only_botocore_follows_is_left_to_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, more: dict[str, str]
) -> None:
    for name, value in (ENVIRONMENT | more).items():
        monkeypatch.setenv(name, value)
    asked: list[str] = []
    monkeypatch.setattr(
        "allocation.aws.calls.botocore_clients.botocore_client", lambda service, _patience: asked.append(service)
    )
    with caplog.at_level(logging.INFO, logger.name):
        clients.client("dynamodb")
    assert asked == ["dynamodb"]
    assert caplog.messages == ["botocore calls AWS"]


def test_what_functions_seldom_call_is_botocores(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    assert isinstance(clients.client("appconfigdata"), BaseClient)
    ours = clients.hasty_client("s3")
    assert isinstance(ours, LeanClient)
    assert ours.list_object_versions.__self__.meta.config.retries["total_max_attempts"] == 1
    with pytest.raises(AttributeError):
        _ = ours.no_such_call
