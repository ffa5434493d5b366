"""A replay of a part of the consignments. Parts merge, in any order, into the replay of all of them.

What depends on a daily limit is left open: it is settled when all parts are there, in the order of the decisions.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from typing import NamedTuple

from allocation.domain.errors import AllocationError
from allocation.domain.limit import LimitedDay
from allocation.replay.decisions import Choice, Decision, Replayable, Side, decide
from allocation.replay.result import CatalogueName, FullDay, ReplayResult, result_of
from allocation.replay.tally import Tally


class MixedReplaysError(AllocationError):
    """Parts of replays with different catalogues can't be merged."""


class OpenConsignment(NamedTuple):
    """A consignment whose service depends on how much of a limit is used. They sort in the order of the decisions."""

    decided_at: datetime
    consignment: str
    before: Decision
    after: Decision


@dataclass(slots=True)
class Partial:
    """What was replayed of some consignments under the catalogues `before` and `after`."""

    before: CatalogueName
    after: CatalogueName
    tally: Tally = field(default_factory=Tally)
    open: list[OpenConsignment] = field(default_factory=list)
    # One of each decision that is open: a decision of twenty choices takes 8 KB, and most consignments share theirs.
    _decisions: dict[Decision, Decision] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def consignments(self) -> int:
        """How many consignments there are."""
        return len(self.open) + sum(moved.count for moved in self.tally.ways.values())

    def add(self, asked: Replayable, before: Decision, after: Decision) -> None:
        """Count a consignment, or leave it open."""
        reference = asked.consignment.reference
        if before.has_limits or after.has_limits:
            kept = (self._decisions.setdefault(each, each) for each in (before, after))
            self.open.append(OpenConsignment(asked.decided_at.astimezone(UTC), reference, *kept))
        else:
            self.tally.add(reference, before.chosen({}), after.chosen({}), after.failure)

    def merge(self, other: "Partial") -> None:
        """Add another part. Raises `MixedReplaysError` if it has other catalogues."""
        if (self.before, self.after) != (other.before, other.after):
            raise MixedReplaysError("the parts are of replays under different catalogues: replay all of them again")
        self.tally.merge(other.tally)
        self.open += other.open

    def result(self) -> ReplayResult:
        """Return the whole result: settle what is open, counting each side's limits in the order of the decisions."""
        whole, before, after = Tally(), _Usage(), _Usage()
        whole.merge(self.tally)
        for item in sorted(self.open, key=attrgetter("decided_at", "consignment")):
            choices = before.choose(item.before), after.choose(item.after)
            whole.add(item.consignment, *choices, item.after.failure)
        return result_of(self.before, self.after, whole, after.full_days())


@dataclass(slots=True)
class _Usage:
    """How much of one side's daily limits is used, and how many consignments found them used up."""

    used: Counter[LimitedDay] = field(default_factory=Counter)
    turned_away: Counter[LimitedDay] = field(default_factory=Counter)
    limits: dict[LimitedDay, int] = field(default_factory=dict)

    def choose(self, decision: Decision) -> Choice | None:
        """Return what a decision chooses now, and count it."""
        wanted, choice = decision.chosen({}), decision.chosen(self.used)
        if wanted and wanted.limit and choice != wanted:
            self.turned_away[wanted.limit.on] += 1
        if choice and choice.limit:
            self.used[choice.limit.on] += 1
            self.limits[choice.limit.on] = choice.limit.most
        return choice

    def full_days(self) -> list[FullDay]:
        """Return the days whose limit is used up, in the order of their dates."""
        full = [on for on, most in self.limits.items() if self.used[on] >= most]
        return [
            FullDay(on.service, on.day, self.limits[on], self.used[on], self.turned_away[on])
            for on in sorted(full, key=lambda on: (on.day, on.service))
        ]


def replayed(before: Side, after: Side, asked: Iterable[Replayable]) -> Partial:
    """Return the replay of some consignments, each of which occurs once."""
    part = Partial(CatalogueName.of(before.engine.catalogue), CatalogueName.of(after.engine.catalogue))
    for each in asked:
        decided = decide(before, each, in_words=False)
        # Nobody is told why a consignment fails that failed before.
        part.add(each, decided, decide(after, each, in_words=bool(decided.choices)))
    return part


def replay(before: Side, after: Side, asked: Iterable[Replayable]) -> ReplayResult:
    """Return what changes for the consignments from one catalogue, or mode, to the other.

    Each consignment occurs once. Daily limits count as unused before the first, and then in the order of the decisions.
    """
    return replayed(before, after, asked).result()
