"""What the console and `carrier explain` say of a decision: who takes a consignment, and why not the others.

`explaining` asks the deployed engine, `recorded_explanation` reads what a record kept. `explanation_tables` shows
either.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from allocation.domain.frozen import frozen
from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import Failure, Price
from allocation.domain.routing import Route
from allocation.engine.pricing import Line


@frozen
class ServiceOffer:
    """A carrier service that can take the consignment. Times are aware UTC.

    `difference` is what the offer costs more than the winner, in the catalogue's currency. Records keep less of
    runners-up: then the names are empty, and the chargeable weight, `delivered` and `cut_off` are None.
    """

    service: str
    price: Price
    lines: Sequence[Line]
    collected: datetime
    delivered_on: date
    difference: Decimal
    name: str = ""
    carrier: str = ""
    carrier_name: str = ""
    chargeable_weight_kg: Decimal | None = None
    delivered: datetime | None = None
    """The end of the delivery window on the destination's clock, written as UTC, as PRO does."""
    cut_off: datetime | None = None
    """Until when the consignment can join its collection."""
    priority: int | None = None
    handicap: Decimal | None = None

    @property
    def full_name(self) -> str:
        """The service's reference with its name, where that is known."""
        return _full_name(self.service, self.name)


@frozen
class Reason:
    """One reason why a carrier service can't take the consignment."""

    code: str
    text: str
    expected: str
    actual: str


@frozen
class ExcludedService:
    """A carrier service that can't take the consignment. `in_mode` says whether the mode asks for it."""

    service: str
    in_mode: bool
    reasons: Sequence[Reason]
    name: str = ""

    @property
    def full_name(self) -> str:
        """The service's reference with its name, where that is known."""
        return _full_name(self.service, self.name)


def _full_name(reference: str, name: str) -> str:
    return f"{reference} {name}".rstrip()


@frozen
class DecidedBy:
    """What a decision was made by: enough to make it again and compare. None is what nobody got to."""

    at: datetime
    catalogue_version: str
    catalogue_digest: str
    prices_of: date | None = None
    inputs_digest: str | None = None


@frozen
class ExplainedDecision:
    """The answer for one consignment: every service of the catalogue has an offer, best first, or is excluded.

    `mode` is None where no row of the routing table gives one, or a later version knows another.
    """

    consignment: str
    content: str
    """What is to be sent, as `1 package, 0.5 Kg`. Empty where it is not known."""
    mode: AllocationMode | None
    decided_by: DecidedBy
    currency: str
    preference: str
    offers: Sequence[ServiceOffer] = ()
    excluded: Sequence[ExcludedService] = ()
    failure: Failure | None = None
    why: str = ""
    """Why the winner was chosen, in a sentence."""
    route: Route | None = None
    """The row of the routing table, where a table decided."""

    @property
    def winner(self) -> ServiceOffer | None:
        """The offer that an allocation takes."""
        return self.offers[0] if self.offers else None

    @property
    def is_assessed(self) -> bool:
        """Whether services were compared. A consignment may be too incomplete for that."""
        return self.decided_by.inputs_digest is not None


def explanation_json(explanation: ExplainedDecision) -> dict[str, Any]:
    """Return the object that `carrier explain --json` prints: money as text, times as ISO 8601 in UTC."""
    offers = [_offer_json(offer) for offer in explanation.offers]
    failure = explanation.failure
    return {
        "consignment": explanation.consignment,
        "mode": explanation.mode and explanation.mode.name.value,
        "preference": explanation.preference or None,
        "winner": offers[0] if offers else None,
        "failure": failure and {"code": failure.code, "message": failure.message},
        "offers": offers,
        "excluded": [
            {
                "service": excluded.service,
                "reasons": [
                    {"code": reason.code, "text": reason.text, "expected": reason.expected, "actual": reason.actual}
                    for reason in excluded.reasons
                ],
            }
            for excluded in explanation.excluded
        ],
        **({"route": _route_json(explanation.route)} if explanation.route else {}),
    }


def _route_json(route: Route) -> Mapping[str, str]:
    preference = {} if route.preference is None else {"preference": route.preference}
    return {"row": route.row} | preference


def _offer_json(offer: ServiceOffer) -> dict[str, Any]:
    weight = offer.chargeable_weight_kg
    return {
        "service": offer.service,
        "carrier": offer.carrier or None,
        "net": str(offer.price.net),
        "vat": str(offer.price.vat),
        "gross": str(offer.price.gross),
        "currency": offer.price.currency,
        "chargeableWeightKg": None if weight is None else float(weight),
        **({"cutOff": offer.cut_off.isoformat()} if offer.cut_off else {}),
        "collected": offer.collected.isoformat(),
        "delivered": (offer.delivered or offer.delivered_on).isoformat(),
        "lines": [{"name": line.name, "amount": str(line.amount)} for line in offer.lines],
    }
