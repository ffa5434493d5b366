"""Quotes in PRO's shape: the services that can take a consignment, and why the others can't."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

from typing_extensions import TypedDict

from allocation.api.catalogue_views import JourneyLeg, journey_view
from allocation.api.consignment_shape import EXTERNAL
from allocation.api.consignment_view import plain_address_view
from allocation.api.measures import Number, RateView, rate, tax_rate
from allocation.consignments.market import Market
from allocation.consignments.store import ConsignmentJson
from allocation.domain.currencies import minor_unit, rounded
from allocation.domain.frozen import frozen
from allocation.domain.outcome import Price
from allocation.engine.engine import Assessment, Exclusion
from allocation.engine.offers import Offer
from allocation.engine.pricing import Breakdown, Line
from allocation.engine.rule import RuleCode

_NO_RATES: Final = frozenset({RuleCode.NO_PRICE, RuleCode.CURRENCY})


class QuoteSurcharge(TypedDict):
    """A surcharge on the base price: what it comes to, in the quote's currency (PRO's `SurchargeBase`)."""

    Reference: str
    CurrencyIsoCode: str
    Amount: Number
    ApplicationType: Literal["Standard", "Retrospective"]
    Type: Literal["Additive", "Variable"]
    AppliesToBase: bool
    AppliesToBaseOnly: bool
    CalculationModel: Literal["Fixed", "Calculated"]
    IncrementalUnitFactor: Number | None
    IncrementalUnitPrice: Number | None
    MinimumAmount: Number | None
    MaximumAmount: Number | None


class Quote(TypedDict):
    """The price of a carrier service, and when it collects and delivers."""

    MpdCarrierServiceSource: int | str
    MpdCarrierService: str
    CarrierReference: str
    OriginAddress: dict[str, Any] | None
    DestinationAddress: dict[str, Any] | None
    CollectionDate: str
    EarliestDeliveryDate: str
    LatestDeliveryDate: str
    BasePrice: RateView
    Price: RateView
    Surcharges: list[QuoteSurcharge]
    Legs: list[JourneyLeg]
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


class ServiceGroupQuoteResult(QuoteResult):
    """The quotes of the services of one group."""

    Reference: str
    Name: str
    CheapestQuote: Quote | None


@frozen
class QuoteWriter:
    """Writes the quotes of one request.

    `content` is the consignment's JSON, `addresses` are its own in PRO's units, completed from shipping locations.
    `reference` is empty for a new one.
    """

    market: Market
    content: ConsignmentJson
    addresses: Sequence[ConsignmentJson]
    reference: str
    request_reference: str
    now: datetime
    # PRO's pages show a number here, and a word in the quotes of service groups. XML has the word.
    source: int | str = EXTERNAL

    def result(self, assessment: Assessment) -> QuoteResult:
        """Return the quotes for the consignment, cheapest first, whatever the catalogue prefers, as PRO does."""
        return QuoteResult(
            QuoteRequestReference=self.request_reference,
            Quotes=[self.quote(assessment, offer) for offer in sorted(assessment.offers)],
            Message=None,
            UnqualifiedServices=[self.unqualified(exclusion) for exclusion in assessment.excluded],
        )

    def quote(self, assessment: Assessment, offer: Offer) -> Quote:
        """Return one service's offer as a quote."""
        service, dates = self.market.service(offer), offer.dates
        breakdown = self.market.engine.breakdown(assessment.question, offer.position)
        if breakdown is None:
            raise ValueError("an offer has a price")
        tax = tax_rate(breakdown.tax_reference, breakdown.tax_rate)
        day = date.fromordinal(dates.delivery_day)
        return Quote(
            MpdCarrierServiceSource=self.source,
            MpdCarrierService=service.name,
            CarrierReference=service.carrier.reference,
            OriginAddress=self._address("Origin"),
            DestinationAddress=self._address("Destination"),
            CollectionDate=datetime.fromtimestamp(dates.collected_at, UTC).isoformat(),
            EarliestDeliveryDate=_on_the_clock(day, dates.window[0]),
            LatestDeliveryDate=_on_the_clock(day, dates.window[1]),
            BasePrice=rate(_base_price(breakdown), tax),
            Price=rate(breakdown.price, tax),
            Surcharges=[_surcharge(line, breakdown.price.currency) for line in breakdown.lines[1:]],
            Legs=journey_view(service),
            CarrierAccountOwner=None,
            IsElectioService=False,
            ServiceDirection=service.direction.value,
            QuoteReference=self.market.quote_reference(offer),
            CreationDate=self.now.isoformat(),
            ExpiryDate=datetime.fromtimestamp(dates.cut_off, UTC).isoformat(),
            Requestor="Api",
            ConsignmentReference=self.reference,
            ConsignmentReferenceProvidedByCustomer=self.content.get("ConsignmentReferenceProvidedByCustomer") or "",
            MpdCarrierServiceReference=service.reference,
        )

    def unqualified(self, exclusion: Exclusion) -> UnqualifiedService:
        """Return a service that failed rules. PRO joins several reasons by a space."""
        service = self.market.engine.index.services[exclusion.position]
        failed = {rule.code for rule in exclusion.failed}
        return UnqualifiedService(
            Available=failed <= _NO_RATES,
            Rates=failed.isdisjoint(_NO_RATES),
            MpdCarrierService=service.name,
            CarrierReference=service.carrier.reference,
            MpdCarrierServiceReference=service.reference,
            ExclusionReason=" ".join(dict.fromkeys(rule.text for rule in exclusion.failed)),
        )

    def _address(self, kind: str) -> dict[str, Any] | None:
        """Return an address without its contact, which a quote does not need."""
        found = next((address for address in self.addresses if address.get("AddressType") == kind), None)
        return {**plain_address_view(found), "Contact": None} if found else None


def _surcharge(line: Line, currency_code: str) -> QuoteSurcharge:
    """Return a surcharge as the amount that it adds; how that was worked out is in the catalogue."""
    return QuoteSurcharge(
        Reference=line.name,
        CurrencyIsoCode=currency_code,
        Amount=line.amount,
        ApplicationType="Standard",
        Type="Additive",
        AppliesToBase=True,
        AppliesToBaseOnly=False,
        CalculationModel="Fixed",
        IncrementalUnitFactor=None,
        IncrementalUnitPrice=None,
        MinimumAmount=None,
        MaximumAmount=None,
    )


def _base_price(breakdown: Breakdown) -> Price:
    """Return the price without surcharges."""
    net = breakdown.lines[0].amount
    vat = rounded(net * breakdown.tax_rate, minor_unit(breakdown.price.currency))
    return Price(net, vat, net + vat, breakdown.price.currency)


def _on_the_clock(day: date, seconds: int) -> str:
    """Return a local time at the destination. PRO writes it with the offset `+00:00` all the same."""
    return f"{day.isoformat()}T{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:00+00:00"
