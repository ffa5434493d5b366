"""Catalogues of any size and the consignments to ask about: made up, and the same in every run."""

import random
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from allocation.domain.consignment import Address, Consignment, Dimensions, Package
from allocation.domain.currencies import Money
from allocation.domain.reference import ConsignmentReference

COUNTRIES: Final = ("GB", "FR", "DE", "IE", "US", "AU")
BANDS: Final = (1, 2, 5, 10, 15, 20, 25, 30)
LIMITS: Final = (60, 80, 100, 120, 150, 175)
AREAS: Final = ("IV", "KW", "BT", "HS", "ZE", "PH", "PA")
POSTCODES: Final = ("M1 5WG", "SW1A 1AA", "IV27 4AB", "BT1 1AA", "PA41 7AA", "G1 1AA", "LS1 4AP", "ZE1 0AA")
TAGS: Final = ("Alcohol", "Fragile", "Flammables", "Jewellery")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PlainService:
    """What every engine of the comparison can be told: where to, how heavy, how long, and for how much."""

    reference: str
    countries: tuple[str, ...]
    longest: int
    prices: dict[str, tuple[Decimal, ...]]
    """By country, one for each of `BANDS`."""


def plain_services(count: int) -> list[PlainService]:
    """Services for the common task."""
    chance = random.Random(count)
    made = []
    for number in range(count):
        countries = tuple(sorted(chance.sample(COUNTRIES, 3)))
        base = {country: Decimal(chance.randrange(250, 2500)) / 100 for country in countries}
        step = Decimal(chance.randrange(20, 160)) / 100
        prices = {country: tuple(base[country] + step * band for band in range(len(BANDS))) for country in countries}
        made.append(PlainService(f"S{number:05d}", countries, chance.choice(LIMITS), prices))
    return made


def plain_catalogue(services: list[PlainService]) -> Json:
    """The compiled catalogue of the common task."""
    return _content([_plain(service) for service in services])


def full_catalogue(count: int) -> Json:
    """A compiled catalogue with every kind of rule."""
    chance = random.Random(-count)
    return _content([_full(service, chance) for service in plain_services(count)])


def listing_catalogue(count: int, rows: int) -> Json:
    """The compiled catalogue with every kind of rule, and a surcharge in a zone with so many German postcodes."""
    content = full_catalogue(count)
    content["zones"] = {"REMOTE": {"keys": [f"DE:{postcode:05d}" for postcode in range(2 * rows) if postcode % 2]}}
    content["surcharges"].append(_surcharge("List", False, "18.50", {"places": ["@REMOTE"]}))
    for service in content["services"]:
        service["surcharges"].append("List")
    return content


def german_consignments(count: int, *, listed: bool) -> list[Consignment]:
    """Parcels to German postcodes that are in the list of `listing_catalogue`, or are not."""
    parcels = consignments(count)
    postcodes = [f"{20_000 + 2 * number + listed:05d}" for number in range(count)]
    return [
        replace(parcel, destination=Address(country="DE", postcode=postcode))
        for parcel, postcode in zip(parcels, postcodes, strict=True)
    ]


def consignments(count: int) -> list[Consignment]:
    """Parcels to here and there, no weight at the very end of a band."""
    chance = random.Random(7)
    return [_consignment(number, chance) for number in range(count)]


def _consignment(number: int, chance: random.Random) -> Consignment:
    country = chance.choice(("GB", "GB", "GB", *COUNTRIES))
    known = {"GB": chance.choice(POSTCODES), "US": chance.choice(("10001", "94103")), "DE": "10115"}
    postcode = known.get(country)
    sides = [Decimal(chance.randrange(50, 900)) / 10 for _ in range(3)]
    weight = Decimal(chance.randrange(1, 27)) + Decimal(chance.randrange(1, 99)) / 100
    package = Package(weight, Dimensions(*sides), value=Money(Decimal(chance.randrange(1, 300)), "GBP"))
    return Consignment(
        reference=ConsignmentReference(f"EC-000-000-{number:03d}"),
        packages=(package,),
        origin=Address(shipping_location_reference="Depot"),
        destination=Address(country=country, postcode=postcode),
        tags=frozenset(chance.sample(TAGS, chance.choice((0, 0, 0, 1)))),
    )


def without_tags(consignment: Consignment) -> Consignment:
    """The consignment for the common task, which knows no tags."""
    return Consignment(
        consignment.reference, consignment.packages, consignment.origin, consignment.destination, frozenset()
    )


def _plain(service: PlainService) -> Json:
    return {
        "reference": service.reference,
        "name": service.reference,
        "carrier": "ACME",
        "enabled": True,
        "direction": "Outbound",
        "features": [],
        "legs": [["ACME", None]],
        "locations": None,
        "origins": ["GB"],
        "destinations": list(service.countries),
        "excluded": [],
        "weight": [None, "30"],
        "length": [None, str(service.longest)],
        "girth": [None, None],
        "maximumValue": None,
        "tags": [],
        "weekdays": [True] * 5 + [False] * 2,
        "onHolidays": False,
        "window": [28_800, 64_800],
        "divisor": None,
        "byPackage": False,
        "currency": "GBP",
        "taxExempt": False,
        "surcharges": [],
        "rates": [_rate(country, prices) for country, prices in service.prices.items()],
    }


def _rate(country: str, prices: tuple[Decimal, ...], days: int = 2) -> Json:
    limits = [str(limit) for limit in BANDS]
    return {
        "zone": country,
        "places": [country],
        "transitDays": days,
        "limits": limits,
        "prices": list(map(str, prices)),
    }


def _full(service: PlainService, chance: random.Random) -> Json:
    content = _plain(service) | {
        "enabled": chance.random() < 0.95,
        "carrier": f"C{chance.randrange(12)}",
        "features": chance.sample(["pickUp", "dropOff", "tracked", "signed"], 2),
        "excluded": [f"GB:{area}" for area in chance.sample(AREAS, 2)],
        "girth": [None, str(chance.choice((150, 200, 250, 300)))],
        "maximumValue": [str(chance.choice((50, 100, 250, 500, 1000))), "GBP"],
        "tags": chance.sample(TAGS, 2),
        "divisor": chance.choice((None, "5000", "6000")),
        "byPackage": chance.random() < 0.2,
        "currency": chance.choice(("GBP", "GBP", "GBP", "EUR")),
        "surcharges": chance.sample(["Fuel", "Peak", "Remote", "Long", "Heavy"], 3),
        "window": [28_800, chance.choice((43_200, 64_800, 75_600))],
        "rates": [
            *(_rate(country, prices, chance.randrange(1, 5)) for country, prices in service.prices.items()),
        ],
    }
    content["legs"] = [[content["carrier"], None]]
    content |= _limits_and_flags(random.Random(service.reference))
    if "GB" in service.countries:
        content["rates"].append(_rate("GB", service.prices["GB"], 3) | {"zone": "far", "places": ["GB:IV", "GB:ZE"]})
    return content


def _limits_and_flags(chance: random.Random) -> Json:
    """Limits on more measures, each on some services, and flags of addresses and contents."""
    limits = {
        "width": [None, str(chance.choice((40, 60, 80)))],
        "height": [None, str(chance.choice((40, 60, 80)))],
        "lengthPlusGirth": [None, str(chance.choice((260, 300, 400)))],
        "volume": [None, str(chance.choice((120_000, 250_000)))],
        "value": [None, str(chance.choice((250, 500))), "GBP"],
        "consignment.packages": ["1", str(chance.choice((1, 10)))],
        "consignment.weight": [None, str(chance.choice((100, 300)))],
    }
    flags = {"poBoxes": chance.random() < 0.5, "residential": chance.choice(("any", "never"))}
    return {key: bounds for key, bounds in limits.items() if chance.random() < 0.4} | flags


def _content(services: list[Json]) -> Json:
    carriers = {f"C{number}": {"name": f"Carrier {number}", "calendar": 0} for number in range(12)}
    week = [[57_600, 61_200]] * 5 + [None] * 2
    calendars: list[Json] = [
        {
            "timeZone": "UTC",
            "holidays": None,
            "week": [[57_600 - 900 * number, 61_200]] * 5 + [None] * 2,
            "exceptions": {},
        }
        for number in range(12)
    ]
    return {
        "version": "benchmark",
        "currency": "GBP",
        "timeZone": "UTC",
        "lastDay": "2036-12-31",
        "timeZones": {"UTC": [[0], [0]]},
        "holidays": [["2027-12-27", "2027-12-28"]],
        "calendars": [*calendars, {"timeZone": "UTC", "holidays": 0, "week": week, "exceptions": {}}],
        "locations": [
            {
                "reference": "Depot",
                "country": "GB",
                "postcode": "M2 6LW",
                "byService": {},
                "byCarrier": {f"C{number}": number for number in range(12)},
                "otherwise": 12,
            }
        ],
        "carriers": carriers | {"ACME": {"name": "Acme", "calendar": 12}},
        "groups": {},
        "packageSizes": {},
        "deliveryHolidays": {"GB": 0},
        "exchangeRates": [{"currency": "EUR", "rate": "0.86", "from": "2026-01-01", "to": None}],
        "taxes": [
            {"reference": "VAT", "rate": "0.2", "places": ["GB"]},
            {"reference": "0", "rate": "0", "places": ["*"]},
        ],
        "surcharges": [_surcharge(*item) for item in _SURCHARGES],
        "services": services,
    }


_SURCHARGES: Final[tuple[tuple[str, bool, str, Json], ...]] = (
    ("Fuel", True, "0.065", {}),
    ("Peak", False, "0.35", {"from": "2027-11-15", "to": "2028-01-02"}),
    ("Remote", False, "6.50", {"places": ["GB:IV", "GB:KW", "GB:ZE"]}),
    ("Long", False, "4.75", {"over": ["length", "70"], "perPackage": True}),
    ("Heavy", False, "3.20", {"over": ["weight", "20"], "perPackage": True}),
)


def _surcharge(name: str, variable: bool, amount: str, more: Json) -> Json:
    return {"name": name, "variable": variable, "amount": amount, "perPackage": False} | more
