"""What carrier services offer for a consignment, and the ways to choose one: by mode, by filters, by quote."""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from allocation.consignments.allocations import Choose
from allocation.consignments.errors import RequestError
from allocation.domain.consignment import Consignment
from allocation.domain.frozen import frozen
from allocation.domain.mode import AllocationMode, CarrierService, DefaultRules
from allocation.domain.outcome import AllocationFailed, Failure, Outcome
from allocation.engine.allocator import EngineAllocator
from allocation.engine.engine import Assessment, Engine
from allocation.engine.loaded_catalogue import Service
from allocation.engine.nearest_miss import nothing_fits
from allocation.engine.offers import Offer
from allocation.engine.question import NO_FILTERS, ServiceFilters
from allocation.ports import CatalogueArchive, LimitUsage

# The namespace of quote references (RFC 9562, 5.5).
QUOTES: Final = UUID("6f1f6a52-6f0f-4d0c-8d54-0a3f0c1f7a10")


@frozen
class Market:
    """The offers of every carrier service of a catalogue, not only of the best one."""

    engine: Engine
    limit_usage: LimitUsage

    def assess(
        self,
        consignment: Consignment,
        now: datetime,
        mode: AllocationMode | None = None,
        filters: ServiceFilters = NO_FILTERS,
    ) -> Assessment:
        """Return every service's offer, or the rules that it failed. `mode` is default rules where it is None.

        Raises `RequestError` for a consignment that lacks data and for an unknown group or carrier service.
        """
        scope = self.engine.scope(mode or DefaultRules())
        if isinstance(scope, Failure):
            raise RequestError(scope.code, scope.message)
        inquiry = self.engine.inquire(consignment)
        if isinstance(inquiry, Failure):
            raise RequestError(inquiry.code, inquiry.message)
        return self.engine.assess(inquiry, scope, now, filters, self.limit_usage.used)

    def service(self, offer: Offer) -> Service:
        """Return the carrier service that makes an offer."""
        return self.engine.index.services[offer.position]

    def quote_reference(self, offer: Offer) -> str:
        """Return an offer's reference as a quote: a digest of its service, price and dates.

        So quotes need no storage. A quote holds while the same offer stands, and never for another price.
        """
        service = self.service(offer)
        dates = offer.dates
        terms = (service.reference, offer.net, service.currency, dates.collected_at, dates.delivery_day, dates.window)
        return str(uuid5(QUOTES, repr(tuple(map(str, terms)))))

    def quoted(self, consignment: Consignment, reference: str, now: datetime) -> Service:
        """Return the service of a quote that still stands. Raises `RequestError` for any other quote."""
        for offer in self.assess(consignment, now).offers:
            if self.quote_reference(offer) == reference.strip().lower():
                return self.service(offer)
        text = f"Quote {reference[:64]!r} no longer holds for consignment {consignment.reference}. Get new quotes."
        raise RequestError("QuoteNotFoundException", text)


@frozen
class Choices:
    """The ways to choose a carrier service for the consignments of one request.

    `engine` returns the engine to use now. `api_base_url` starts the links in each Allocation Summary.
    """

    engine: Callable[[], Engine]
    limit_usage: LimitUsage
    archive: CatalogueArchive
    now: Callable[[], datetime]
    api_base_url: str

    def by_mode(self, mode: AllocationMode) -> Choose:
        """Choose as the order queue does."""
        return lambda consignment: (mode, self._outcome(self.engine(), mode, consignment))

    def by_cheapest_quote(self) -> Choose:
        """Choose the service of the cheapest quote, whatever the catalogue prefers, as PRO does."""

        def choose(consignment: Consignment) -> tuple[AllocationMode, Outcome]:
            market, mode = self._market(), DefaultRules()
            if market.engine.prefers_by_price:
                return mode, self._outcome(market.engine, mode, consignment)
            assessment = market.assess(consignment, self.now())
            return mode, self._outcome_of(market, assessment, min(assessment.offers, default=None), consignment)

        return choose

    def by_filters(self, filters: ServiceFilters) -> Choose:
        """Choose the preferred service that passes the rules and the filters."""

        def choose(consignment: Consignment) -> tuple[AllocationMode, Outcome]:
            market = self._market()
            assessment = market.assess(consignment, self.now(), filters=filters)
            return DefaultRules(), self._outcome_of(market, assessment, assessment.winner, consignment)

        return choose

    def by_delivery(self, service: str, window: tuple[int, int]) -> Choose:
        """Choose a service if it delivers within a window, else the cheapest that does.

        The day is the consignment's own promise. `window` is in local seconds after midnight.
        """

        def choose(consignment: Consignment) -> tuple[AllocationMode, Outcome]:
            market = self._market()
            assessment = market.assess(consignment, self.now())
            begins, ends = window
            kept = sorted(
                each for each in assessment.offers if begins <= each.dates.window[0] and each.dates.window[1] <= ends
            )
            named = (each for each in kept if market.service(each).reference == service)
            offer = next(named, kept[0] if kept else None)
            return DefaultRules(), self._outcome_of(market, assessment, offer, consignment)

        return choose

    def by_quote(self, reference: str) -> Choose:
        """Choose the service of a quote, if the quote still stands."""

        def choose(consignment: Consignment) -> tuple[AllocationMode, Outcome]:
            market = self._market()
            mode = CarrierService(market.quoted(consignment, reference, self.now()).reference)
            return mode, self._outcome(market.engine, mode, consignment)

        return choose

    def _market(self) -> Market:
        return Market(self.engine(), self.limit_usage)

    def _outcome_of(
        self, market: Market, assessment: Assessment, offer: Offer | None, consignment: Consignment
    ) -> Outcome:
        """Return the outcome with the service of an offer, or why there is none."""
        if offer is None:
            return AllocationFailed(nothing_fits(assessment, DefaultRules()))
        return self._outcome(market.engine, CarrierService(market.service(offer).reference), consignment)

    def _outcome(self, engine: Engine, mode: AllocationMode, consignment: Consignment) -> Outcome:
        allocator = EngineAllocator(
            engine, now=self.now, api_base_url=self.api_base_url, usage=self.limit_usage, archive=self.archive
        )
        return allocator.outcomes([consignment], mode)[consignment.reference]
