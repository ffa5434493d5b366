"""The explanation that is kept with an allocation: JSON-ready, money as strings, bounded in size.

A check's text and the consignment's side are written once, for they are the same for every service; the services carry
only what they expected.
"""

import hashlib
import json
from datetime import UTC, date, datetime
from typing import Any, Final

from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import Explanation
from allocation.engine.assessment import Assessment
from allocation.engine.engine import Engine, Offer
from allocation.engine.inquiries import Inquiry
from allocation.engine.wording import actual, expected, plain

MAX_BYTES: Final = 100_000
"""No explanation is longer, as ASCII JSON: a DynamoDB item holds 400 KB and an SNS message 256 KB, all included."""

MAX_ENTRIES: Final = 400
"""How many runners-up, and how many excluded services, are written at most before the bytes are counted."""


def explain(engine: Engine, assessment: Assessment, mode: AllocationMode, now: datetime) -> Explanation:
    """Why each service was chosen or left out; what had to be cut is counted under `omitted`."""
    entries = MAX_ENTRIES
    while True:
        explanation = _explanation(engine, assessment, mode, now, entries)
        if entries == 0 or len(json.dumps(explanation).encode()) <= MAX_BYTES:
            return explanation
        entries //= 2


def _explanation(
    engine: Engine, assessment: Assessment, mode: AllocationMode, now: datetime, entries: int
) -> Explanation:
    offers, excluded = assessment.offers, assessment.excluded
    return {
        "catalogueVersion": engine.catalogue.version,
        "catalogueDigest": engine.catalogue.digest,
        "inputsDigest": inputs_digest(assessment.question.inquiry),
        "mode": {"name": mode.name, "reference": mode.reference},
        "decidedAt": now.astimezone(UTC).isoformat(),
        "pricesOf": date.fromordinal(assessment.question.day).isoformat(),
        "currency": engine.catalogue.currency,
        "services": {"all": engine.index.size, "eligible": len(offers), "excluded": len(excluded)},
        "winner": offer_data(engine, assessment, offers[0]) if offers else None,
        "runnersUp": [runner_up_data(engine, assessment, offer) for offer in offers[1 : entries + 1]],
        "checks": _checks(assessment),
        "excluded": {
            engine.index.services[exclusion.position].reference: {
                check.code: expected(check, engine, assessment.question, exclusion.position)
                for check in exclusion.failed
            }
            for exclusion in excluded[:entries]
        },
        "omitted": {
            "runnersUp": max(0, len(offers) - 1 - entries),
            "excluded": max(0, len(excluded) - entries),
        },
    }


def offer_data(engine: Engine, assessment: Assessment, offer: Offer) -> dict[str, Any]:
    """One offer: price with its breakdown, dates, and what it costs more than the winner."""
    service = engine.index.services[offer.position]
    breakdown = engine.breakdown(assessment.question, offer.position)
    if breakdown is None:
        raise ValueError("an offer has a price")
    price = breakdown.price
    return {
        "service": service.reference,
        "carrier": service.carrier.reference,
        "net": str(price.net),
        "vat": str(price.vat),
        "gross": str(price.gross),
        "currency": price.currency,
        "tax": {"reference": breakdown.tax_reference, "rate": str(breakdown.tax_rate)},
        "lines": [[line.name, str(line.amount)] for line in breakdown.lines],
        "difference": plain(offer.cost - assessment.offers[0].cost),
        "collectedAt": datetime.fromtimestamp(offer.dates.collected_at, UTC).isoformat(),
        "cutOff": datetime.fromtimestamp(offer.dates.cut_off, UTC).isoformat(),
        "deliveredOn": date.fromordinal(offer.dates.delivery_day).isoformat(),
        "deliveryWindow": [_clock(seconds) for seconds in offer.dates.window],
    }


def runner_up_data(engine: Engine, assessment: Assessment, offer: Offer) -> dict[str, Any]:
    """The part of an offer that tells why it lost; kept short, for every write of a record costs by its size."""
    data = offer_data(engine, assessment, offer)
    return {
        key: data[key]
        for key in ("service", "net", "gross", "currency", "difference", "collectedAt", "deliveredOn", "lines")
    }


def inputs_digest(inquiry: Inquiry) -> str:
    """The SHA-256 of all that was asked, so that a replay can tell whether it asks the same."""
    asked = [
        sorted([plain(value) for value in package] for package in inquiry.packages),
        [inquiry.location, inquiry.origin, inquiry.destination, inquiry.direction],
        [sorted(inquiry.tags), sorted((key, plain(value)) for key, value in inquiry.values.items()), inquiry.promise],
    ]
    return hashlib.sha256(json.dumps(asked, separators=(",", ":")).encode()).hexdigest()


def shortened(digest: str) -> str:
    """As much of a digest as people compare."""
    return digest[:12]


def _checks(assessment: Assessment) -> dict[str, dict[str, Any]]:
    counts: dict[str, dict[str, Any]] = {}
    for exclusion in assessment.excluded:
        for check in exclusion.failed:
            if check.code not in counts:
                counts[check.code] = {
                    "text": check.text,
                    "exclusion": check.exclusion,
                    "actual": actual(check, assessment.question.inquiry),
                    "services": 0,
                }
            counts[check.code]["services"] += 1
    return counts


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"
