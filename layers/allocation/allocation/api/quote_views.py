"""Quotes as PRO writes them: the services that could take a consignment, and why the others could not."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from typing_extensions import TypedDict

from allocation.api.consignment_view import address_view
from allocation.api.hubs import Hub, hub
from allocation.api.measures import Money, Rate, currency, in_pro_units, rate, tax_rate
from allocation.consignments.market import Market
from allocation.consignments.store import ConsignmentJson
from allocation.domain.outcome import Price
from allocation.engine.engine import Assessment, Exclusion, Offer
from allocation.engine.loaded_catalogue import Leg, Service
from allocation.engine.pricing import Breakdown
from allocation.engine.rules import RuleCode

NO_RATES: Final = frozenset({RuleCode.NO_PRICE, RuleCode.CURRENCY})
PENNY: Final = Decimal("0.01")


class Surcharge(TypedDict):
    """What a price has beyond the base price."""

    Name: str
    Amount: Money


class QuotedLeg(TypedDict):
    """One carrier's part of the journey."""

    JourneyStage: int
    CarrierService: dict[str, Any]
    CarrierAccountReference: str | None
    DeliveryHub: Hub | None
    CostItems: list[Any] | None
    VolumetricParcelWeight: dict[str, Any] | None
    CollectionType: str
    Metadata: list[Any]


class Quote(TypedDict):
    """What a carrier service would cost, and when it would collect and deliver."""

    MpdCarrierServiceSource: str
    MpdCarrierService: str
    CarrierReference: str
    OriginAddress: dict[str, Any] | None
    DestinationAddress: dict[str, Any] | None
    CollectionDate: str
    EarliestDeliveryDate: str
    LatestDeliveryDate: str
    BasePrice: Rate
    Price: Rate
    Surcharges: list[Surcharge]
    Legs: list[QuotedLeg]
    CarrierAccountOwner: str | None
    IsElectioService: bool
    ServiceDirection: str
    QuoteReference: str
    CreationDate: str
    ExpiryDate: str
    Requestor: str
    ConsignmentReference: str
    ConsignmentReferenceProvidedByCustomer: str
    MpdCarrierServiceReference: str


class UnqualifiedService(TypedDict):
    """A carrier service that can't take the consignment, and why."""

    Available: bool
    Rates: bool
    MpdCarrierService: str
    CarrierReference: str
    MpdCarrierServiceReference: str
    ExclusionReason: str


class QuoteResult(TypedDict):
    """The quotes for a consignment, cheapest first."""

    QuoteRequestReference: str
    Quotes: list[Quote]
    Message: str | None
    UnqualifiedServices: list[UnqualifiedService]


class ServiceGroupQuotes(QuoteResult):
    """The quotes of the services of one group."""

    Reference: str
    Name: str
    CheapestQuote: Quote | None


@dataclass(frozen=True, slots=True)
class QuoteWriter:
    """Writes the quotes of one request. `document` is the consignment's; `reference` is empty for one not created."""

    market: Market
    document: ConsignmentJson
    reference: str
    request_reference: str
    now: datetime

    def result(self, assessment: Assessment) -> QuoteResult:
        """The quotes for the consignment, cheapest first."""
        return QuoteResult(
            QuoteRequestReference=self.request_reference,
            Quotes=[self.quote(assessment, offer) for offer in assessment.offers],
            Message=None,
            UnqualifiedServices=[self.unqualified(exclusion) for exclusion in assessment.excluded],
        )

    def quote(self, assessment: Assessment, offer: Offer) -> Quote:
        """One service's offer as a quote."""
        service, dates = self.market.service(offer), offer.dates
        breakdown = self.market.engine.breakdown(assessment.question, offer.position)
        if breakdown is None:
            raise ValueError("an offer has a price")
        tax = tax_rate(breakdown.tax_reference, breakdown.tax_rate)
        day = date.fromordinal(dates.delivery_day)
        return Quote(
            MpdCarrierServiceSource="External",
            MpdCarrierService=service.name,
            CarrierReference=service.carrier.reference,
            OriginAddress=self._address("Origin"),
            DestinationAddress=self._address("Destination"),
            CollectionDate=datetime.fromtimestamp(dates.collected_at, UTC).isoformat(),
            EarliestDeliveryDate=on_the_clock(day, dates.window[0]),
            LatestDeliveryDate=on_the_clock(day, dates.window[1]),
            BasePrice=rate(base_price(breakdown), tax),
            Price=rate(breakdown.price, tax),
            Surcharges=[
                Surcharge(Name=line.name, Amount=Money(Amount=line.amount, Currency=currency(breakdown.price.currency)))
                for line in breakdown.lines[1:]
            ],
            Legs=[quoted_leg(stage, leg, service) for stage, leg in enumerate(service.legs, start=1)],
            CarrierAccountOwner=None,
            IsElectioService=False,
            ServiceDirection=service.direction.value,
            QuoteReference=self.market.quote_reference(offer),
            CreationDate=self.now.isoformat(),
            ExpiryDate=datetime.fromtimestamp(dates.cut_off, UTC).isoformat(),
            Requestor="Api",
            ConsignmentReference=self.reference,
            ConsignmentReferenceProvidedByCustomer=self.document.get("ConsignmentReferenceProvidedByCustomer") or "",
            MpdCarrierServiceReference=service.reference,
        )

    def unqualified(self, exclusion: Exclusion) -> UnqualifiedService:
        """A service that failed checks; several reasons are joined by a space, as PRO does it."""
        service = self.market.engine.index.services[exclusion.position]
        failed = {rule.code for rule in exclusion.failed}
        return UnqualifiedService(
            Available=failed <= NO_RATES,
            Rates=failed.isdisjoint(NO_RATES),
            MpdCarrierService=service.name,
            CarrierReference=service.carrier.reference,
            MpdCarrierServiceReference=service.reference,
            ExclusionReason=" ".join(dict.fromkeys(rule.text for rule in exclusion.failed)),
        )

    def _address(self, kind: str) -> dict[str, Any] | None:
        """An address without its contact, whom a quote has no need of."""
        addresses: Iterable[ConsignmentJson] = in_pro_units(self.document["Addresses"])
        found = next((address for address in addresses if address.get("AddressType") == kind), None)
        return {**address_view(found), "Contact": None} if found else None


def quoted_leg(stage: int, leg: Leg, service: Service) -> QuotedLeg:
    """One carrier's part of a service's journey."""
    return QuotedLeg(
        JourneyStage=stage,
        CarrierService={
            "Reference": service.reference,
            "Name": service.name,
            "CarrierReference": leg.carrier.reference,
            "CarrierName": leg.carrier.name,
            "ExternalReference": None,
            "IsDropOff": "dropOff" in service.features,
            "IsPickUp": "pickUp" in service.features,
            "IsTimed": "timed" in service.features,
            "IsTracked": "tracked" in service.features,
            "IsSigned": "signed" in service.features,
            "ServiceDirection": service.direction.value,
        },
        CarrierAccountReference=None,
        DeliveryHub=hub(leg),
        CostItems=None,
        VolumetricParcelWeight=None,
        CollectionType="NotApplicable",
        Metadata=[],
    )


def base_price(breakdown: Breakdown) -> Price:
    """The price without surcharges."""
    net = breakdown.lines[0].amount
    vat = (net * breakdown.tax_rate).quantize(PENNY, ROUND_HALF_UP)
    return Price(net, vat, net + vat, breakdown.price.currency)


def on_the_clock(day: date, seconds: int) -> str:
    """A time of a day on the destination's own clock; PRO writes it with the offset `+00:00` all the same."""
    return f"{day.isoformat()}T{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:00+00:00"
