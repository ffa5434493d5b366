"""The mode options of the command line fit together, and become the template's parameters."""

from datetime import UTC, datetime

import pytest

from allocation.domain.mode import DefaultRules
from cli.commands.options import chosen_mode, timestamp
from cli.errors import UsageError
from cli.stack.deploy import mode_parameters


@pytest.mark.parametrize(
    ("options", "parameters"),
    [
        (("default_rules", "", ""), {"AllocationMode": "default_rules"}),
        (
            ("service_group", "valuableGoods", ""),
            {"AllocationMode": "service_group", "ServiceGroupReference": "valuableGoods"},
        ),
        (
            ("carrier_service", "", "CX_NDS"),
            {"AllocationMode": "carrier_service", "CarrierServiceReference": "CX_NDS"},
        ),
        (("", "valuableGoods", ""), {"AllocationMode": "service_group", "ServiceGroupReference": "valuableGoods"}),
        ((None, "", "CX_NDS"), {"AllocationMode": "carrier_service", "CarrierServiceReference": "CX_NDS"}),
        ((None, "", ""), {"AllocationMode": "default_rules"}),
    ],
)
def test_a_mode_becomes_the_template_s_parameters(
    options: tuple[str | None, str, str], parameters: dict[str, str]
) -> None:
    assert mode_parameters(chosen_mode(*options)) == parameters


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("service_group", "", ""), "--mode service_group needs --group, for example --group valuableGoods"),
        (("carrier_service", "", ""), "--mode carrier_service needs --service"),
        (("default_rules", "economy", ""), "--group economy does not go with --mode default_rules: .* service_group"),
        (("carrier_service", "economy", "CX_NDS"), "--group economy does not go with --mode carrier_service"),
        (("service_group", "economy", "CX_NDS"), "--service CX_NDS does not go with --mode service_group"),
        (("service_group", "../economy", ""), "'../economy' is malformed: use 1 to 64 letters"),
        (("carrier_service", "", "x" * 65), "'x+' is malformed"),
        (("carrier_service", "", "CX NDS"), "'CX NDS' is malformed"),
        (("carrier_service", "", "CX_NDS\n"), "is malformed"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(options: tuple[str, str, str], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        chosen_mode(*options)


def test_the_default_rules_need_no_other_option() -> None:
    assert chosen_mode("default_rules", "", "") == DefaultRules()


@pytest.mark.parametrize("text", ["2026-11-25", "2026-11-25T01:00:00+01:00"])
def test_a_day_begins_at_midnight_in_utc(text: str) -> None:
    assert timestamp("--since", text) == datetime(2026, 11, 25, tzinfo=UTC)
