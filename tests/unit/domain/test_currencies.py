"""The smallest amounts of currencies."""

from decimal import Decimal

from iso4217 import Currency

from allocation.domain.currencies import minor_unit, rounded


def test_minor_units_are_those_of_iso_4217() -> None:
    known = {item.code: item.exponent for item in Currency if item.exponent is not None}
    assert {code: -int(minor_unit(code).as_tuple().exponent) for code in known} == known


def test_half_a_unit_goes_away_from_zero() -> None:
    assert rounded(Decimal("0.5"), minor_unit("JPY")) == 1
    assert str(rounded(Decimal("-1.2345"), minor_unit("KWD"))) == "-1.235"
