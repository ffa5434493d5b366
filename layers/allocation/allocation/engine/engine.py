"""Decides which carrier service takes a consignment."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from allocation.domain.consignments import Consignment
from allocation.domain.outcomes import Explanation, Price
from allocation.engine.summary import Carrier, ChosenService

CUT_OFF = time(16, 0)
COLLECTION = time(17, 0)
VAT = Decimal("0.2")
PENNY = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Decision:
    """The chosen service and its price, if there is one, and why."""

    chosen: ChosenService | None
    price: Price | None
    explanation: Explanation


class Engine:
    """A catalogue, ready to decide."""

    def __init__(self, catalogue: dict[str, Any]) -> None:
        self._catalogue = catalogue
        self._services: dict[str, dict[str, Any]] = {service["reference"]: service for service in catalogue["services"]}

    def group(self, reference: str) -> frozenset[str] | None:
        """The services of a group; None where the catalogue has no such group."""
        services = self._catalogue["groups"].get(reference)
        return None if services is None else frozenset(services)

    def service(self, reference: str) -> frozenset[str] | None:
        """The service alone; None where the catalogue has no such service."""
        return frozenset({reference}) if reference in self._services else None

    def every_service(self) -> frozenset[str]:
        """All services of the catalogue."""
        return frozenset(self._services)

    def decide(self, consignment: Consignment, scope: frozenset[str], now: datetime) -> Decision:
        """The cheapest service of `scope` that passes every check."""
        reasons = {reference: self._reasons(self._services[reference], consignment) for reference in sorted(scope)}
        offers = sorted((Decimal(self._services[key]["price"]), key) for key, found in reasons.items() if not found)
        explanation: Explanation = {
            "catalogueVersion": self._catalogue["version"],
            "services": [{"service": key, "reasons": found} for key, found in reasons.items()],
        }
        if not offers:
            return Decision(None, None, explanation)
        net, reference = offers[0]
        return Decision(self._chosen(self._services[reference], now), _price(net), explanation)

    def _reasons(self, service: dict[str, Any], consignment: Consignment) -> list[str]:
        weight = max(package.weight_kg for package in consignment.packages)
        checks = {
            "Addresses": self._country(consignment) in service["countries"],
            "Weight": weight <= Decimal(service["maxWeightKg"]),
            "Length": _longest_side(consignment) <= Decimal(service["maxLengthCm"]),
            "Tags": consignment.tags <= frozenset(service["tags"]),
        }
        return [code for code, passed in checks.items() if not passed]

    def _country(self, consignment: Consignment) -> str | None:
        destination = consignment.destination
        if destination is None:
            return None
        location = self._catalogue["locations"].get(destination.shipping_location_reference)
        return location["country"] if location else destination.country

    def _chosen(self, service: dict[str, Any], now: datetime) -> ChosenService:
        carrier = Carrier(service["carrier"], self._catalogue["carriers"][service["carrier"]])
        day = now.date() if now.time() <= CUT_OFF else now.date() + timedelta(days=1)
        collected_at = datetime.combine(day, COLLECTION, UTC)
        return ChosenService(service["reference"], service["name"], carrier, (carrier,), collected_at)


def _longest_side(consignment: Consignment) -> Decimal:
    sides = [package.dimensions for package in consignment.packages if package.dimensions]
    return max((max(box.length_cm, box.width_cm, box.height_cm) for box in sides), default=Decimal(0))


def _price(net: Decimal) -> Price:
    vat = (net * VAT).quantize(PENNY, ROUND_HALF_UP)
    return Price(net, vat, net + vat, "GBP")
