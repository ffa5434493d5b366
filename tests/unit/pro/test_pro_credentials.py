"""The subscription key: how it is kept, and that no error ever shows it."""

from typing import Any
from unittest.mock import Mock

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from moto import mock_aws

from allocation.domain.errors import ConfigurationError, RetryableError
from allocation.pro import credentials as pro_credentials
from allocation.pro.credentials import key_in, secret_key


@pytest.mark.parametrize(
    "secret",
    ["0123abcd", " 0123abcd\n", '{"subscriptionKey": "0123abcd"}', b"0123abcd", '"quoted'],
)
def test_a_key_is_the_secret_itself_or_a_field_of_it(secret: str | bytes) -> None:
    assert key_in(secret, "pro-key") in ("0123abcd", '"quoted')


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "  ",
        "{}",
        '{"subscriptionKey": 5}',
        '{"subscriptionKey": ""}',
        "hidden\r\nX-Other: 1",
        "hidden key",
        "hiddén",
    ],
)
def test_an_unusable_key_is_refused_without_showing_it(secret: str) -> None:
    with pytest.raises(ConfigurationError, match="'pro-key' holds no usable key") as raised:
        key_in(secret, "pro-key")

    assert "hidd" not in str(raised.value)


@pytest.fixture
def secrets_manager(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "eu-west-2")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    pro_credentials.secrets.cache_clear()


@pytest.mark.usefixtures("secrets_manager")
def test_a_rotated_key_is_seen_at_the_next_fetch() -> None:
    with mock_aws():
        client = boto3.client("secretsmanager")
        client.create_secret(Name="pro-key", SecretString="old")
        fetch = secret_key("pro-key")
        before = fetch()
        client.put_secret_value(SecretId="pro-key", SecretString='{"subscriptionKey": "new"}')

        assert (before, fetch()) == ("old", "new")


@pytest.mark.usefixtures("secrets_manager")
def test_an_unreadable_secret_may_be_readable_later() -> None:
    with mock_aws(), pytest.raises(RetryableError, match="the secret 'pro-key' can't be read"):
        secret_key("pro-key")()


def refusal(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "not now"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "GetSecretValue")


@pytest.mark.usefixtures("secrets_manager")
@pytest.mark.parametrize(
    "error",
    [
        refusal("ThrottlingException", 400),
        refusal("InternalServiceError", 500),
        ReadTimeoutError(endpoint_url="https://secretsmanager.eu-west-2.amazonaws.com"),
    ],
    ids=["throttled", "fails", "does not answer"],
)
def test_a_key_can_be_fetched_when_secrets_manager_has_recovered(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    with mock_aws():
        boto3.client("secretsmanager").create_secret(Name="pro-key", SecretString="0123abcd")
        fetch = secret_key("pro-key")
        with monkeypatch.context() as ill:
            ill.setattr(pro_credentials.secrets().client, "get_secret_value", Mock(side_effect=error))
            with pytest.raises(RetryableError, match="the secret 'pro-key' can't be read"):
                fetch()

        assert fetch() == "0123abcd"
