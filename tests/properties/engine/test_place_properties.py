"""What holds of every place: how it is typed, written, listed in a zone or reached from somewhere."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from allocation.domain.consignment import Address, Consignment
from allocation.domain.postcodes import POSTCODE_AREAS, range_prefixes
from allocation.engine.place_keys import place_keys
from cli.catalogue.place_notation import place_to_keys
from tests.properties.engine.oracle import cheapest_by_search
from tests.support.engines import NOW, PARCEL, assessed, document, engine_of, rate, service
from tests.support.size import sized

few = settings(max_examples=sized(40, 200))

uk_postcodes = st.builds(
    lambda area, district, sector, unit: f"{area}{district} {sector}{unit}",
    st.sampled_from(sorted(POSTCODE_AREAS)),
    st.sampled_from(["1", "7", "11", "27"]),
    st.integers(0, 9),
    st.sampled_from(["AA", "XY", "BD"]),
)
postcodes = st.one_of(
    uk_postcodes.map(lambda postcode: ("GB", postcode)),
    st.from_regex("[0-9]{5}", fullmatch=True).map(lambda digits: ("US", digits)),
    st.from_regex("[0-9]{5}", fullmatch=True).map(lambda digits: ("DE", digits)),
    st.from_regex("[A-Z][0-9][A-Z] [0-9][A-Z][0-9]", fullmatch=True).map(lambda postcode: ("CA", postcode)),
)
marks = st.sampled_from(["", " ", "-", ".", "\u200b", "\u00a0", "\u2013", " - "])


@given(postcodes, st.data())
def test_case_and_marks_do_not_change_where_an_address_lies(address: tuple[str, str], data: Any) -> None:
    country, postcode = address
    letters = [data.draw(st.sampled_from([letter, letter.lower()])) for letter in postcode if letter != " "]
    typed = data.draw(marks).join(letters) + data.draw(marks)
    assert place_keys(country.lower(), typed) == place_keys(country, postcode)


@given(st.integers(0, 99_999), st.integers(0, 99_999))
def test_a_range_is_the_union_of_its_members(one: int, other: int) -> None:
    first, last = sorted((one, other))
    prefixes = range_prefixes(f"{first:05d}", f"{last:05d}")
    members = [number for prefix in prefixes for number in _members(prefix)]
    assert members == list(range(first, last + 1))
    # The fewest: no ten of them are all that begin with the same digits.
    parents = [prefix[:-1] for prefix in prefixes if prefix]
    assert all(parents.count(parent) < 10 for parent in parents)


def _members(prefix: str) -> range:
    width = 10 ** (5 - len(prefix))
    return range(int(prefix or 0) * width, (int(prefix or 0) + 1) * width)


@given(st.sampled_from(["DE:01000..02999", "CA:K1A..K1C", "NL:1000..1099", "US-100..119", "GB:KW15..KW17"]), postcodes)
def test_an_address_is_in_a_range_if_its_postcode_is_between_the_ends(place: str, address: tuple[str, str]) -> None:
    country, postcode = address
    written, _, span = place.replace("-", ":").partition(":")
    first, last = span.split("..")
    start = postcode.replace(" ", "")[: len(first)] if country != "GB" else postcode.split(" ")[0]
    inside = country == written and len(start) == len(first) and first <= start <= last
    assert (not set(place_to_keys(place)).isdisjoint(place_keys(country, postcode))) == inside


places = st.sampled_from(["GB", "GB-IV", "GB:M1", "GB-NIR", "FR", "FR:75", "FR-20R", "DE:10..19", "ES-CN", "PT:9", "*"])
destinations = st.sampled_from(
    [
        ("GB", "M1 5WG"),
        ("GB", "IV27 4AB"),
        ("GB", "BT1 1AA"),
        ("FR", "75001"),
        ("FR", "20000"),
        ("FR", "97400"),
        ("DE", "10115"),
        ("ES", "35001"),
        ("PT", "9000-001"),
        ("US", "10001"),
    ]
)
consignments = destinations.map(lambda to: replace(PARCEL, destination=Address(country=to[0], postcode=to[1])))
zone_lists = st.lists(places, min_size=1, max_size=4, unique=True)


@few
@given(zone_lists, consignments)
def test_a_zone_is_what_its_places_are(listed: list[str], consignment: Consignment) -> None:
    """Whether a service names a zone or lists its places."""
    priced = [rate("*", 5)]
    by_name = engine_of({"S": service(destinations=["Z"], rates=priced)}, zones={"Z": listed})
    written_out = engine_of({"S": service(destinations=listed, rates=priced)})
    excluded = engine_of({"S": service(destinations=["*"], excluded=["Z"], rates=priced)}, zones={"Z": listed})
    found = [bool(assessed(engine, consignment).offers) for engine in (by_name, written_out, excluded)]
    assert found[0] == found[1] == (not found[2])


lanes = st.builds(
    lambda origins, destinations: {"origins": origins, "destinations": destinations},
    st.lists(st.sampled_from(["GB", "GB:M2", "GB-M", "*"]), min_size=1, max_size=2, unique=True),
    zone_lists,
)
origins = st.none() | st.sampled_from(["GB", "GB:M2", "GB-M", "GB-IV", "HOME", "*"])


@st.composite
def matrices(draw: st.DrawFn) -> dict[str, Any]:
    """Services with rates by destination and origin, of places, zones and zones of lanes, each pair once."""
    zones: dict[str, Any] = {
        "Z": draw(zone_lists),
        "LANES": [draw(lanes)],
        "HOME": ["GB:M2 6", "GB:L"],
    }
    services = {}
    for name in "ABC":
        zone = st.sampled_from(["Z", "LANES"]) | places
        pairs = draw(st.lists(st.tuples(zone, origins), min_size=1, max_size=4, unique=True))
        services[name] = service(destinations=["*"], rates=_apart(pairs, zones))
    return document(services, zones=zones)


def _apart(pairs: list[tuple[str, str | None]], zones: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rates of pairs that do not share a place: a zone's places are left out where they are named."""
    if any(zone in {"Z", "LANES"} for zone, _ in pairs):
        zone = next(zone for zone, _ in pairs if zone in {"Z", "LANES"})
        pairs = [(name, origin) for name, origin in pairs if name == zone or _differs(name, zones[zone])]
    return [
        {**rate(zone, number), **({} if origin is None else {"origin": origin})}
        for number, (zone, origin) in enumerate(pairs, start=1)
    ]


def _differs(place: str, items: list[Any]) -> bool:
    inside = [item for each in items for item in ([each] if isinstance(each, str) else each["destinations"])]
    return place not in {"Z", "LANES", *inside}


@few
@given(matrices(), consignments)
def test_the_rate_is_that_of_the_most_specific_destination_then_origin(
    written: dict[str, Any], consignment: Consignment
) -> None:
    engine = engine_of(written["carriers"]["ACME"]["services"], zones=written["zones"])
    best = assessed(engine, consignment).winner
    found = best and (engine.index.services[best.position].reference, best.cost)
    assert found == cheapest_by_search(engine.catalogue, consignment, NOW)
