"""Compiles a written catalogue to what the engine loads.

Names are resolved, units converted, and holidays and clock changes listed.
"""

from pathlib import Path
from typing import Any, Final

from allocation.domain.preference import CHEAPEST, Preference
from allocation.engine import loaded_catalogue
from allocation.engine.compiled_catalogue import write_compiled
from allocation.engine.compiled_parts import write_part
from allocation.engine.loaded_prices import ALWAYS, AS_PRICED
from allocation.engine.measures import Measure
from cli.catalogue.calendar_compilation import clock_changes, collection_hours, holiday_dates
from cli.catalogue.delivery_compilation import compiled_delivery, compiled_transit
from cli.catalogue.pickup_compilation import pickup_tables, printed_address
from cli.catalogue.place_compilation import PlaceTables, region_chain
from cli.catalogue.price_compilation import compiled_rate, compiled_surcharge, compiled_weighing, days
from cli.catalogue.reading import read_catalogue
from cli.catalogue.written_catalogue import Location, RoutedMode, Routing, WrittenCatalogue
from cli.catalogue.written_conditions import compiled_condition
from cli.catalogue.written_service import Service

SAMPLE: Final = Path(__file__).with_name("sample.yaml")

_Json = dict[str, Any]

_RESIDENTIAL: Final = {
    True: loaded_catalogue.Residential.ANY,
    False: loaded_catalogue.Residential.NEVER,
    "only": loaded_catalogue.Residential.ONLY,
}
# The first measures stand in a compiled service even if nothing is limited, so that its bytes stay the same.
_ALWAYS_WRITTEN: Final = {measure.value: [None, None] for measure in (Measure.WEIGHT, Measure.LENGTH, Measure.GIRTH)}


def compiled_sample_text() -> str:
    """Return the text of `sample.json`, which comes with the engine."""
    return compile_text(SAMPLE.read_text("utf-8"))


def compile_text(text: str, folder: Path | None = None) -> str:
    """Return the compiled catalogue of a YAML or JSON text. Raises `CatalogueProblemsError` with every problem.

    Zones may have files of their own below `folder`.
    """
    return compile_catalogue(read_catalogue(text, folder=folder))


def compile_catalogue(catalogue: WrittenCatalogue) -> str:
    """Return the text that functions load, for a catalogue that `read_catalogue` returned."""
    return write_compiled(_Compilation(catalogue).content())


def is_compiled(text: str) -> bool:
    """Tell a compiled catalogue from a written one."""
    return text.startswith('{"format"')


class _Compilation:
    """The tables that grow while a catalogue is compiled: calendars by name and time zone, places, and the rest."""

    def __init__(self, catalogue: WrittenCatalogue) -> None:
        self._catalogue = catalogue
        self._holidays = list(catalogue.holidays)
        self._places = PlaceTables(catalogue.zones)
        self._calendars: list[_Json] = []
        self._numbers: dict[tuple[str, str], int] = {}
        zones = (location.time_zone for location in catalogue.pickup_locations.values())
        self._time_zones = {catalogue.time_zone, *filter(None, zones)}

    def content(self) -> _Json:
        catalogue = self._catalogue
        locations = [self._location(reference) for reference in catalogue.locations]
        carriers = {
            key: {"name": carrier.name, "calendar": self._calendar(carrier.calendar, catalogue.time_zone)}
            for key, carrier in catalogue.carriers.items()
        }
        content = {
            "version": catalogue.version,
            "currency": catalogue.currency,
            "timeZone": catalogue.time_zone,
            "lastDay": f"{catalogue.years.last}-12-31",
            "timeZones": {name: clock_changes(name, catalogue.years) for name in self._time_zones},
            "holidays": [holiday_dates(item, catalogue.years) for item in catalogue.holidays.values()],
            "calendars": self._calendars,
            "locations": locations,
            "carriers": carriers,
            "groups": catalogue.groups,
            "packageSizes": _package_sizes(catalogue),
            "deliveryHolidays": self._delivery_holidays(),
            "exchangeRates": _exchange_rates(catalogue),
            "taxes": self._taxes(),
            **_choices(catalogue),
            "surcharges": [
                compiled_surcharge(name, item, self._places.keys) for name, item in catalogue.surcharges.items()
            ],
            "services": [
                self._service(carrier, reference, service)
                for (_, carrier, *_), reference, service in catalogue.all_services()
            ],
        }
        return content | self._places.content() | pickup_tables(catalogue)

    def _delivery_holidays(self) -> _Json:
        """Return, for each place, the number of the holidays on which nothing is delivered there."""
        return {
            key: self._holidays.index(item.holidays)
            for item in self._catalogue.delivery_holidays
            for key in self._places.keys(item.destinations)
        }

    def _taxes(self) -> list[_Json]:
        return [
            {"reference": name, "rate": str(tax.rate), "places": self._places.keys(tax.destinations)}
            for name, tax in self._catalogue.taxes.items()
        ]

    def _location(self, reference: str) -> _Json:
        location = self._catalogue.locations[reference]
        zone = location.time_zone or self._catalogue.time_zone
        collections = location.collections
        return {
            "reference": reference,
            "country": location.country,
            "postcode": location.postcode,
            **_printed(location),
            "byService": {key: self._calendar(name, zone) for key, name in collections.services.items()},
            "byCarrier": {key: self._calendar(name, zone) for key, name in collections.carriers.items()},
            "otherwise": self._calendar(collections.default, zone),
            **({"handlingDays": location.handling_days} if location.handling_days else {}),
            **({"regions": region_chain(location.region)} if location.region else {}),
        }

    def _calendar(self, name: str | None, zone: str) -> int | None:
        """Return the number of a calendar in a time zone."""
        if name is None:
            return None
        calendar = self._catalogue.calendars[name]
        zone = calendar.time_zone or zone
        self._time_zones.add(zone)
        if (name, zone) not in self._numbers:
            self._numbers[name, zone] = len(self._calendars)
            holidays = None if calendar.holidays is None else self._holidays.index(calendar.holidays)
            self._calendars.append({"timeZone": zone, "holidays": holidays, **collection_hours(calendar)})
        return self._numbers[name, zone]

    def _service(self, carrier: str, reference: str, service: Service) -> _Json:
        part = write_part(
            loaded_catalogue.Service,
            service,
            reference=reference,
            carrier=carrier,
            legs=[[leg.carrier, leg.hub] for leg in service.legs] if service.legs else [[carrier, None]],
            origins=self._places.keys(service.origins),
            destinations=self._places.keys(service.destinations),
            excluded=self._places.keys(service.excluded),
            delivery=compiled_delivery(service.delivery, self._places.keys),
            transit=[compiled_transit(transit, self._places.keys) for transit in service.transit],
            by_package=service.price_per == "package",
            currency=service.currency or self._catalogue.currency,
            rates=[compiled_rate(rate, service, self._places.keys) for rate in service.rates],
            surcharges=service.surcharges,
            divisor=_text(service.divisor or service.chargeable_weight.divisor),
            weighing=compiled_weighing(service) or AS_PRICED,
            validity=ALWAYS,
            residential=_RESIDENTIAL[service.residential],
            contents=sorted(service.contents),
            excluded_contents=sorted(service.excluded_contents),
            limits=_ALWAYS_WRITTEN | compiled_condition(service),
        )
        limits: _Json = part.pop("limits") | part.pop("delivery")
        validity = {key: day for key, day in days(service.from_, service.to).items() if day}
        maximum = service.maximum_value
        value = {"maximumValue": None if maximum is None else [str(maximum[0]), maximum[1]]}
        return part | limits | value | validity


def _routing(routing: Routing) -> _Json:
    return {
        "default": _mode(routing.default),
        "unknown": routing.unknown,
        "options": {option: _mode(row) for option, row in routing.options.items()},
    }


def _mode(row: RoutedMode) -> list[Any]:
    return [row.mode.value, row.reference, *([_preference(row.preference)] if row.preference else [])]


def _package_sizes(catalogue: WrittenCatalogue) -> _Json:
    """Return the sides of each size, in Cm."""
    return {key: [str(size.length), str(size.width), str(size.height)] for key, size in catalogue.package_sizes.items()}


def _exchange_rates(catalogue: WrittenCatalogue) -> list[_Json]:
    return [
        {"currency": rate.currency, "rate": str(rate.rate), **days(rate.from_, rate.to)}
        for rate in catalogue.exchange_rates
    ]


def _choices(catalogue: WrittenCatalogue) -> _Json:
    """Return what a catalogue chooses for all of its services, as far as it is not the usual."""
    return {
        **({"guessPoBoxes": True} if catalogue.guess.po_boxes else {}),
        **({"guessResidential": True} if catalogue.guess.residential else {}),
        **({"preference": _preference(catalogue.preference)} if catalogue.preference != CHEAPEST else {}),
        **({"routing": _routing(catalogue.routing)} if catalogue.routing else {}),
    }


def _preference(preference: Preference) -> str | list[str]:
    """Return a name, or a list of a name, an amount and a currency."""
    within = preference.within
    return [preference.name.value, str(within.amount), within.currency] if within else preference.name.value


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _printed(location: Location) -> _Json:
    """Return a location's name, address and contact under PRO's names (`pro-api.md`), as far as they are given."""
    address, contact = location.address, location.contact
    asked = contact.model_dump(by_alias=True) if contact else {}
    parts = {
        "name": location.name,
        "address": printed_address(address, location.name) if address else None,
        "contact": {name[0].upper() + name[1:]: text for name, text in asked.items() if text},
    }
    return {name: part for name, part in parts.items() if part}
