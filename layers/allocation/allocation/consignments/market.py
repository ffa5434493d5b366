"""What all carrier services offer for a consignment at one moment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from allocation.consignments.errors import RequestError
from allocation.domain.consignment import Consignment
from allocation.domain.mode import AllocationMode, DefaultRules
from allocation.domain.outcome import Failure
from allocation.engine.assessment import Assessment, assess
from allocation.engine.catalogue import Service
from allocation.engine.engine import NO_FILTERS, Engine, Offer, ServiceFilters
from allocation.ports import LimitUsage

QUOTES: Final = UUID("6f1f6a52-6f0f-4d0c-8d54-0a3f0c1f7a10")
"""The namespace of quote references (RFC 9562, 5.5)."""


@dataclass(frozen=True, slots=True)
class Market:
    """The engine, asked for everything it has instead of for the one best service."""

    engine: Engine
    limits: LimitUsage

    def assess(
        self,
        consignment: Consignment,
        now: datetime,
        mode: AllocationMode | None = None,
        filters: ServiceFilters = NO_FILTERS,
    ) -> Assessment:
        """Every service with its offer or the checks it failed.

        Raises `RequestError` for a consignment that lacks something and for a group or a service that is not there.
        """
        scope = self.engine.scope(mode or DefaultRules())
        if isinstance(scope, Failure):
            raise RequestError(scope.code, scope.message)
        inquiry = self.engine.inquire(consignment)
        if isinstance(inquiry, Failure):
            raise RequestError(inquiry.code, inquiry.message)
        return assess(self.engine, self.engine.question(inquiry, scope, now, filters, self.limits.used))

    def service(self, offer: Offer) -> Service:
        """The service that an offer is of."""
        return self.engine.index.services[offer.position]

    def quote_reference(self, offer: Offer) -> str:
        """The reference of an offer as a quote: the same as long as service, price and dates are the same.

        So quotes need not be kept: one is good as long as the offer still stands, and never for another price.
        """
        service = self.service(offer)
        dates = offer.dates
        terms = (service.reference, offer.net, service.currency, dates.collected_at, dates.delivery_day, dates.window)
        return str(uuid5(QUOTES, repr(tuple(map(str, terms)))))

    def quoted(self, consignment: Consignment, reference: str, now: datetime) -> Service:
        """The service of a quote that still stands. Raises `RequestError` for another."""
        for offer in self.assess(consignment, now).offers:
            if self.quote_reference(offer) == reference.strip().lower():
                return self.service(offer)
        text = f"There is no quote {reference[:64]!r} for consignment {consignment.reference} any more: get new quotes."
        raise RequestError("QuoteNotFoundException", text)
