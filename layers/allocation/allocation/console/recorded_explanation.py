"""The explanation that a record kept of its decision, as `carrier explain` and `carrier orders trace` show it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from allocation.console.explained_decision import DecidedBy, ExcludedService, ExplainedDecision, Reason, ServiceOffer
from allocation.domain.errors import InvalidReferenceError, UnknownModeError
from allocation.domain.mode import AllocationMode, allocation_mode
from allocation.domain.outcome import Failure, Price
from allocation.engine.pricing import Line
from allocation.engine.rule import SCOPE_CODES
from allocation.records.stored_record import StoredRecord

_SCOPE: Final = frozenset(code.value for code in SCOPE_CODES)


def recorded_explanation(record: StoredRecord, kept: Mapping[str, Any]) -> ExplainedDecision:
    """Return the explanation of a record. `kept` is what it kept of its decision, as `engine.explanation` made it."""
    failure = record.failure
    return ExplainedDecision(
        consignment=record.consignment_reference,
        content="",
        mode=_mode(kept["mode"]["name"], kept["mode"]["reference"]),
        decided_by=DecidedBy(
            at=datetime.fromisoformat(kept["decidedAt"]),
            catalogue_version=kept["catalogueVersion"],
            catalogue_digest=kept["catalogueDigest"],
            prices_of=date.fromisoformat(kept["pricesOf"]),
            inputs_digest=kept["inputsDigest"],
        ),
        currency=kept["currency"],
        # Records of the first versions have none: all decided by price.
        preference=kept.get("preference", "cheapest"),
        offers=_offers(record, kept),
        excluded=[_excluded(service, wanted, kept["checks"]) for service, wanted in kept["excluded"].items()],
        failure=Failure(failure.code, failure.message) if failure else None,
        why=record.why or "",
        route=record.known_route,
    )


def _mode(name: str, reference: str | None) -> AllocationMode | None:
    """Return a mode, or None if this version does not know it."""
    try:
        return allocation_mode(name, reference)
    except (UnknownModeError, InvalidReferenceError):
        return None


def _offers(record: StoredRecord, kept: Mapping[str, Any]) -> list[ServiceOffer]:
    winner = kept["winner"]
    return [_winner(record, winner), *map(_offer, kept["runnersUp"])] if winner else []


def _winner(record: StoredRecord, kept: Mapping[str, Any]) -> ServiceOffer:
    """Return the offer that was taken. The record's summary has its names, where it is of the same service."""
    offer, summary = _offer(kept), record.allocation_summary
    is_same = summary is not None and summary.carrier_service_reference == offer.service
    return replace(
        offer,
        name=(summary and is_same and summary.carrier_service_name) or "",
        carrier=kept["carrier"],
        carrier_name=(summary and is_same and summary.carrier_name) or kept["carrier"],
        delivered=_end_of_delivery(kept),
        cut_off=datetime.fromisoformat(kept["cutOff"]) if "cutOff" in kept else None,
    )


def _end_of_delivery(kept: Mapping[str, Any]) -> datetime:
    """Return the end of the delivery window, which may be 24:00, on the destination's clock, written as UTC."""
    hours, minutes = map(int, kept["deliveryWindow"][1].split(":"))
    day = datetime.combine(date.fromisoformat(kept["deliveredOn"]), time(), UTC)
    return day + timedelta(hours=hours, minutes=minutes)


def _offer(kept: Mapping[str, Any]) -> ServiceOffer:
    net, gross = Decimal(kept["net"]), Decimal(kept["gross"])
    handicap = kept.get("handicap")
    return ServiceOffer(
        service=kept["service"],
        price=Price(net, gross - net, gross, kept["currency"]),
        lines=[Line(name, Decimal(amount)) for name, amount in kept["lines"]],
        collected=datetime.fromisoformat(kept["collectedAt"]),
        delivered_on=date.fromisoformat(kept["deliveredOn"]),
        difference=Decimal(kept["difference"]),
        priority=kept.get("priority"),
        handicap=None if handicap is None else Decimal(handicap),
    )


def _excluded(service: str, wanted: Mapping[str, str], checks: Mapping[str, Any]) -> ExcludedService:
    """Return a service that was left out. `wanted` is what it expected, by the code of each check that it failed."""
    reasons = [
        Reason(code, checks[code]["text"], expected, checks[code]["actual"]) for code, expected in wanted.items()
    ]
    return ExcludedService(service, _SCOPE.isdisjoint(wanted), reasons)
