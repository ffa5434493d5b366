"""The words in which a change of a catalogue is told: which thing it is about, which of its values, and their units."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from allocation.engine.measures import Measure
from cli.catalogue.catalogue_problems import KeyPath

_MAX_SHOWN: Final = 100
# What the parts are called whose name is not the words that it is made of.
_NAMES: Final = {
    "cutOff": "cut-off",
    "cutOffDaysBefore": "days from cut-off to collection",
    "perKg": "price per Kg",
    "per100Kg": "price per 100 Kg",
    "furtherPackage": "price of each further package",
    "poBoxes": "PO boxes",
    "poBox": "PO boxes",
    "upTo": "end",
    "from": "first day",
    "to": "last day",
    "over": "threshold",
    "above": "steps above the last band",
    "roundUpTo": "rounding",
    "roundSides": "step of the sides",
    "guess": "what is guessed",
    "add": "additional dates",
    "remove": "dates that are none",
    "of": "what it is a part of",
    "per": "unit",
    "perStarted": "started unit",
    "deliveryDays": "days of delivery",
    "dailyLimit": "daily limit",
    "maximumValue": "greatest value",
    "pricePer": "what has a price",
    "years": "years",
    "by": "measure of the bands",
}
_OWNERS: Final = {
    "locations": "location",
    "pickupLocations": "pickup location",
    "placeCoordinates": "coordinates of",
    "zones": "zone",
    "surcharges": "surcharge",
    "taxes": "tax",
    "groups": "group",
    "holidays": "holidays",
    "packageSizes": "package size",
    "calendars": "calendar",
}
_ENDS: Final = {"from": "least", "to": "greatest", "over": "least (itself too little)"}
_UNITS: Final = {measure.value.removeprefix("consignment."): measure.unit for measure in Measure} | {"size": "Cm"}
_SIDES: Final = frozenset({"size", "roundSides"})
_WEIGHTS: Final = frozenset({"step"})
_COUNTS: Final = {
    "hours": "hour",
    "spaces": "consignment",
    "transitDays": "day",
    "handlingDays": "day",
    "cutOffDaysBefore": "day",
    "dailyLimit": "consignment",
    "packages": "package",
}
# What adds nothing to the part below it.
_NOT_TOLD: Final = frozenset({"when", "exceptions", "collections"})
_EXCHANGE_RATE: Final = ("exchangeRates", "rate")
_MONEY: Final = frozenset({"price", "perKg", "per100Kg", "furtherPackage", "minimum", "maximum", "amount", "handicap"})


class Describer:
    """Tells what a path of a written catalogue means, in that version of it."""

    def __init__(self, catalogue: Mapping[str, Any], content: Any = None) -> None:
        """`catalogue` is the whole in plain JSON, defaults included; `content` is what its file says, if known."""
        self._catalogue = catalogue
        self._content = content

    def thing(self, path: KeyPath) -> str:
        """Return what a value is called, and of what: `price of the band up to 2 Kg, rate GB of CX_NDS`."""
        owner, rest = self._owner(path)
        names = list(filter(None, self._names(path, len(path) - len(rest))))
        if not names:
            return owner
        inner = " of ".join(reversed(names))
        return f"{inner} of {owner}" if owner else inner

    def is_item(self, path: KeyPath) -> bool:
        """Tell whether a path names an item of a list by the item itself, not by its number."""
        within = self._at(path[:-1]) if path else None
        return isinstance(within, list) and (not path[-1].isdigit() or path[-1] in within)

    def value(self, path: KeyPath, value: Any) -> str:
        """Return a value with its unit; `none` for what is not there."""
        if value is None:
            return "none"
        if isinstance(value, bool):
            return "yes" if value else "no"
        if (written := self._as_written(path)) is not None:
            return written[:_MAX_SHOWN]
        if isinstance(value, dict):
            return str(value.get("name") or "") or self._listed(path, value)
        if isinstance(value, list) and path[-1] == "window":
            return " to ".join(value)
        if isinstance(value, list) and path[-1] == "maximumValue":
            return " ".join(value)
        if isinstance(value, list):
            return ", ".join(self.value(path, each) for each in value)[:_MAX_SHOWN] or "none"
        return self._with_unit(path, str(value))[:_MAX_SHOWN]

    def _as_written(self, path: KeyPath) -> str | None:
        """Return a quantity as its file has it, such as `40 lb` or `30 x 20 x 10 cm`, or None for anything else.

        An end of a range may be written as the whole range.
        """
        part = self._content
        for name in path:
            if isinstance(part, str) and name == "to":
                break
            if isinstance(part, dict) and name in part:
                part = part[name]
            elif isinstance(part, list) and name.isdigit() and int(name) < len(part):
                part = part[int(name)]
            else:
                return None
        return " ".join(part.split()) if isinstance(part, str) and _QUANTITY.fullmatch(part.strip()) else None

    def _listed(self, path: KeyPath, value: Mapping[str, Any]) -> str:
        """Return what a part without a name holds, so far as it says anything."""
        said = (f"{_named(key)} {self.value((*path, key), each)}" for key, each in value.items() if _says(each))
        return ", ".join(said)[:_MAX_SHOWN]

    def _owner(self, path: KeyPath) -> tuple[str, KeyPath]:
        """Return what a path is about, and the rest of the path."""
        match path:
            case ("carriers", _, "services", service, *rest):
                return service if rest else f"service {service}", tuple(rest)
            case ("carriers", carrier, *rest):
                return f"carrier {carrier}", tuple(rest)
            case ("calendars", calendar, *rest):
                return self._calendar(calendar), tuple(rest)
            case ("routing", "options", option, *rest):
                return f"delivery option {option}", tuple(rest)
            case ("exchangeRates", number, *rest):
                return f"exchange rate of {self._at(path[:2]).get('currency', number)}", tuple(rest)
            case (kind, name, *rest) if kind in _OWNERS:
                return f"{_OWNERS[kind]} {name}", tuple(rest)
            case _:
                return "", path

    def _calendar(self, calendar: str) -> str:
        """Return a calendar and the locations that are collected by it: `carrier x at Sorted1`."""
        at = [name for name, item in self._catalogue["locations"].items() if calendar in _calendars(item)]
        return f"{calendar} at {', '.join(at)}" if at else f"calendar {calendar}"

    def _names(self, path: KeyPath, start: int) -> Iterator[str]:
        for end in range(start + 1, len(path) + 1):
            name, before = path[end - 1], path[end - 2] if end > start + 1 else ""
            following = path[end] if end < len(path) else ""
            if name.isdigit():
                yield self._item(path[:end], before)
            elif following in _ENDS and name in _UNITS:
                yield f"{_ENDS[following]} {_named(name)}"
            elif name in _ENDS and before in _UNITS:
                continue  # told with the measure
            elif not following.isdigit() and name not in _NOT_TOLD and path[:1] + path[2:] != _EXCHANGE_RATE:
                yield _named(name)

    def _item(self, path: KeyPath, kind: str) -> str:
        """Return the name of an item of a list: a rate by its zone, a band by its end."""
        item = self._at(path)
        if not isinstance(item, dict):
            return f"{_named(kind).removesuffix('s') or 'item'} {int(path[-1]) + 1}"
        if kind == "rates":
            origin = f" from {item['origin']}" if item.get("origin") else ""
            return f"the rate {item['zone']}{origin}"
        if kind == "bands":
            end = item.get("upTo")
            return "the last band" if end is None else f"the band up to {self.value((*path, 'upTo'), end)}"
        if kind == "collections":
            return f"the collection on {', '.join(item['days'])}" if len(self._at(path[:-1])) > 1 else ""
        return f"{_named(kind).removesuffix('s')} {item.get('zone') or int(path[-1]) + 1}"

    def _with_unit(self, path: KeyPath, value: str) -> str:
        name = path[-1]
        if name in _ENDS or name == "upTo":
            name = self._at(path[:-3]).get("by", name) if name == "upTo" else path[-2]
        if not _NUMBER.fullmatch(value):
            return value
        if name in _COUNTS:
            return f"{value} {_COUNTS[name]}{'' if value == '1' else 's'}"
        if name in _MONEY and not ("chargeableWeight" in path and name == "minimum"):
            return _percent(value) if self._is_part(path) else f"{_cents(value)} {self._currency(path)}"
        if name == "rate" and path[0] == "taxes":
            return _percent(value)
        unit = "Cm" if name in _SIDES else "Kg" if name in _WEIGHTS | {"minimum"} else _UNITS.get(name, "")
        return f"{value} {unit}".rstrip()

    def _is_part(self, path: KeyPath) -> bool:
        """Tell whether the amount of a surcharge is a part of something."""
        return path[0] == "surcharges" and path[-1] == "amount" and self._at(path[:2]).get("type") == "Variable"

    def _currency(self, path: KeyPath) -> str:
        own = self._at(path[:4]).get("currency") if path[:1] == ("carriers",) and path[-1] != "handicap" else None
        return str(own or self._catalogue["currency"])

    def _at(self, path: KeyPath) -> Any:
        part: Any = self._catalogue
        for name in path:
            part = part[int(name)] if isinstance(part, list) else part[name]
        return part


_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
# A number with a unit, or three sides with one.
_QUANTITY: Final = re.compile(r"[0-9][0-9. x\u00d7]* ?[A-Za-z]+[23]?(/[A-Za-z]+3?)?")


def _calendars(location: Mapping[str, Any]) -> set[str | None]:
    collections = location["collections"]
    return {collections["default"], *collections["carriers"].values(), *collections["services"].values()}


def _named(name: str) -> str:
    return _NAMES.get(name) or _words(name)


def _words(name: str) -> str:
    """Return the words of a name.

    >>> _words("lengthPlusGirth")
    'length plus girth'
    """
    return re.sub("(?<=[a-z])([A-Z])", lambda match: f" {match[1].lower()}", name)


def _says(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _cents(value: str) -> str:
    amount = Decimal(value)
    return f"{amount:.2f}" if amount == round(amount, 2) else value


def _percent(value: str) -> str:
    percent = f"{Decimal(value) * 100:f}"
    return f"{percent.rstrip('0').rstrip('.') if '.' in percent else percent}%"
