"""What one side of a replay decides about a consignment: its service, and what it takes once daily limits are used up.

Which limits are used up depends on all consignments before it. A decision says what the choice is in every case, so
that consignments are assessed in any order, in several processes, and limits are counted afterwards.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from allocation.domain.consignment import Consignment
from allocation.domain.currencies import Money
from allocation.domain.frozen import frozen
from allocation.domain.limit import AllocationLimit, LimitedDay
from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import AllocationFailed, Failure, FailureCode
from allocation.domain.preference import Preference, PreferenceName
from allocation.domain.routing import way_of
from allocation.domain.state import CARRIED
from allocation.engine.asked import Asked
from allocation.engine.engine import Engine
from allocation.engine.nearest_miss import nothing_fits
from allocation.engine.offers import Offer, ranked, ranking
from allocation.engine.question import NO_FILTERS, Question
from allocation.records.stored_record import StoredRecord

# The states whose last decision was an allocation, or the failure of one.
DECIDED: frozenset[str] = frozenset({*CARRIED, AllocationFailed.state})

_LIMITS_USED_UP: Final = Failure(
    FailureCode.NO_CARRIER_SERVICE_AVAILABLE, "The daily limit of every service that could take it is used up."
)
_FASTEST: Final = Preference(PreferenceName.FASTEST)


@frozen
class Replayable:
    """What a decision was asked. `decided_at` is aware.

    `mode` holds unless `is_routed`: then the routing table of a catalogue that has one chooses.
    """

    consignment: Consignment
    mode: AllocationMode
    decided_at: datetime
    is_routed: bool = False


def replayable(record: StoredRecord, asked: Asked, stack_mode: AllocationMode, *, has_table: bool) -> Replayable:
    """Return what is decided again of a record.

    `has_table` says whether the catalogue before has a routing table. Where that chose the row, the other catalogue's
    table chooses, too, or `stack_mode` where it has none. A record without a row was asked for by a mode of its own,
    over the API; where there was no table, nobody can tell, and a new table chooses by its default row.
    """
    if record.known_route is None:
        return Replayable(asked.consignment, asked.mode, asked.decided_at, is_routed=not has_table)
    consignment = _with_option(asked.consignment, record.known_route.option)
    return Replayable(consignment, stack_mode, asked.decided_at, is_routed=True)


def _with_option(consignment: Consignment, option: str | None) -> Consignment:
    """Return the consignment with the delivery option of its row: what was asked has none."""
    return replace(consignment, delivery_option=consignment.delivery_option or option)


@frozen
class Side:
    """A catalogue to decide by. `mode` is used for all consignments instead of what was asked, unless it is None."""

    engine: Engine
    mode: AllocationMode | None = None


@frozen
class Choice:
    """A service that can take a consignment, unless the limit of its day is used up."""

    service: str
    net: Money
    limit: AllocationLimit | None = None
    # What the preference `fastestWithin` compares: the price with the handicap, in the catalogue's currency.
    compared: Decimal = Decimal(0)


@frozen
class Decision:
    """What to choose, best first; nothing but the failure where no service can take the consignment.

    The choices end with the first that has no limit. Where the preference is the fastest of those that cost at most
    `within` more than the cheapest, all choices are there: a used limit may change which is the cheapest.
    """

    choices: Sequence[Choice]
    within: Decimal | None = None
    failure: Failure = _LIMITS_USED_UP

    @property
    def has_limits(self) -> bool:
        """Whether the choice depends on how much of a limit is used."""
        return any(choice.limit for choice in self.choices)

    def chosen(self, used: Mapping[LimitedDay, int]) -> Choice | None:
        """Return the best choice, given how many allocations each day has. A day that is left out has none."""
        left = [choice for choice in self.choices if not _is_used_up(choice.limit, used)]
        if self.within is None or not left:
            return next(iter(left), None)
        most = min(choice.compared for choice in left) + self.within
        return next(choice for choice in left if choice.compared <= most)


def decide(side: Side, asked: Replayable, *, in_words: bool) -> Decision:
    """Return what a side decides about a consignment at the moment that it was asked.

    `in_words` says whether the text of a failure is wanted, which takes longer than the decision.
    """
    engine, mode = side.engine, _mode(side, asked)
    if isinstance(mode, Failure):
        return Decision((), failure=mode)
    scope, inquiry = engine.scope(mode), engine.inquire(asked.consignment)
    if isinstance(scope, Failure):
        return Decision((), failure=scope)
    if isinstance(inquiry, Failure):
        return Decision((), failure=inquiry)
    assessment = engine.assess(inquiry, scope, asked.decided_at, NO_FILTERS, _nothing_used)
    if assessment.offers:
        within, question, offers = scope.preference.within, assessment.question, assessment.offers
        return _fastest_within(question, offers, within.amount) if within else _best_first(question, offers)
    if in_words:
        return Decision((), failure=nothing_fits(assessment, mode))
    return Decision((), failure=Failure(FailureCode.NO_CARRIER_SERVICE_AVAILABLE, ""))


def _mode(side: Side, asked: Replayable) -> AllocationMode | Failure:
    """Return the mode: the side's own, that of the routing table where it may choose, or the one that was asked."""
    if side.mode is not None:
        return side.mode
    table = side.engine.catalogue.routing if asked.is_routed else None
    return way_of(table, asked.mode, asked.consignment.delivery_option).mode


def _best_first(question: Question, offers: Sequence[Offer]) -> Decision:
    return Decision(tuple(_until_unlimited(_choices(question, offers))))


def _fastest_within(question: Question, offers: Sequence[Offer], within: Decimal) -> Decision:
    """Return all choices, the fastest first, or only the winner where no offer has a limit."""
    fastest = ranked(_FASTEST, question.index.services, list(offers), by_price=False)
    choices = tuple(_choices(question, fastest))
    if any(choice.limit for choice in choices):
        return Decision(choices, within)
    return Decision(tuple(_choices(question, offers[:1])))


def _choices(question: Question, offers: Sequence[Offer]) -> Iterator[Choice]:
    services = question.index.services
    rank = ranking(question.scope.preference, services, ())
    for offer in offers:
        service = services[offer.position]
        net = Money(offer.net, service.currency)
        yield Choice(service.reference, net, question.limit(offer.position), rank.compared_cost(offer))


def _until_unlimited(choices: Iterator[Choice]) -> Iterator[Choice]:
    for choice in choices:
        yield choice
        if choice.limit is None:
            return


def _is_used_up(limit: AllocationLimit | None, used: Mapping[LimitedDay, int]) -> bool:
    return limit is not None and used.get(limit.on, 0) >= limit.most


def _nothing_used(days: Sequence[LimitedDay]) -> Mapping[LimitedDay, int]:  # noqa: ARG001 - the engine's signature
    return {}
