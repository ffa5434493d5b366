"""Compiles a document to what the engine loads: names resolved, units converted, holidays and clock changes listed."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from allocation.engine.compiled import write_compiled
from cli.catalogue.consistency import find_problems, measures, services
from cli.catalogue.document import (
    Calendar,
    CatalogueDocument,
    Holidays,
    Hours,
    Rate,
    Service,
    SizeRange,
    Surcharge,
    WeightRange,
    Years,
)
from cli.catalogue.fields import DAYS
from cli.catalogue.places import resolve
from cli.catalogue.problems import InvalidDocumentError
from cli.catalogue.reading import read_document

Json = dict[str, Any]


def compile_text(text: str) -> str:
    """The compiled catalogue of a YAML or JSON text. Raises `InvalidDocumentError` with all problems found."""
    return write_compiled(compile_document(read_document(text)))


def compile_document(document: CatalogueDocument) -> Json:
    """The content of the compiled catalogue. Raises `InvalidDocumentError` with all problems found."""
    if problems := find_problems(document):
        raise InvalidDocumentError(problems)
    return _Compilation(document).content()


class _Compilation:
    """The tables that grow while a document is compiled: calendars by name and time zone, and the zones they use."""

    def __init__(self, document: CatalogueDocument) -> None:
        self._document = document
        self._holidays = list(document.holidays)
        self._calendars: list[Json] = []
        self._numbers: dict[tuple[str, str], int] = {}
        self._time_zones = {document.time_zone}

    def content(self) -> Json:
        document = self._document
        locations = [self._location(reference) for reference in document.locations]
        carriers = {
            key: {"name": carrier.name, "calendar": self._calendar(carrier.calendar, document.time_zone)}
            for key, carrier in document.carriers.items()
        }
        return {
            "version": document.version,
            "currency": document.currency,
            "timeZone": document.time_zone,
            "lastDay": f"{document.years.last}-12-31",
            "timeZones": {name: clock_changes(name, document.years) for name in self._time_zones},
            "holidays": [holiday_dates(item, document.years) for item in document.holidays.values()],
            "calendars": self._calendars,
            "locations": locations,
            "carriers": carriers,
            "groups": document.groups,
            "packageSizes": {
                key: [str(size.length), str(size.width), str(size.height)]
                for key, size in document.package_sizes.items()
            },
            "deliveryHolidays": {
                key: self._holidays.index(item.holidays)
                for item in document.delivery_holidays
                for key in resolve(item.destinations, document.zones)
            },
            "exchangeRates": [
                {"currency": rate.currency, "rate": str(rate.rate), **_days(rate.from_, rate.to)}
                for rate in document.exchange_rates
            ],
            "taxes": [
                {"reference": name, "rate": str(tax.rate), "places": self._places(tax.destinations)}
                for name, tax in document.taxes.items()
            ],
            "surcharges": [self._surcharge(name, item) for name, item in document.surcharges.items()],
            "services": [
                self._service(path.split(".")[1], reference, service) for path, reference, service in services(document)
            ],
        }

    def _location(self, reference: str) -> Json:
        location = self._document.locations[reference]
        zone = location.time_zone or self._document.time_zone
        collections = location.collections
        return {
            "reference": reference,
            "country": location.country,
            "postcode": location.postcode,
            "byService": {key: self._calendar(name, zone) for key, name in collections.services.items()},
            "byCarrier": {key: self._calendar(name, zone) for key, name in collections.carriers.items()},
            "otherwise": self._calendar(collections.default, zone),
        }

    def _calendar(self, name: str | None, zone: str) -> int | None:
        """The number of a calendar in a time zone; None for none."""
        if name is None:
            return None
        calendar = self._document.calendars[name]
        zone = calendar.time_zone or zone
        self._time_zones.add(zone)
        if (name, zone) not in self._numbers:
            self._numbers[name, zone] = len(self._calendars)
            holidays = None if calendar.holidays is None else self._holidays.index(calendar.holidays)
            self._calendars.append({"timeZone": zone, "holidays": holidays, **_hours(calendar)})
        return self._numbers[name, zone]

    def _places(self, places: Iterable[str]) -> list[str]:
        return sorted(resolve(places, self._document.zones))

    def _surcharge(self, name: str, surcharge: Surcharge) -> Json:
        over = None
        if surcharge.over is not None:
            (measure,) = measures(surcharge.over)
            over = [measure, str(getattr(surcharge.over, measure))]
        return {
            "name": name,
            "variable": surcharge.type == "Variable",
            "amount": str(surcharge.amount),
            "perPackage": surcharge.per_package,
            "minimum": _text(surcharge.minimum),
            "maximum": _text(surcharge.maximum),
            **_days(surcharge.from_, surcharge.to),
            "places": None if surcharge.destinations is None else self._places(surcharge.destinations),
            "over": over,
        }

    def _service(self, carrier: str, reference: str, service: Service) -> Json:
        value = service.maximum_value
        return {
            "reference": reference,
            "name": service.name,
            "carrier": carrier,
            "enabled": service.enabled,
            "direction": service.direction,
            "features": service.features,
            "legs": [[leg.carrier, leg.hub] for leg in service.legs] if service.legs else [[carrier, None]],
            "locations": service.locations,
            "origins": self._places(service.origins),
            "destinations": self._places(service.destinations),
            "excluded": self._places(service.excluded),
            "weight": _range(service.weight),
            "length": _range(service.length),
            "girth": _range(service.girth),
            "maximumValue": value and [str(value[0]), value[1]],
            **({} if service.daily_limit is None else {"dailyLimit": service.daily_limit}),
            "tags": service.tags,
            "weekdays": [day in service.delivery.days for day in DAYS],
            "onHolidays": service.delivery.on_holidays,
            "window": service.delivery.window,
            "divisor": _text(service.divisor),
            "byPackage": service.price_per == "package",
            "currency": service.currency or self._document.currency,
            "taxExempt": service.tax_exempt,
            "surcharges": service.surcharges,
            "rates": [self._rate(rate, service.weight.to) for rate in service.rates],
        }

    def _rate(self, rate: Rate, last_weight: Decimal | None) -> Json:
        above = rate.above
        return {
            "zone": rate.zone,
            "places": self._places([rate.zone]),
            "transitDays": rate.transit_days,
            "limits": [str(band.up_to) for band in rate.bands],
            "prices": [str(band.price) for band in rate.bands],
            "above": None if above is None else [str(above.step), str(above.price), str(last_weight)],
        }


def holiday_dates(rule: Holidays, years: Years) -> list[str]:
    """The dates of a rule's holidays, in order, as the `holidays` library knows them and the document corrects them."""
    from holidays import country_holidays

    span = range(years.first, years.last + 1)
    known = set(country_holidays(rule.country, subdiv=rule.subdivision, years=span))
    return [day.isoformat() for day in sorted((known | set(rule.add)) - set(rule.remove))]


def clock_changes(name: str, years: Years) -> list[list[int]]:
    """When the offset from UTC changes in a time zone, and to what, in seconds; the first entry is how it begins."""
    zone = ZoneInfo(name)
    first = int(datetime(years.first - 1, 12, 31, tzinfo=ZoneInfo("UTC")).timestamp())
    last = int(datetime(years.last + 1, 1, 2, tzinfo=ZoneInfo("UTC")).timestamp())
    changes, offsets = [first], [_offset(zone, first)]
    for day in range(first, last, 86_400):
        if _offset(zone, day + 86_400) != offsets[-1]:
            changes.append(_first_moment(zone, day, day + 86_400))
            offsets.append(_offset(zone, changes[-1]))
    return [changes, offsets]


def _first_moment(zone: ZoneInfo, before: int, after: int) -> int:
    """When the offset changes between two moments."""
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(zone, middle) == _offset(zone, before):
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, moment: int) -> int:
    offset = datetime.fromtimestamp(moment, zone).utcoffset()
    return (offset or timedelta()) // timedelta(seconds=1)


def _hours(calendar: Calendar) -> Mapping[str, Any]:
    by_day = {day: _slot(hours) for hours in calendar.collections for day in hours.days}
    return {
        "week": [by_day.get(day) for day in DAYS],
        "exceptions": {
            day.isoformat(): None if item == "closed" else _slot(item) for day, item in calendar.exceptions.items()
        },
    }


def _slot(hours: Hours) -> list[int]:
    return [hours.cut_off, hours.collection]


def _days(first: date | None, last: date | None) -> Mapping[str, str | None]:
    return {key: None if day is None else day.isoformat() for key, day in (("from", first), ("to", last))}


def _range(bounds: WeightRange | SizeRange) -> list[str | None]:
    return [_text(bounds.from_), _text(bounds.to)]


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
