"""Why each carrier service was chosen or left out, in words: JSON-ready, money as strings.

A rule's text and the consignment's side are written once, as they are the same for every service; the services carry
only what they expected.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import astuple
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final, assert_never

from allocation.domain.consignment import UNKNOWN_ADDRESS
from allocation.domain.currencies import minor_unit, rounded
from allocation.domain.mode import AllocationMode, CarrierService, ServiceGroup
from allocation.domain.outcome import Explanation
from allocation.domain.preference import CHEAPEST
from allocation.engine.advantages import advantage
from allocation.engine.asked import kept_tags
from allocation.engine.engine import Assessment, Engine, Exclusion
from allocation.engine.inquiries import Inquiry
from allocation.engine.measures import PackageMeasures
from allocation.engine.offers import Offer, ranking
from allocation.engine.pricing import Breakdown, Line, with_tax
from allocation.engine.promises import Dates
from allocation.engine.rules import RULES
from allocation.engine.wording import plain

# The codes as plain text: reading the value of an enum's member takes longer than a look-up.
_CODES: Final = {rule: rule.code.value for rule in RULES}
_ENCODED: Final = json.JSONEncoder(separators=(",", ":")).encode


def explain(engine: Engine, assessment: Assessment, mode: AllocationMode, now: datetime) -> Explanation:
    """Return why each service was chosen or left out, every service with its offer or all its reasons."""
    question, offers, excluded = assessment.question, assessment.offers, assessment.excluded
    entries = _Entries(engine, assessment)
    return {
        "catalogueVersion": engine.catalogue.version,
        "catalogueDigest": engine.catalogue.digest,
        "inputsDigest": inputs_digest(question.inquiry),
        "mode": {"name": mode.name, "reference": mode.reference},
        "preference": str(question.scope.preference),
        "decidedAt": now.astimezone(UTC).isoformat(),
        "pricesOf": prices_of(assessment).isoformat(),
        "currency": engine.catalogue.currency,
        "services": {"all": engine.index.size, "eligible": len(offers), "excluded": len(excluded)},
        "winner": entries.winner(offers[0]) if offers else None,
        "runnersUp": [entries.offer(offer) for offer in offers[1:]],
        "checks": _checks(assessment),
        "excluded": dict(entries.reasons(exclusion) for exclusion in excluded),
        # Earlier versions left out what was too long. Readers still ask for the numbers.
        "omitted": {"runnersUp": 0, "excluded": 0},
    }


def prices_of(assessment: Assessment) -> date:
    """Return the day whose prices the winner has: that of its collection. Without a winner, the day that was asked."""
    question, winner = assessment.question, assessment.winner
    return date.fromordinal(winner.dates.collection_day if winner else question.day)


def winner_told(dates: Dates, tax_reference: str, tax_rate: Decimal) -> dict[str, Any]:
    """Return the winner's dates and tax, for which nobody needs the catalogue."""
    return {
        "collectedAt": _moment(dates.collected_at),
        "cutOff": _moment(dates.cut_off),
        "deliveredOn": date.fromordinal(dates.delivery_day).isoformat(),
        "deliveryWindow": [_clock(seconds) for seconds in dates.window],
        "tax": {"reference": tax_reference, "rate": str(tax_rate)},
    }


def end_of_delivery(dates: Dates) -> datetime:
    """Return the end of the delivery window on the destination's clock, written as UTC, as PRO does."""
    day = datetime.combine(date.fromordinal(dates.delivery_day), time(), UTC)
    return day + timedelta(seconds=dates.window[1])


def why_chosen(engine: Engine, assessment: Assessment, mode: AllocationMode) -> str:
    """Return in a sentence why the winner was chosen, with the next best service and the difference in price."""
    offers, services = assessment.offers, engine.index.services
    winner = services[offers[0].position].reference
    if isinstance(mode, CarrierService):
        return f"{winner} was asked for and can take it."
    among = _among(mode)
    if len(offers) == 1:
        return f"{winner} is the only service{among} that can take it."
    best, second = offers[:2]
    next_best, currency = services[second.position].reference, engine.catalogue.currency
    rank = ranking(assessment.question.scope.preference, services, offers)
    if rank.preference != CHEAPEST or services[best.position].handicap or services[second.position].handicap:
        return f"{winner} is the first{_of(offers, among)}, by {rank.preference}: {advantage(rank, offers, currency)}."
    unit = minor_unit(currency)
    saved = rounded(second.cost - best.cost, unit)
    if best.cost < second.cost:
        difference = f"{saved} {currency}" if saved else f"less than {unit} {currency}"
        return f"{winner} is the cheapest{_of(offers, among)}, {difference} under {next_best}."
    earlier = ("is collected earlier", "is delivered earlier", "its delivery window ends earlier")
    differing = (text for text, one, other in zip(earlier, best.earliest, second.earliest, strict=True) if one < other)
    rule = next(differing, "its reference comes first")
    return f"{winner} is the first{_of(offers, among)}: it costs as little as {next_best}, and {rule}."


def _among(mode: AllocationMode) -> str:
    if mode.reference is None:
        return ""
    match mode:
        case ServiceGroup(reference):
            return f" of group {reference}"
        case CarrierService():
            return ""
        case _:
            assert_never(mode)


def _of(offers: Sequence[Offer], among: str) -> str:
    return f" of {len(offers)} services{among} that can take it"


def inputs_digest(inquiry: Inquiry) -> str:
    """Return the SHA-256 of everything that was asked, so that a replay can tell whether it asks the same."""
    asked = [
        sorted(_asked(package, alone=len(inquiry.packages) == 1) for package in inquiry.packages),
        [inquiry.location, inquiry.origin, inquiry.destination, inquiry.direction],
        *_flags_asked(inquiry),
        [
            sorted(kept_tags(inquiry.tags, inquiry.known_tags)),
            sorted((key, plain(value)) for key, value in inquiry.values.items()),
            inquiry.promise,
        ],
    ]
    return hashlib.sha256(_ENCODED(asked).encode()).hexdigest()


def _flags_asked(inquiry: Inquiry) -> list[list[Any]]:
    """Return the flags, nothing where there are none."""
    contents = sorted(sorted(item) for item in inquiry.contents)
    return [[*astuple(inquiry.flags), contents]] if contents or inquiry.flags != UNKNOWN_ADDRESS else []


def _asked(package: PackageMeasures, *, alone: bool) -> list[str]:
    """Return what distinguishes a package; one that is alone is worth what the consignment is."""
    box = [plain(value) for value in (package.weight, package.length, package.girth, package.volume)]
    value = package.value
    return box if alone or value is None else [*box, plain(value.amount), value.currency]


def shortened(digest: str) -> str:
    """Return as much of a digest as people compare."""
    return digest[:12]


def _checks(assessment: Assessment) -> dict[str, dict[str, Any]]:
    """Return each rule that services failed, with the consignment's side and the number of those services."""
    return {
        _CODES[rule]: {
            "text": rule.text,
            "exclusion": rule.exclusion.value,
            "actual": rule.actual(assessment.question.inquiry),
            "services": failing.bit_count(),
        }
        for rule, failing in assessment.failures
    }


class _Entries:
    """Writes what one explanation says of each service."""

    def __init__(self, engine: Engine, assessment: Assessment) -> None:
        self._engine = engine
        self._question = assessment.question
        self._lowest = assessment.offers[0].cost if assessment.offers else Decimal(0)

    def winner(self, offer: Offer) -> dict[str, Any]:
        """Return the whole offer: its price with the tax, and its dates."""
        service, breakdown = self._engine.index.services[offer.position], self._breakdown(offer)
        return self.offer(offer) | {
            "carrier": service.carrier.reference,
            "vat": str(breakdown.price.vat),
            **winner_told(offer.dates, breakdown.tax_reference, breakdown.tax_rate),
        }

    def offer(self, offer: Offer) -> dict[str, Any]:
        """Return an offer's price and dates."""
        service, breakdown = self._engine.index.services[offer.position], self._breakdown(offer)
        return {
            "service": service.reference,
            "net": str(breakdown.price.net),
            "gross": str(breakdown.price.gross),
            "currency": breakdown.price.currency,
            "difference": plain(offer.cost - self._lowest),
            "collectedAt": _moment(offer.dates.collected_at),
            "deliveredOn": date.fromordinal(offer.dates.delivery_day).isoformat(),
            "lines": [[line.name, str(line.amount)] for line in breakdown.lines],
            **({} if service.priority is None else {"priority": service.priority}),
            **({"handicap": plain(service.handicap)} if service.handicap else {}),
        }

    def reasons(self, exclusion: Exclusion) -> tuple[str, dict[str, str]]:
        """Return a service that was left out, and what it wants for each rule that it failed."""
        position, failed = exclusion
        wanted = {_CODES[rule]: rule.expected(self._question, position) for rule in failed}
        return self._engine.index.services[position].reference, wanted

    def _breakdown(self, offer: Offer) -> Breakdown:
        """Return how an offer's price is made up.

        The offer of a record stands, whatever this version makes of the same question: where that is another price,
        the recorded one is a single line.
        """
        found = self._engine.breakdown(self._question, offer.position)
        if found is not None and found.price.net == offer.net:
            return found
        service = self._engine.index.services[offer.position]
        return with_tax((Line("as recorded", offer.net),), service, self._question.lane.tax)


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"
