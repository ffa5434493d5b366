"""Country codes: which name a country, and which."""

import pycountry
import pytest

from allocation.domain.countries import COUNTRIES, NamedCountry, read_country

# Withdrawn codes whose letters another country has been given since.
_ASSIGNED_AGAIN = {"AI", "BQ", "BY", "GE", "SK"}
_REGIONS = {region.code for region in pycountry.subdivisions}


def test_the_countries_are_those_of_iso_3166_and_kosovo() -> None:
    assert {country.alpha_2 for country in pycountry.countries} | {"XK"} == COUNTRIES


@pytest.mark.parametrize("text", ["GB", "gb", " gb ", "\u200bGB\ufeff", "\uff27\uff22", "G.B."])
def test_a_code_is_read_in_any_spelling(text: str) -> None:
    assert read_country(text) == NamedCountry("GB")


@pytest.mark.parametrize(
    ("alias", "code", "regions"),
    [
        ("UK", "GB", ()),
        ("xi", "GB", ("GB-NIR",)),
        ("EL", "GR", ()),
        ("IC", "ES", ("ES-CN",)),
        ("EA", "ES", ("ES-CE", "ES-ML")),
        ("AC", "SH", ("SH-AC",)),
        ("FX", "FR", ()),
        ("BU", "MM", ()),
        ("ZR", "CD", ()),
    ],
)
def test_an_alias_names_its_country_and_the_part_that_it_means(alias: str, code: str, regions: tuple[str, ...]) -> None:
    assert read_country(alias) == NamedCountry(code, regions)


@pytest.mark.parametrize(
    "text",
    ["", "G", "GBR", "ZZ", "EU", "UN", "EZ", "XX", "QQ", "ß", "\u0131s", "9B", "G\u0301B", "826", "G" + " " * 99 + "B"],
)
def test_what_is_no_code_names_no_country(text: str) -> None:
    assert read_country(text) is None


def test_a_withdrawn_code_with_several_successors_names_no_country() -> None:
    """An embargo on one of the successors could not tell."""
    assert not any(map(read_country, ("AN", "CS", "FQ", "NT", "PC", "SU", "YU")))


def test_each_withdrawn_code_is_decided() -> None:
    withdrawn = {country.alpha_4[:2] for country in pycountry.historic_countries} - _ASSIGNED_AGAIN
    undecided = withdrawn - {"AN", "CS", "FQ", "NT", "PC", "SU", "YU"}
    assert all(map(read_country, undecided))


def test_every_alias_names_a_country_and_regions_of_it() -> None:
    named = [read_country(a + b) for a in map(chr, range(65, 91)) for b in map(chr, range(65, 91))]
    for country in filter(None, named):
        assert country.code in COUNTRIES
        for region in country.regions:
            assert region in _REGIONS
            assert region.startswith(f"{country.code}-")
