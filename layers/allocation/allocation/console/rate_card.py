"""The catalogue as a rate card: what its carrier services take, where to, when and at which price, in words."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import chain, pairwise
from typing import Any, Final

from allocation.domain.currencies import minor_unit
from allocation.engine.calendars import Calendar, CollectionHours
from allocation.engine.conditions import Condition
from allocation.engine.engine import Engine
from allocation.engine.loaded_catalogue import Catalogue, Residential, Service
from allocation.engine.loaded_prices import Rate, Surcharge, Validity
from allocation.engine.measures import Measure
from allocation.engine.wording import place_texts, plain, range_text, weekdays_text

# Places that are named of a longer list.
_MAX_PLACES: Final = 50
# Prices of all services together. A reply of API Gateway has at most 6 MB.
_MAX_PRICES: Final = 20_000
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def rate_card(engine: Engine) -> dict[str, Any]:
    """Return the catalogue in words, without its publications. Of a huge one, the last services have no prices."""
    catalogue, left = engine.catalogue, _MAX_PRICES
    services = []
    for service in catalogue.services:
        rates = list(_rates(service))
        shown = rates[:left]
        left -= len(shown)
        services.append({**_service(catalogue, service), "rates": shown, "omittedRates": len(rates) - len(shown)})
    return {
        "version": catalogue.version,
        "digest": catalogue.digest,
        "currency": catalogue.currency,
        "preference": str(catalogue.preference),
        "carriers": [{"reference": each.reference, "name": each.name} for each in catalogue.carriers.values()],
        "services": services,
        "zones": [
            {"name": name, "places": _places(zone.keys), "count": len(zone.keys) + len(zone.lanes)}
            for name, zone in sorted(catalogue.zones.items())
        ],
        "groups": [{"reference": name, "services": sorted(found)} for name, found in sorted(catalogue.groups.items())],
    }


def _service(catalogue: Catalogue, service: Service) -> dict[str, Any]:
    return {
        "reference": service.reference,
        "name": service.name,
        "carrier": service.carrier.reference,
        "enabled": service.enabled,
        "priority": service.priority,
        "direction": str(service.direction),
        "limits": list(_limits(service)),
        "tags": sorted(service.tags),
        "destinations": _places(service.destinations),
        "excluded": _places(service.excluded),
        "surcharges": [_surcharge(each, service.currency) for each in service.surcharges],
        "cutOffs": list(_cut_offs(catalogue, service)),
        "transit": list(_transit(service)),
    }


def _places(keys: Iterable[str]) -> list[str]:
    names = place_texts(keys)
    more = [f"and {len(names) - _MAX_PLACES} more"] if len(names) > _MAX_PLACES else []
    return [*names[:_MAX_PLACES], *more]


def _limits(service: Service) -> Iterator[str]:
    yield from _conditions(service.limits)
    if service.daily_limit is not None:
        yield f"at most {service.daily_limit} consignments a day"
    if service.pickup_only:
        yield "pickup locations only"
    if not service.po_boxes:
        yield "no PO boxes"
    if service.residential is not Residential.ANY:
        yield "residential addresses only" if service.residential is Residential.ONLY else "no residential addresses"
    yield from _days(service.validity)


def _conditions(condition: Condition | None) -> Iterator[str]:
    for measure, bounds in (condition or {}).items():
        yield f"{measure} {range_text(bounds, measure.unit or bounds.currency or '')}"


def _overrun(condition: Condition | None) -> Iterator[str]:
    """Yield each maximum as what is more than it."""
    for measure, bounds in (condition or {}).items():
        if bounds.maximum is not None:
            yield f"{measure} is over {plain(bounds.maximum)} {measure.unit or bounds.currency or ''}"


def _money(amount: Decimal, currency: str) -> str:
    """Return an amount with the currency's decimal places, or more if it has more."""
    unit = minor_unit(currency)
    whole = amount.quantize(unit) if amount == amount.quantize(unit) else amount.normalize()
    return f"{whole:f} {currency}"


def _days(validity: Validity) -> Iterator[str]:
    if validity.first:
        yield f"from {validity.first.isoformat()}"
    if validity.last:
        yield f"until {validity.last.isoformat()}"


def _rates(service: Service) -> Iterator[dict[str, str]]:
    """Yield a row for each price."""
    for rate in chain.from_iterable((rate, *rate.others) for rate in service.rates):
        when = [*_conditions(rate.when), *_days(rate.validity)]
        if rate.origins:
            when.append(f"from {', '.join(_places(rate.origins))}")
        for band, price in _bands(rate, service.currency):
            yield {"zone": rate.zone, "condition": ", ".join([band, *when]), "price": price}


def _bands(rate: Rate, currency: str) -> Iterator[tuple[str, str]]:
    unit = rate.by.unit or currency
    begins = (Decimal(0), *rate.up_to)
    for at, ((begin, end), price) in enumerate(zip(pairwise(begins), rate.prices, strict=True)):
        start = (rate.starts[at] if rate.starts else None) or begin
        yield f"{_measured(rate.by)} over {plain(start)} to {plain(end)} {unit}", _price(rate, at, price, currency)
    if rate.above:
        above = rate.above
        band = f"each started {plain(above.step)} {unit} above, up to {plain(above.last_weight)} {unit}"
        yield band, f"+{_money(above.price, currency)}"


def _price(rate: Rate, at: int, price: Decimal, currency: str) -> str:
    parts = [_money(price, currency)]
    if rate.per_kg and rate.per_kg[at]:
        parts.append(f"+ {_money(rate.per_kg[at], currency)} a Kg")
    further = rate.further[at] if rate.further else None
    if further is not None:
        parts.append(f"({_money(further, currency)} for each further package)")
    least, most = (rate.least[at] if rate.least else None), (rate.most[at] if rate.most else None)
    parts += [f"at least {_money(least, currency)}"] if least is not None else []
    parts += [f"at most {_money(most, currency)}"] if most is not None else []
    return " ".join(parts)


def _measured(measure: Measure) -> str:
    return "chargeable weight" if measure is Measure.CHARGEABLE_WEIGHT else str(measure)


def _surcharge(surcharge: Surcharge, currency: str) -> str:
    share = f"{plain(surcharge.amount * 100)}% of {' and '.join(surcharge.of)}"
    parts = [share if surcharge.variable else _money(surcharge.amount, currency)]
    parts += ["a package"] if surcharge.per_package else []
    if surcharge.units:
        units, unit = surcharge.units, surcharge.units.measure.unit or surcharge.units.currency or currency
        parts.append(f"for each {'started ' if units.started else ''}{plain(units.unit)} {unit}")
        parts += [f"above {plain(units.above)} {unit}"] if units.above else []
    over = " or ".join(_overrun(surcharge.over))
    parts += [f"where {over}"] if over else []
    when = [*_conditions(surcharge.when), *_days(surcharge.validity)]
    parts += [f"where {', '.join(when)}"] if when else []
    parts += [f"to {', '.join(_places(surcharge.places))}"] if surcharge.places else []
    parts += [f"on {weekdays_text(surcharge.delivery_days)}"] if surcharge.delivery_days else []
    if surcharge.residential is not None:
        parts.append("to residential addresses" if surcharge.residential else "to other than residential addresses")
    parts += [f"with the tag {' or '.join(sorted(surcharge.tags))}"] if surcharge.tags else []
    return f"{surcharge.name}: {' '.join(parts)}"


def _cut_offs(catalogue: Catalogue, service: Service) -> Iterator[str]:
    """Yield when each shipping location's collections of the service leave, and until when one can join them."""
    for location in catalogue.locations.values():
        if service.locations is not None and location.reference not in service.locations:
            continue
        calendar = location.by_service.get(service.reference)
        calendar = calendar or location.by_carrier.get(service.carrier.reference) or location.otherwise
        if calendar:
            yield f"{location.reference}: {'; '.join(_week(calendar)) or 'no collections'}"


def _week(calendar: Calendar) -> Iterator[str]:
    """Yield the days of the week that have the same collections, with these."""
    days: dict[tuple[CollectionHours, ...], list[int]] = {}
    for day, hours in enumerate(calendar.week):
        if hours:
            days.setdefault(hours, []).append(day)
    for hours, same in days.items():
        named = weekdays_text(tuple(day in same for day in range(len(_DAYS))))
        yield f"{named} cut-off {', '.join(_clock(each.cut_off) for each in hours)}"


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"


def _transit(service: Service) -> Iterator[str]:
    """Yield the days of transit, of the service's own list and then of its rates, each wording once."""
    told = {f"{', '.join(_places(each.places))}: {_number(each.days)}": None for each in service.transit}
    for rate in service.rates:
        if rate.transit_days is not None:
            told[f"{rate.zone}: {_number(rate.transit_days)}"] = None
    yield from told


def _number(days: int) -> str:
    return "same day" if days == 0 else f"{days} day{'s' * (days != 1)}"
