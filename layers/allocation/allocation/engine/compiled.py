"""Reads a compiled catalogue, the JSON that `cli.catalogue` writes and Lambda loads."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from allocation.domain.consignment import Dimensions, Direction, Money
from allocation.domain.errors import AllocationError
from allocation.engine.calendars import Calendar, Slot
from allocation.engine.catalogue import (
    Catalogue,
    ExchangeRate,
    Leg,
    Location,
    Measure,
    Range,
    Rate,
    Service,
    Surcharge,
    Tax,
    Validity,
)
from allocation.engine.summary import Carrier
from allocation.engine.timezones import TimeZone

FORMAT: Final = 1

Document = Mapping[str, Any]


class InvalidCatalogueError(AllocationError):
    """A compiled catalogue can't be used: it is cut off, changed by hand, or of another format."""


def read_compiled(text: str) -> Catalogue:
    """The catalogue of a compiled document: a line that tells format and digest, and the content.

    Raises `InvalidCatalogueError`, which says what to do.
    """
    header_line, _, content = text.partition("\n")
    try:
        header = json.loads(header_line)
        if header["format"] != FORMAT:
            raise InvalidCatalogueError(
                f"the compiled catalogue has format {header['format']!r}, not {FORMAT}: compile it again"
            )
        if header["digest"] != content_digest(content):
            raise InvalidCatalogueError("the compiled catalogue does not match its digest: compile it again")
        return _catalogue(json.loads(content), header["digest"])
    except (ValueError, KeyError, TypeError, ArithmeticError, IndexError) as error:
        raise InvalidCatalogueError(f"this is no compiled catalogue ({error!r}): compile one and try again") from error


def write_compiled(content: Document) -> str:
    """The compiled document that `read_compiled` reads."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return json.dumps({"format": FORMAT, "digest": content_digest(text)}) + "\n" + text


def content_digest(content: str) -> str:
    """The SHA-256 of the content, in hexadecimal, that names a compiled catalogue."""
    return hashlib.sha256(content.encode()).hexdigest()


def _catalogue(content: Document, digest: str) -> Catalogue:
    last_day = date.fromisoformat(content["lastDay"]).toordinal()
    zones = {name: TimeZone(*table) for name, table in content["timeZones"].items()}
    holidays = [frozenset(date.fromisoformat(day).toordinal() for day in days) for days in content["holidays"]]
    calendars = [_calendar(item, zones, holidays, last_day) for item in content["calendars"]]
    carriers = {key: Carrier(key, item["name"]) for key, item in content["carriers"].items()}
    surcharges = {item["name"]: _surcharge(item) for item in content["surcharges"]}
    services = (_service(item, carriers, surcharges) for item in content["services"])
    return Catalogue(
        version=content["version"],
        digest=digest,
        currency=content["currency"],
        home=Calendar(zones[content["timeZone"]], (None,) * 7, frozenset(), {}, last_day),
        last_day=last_day,
        carriers=carriers,
        carrier_calendars={
            key: calendars[item["calendar"]]
            for key, item in content["carriers"].items()
            if item["calendar"] is not None
        },
        services=tuple(sorted(services, key=lambda service: service.reference)),
        groups={key: frozenset(members) for key, members in content["groups"].items()},
        locations={item["reference"]: _location(item, calendars) for item in content["locations"]},
        package_sizes={key: Dimensions(*map(Decimal, sides)) for key, sides in content["packageSizes"].items()},
        delivery_holidays={place: holidays[index] for place, index in content["deliveryHolidays"].items()},
        exchange_rates=tuple(
            ExchangeRate(item["currency"], Decimal(item["rate"]), _validity(item)) for item in content["exchangeRates"]
        ),
        taxes=tuple(
            Tax(item["reference"], Decimal(item["rate"]), frozenset(item["places"])) for item in content["taxes"]
        ),
    )


def _calendar(
    item: Document, zones: Mapping[str, TimeZone], holidays: Sequence[frozenset[int]], last_day: int
) -> Calendar:
    return Calendar(
        time_zone=zones[item["timeZone"]],
        week=tuple(_slot(slot) for slot in item["week"]),
        holidays=frozenset() if item["holidays"] is None else holidays[item["holidays"]],
        exceptions={date.fromisoformat(day).toordinal(): _slot(slot) for day, slot in item["exceptions"].items()},
        last_day=last_day,
    )


def _slot(item: Sequence[int] | None) -> Slot | None:
    return None if item is None else Slot(*item)


def _location(item: Document, calendars: Sequence[Calendar]) -> Location:
    return Location(
        reference=item["reference"],
        country=item["country"],
        postcode=item["postcode"],
        by_service={key: calendars[index] for key, index in item["byService"].items()},
        by_carrier={key: calendars[index] for key, index in item["byCarrier"].items()},
        otherwise=None if item["otherwise"] is None else calendars[item["otherwise"]],
    )


def _validity(item: Document) -> Validity:
    first, last = item.get("from"), item.get("to")
    return Validity(first and date.fromisoformat(first), last and date.fromisoformat(last))


def _surcharge(item: Document) -> Surcharge:
    over = item.get("over")
    return Surcharge(
        name=item["name"],
        variable=item["variable"],
        amount=Decimal(item["amount"]),
        per_package=item["perPackage"],
        minimum=_decimal(item.get("minimum")),
        maximum=_decimal(item.get("maximum")),
        validity=_validity(item),
        places=_places(item.get("places")),
        over=over and (Measure(over[0]), Decimal(over[1])),
    )


def _service(item: Document, carriers: Mapping[str, Carrier], surcharges: Mapping[str, Surcharge]) -> Service:
    value = item.get("maximumValue")
    return Service(
        reference=item["reference"],
        name=item["name"],
        carrier=carriers[item["carrier"]],
        enabled=item["enabled"],
        direction=Direction(item["direction"]),
        features=frozenset(item["features"]),
        legs=tuple(Leg(carriers[carrier], hub) for carrier, hub in item["legs"]),
        locations=_places(item.get("locations")),
        origins=frozenset(item["origins"]),
        destinations=frozenset(item["destinations"]),
        excluded=frozenset(item["excluded"]),
        weight=_range(item["weight"]),
        length=_range(item["length"]),
        girth=_range(item["girth"]),
        maximum_value=value and Money(Decimal(value[0]), value[1]),
        daily_limit=item.get("dailyLimit"),
        tags=frozenset(item["tags"]),
        weekdays=tuple(item["weekdays"]),
        on_holidays=item["onHolidays"],
        window=(item["window"][0], item["window"][1]),
        divisor=_decimal(item["divisor"]),
        by_package=item["byPackage"],
        currency=item["currency"],
        tax_exempt=item["taxExempt"],
        rates=tuple(_rate(rate) for rate in item["rates"]),
        surcharges=tuple(surcharges[name] for name in item["surcharges"]),
    )


def _rate(item: Document) -> Rate:
    above = item.get("above")
    return Rate(
        zone=item["zone"],
        places=frozenset(item["places"]),
        transit_days=item["transitDays"],
        limits=tuple(map(Decimal, item["limits"])),
        prices=tuple(map(Decimal, item["prices"])),
        **({} if above is None else _step(above)),
    )


def _step(above: Sequence[str]) -> dict[str, Decimal]:
    step, price, last = map(Decimal, above)
    return {"step": step, "step_price": price, "last_weight": last}


def _range(item: Sequence[str | None]) -> Range:
    return Range(_decimal(item[0]), _decimal(item[1]))


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _places(items: Iterable[str] | None) -> frozenset[str] | None:
    return None if items is None else frozenset(items)
