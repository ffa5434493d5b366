"""The explanation that is recorded with an allocation: JSON-ready, money as strings, bounded in size.

A rule's text and the consignment's side are written once, as they are the same for every service; the services carry
only what they expected.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from allocation.domain.consignment import UNKNOWN_ADDRESS
from allocation.domain.currencies import minor_unit, rounded
from allocation.domain.mode import AllocationMode, CarrierService, ServiceGroup
from allocation.domain.outcome import Explanation
from allocation.domain.preference import CHEAPEST
from allocation.engine.advantages import advantage
from allocation.engine.engine import Assessment, Engine
from allocation.engine.explanation_entries import CODES, Entries
from allocation.engine.inquiries import Inquiry
from allocation.engine.measures import PackageMeasures
from allocation.engine.offers import Offer, ranking
from allocation.engine.promises import Dates
from allocation.engine.rule import Rule
from allocation.engine.wording import plain

# No explanation is longer, as ASCII JSON: a DynamoDB item holds 400 KB and an SNS message 256 KB, all included.
MAX_BYTES: Final = 100_000
# How many runners-up, and how many excluded services, are written at most before the bytes are counted.
_MAX_ENTRIES: Final = 400
# Bytes that all but the lists of services takes at most, almost always; and that the numbers of what is omitted take.
_MAX_REST: Final = 40_000
_MAX_COUNTS: Final = 20


def explain(engine: Engine, assessment: Assessment, mode: AllocationMode, now: datetime) -> Explanation:
    """Return why each service was chosen or left out; what had to be cut is counted under `omitted`."""
    question, offers, excluded = assessment
    entries = Entries(engine, assessment)
    runners_up = [entries.runner_up(offer) for offer in offers[1 : _MAX_ENTRIES + 1]]
    left_out, lengths = entries.left_out(excluded[:_MAX_ENTRIES])
    explanation: Explanation = {
        "catalogueVersion": engine.catalogue.version,
        "catalogueDigest": engine.catalogue.digest,
        "inputsDigest": inputs_digest(question.inquiry),
        "mode": {"name": mode.name, "reference": mode.reference},
        "preference": str(question.scope.preference),
        "decidedAt": now.astimezone(UTC).isoformat(),
        "pricesOf": prices_of(assessment).isoformat(),
        "currency": engine.catalogue.currency,
        "services": {"all": engine.index.size, "eligible": len(offers), "excluded": len(excluded)},
        "winner": _winner(engine, entries, offers[0]) if offers else None,
        "runnersUp": [],
        "checks": _rules(assessment),
        "excluded": {},
        "omitted": {"runnersUp": 0, "excluded": 0},
    }
    most = _most_entries(explanation, [length for _, length in runners_up], lengths)
    explanation["runnersUp"] = [entry for entry, _ in runners_up[:most]]
    explanation["excluded"] = dict(left_out[:most])
    explanation["omitted"] = {
        "runnersUp": max(0, len(offers) - 1 - most),
        "excluded": max(0, len(excluded) - most),
    }
    return explanation


def _most_entries(rest: Explanation, runners_up: Sequence[int], left_out: Sequence[int]) -> int:
    """Return how many entries of each list fit: half as many, and half again, until all is short enough."""
    most, known = _MAX_ENTRIES, 0
    while most:
        size = sum(runners_up[:most]) + sum(left_out[:most])
        # The rest is short: it is written out only where it may decide.
        if size + _MAX_REST <= MAX_BYTES:
            return most
        known = known or len(json.dumps(rest)) + _MAX_COUNTS
        if size + known <= MAX_BYTES:
            return most
        most //= 2
    return 0


def prices_of(assessment: Assessment) -> date:
    """Return the day whose prices the winner has: that of its collection. Without a winner, the day that was asked."""
    question, winner = assessment.question, assessment.winner
    return date.fromordinal(winner.dates.collection_day if winner else question.day)


def _winner(engine: Engine, entries: Entries, offer: Offer) -> dict[str, Any]:
    """Return the whole offer: its price with the breakdown, and its dates."""
    service, breakdown = engine.index.services[offer.position], entries.breakdown(offer)
    return entries.offer(offer) | {
        "carrier": service.carrier.reference,
        "vat": str(breakdown.price.vat),
        "tax": {"reference": breakdown.tax_reference, "rate": str(breakdown.tax_rate)},
        "cutOff": datetime.fromtimestamp(offer.dates.cut_off, UTC).isoformat(),
        "deliveryWindow": [_clock(seconds) for seconds in offer.dates.window],
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
    among = f" of group {mode.reference}" if isinstance(mode, ServiceGroup) else ""
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


def _of(offers: Sequence[Offer], among: str) -> str:
    return f" of {len(offers)} services{among} that can take it"


def inputs_digest(inquiry: Inquiry) -> str:
    """Return the SHA-256 of everything that was asked, so that a replay can tell whether it asks the same."""
    asked = [
        sorted(_asked(package, alone=len(inquiry.packages) == 1) for package in inquiry.packages),
        [inquiry.location, inquiry.origin, inquiry.destination, inquiry.direction],
        *_flags_asked(inquiry),
        [sorted(inquiry.tags), sorted((key, plain(value)) for key, value in inquiry.values.items()), inquiry.promise],
    ]
    return hashlib.sha256(json.dumps(asked, separators=(",", ":")).encode()).hexdigest()


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


def _rules(assessment: Assessment) -> dict[str, dict[str, Any]]:
    """Return each rule that services failed, with the consignment's side and the number of those services."""
    counts: dict[Rule, int] = {}
    # Many services fail the same rules.
    for failed, number in Counter([exclusion.failed for exclusion in assessment.excluded]).items():
        for rule in failed:
            counts[rule] = counts.get(rule, 0) + number
    return {
        CODES[rule]: {
            "text": rule.text,
            "exclusion": rule.exclusion.value,
            "actual": rule.actual(assessment.question.inquiry),
            "services": count,
        }
        for rule, count in counts.items()
    }


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"
