"""Turns karrio's rate sheets into a written catalogue. What karrio does not say is marked, for a person to complete."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

import yaml

from cli.catalogue.karrio_sheets import KarrioService, KarrioSheet, KarrioSurcharge, KarrioZone

ANYWHERE: Final = "*"
# karrio's sheets begin at 10 g, which stands for nothing.
_LEAST_WEIGHT: Final = Decimal("0.01")
_UNITS: Final = {None: "kg", "KG": "kg", "LB": "lb", "G": "g", "OZ": "oz", "CM": "cm", "IN": "in"}

_Written = dict[str, Any]


class Import(NamedTuple):
    """A catalogue as text, and what of the sheets is not in it, in sentences."""

    text: str
    left_out: list[str]


class Start(NamedTuple):
    """What karrio's sheets do not say: where consignments start, from when to when, and how long they take."""

    country: str
    time_zone: str
    first_year: int
    transit_days: int


class _Price(NamedTuple):
    up_to: Decimal | None
    start: Decimal | None
    rate: Decimal
    days: int


class _Importer:
    """The parts of the catalogue that grow while sheets are read."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self.zones: dict[str, list[str]] = {}
        self.surcharges: dict[str, _Written] = {}
        self.carriers: dict[str, _Written] = {}
        self.left_out: list[str] = []
        self._references: set[str] = set()

    def add(self, sheet: KarrioSheet) -> None:
        carrier = _reference(sheet.carrier_name or sheet.name or "CARRIER").upper()
        services = dict(self._services(carrier, sheet))
        if services:
            known = self.carriers.setdefault(carrier, {"name": sheet.name or sheet.carrier_name, "services": {}})
            known["services"] |= services

    def _services(self, carrier: str, sheet: KarrioSheet) -> Iterator[tuple[str, _Written]]:
        for service in sheet.services:
            where = f"{carrier} {service.service_code}"
            prices = self._prices(where, service)
            if not prices:
                self.left_out.append(f"{where}: it has no prices")
                continue
            reference = _reference(service.service_code)
            if reference in self._references:
                reference = f"{carrier}_{reference}"
            self._references.add(reference)
            yield reference, self._service(carrier, service, prices)

    def _prices(self, where: str, service: KarrioService) -> dict[str, list[_Price]]:
        """Return the prices of each place. Of two for one weight the lower one counts, as in karrio."""
        found: dict[str, dict[Decimal | None, _Price]] = defaultdict(dict)
        for zone in service.zones:
            if not zone.rate:
                continue
            if zone.cities and not zone.postal_codes:
                self.left_out.append(
                    f"{where}, {zone.label or zone.cities[0]}: cities can't be written, only postcodes"
                )
                continue
            price = self._price(service, zone)
            for place in self._places(service, zone):
                known = found[place].get(price.up_to)
                if known is None or price.rate < known.rate:
                    found[place][price.up_to] = price
        return {place: _in_order(prices.values()) for place, prices in found.items()}

    def _price(self, service: KarrioService, zone: KarrioZone) -> _Price:
        days = zone.transit_days if zone.transit_days is not None else service.transit_days
        start = zone.min_weight if (zone.min_weight or 0) > _LEAST_WEIGHT else None
        assert zone.rate is not None  # noqa: S101 - zones without a rate are left out
        return _Price(zone.max_weight, start, zone.rate, self._start.transit_days if days is None else days)

    def _places(self, service: KarrioService, zone: KarrioZone) -> list[str]:
        if zone.postal_codes:
            country = zone.country_codes[0] if zone.country_codes else self._origin(service)
            return [f"{country}:{code}" for code in zone.postal_codes]
        if zone.country_codes:
            return zone.country_codes
        return [self._origin(service)] if service.international is False else [ANYWHERE]

    def _origin(self, service: KarrioService) -> str:
        return service.origin_countries[0] if service.origin_countries else self._start.country

    def _service(self, carrier: str, service: KarrioService, prices: Mapping[str, list[_Price]]) -> _Written:
        surcharges = [item for item in service.surcharges if item.active and item.amount]
        for item in surcharges:
            self.surcharges[f"{carrier} {item.name}"] = _surcharge(item)
        groups: dict[tuple[_Price, ...], list[str]] = defaultdict(list)
        for place, bands in prices.items():
            groups[tuple(bands)].append(place)
        written: _Written = {
            "name": service.service_name or service.service_code,
            "enabled": service.active,
            "origins": service.origin_countries or [self._start.country],
            "destinations": sorted(prices),
            "excluded": [self._origin(service)] if service.domicile is False else [],
            **_limits(service),
            "pricePer": "package",
            "currency": service.currency,
            "surcharges": [f"{carrier} {item.name}" for item in surcharges],
            "rates": [self._rate(service, places, bands) for bands, places in groups.items()],
        }
        return {key: value for key, value in written.items() if value not in (None, [], True)}

    def _rate(self, service: KarrioService, places: list[str], prices: Sequence[_Price]) -> _Written:
        unit = _unit(service.weight_unit)
        return {
            "zone": places[0] if len(places) == 1 else self._zone(places),
            "transitDays": max(price.days for price in prices),
            "bands": list(_bands(prices, unit)),
        }

    def _zone(self, places: list[str]) -> str:
        """Return the name of the zone that has these places: each is written once."""
        for name, known in self.zones.items():
            if known == places:
                return name
        self.zones[name := f"ZONE_{len(self.zones) + 1}"] = places
        return name


def import_sheets(sheets: Iterable[KarrioSheet], start: Start) -> Import:
    """Return a catalogue of the sheets' services, and what is left out of it."""
    importer = _Importer(start)
    for sheet in sheets:
        importer.add(sheet)
    currency = next((service.currency for sheet in sheets for service in sheet.services if service.currency), "EUR")
    content = {
        "version": "imported-from-karrio",
        "currency": currency,
        "timeZone": start.time_zone,
        "years": {"first": start.first_year, "last": start.first_year + 2},
        # Taxes, calendars and locations are not in karrio's sheets: the least that compiles.
        "taxes": {"None": {"rate": 0, "destinations": [ANYWHERE]}},
        "zones": importer.zones,
        "surcharges": importer.surcharges,
        "calendars": {
            "weekdays": {
                "collections": [{"days": ["mon", "tue", "wed", "thu", "fri"], "cutOff": "16:00", "collection": "17:00"}]
            }
        },
        "locations": {"Warehouse": {"country": start.country, "collections": {"default": "weekdays"}}},
        "carriers": importer.carriers,
    }
    kept = {key: value for key, value in content.items() if value}
    text = yaml.dump(kept, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)
    return Import(text, importer.left_out)


class _Dumper(yaml.SafeDumper):
    """YAML with numbers as they are written on price lists."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's
        """Write every part out: people edit them one by one."""
        return True


_Dumper.add_representer(Decimal, lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:float", f"{value:f}"))


def _reference(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", text).strip("_")[:64] or "SERVICE"


def _plain(number: Decimal) -> str:
    """Return `2` for 2.0."""
    return f"{number.normalize():f}"


def _unit(name: str | None) -> str:
    return _UNITS.get(name.upper() if name else None, "kg")


def _surcharge(item: KarrioSurcharge) -> _Written:
    assert item.amount is not None  # noqa: S101 - surcharges without an amount are left out
    if item.surcharge_type.lower().startswith("percent"):
        return {"type": "Variable", "amount": (item.amount / 100).normalize()}
    return {"type": "Additive", "amount": item.amount}


def _limits(service: KarrioService) -> _Written:
    """Return the limits. Boxes are turned as they fit best: karrio's sides have fixed places."""
    unit = (service.dimension_unit or "CM").lower()
    sides = [side for side in (service.max_length, service.max_width, service.max_height) if side]
    longest_first = sorted(sides, reverse=True)
    limits: _Written = {}
    if len(sides) == 3:
        limits["size"] = " x ".join(map(_plain, longest_first)) + f" {unit}"
    elif service.max_length:
        limits["length"] = f"{_plain(service.max_length)} {unit}"
    if service.max_weight:
        limits["weight"] = f"{_plain(service.max_weight)} {_unit(service.weight_unit)}"
    if service.use_volumetric and service.dim_factor:
        imperial = _unit(service.weight_unit) == "lb"
        limits["divisor"] = f"{_plain(service.dim_factor)} in3/lb" if imperial else service.dim_factor
    return limits


def _in_order(prices: Iterable[_Price]) -> list[_Price]:
    return sorted(prices, key=lambda price: (price.up_to is None, price.up_to or 0))


def _bands(prices: Sequence[_Price], unit: str) -> Iterator[_Written]:
    """Yield the bands. A weight that none of the prices has is a gap."""
    end: Decimal | None = None
    for price in prices:
        band: _Written = {}
        if price.start is not None and (end is None or price.start > end):
            band["from"] = f"{_plain(price.start)} {unit}"
        if price.up_to is not None:
            band["upTo"] = f"{_plain(price.up_to)} {unit}"
        yield band | {"price": price.rate}
        end = price.up_to
