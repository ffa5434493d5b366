"""Decides which carrier service takes a consignment: who can deliver, who meets the rules, who is preferred."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Final, NamedTuple, assert_never

from allocation.domain.consignment import Consignment
from allocation.domain.limit import UsedLimits
from allocation.domain.mode import AllocationMode, CarrierService, DefaultRules, ServiceGroup
from allocation.domain.outcome import Failure, FailureCode, Price
from allocation.domain.preference import CHEAPEST, Preference
from allocation.engine.index import CatalogueIndex
from allocation.engine.inquiries import Inquiry, inquire
from allocation.engine.lanes import Lane, LaneKey
from allocation.engine.loaded_catalogue import Catalogue
from allocation.engine.masks import Mask, bits_of
from allocation.engine.memo import Memo
from allocation.engine.offers import Offer, ranked
from allocation.engine.price_book import PriceBook
from allocation.engine.pricing import Breakdown, price_with_tax
from allocation.engine.question import Question, Scope, ServiceFilters
from allocation.engine.rule import SCOPE_CODES, Rule
from allocation.engine.rules import RULES
from allocation.engine.wording import there_is_no

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# A lane takes some 100 bytes for each service: 25 MB in all, however many services there are.
_MAX_LANES: Final = 512
_MAX_LANE_SERVICES: Final = 250_000
# What was found of a service takes some 110 bytes: 7 MB in all.
_MAX_FOUND: Final = 60_000


class Exclusion(NamedTuple):
    """A service that can't take the consignment, and every rule it failed."""

    position: int
    failed: tuple[Rule, ...]

    @property
    def is_in_scope(self) -> bool:
        """Whether the allocation mode lets the service be chosen at all."""
        return not any(rule.code in SCOPE_CODES for rule in self.failed)


@dataclass(frozen=True)
class Assessment:
    """The answer to a question. Each service has an offer, best first, or failed a rule.

    `failures` has the rules that services failed, in the order of `RULES`, each with those services.
    """

    question: Question
    offers: Sequence[Offer]
    failures: Sequence[tuple[Rule, Mask]]

    @cached_property
    def excluded(self) -> Sequence[Exclusion]:
        """The services that can't take the consignment, in the order of their references, each with all it failed."""
        failed = _failed_by_service(self.failures, self.question.index.size)
        # There are many: made as a named tuple makes itself, without the call that names its fields.
        made = tuple.__new__
        return [made(Exclusion, each) for each in enumerate(failed) if each[1]]

    @property
    def winner(self) -> Offer | None:
        """The offer that an allocation takes."""
        return self.offers[0] if self.offers else None


class Engine:
    """A catalogue, indexed once, ready to decide. Equal questions have equal answers on any machine."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.index = CatalogueIndex(catalogue)
        self.book = PriceBook(self.index)
        self._lanes: Memo[LaneKey, Lane] = Memo(max(8, min(_MAX_LANES, _MAX_LANE_SERVICES // max(1, self.index.size))))
        self._lanes_made = 0
        # What was found of all services, as explanations keep it, by what it was made of: most orders find the same.
        self.found: Memo[tuple[object, ...], bytes] = Memo(max(8, _MAX_FOUND // max(1, self.index.size)))
        self._has_handicaps = any(service.handicap for service in catalogue.services)

    def scope(self, mode: AllocationMode) -> Scope | Failure:
        """Return the scope of a mode, or a failure that names the group or service that the catalogue lacks."""
        match mode:
            case DefaultRules(preference):
                return Scope(preference=preference or self.catalogue.preference)
            case ServiceGroup(reference, preference):
                group = self.index.groups.get(reference)
                if group is None:
                    text = there_is_no("service group", reference, self.index.groups)
                    return Failure(FailureCode.SERVICE_GROUP_NOT_FOUND, text)
                preferred = preference or self.catalogue.preference
                return Scope(outside_group=self.index.everything & ~group, preference=preferred)
            case CarrierService(reference):
                position = self.index.positions.get(reference)
                if position is None:
                    text = there_is_no("carrier service", reference, self.index.positions)
                    return Failure(FailureCode.CARRIER_SERVICE_NOT_FOUND, text)
                return Scope(not_requested=self.index.everything & ~(1 << position))
            case _:
                assert_never(mode)

    @property
    def prefers_by_price(self) -> bool:
        """Whether the catalogue prefers what costs least, as SortedPRO does."""
        return self.ranks_by_price(self.catalogue.preference)

    def ranks_by_price(self, preference: Preference) -> bool:
        """Return whether a preference puts offers in their own order."""
        return preference == CHEAPEST and not self._has_handicaps

    def inquire(self, consignment: Consignment) -> Inquiry | Failure:
        """Return what the engine asks about a consignment, or what the consignment lacks."""
        return inquire(consignment, self.catalogue, self.index.zones)

    def assess(
        self, inquiry: Inquiry, scope: Scope, now: datetime, filters: ServiceFilters, used: UsedLimits
    ) -> Assessment:
        """Apply all rules to all services. `now` is aware; `used` returns how much of the daily limits is used.

        `used` is asked only about services that have a limit and pass the rules before it.
        """
        question = self.question(inquiry, scope, now, filters, used)
        failures: list[tuple[Rule, Mask]] = []
        passing = self.index.everything
        for rule in RULES:
            if failing := rule.fails(question, passing):
                failures.append((rule, failing))
                passing &= ~failing
        return Assessment(question, self._offers(question, passing), failures)

    def breakdown(self, question: Question, position: int) -> Breakdown | None:
        """Return how the price of a service is made up, or None where it has none."""
        return self.book.breakdown(question.pricing, position)

    def price(self, question: Question, offer: Offer) -> Price | None:
        """Return the price of an offer, whose lines nobody asks for; None where it has none."""
        service = self.index.services[offer.position]
        if service.prices_include_tax:
            breakdown = self.breakdown(question, offer.position)
            return breakdown and breakdown.price
        return price_with_tax(offer.net, service, question.lane.tax)

    def question(
        self, inquiry: Inquiry, scope: Scope, now: datetime, filters: ServiceFilters, used: UsedLimits
    ) -> Question:
        """Return what `assess` asks the rules, which say with it what a service wants and why it can't have it."""
        moment = _whole_seconds(now)
        day = inquiry.promise.ship_on or self.catalogue.home.today(moment)
        lane = self._lane(inquiry)
        table = lane.dates(inquiry.promise, moment)
        pricing = self.book.pricing(lane, inquiry, day, table)
        return Question(
            self.index,
            self.book,
            inquiry,
            scope,
            filters,
            used,
            moment,
            day,
            lane,
            table,
            pricing,
            self.book.cells(pricing),
            self.index.limits.breaches(pricing.by_exchange()),
        )

    def _lane(self, inquiry: Inquiry) -> Lane:
        origin, destination = self.index.zones.places(inquiry.origin, inquiry.destination)
        key = LaneKey(inquiry.location, origin.names, destination.names, destination.parts)
        lane = self._lanes.get(key)
        if lane is None:
            self._lanes_made += 1
            lane = self._lanes.keep(key, Lane(self.index, key, self._lanes_made))
        return lane

    def _offers(self, question: Question, passing: Mask) -> list[Offer]:
        """Return the offers of the services that pass, best first."""
        bits, dates = bits_of(passing, self.index.size), question.table.dates
        offers: list[Offer] = []
        for cell in question.cells:
            offers += [
                Offer(cost, dates[position][0], position, net, dates[position][1])
                for position, (cost, net) in cell.prices(bits)
            ]
        preference = question.scope.preference
        return ranked(preference, self.index.services, offers, by_price=self.ranks_by_price(preference))


def _failed_by_service(failures: Sequence[tuple[Rule, Mask]], size: int) -> Sequence[tuple[Rule, ...]]:
    """Return what each service failed. Services that failed the same rules share them."""
    found: list[tuple[Rule, ...]] = [()] * size
    for rule, failing in failures:
        longer: dict[tuple[Rule, ...], tuple[Rule, ...]] = {}
        found = [
            before if bit == "0" else longer.get(before) or longer.setdefault(before, (*before, rule))
            for before, bit in zip(found, bits_of(failing, size), strict=True)
        ]
    return found


def _whole_seconds(now: datetime) -> int:
    """Return seconds since 1970 UTC, rounded up: a fraction of a second after a cut-off is after it."""
    since = now - _EPOCH
    return since.days * 86_400 + since.seconds + (since.microseconds > 0)
