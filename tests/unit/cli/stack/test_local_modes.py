"""The mode options of the command line agree with the service and complain in the user's words."""

import pytest

from cli.errors import UsageError
from cli.stack.modes import Mode, read_mode


@pytest.mark.parametrize(
    ("options", "parameters"),
    [
        (("", "", ""), ("default_rules", "", "")),
        (("default_rules", "", ""), ("default_rules", "", "")),
        (("service_group", "valuableGoods", ""), ("service_group", "valuableGoods", "")),
        (("carrier_service", "", "CX_NDS"), ("carrier_service", "", "CX_NDS")),
    ],
)
def test_a_mode_becomes_the_template_s_parameters(options: tuple[str, str, str], parameters: tuple[str, ...]) -> None:
    assert tuple(read_mode(*options).template_parameters().values()) == parameters


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("cheapest", "", ""), "There is no mode 'cheapest': choose MODE=default_rules, MODE=service_group"),
        (("service_group", "", ""), "MODE=service_group needs GROUP, as MODE=service_group GROUP=valuableGoods"),
        (("carrier_service", "", ""), "MODE=carrier_service needs SERVICE"),
        (("", "economy", ""), "GROUP=economy does not go with MODE=default_rules: .* MODE=service_group"),
        (("carrier_service", "economy", "CX_NDS"), "GROUP=economy does not go with MODE=carrier_service"),
        (("service_group", "economy", "CX_NDS"), "SERVICE=CX_NDS does not go with MODE=service_group"),
        (("service_group", "../economy", ""), "GROUP='../economy' is malformed: use 1 to 64 letters"),
        (("carrier_service", "", "x" * 65), "SERVICE='x+' is malformed"),
        (("carrier_service", "", "CX NDS"), "SERVICE='CX NDS' is malformed"),
        (("carrier_service", "", "CX_NDS\n"), "is malformed"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(options: tuple[str, str, str], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        read_mode(*options)


def test_without_options_the_default_rules_decide() -> None:
    assert read_mode("", "", "") == Mode()
