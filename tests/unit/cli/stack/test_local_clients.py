"""Nothing of the user's own AWS reaches what runs locally."""

import pytest

from cli.stack.clients import local_clients, local_environment

OWN = {
    "AWS_PROFILE": "own",
    "AWS_ACCESS_KEY_ID": "AKIAOWN",
    "AWS_SECRET_ACCESS_KEY": "own-secret",
    "AWS_SESSION_TOKEN": "own-token",
    "AWS_REGION": "ap-south-1",
    "AWS_ENDPOINT_URL_SQS": "https://own.example.com",
    "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/own",
    "AWS_CA_BUNDLE": "/own/bundle.pem",
    "AWS_CONFIG_FILE": "/own/config",
}


def test_a_child_has_test_credentials_and_no_setting_of_the_user_s() -> None:
    environment = local_environment({**OWN, "PATH": "/bin", "https_proxy": "http://proxy:1"}, 4566)
    assert not set(environment.values()) & set(OWN.values())
    assert environment["AWS_ACCESS_KEY_ID"] == environment["AWS_SECRET_ACCESS_KEY"] == "test"
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert environment["PATH"] == "/bin"


def test_a_child_uses_proxies_but_not_for_the_local_aws() -> None:
    environment = local_environment({"https_proxy": "http://proxy:1", "NO_PROXY": "intranet"}, 4566)
    assert environment["https_proxy"] == "http://proxy:1"
    assert environment["NO_PROXY"] == environment["no_proxy"] == "intranet,127.0.0.1"


def test_clients_talk_to_the_local_aws_whatever_the_user_has_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in OWN.items():
        monkeypatch.setenv(name, value)
    clients = local_clients(4600)
    for client in (clients.sqs, clients.sns, clients.dynamodb, clients.cloudformation):
        credentials = client._request_signer._credentials  # type: ignore[union-attr]
        assert (credentials.access_key, credentials.secret_key, credentials.token) == ("test", "test", None)
        assert (client.meta.endpoint_url, client.meta.region_name) == ("http://127.0.0.1:4600", "eu-west-2")
