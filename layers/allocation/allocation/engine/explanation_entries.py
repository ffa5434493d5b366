"""The entries of an explanation: an offer, or why a service is left out. Most say what earlier ones said."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from enum import Enum, auto
from functools import lru_cache
from typing import Any, Final, NamedTuple, assert_never

from allocation.engine.engine import Assessment, Engine, Exclusion
from allocation.engine.loaded_catalogue import Service
from allocation.engine.offers import Offer
from allocation.engine.pricing import Breakdown
from allocation.engine.rule import Rule, RuleCode, of_lane, of_service
from allocation.engine.rules import RULES
from allocation.engine.wording import plain

# The codes as plain text: reading the value of an enum's member takes longer than a look-up.
CODES: Final = {rule: rule.code.value for rule in RULES}
# A service, and what it wants for each rule that it failed.
_LeftOut = tuple[str, dict[str, str]]


class _Kind(Enum):
    """What decides what is said of services that failed the same rules."""

    OF_SERVICE = auto()
    OF_LANE = auto()
    OF_PRICE = auto()  # the lane and, where the service has a rate for it, what that is asked for
    OF_CONSIGNMENT = auto()


@lru_cache(4096)
def _kind(failed: tuple[Rule, ...]) -> _Kind:
    others = [rule for rule in failed if not isinstance(rule.expected, of_service)]
    if not others:
        return _Kind.OF_SERVICE
    others = [rule for rule in others if not isinstance(rule.expected, of_lane)]
    if not others:
        return _Kind.OF_LANE
    return _Kind.OF_PRICE if {rule.code for rule in others} == {RuleCode.NO_PRICE} else _Kind.OF_CONSIGNMENT


# What stands beside a text of an object, in bytes: quotes, a colon or a comma with its space, or a bracket.
_BESIDE: Final = len('"": ')


class _ToldPrice(NamedTuple):
    """What explanations say of a price, whoever pays it, and how long an entry is without what differs."""

    breakdown: Breakdown
    service: str
    net: str
    gross: str
    currency: str
    lines: list[list[str]]
    # What the service is preferred by, where it has that: its `priority` and its `handicap`.
    rank: dict[str, Any]
    length: int


class Entries:
    """Writes the entries of one explanation, each with its length as ASCII JSON, in bytes."""

    def __init__(self, engine: Engine, assessment: Assessment) -> None:
        self._engine = engine
        self._question = assessment.question
        self._lowest = assessment.offers[0].cost if assessment.offers else None
        self._tax = id(assessment.question.lane.tax)
        self._moments: dict[int, str] = {}
        self._days: dict[int, str] = {}

    def breakdown(self, offer: Offer) -> Breakdown:
        """Return how the price of an offer is made up."""
        return self._told(offer).breakdown

    def runner_up(self, offer: Offer) -> tuple[dict[str, Any], int]:
        """Return an offer that was not taken."""
        told = self._told(offer)
        entry = self._entry(offer, told)
        return entry, told.length + len(entry["difference"]) + len(entry["collectedAt"]) + len(entry["deliveredOn"])

    def offer(self, offer: Offer) -> dict[str, Any]:
        """Return an offer's price and dates; short, as each write of a record costs by its size."""
        return self._entry(offer, self._told(offer))

    def left_out(self, exclusions: Sequence[Exclusion]) -> tuple[list[_LeftOut], list[int]]:
        """Return services that were left out with what each wants for the rules it failed, and the entries' lengths."""
        entries, lengths = [], []
        known = self._engine.told.get
        for exclusion in exclusions:
            kind = _kind(exclusion.failed)
            key: tuple[object, ...] | None = exclusion
            if kind is not _Kind.OF_SERVICE:
                key = self._key(exclusion, kind)
            told = (key and known(key)) or self._excluded(exclusion, key)
            entries.append(told[0])
            lengths.append(told[1])
        return entries, lengths

    def _key(self, exclusion: Exclusion, kind: _Kind) -> tuple[object, ...] | None:
        """Return what decides what is said of an exclusion that the service does not decide, or None for too much."""
        question, position = self._question, exclusion.position
        match kind:
            case _Kind.OF_SERVICE:
                return exclusion
            case _Kind.OF_LANE:
                return (question.lane.number, exclusion)
            case _Kind.OF_PRICE:
                if position not in question.lane.rates:
                    return (question.lane.number, exclusion)
                rate = question.book.rate(question.pricing, position)
                asked = question.book.looked_up(question.pricing, position)
                return (question.lane.number, exclusion, id(rate), *asked) if rate and asked else None
            case _Kind.OF_CONSIGNMENT:
                return None
            case _:
                assert_never(kind)

    def _excluded(self, exclusion: Exclusion, key: tuple[object, ...] | None) -> tuple[_LeftOut, int]:
        position, failed = exclusion
        reference = self._engine.index.services[position].reference
        reasons = {CODES[rule]: rule.expected(self._question, position) for rule in failed}
        told = ((reference, reasons), _length(reference, *reasons, *reasons.values()))
        return told if key is None else self._engine.told.keep(key, told)

    def _told(self, offer: Offer) -> _ToldPrice:
        key = (self._tax, offer.price)
        told = self._engine.told.get(key)
        if told is None:
            breakdown = self._engine.breakdown(self._question, offer.position)
            if breakdown is None:
                raise ValueError("an offer has a price")
            told = self._engine.told.keep(key, self._priced(offer, breakdown))
        price: _ToldPrice = told
        return price

    def _priced(self, offer: Offer, breakdown: Breakdown) -> _ToldPrice:
        price = breakdown.price
        lines = [[line.name, str(line.amount)] for line in breakdown.lines]
        service = self._engine.index.services[offer.position]
        told = _ToldPrice(
            breakdown, service.reference, str(price.net), str(price.gross), price.currency, lines, _rank(service), 0
        )
        entry = self._entry(offer, told) | {"difference": "", "collectedAt": "", "deliveredOn": ""}
        return told._replace(length=len(json.dumps(entry)) + _BESIDE)

    def _entry(self, offer: Offer, told: _ToldPrice) -> dict[str, Any]:
        collected, delivered = offer.dates.collected_at, offer.dates.delivery_day
        moments, days = self._moments, self._days
        return {
            "service": told.service,
            "net": told.net,
            "gross": told.gross,
            "currency": told.currency,
            "difference": plain(offer.cost - self._lowest) if self._lowest is not None else "0",
            "collectedAt": moments.get(collected) or moments.setdefault(collected, _moment(collected)),
            "deliveredOn": days.get(delivered) or days.setdefault(delivered, date.fromordinal(delivered).isoformat()),
            "lines": told.lines,
            **told.rank,
        }


def _rank(service: Service) -> dict[str, Any]:
    priority = {} if service.priority is None else {"priority": service.priority}
    return priority | ({"handicap": plain(service.handicap)} if service.handicap else {})


def _length(*texts: str) -> int:
    """Return how many bytes texts take as ASCII JSON in an object, at most."""
    joined = "".join(texts)
    if joined.isascii() and joined.isprintable() and '"' not in joined and "\\" not in joined:
        return len(joined) + _BESIDE * len(texts)
    return len(json.dumps(joined)) + _BESIDE * len(texts)


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
