"""`docs/pro-client.md` quotes the code as it is: its limits, its circuits and its causes."""

import re
from datetime import timedelta
from importlib import import_module
from typing import Final, get_args

import pytest

from allocation.pro.circuit import CREDENTIALS_SECONDS, OUTAGE_FAILURES, OUTAGE_SECONDS
from allocation.pro.credentials import FETCH_PAUSE_SECONDS
from allocation.pro.verdicts import Cause
from allocation.settings import LOCAL_PATIENCE_SECONDS, PATIENCE_SECONDS
from tests.support.pro_document import PRO_DOCUMENT, table

LIMITS: Final = [(where.strip("`"), limit) for _, limit, where in table("Limits") if "ParallelCalls" not in where]


def number(text: str) -> float:
    """The one number in a text, in seconds or bytes where it has a unit."""
    [digits] = re.findall(r"\d[\d,.]*", text)
    return float(digits.replace(",", "")) * (1024 if "KiB" in text else 1)


@pytest.mark.parametrize(("where", "limit"), LIMITS)
def test_a_documented_limit_is_the_constant_it_names(where: str, limit: str) -> None:
    module, name = where.split(".")

    constant = getattr(import_module(f"allocation.pro.{module}"), name)

    assert number(limit) == (constant.total_seconds() if isinstance(constant, timedelta) else constant)


def test_the_documented_circuits_are_those_of_the_code() -> None:
    circuits = {name: (number(opens), number(stays)) for name, opens, stays in table("Circuits")}

    assert circuits == {
        "`outage`": (OUTAGE_FAILURES, OUTAGE_SECONDS),
        "`credentials`": (1, CREDENTIALS_SECONDS),
    }


def test_the_documented_causes_are_those_of_the_code() -> None:
    documented = {row[0].strip("`") for row in table("Causes of `Deferred`: why there is no outcome")}

    assert documented == set(get_args(Cause))


def test_the_documented_patience_and_pause_for_the_key_are_those_of_the_code() -> None:
    usual = f"`ProPatienceSeconds` ({PATIENCE_SECONDS:.0f}; {LOCAL_PATIENCE_SECONDS:.0f} for"

    assert usual in PRO_DOCUMENT
    assert f"at most every {FETCH_PAUSE_SECONDS:.0f} s" in PRO_DOCUMENT
