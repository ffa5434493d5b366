"""`carrier orders reconcile`: a stack's records beside a SortedPRO that answers over HTTP."""

import json
from dataclasses import replace
from typing import Any

import boto3
import pytest

from cli import main
from cli.operations.target import Target
from tests.contract.pro_over_http import A, Pro, pro_over_http
from tests.integration.stack_target import add
from tests.support.pro_faults import Fault
from tests.support.samples import record_of
from tests.support.tables import create_table

pro = pytest.fixture(pro_over_http)


@pytest.fixture
def target(target: Target, pro: Pro, monkeypatch: pytest.MonkeyPatch) -> Target:
    """A stack for which the fake PRO allocates."""
    create_table(target.dynamodb, "LimitsTable", "limits")
    create_table(target.dynamodb, "CancelledOrdersTable", "cancelled")
    parameters = {"Allocator": "pro", "ProBaseUrl": pro.server.url, "ProSecretName": "key"}
    outputs = {"LimitsTableName": "limits", "CancelledOrdersTableName": "cancelled"}
    make: Any = boto3.client
    make("secretsmanager").create_secret(Name="key", SecretString=pro.server.key)
    found = replace(target, parameters=parameters, outputs=outputs, make=make)
    monkeypatch.setattr("cli.commands.reconcile.target", lambda _name: found)
    monkeypatch.setattr(main, "_stop_on", lambda _signal: None)
    return found


def run(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, list[dict[str, Any]]]:
    status = main.main(["orders", "reconcile", "--json", *options])
    return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_command_changes_nothing_until_it_is_told_to(
    target: Target, pro: Pro, capsys: pytest.CaptureFixture[str]
) -> None:
    add(target, record_of(A))
    pro.stands(A, "Unallocated")
    for _ in range(2):
        status, [found] = run(capsys, A)
        assert (status, found["result"], found["changes"], found["applied"]) == (1, "differs", ["Unallocated"], False)
    status, [found] = run(capsys, "WEB-1", "--apply")
    assert (status, found["state"], found["applied"]) == (0, "Allocated", True)
    status, [found] = run(capsys, "--since", "2026-11-23")
    assert (status, found["state"], found["result"]) == (0, "Unallocated", "agrees")


def test_a_manifest_in_pro_is_a_step_of_the_record(
    target: Target, pro: Pro, capsys: pytest.CaptureFixture[str]
) -> None:
    add(target, record_of(A))
    pro.stands(A, "Manifested", "CX_NDS")
    status, [found] = run(capsys, A, "--apply")
    assert (status, found["changes"], found["applied"]) == (0, ["Manifested"], True)
    status, [found] = run(capsys, A)
    assert (status, found["state"], found["result"]) == (0, "Manifested", "agrees")


def test_an_outage_is_no_agreement(target: Target, pro: Pro, capsys: pytest.CaptureFixture[str]) -> None:
    add(target, record_of(A))
    pro.server.faults.script(*[Fault("503")] * 2)
    status, [found] = run(capsys, A, "--apply")
    assert (status, found["result"], found["reason"]) == (1, "unread", "it answers 503")


@pytest.mark.usefixtures("target")
def test_a_name_that_nobody_knows_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["orders", "reconcile", "WEB-9"]) == 1
    assert "has no record of an order or a consignment 'WEB-9'" in capsys.readouterr().err


def test_a_stack_of_the_engine_has_nothing_to_compare(
    target: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cli.commands.reconcile.target", lambda _name: replace(target, parameters={}))
    assert main.main(["orders", "reconcile", A]) == 2
    assert "there is no SortedPRO to compare its records with" in capsys.readouterr().err


@pytest.mark.parametrize("secret", ['{"key": "x"}', ""])
def test_what_is_wrong_with_the_key_is_said_once_before_any_call(
    target: Target, pro: Pro, capsys: pytest.CaptureFixture[str], secret: str
) -> None:
    add(target, record_of(A))
    secrets = target.make("secretsmanager")
    if secret:
        secrets.put_secret_value(SecretId="key", SecretString=secret)
    else:
        secrets.delete_secret(SecretId="key", ForceDeleteWithoutRecovery=True)
    assert main.main(["orders", "reconcile", A]) == 1
    told = capsys.readouterr()
    assert ("secret" in told.err, told.out, pro.server.requests) == (True, "", [])
    assert "crashed" not in told.err


def test_a_key_that_is_kept_as_bytes_is_used_as_the_functions_use_it(
    target: Target, pro: Pro, capsys: pytest.CaptureFixture[str]
) -> None:
    add(target, record_of(A))
    pro.stands(A, "Unallocated")
    target.make("secretsmanager").put_secret_value(SecretId="key", SecretBinary=pro.server.key.encode())
    status, [found] = run(capsys, A)
    assert (status, found["result"]) == (1, "differs")
