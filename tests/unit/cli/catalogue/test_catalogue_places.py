"""How places are written, and what addresses they are: countries, regions and postcodes."""

from dataclasses import replace

import pytest

from allocation.domain.consignment import Address
from cli.catalogue.place_notation import PlaceNotationError, place_to_keys
from tests.support.engines import (
    PARCEL,
    assessed,
    engine_of,
    net,
    rate,
    service,
    to,
)


@pytest.mark.parametrize(
    ("place", "keys"),
    [
        ("XK", ("XK",)),
        ("*", ("*",)),
        ("DE:10", ("DE:10",)),
        ("PL:00-9", ("PL:009",)),
        ("LV:LV-10", ("LV:10",)),
        ("CA:K1A", ("CA:K1A",)),
        ("US:100", ("US:100",)),
        ("US-100", ("US:100",)),
        ("US-10001", ("US:10001",)),
        ("US-006..009", ("US:006", "US:007", "US:008", "US:009")),
        ("US-NY", ("US-NY",)),
        ("GB:IV27 4", ("GB:IV27 4",)),
        ("GB-IV27", ("GB:IV27",)),
        ("GB-KW15..17", ("GB:KW15", "GB:KW16", "GB:KW17")),
        ("GB:IV27 1..3", ("GB:IV27 1", "GB:IV27 2", "GB:IV27 3")),
        ("GB:IV27 1..IV27 3", ("GB:IV27 1", "GB:IV27 2", "GB:IV27 3")),
        ("FR:20000..20999", ("FR:20",)),
        ("NL:1000..1099", ("NL:10",)),
        ("NL:1000AA..1099ZZ", ("NL:10",)),
        ("DE:00000..99999", ("DE",)),
        ("ES-CN", ("ES-CN",)),
        ("PT-30", ("PT-30",)),
        ("GB-NIR", ("GB-NIR",)),
        ("FR-974", ("RE",)),
    ],
)
def test_a_place_is_written_for_any_country(place: str, keys: tuple[str, ...]) -> None:
    assert place_to_keys(place) == keys


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("EL", "is not a country of ISO 3166: write GR"),
        ("IC", "is not a country of ISO 3166: write ES-CN"),
        ("XI", "is not a country of ISO 3166: write GB-NIR"),
        ("YU:1", "is not a country of ISO 3166: write its two-letter code, such as GB or FR"),
        ("DE-10", "is not a region of ISO 3166-2: write DE:10 for postcodes that begin with 10"),
        ("DE:BY", "has letters, and postcodes of DE have none: write its digits"),
        ("DE:10-19", "has a hyphen: write a range with two dots, such as DE:10..19, or a postcode without one"),
        ("DE:2..1", "ends before it begins: write the smaller end first"),
        (
            "DE:1..20",
            "has two ends of different forms: write both with the same number of letters and digits",
        ),
        ("DE:", "write the name of a zone, or a place such as"),
        ("DE:ab", "has no postcode: write how postcodes begin, such as DE:10, in capitals"),
        ("FR:97400", "belongs to RE, not to FR: write RE"),
        ("FR:97", "belongs to territories with codes of their own: write them, such as RE, GP or NC"),
        ("GB:GX11 1AA", "belongs to GI, not to GB: write GI"),
        ("GB-GX", "belongs to GI, not to GB: write GI"),
        ("GB:JE2", "belongs to JE, not to GB: write JE-JE2"),
        ("GB:KW17..KW15", "ends before it begins: write the smaller end first"),
        ("US-1000123", "has more than 5 digits, which a postcode of US has: write the beginning of one"),
        ("US-ZZ", "has letters, and postcodes of US have none: write its digits"),
        ("gb", "write the name of a zone, or a place such as"),
    ],
)
def test_a_place_that_no_address_is_in_says_what_to_write(place: str, told: str) -> None:
    with pytest.raises(PlaceNotationError) as caught:
        place_to_keys(place)
    assert str(caught.value).startswith(told)


ISLANDS = engine_of(
    {
        "S": service(
            destinations=["*"],
            rates=[rate("*", 10), rate("ES-CN", 30), rate("DE-BY", 20), rate("CA-ON", 40), rate("ES-GC", 35)],
        )
    }
)


@pytest.mark.parametrize(
    ("address", "price"),
    [
        (Address(country="ES", postcode="38001"), "30.00"),
        (Address(country="ES", postcode="35001"), "35.00"),
        (Address(country="IC"), "30.00"),
        (Address(country="ES", region="Canarias"), "30.00"),
        (Address(country="ES", region="Canary Islands"), "30.00"),
        (Address(country="ES", region="ES-CN"), "30.00"),
        (Address(country="ES", region="Las Palmas"), "35.00"),
        (Address(country="ES", postcode="28001", region="Canarias"), "10.00"),
        (Address(country="ES", region="Madrid"), "10.00"),
        (Address(country="DE", postcode="80331"), "10.00"),
        (Address(country="DE", postcode="80331", region="Bayern"), "20.00"),
        (Address(country="DE", postcode="80331", region="by"), "20.00"),
        (Address(country="CA", postcode="K1A 0B1"), "40.00"),
        (Address(country="CA", region="Ontario"), "40.00"),
        (Address(country="CA", region="on"), "40.00"),
        (Address(country="FR", region="Bayern"), "10.00"),
    ],
)
def test_an_address_lies_in_the_region_that_its_postcode_or_it_says(address: Address, price: str) -> None:
    assert net(ISLANDS, replace(PARCEL, destination=address)) == price


def test_the_regions_of_a_zone_are_known_by_their_names_too() -> None:
    engine = engine_of(
        {"S": service(destinations=["*"], rates=[rate("*", 10), rate("SOUTH", 20)])}, zones={"SOUTH": ["DE-BY"]}
    )
    assert net(engine, replace(PARCEL, destination=Address(country="DE", region="Bayern"))) == "20.00"
    assert net(engine, replace(PARCEL, destination=Address(country="DE", region="DE-BY"))) == "20.00"
    assert net(engine, replace(PARCEL, destination=Address(country="DE", region="Hessen"))) == "10.00"


def test_a_reason_names_no_more_than_the_beginning_of_a_postcode() -> None:
    excluded = ["DE:10115", "GB:IV27 4AB", "NL:1012AB"]
    engine = engine_of({"S": service(destinations=["*"], excluded=excluded, rates=[rate("*", 5)])})
    for consignment, told in (
        (to("10115", "DE"), "DE:101"),
        (to("IV27 4AB"), "GB-IV27 4"),
        (to("1012 AB", "NL"), "NL:101"),
    ):
        assessment = assessed(engine, consignment)
        (exclusion,) = assessment.excluded
        assert exclusion.failed[0].expected(assessment.question, 0) == f"not in {told} (and 2 more)"
