"""Spaces that pickup locations have for each day of delivery, and who has them.

A location's spaces are kept in one draft. An option has at most one: taking it again only makes it last longer. A space
that nobody selects in time is free again by itself. So is that of an option whose consignments are all cancelled, by
whomever: where a day is full, their records are looked at. Which spaces a consignment or an order has is kept in a
draft of its own, too, by which a cancellation over the API gives them back at once.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from allocation.consignments.drafts import Draft, DraftStore
from allocation.consignments.errors import RequestError
from allocation.domain.frozen import frozen
from allocation.domain.reference import ConsignmentReference
from allocation.engine.pickup_locations import PickupLocation

_KEY: Final = "pickup#"
_OF_HOLDER: Final = "pickup-of#"
# More than for other drafts: everybody who chooses a location at the same moment changes the same one.
_MAX_ATTEMPTS: Final = 8
# How long after the day of delivery its spaces are kept.
_KEPT_AFTER: Final = timedelta(days=2)
# How long a space is taken for what is about to be created. A request ends long before.
_WHILE_CREATING: Final = timedelta(minutes=15)
# Consignments that are looked at to see which of them left a space: as many as a location may take. That is four calls.
_MAX_LOOKED_AT: Final = 200

_FindCancelled = Callable[[Sequence[ConsignmentReference]], Set[str]]
"""Returns those of some consignments that are cancelled."""


@frozen
class Space:
    """A space at a pickup location: for the day of delivery, of the option that was reserved or selected."""

    location: PickupLocation
    day: date
    option: str


@frozen
class _Taken:
    """A location's spaces: when each option's ends, by the day and the option, and who holds it, by the option."""

    ends: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    holders: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def on(self, day: str) -> Mapping[str, str]:
        """Return when the space of each option of a day ends."""
        return self.ends.get(day, {})

    def with_space(self, day: str, option: str, end: str, holder: str | None) -> "_Taken":
        """Return the spaces with that of an option, which lasts no shorter than before."""
        ends = {**self.on(day), option: max(end, self.on(day).get(option, ""))}
        held = dict.fromkeys([*self.holders.get(option, ()), *([holder] if holder else [])])
        return _Taken({**self.ends, day: ends}, {**self.holders, option: list(held)})

    def without(self, gone: Collection[str], options: Collection[str]) -> "_Taken":
        """Return the spaces without these holders of these options: an option that nobody holds then has none."""
        left = {name: [each for each in held if each not in gone] for name, held in self.holders.items()}
        held = {name: left.get(name, []) if name in options else list(self.holders[name]) for name in self.holders}
        return _Taken(
            {
                day: {name: end for name, end in ends.items() if name not in options or held.get(name)}
                for day, ends in self.ends.items()
            },
            held,
        ).tidied()

    def tidied(self, now: str = "") -> "_Taken":
        """Return the spaces that have not ended."""
        left = {day: {name: end for name, end in ends.items() if end > now} for day, ends in self.ends.items()}
        options = {name for ends in left.values() for name in ends}
        held = {name: each for name, each in self.holders.items() if name in options and each}
        return _Taken({day: ends for day, ends in left.items() if ends}, held)


@frozen
class PickupSpaces:
    """The spaces of locations that have a number of them. `now` returns the moment as aware UTC."""

    drafts: DraftStore
    now: Callable[[], datetime]
    cancelled: _FindCancelled

    def full_days(self, locations: Iterable[PickupLocation]) -> Mapping[str, frozenset[date]]:
        """Return the days for which each of these locations takes no more, by its reference."""
        limited = {_KEY + each.reference: each.spaces for each in locations if each.spaces is not None}
        found = {key: self._standing(draft) for key, draft in self.drafts.find_all(list(limited)).items()}
        full = {
            key: [day for day in taken.ends if len(taken.on(day)) >= (limited[key] or 0)]
            for key, taken in found.items()
        }
        holders = [each for key, days in full.items() for day in days for each in _holders_on(found[key], day)]
        gone = self._gone(holders)
        return {
            key.removeprefix(_KEY): frozenset(
                date.fromisoformat(day)
                for day in days
                if len(_without_gone(found[key], day, gone).on(day)) >= (limited[key] or 0)
            )
            for key, days in full.items()
        }

    def take(self, space: Space, until: datetime | None = None, holder: str | None = None) -> bool:
        """Take a space, until a moment or for good, and return whether its option had none before.

        Raises `RequestError` where the location takes no more for that day.
        """
        if space.location.spaces is None:
            return False
        most, day, is_new = space.location.spaces, space.day.isoformat(), False
        end = (until or datetime.combine(space.day, time(), UTC) + _KEPT_AFTER).isoformat()

        def decide(taken: _Taken) -> _Taken:
            nonlocal is_new
            is_new = space.option not in taken.on(day)
            if is_new and len(taken.on(day)) >= most:
                taken = _without_gone(taken, day, self._gone(list(_holders_on(taken, day))))
                if len(taken.on(day)) >= most:
                    raise _full(space)
            return taken.with_space(day, space.option, end, holder)

        self._change(space.location.reference, decide)
        return is_new

    def take_while_creating(self, space: Space) -> bool:
        """Take a space for what is about to be created, as `take` does."""
        return self.take(space, self.now() + _WHILE_CREATING)

    def give_back(self, space: Space) -> None:
        """Free the space of an option that nobody holds."""
        self._change(space.location.reference, lambda taken: taken.without((), {space.option}))

    def hold(self, holder: str, space: Space | None) -> None:
        """Keep a space for good as that of a consignment or an order, and free others that it had.

        None: it needs none any more. Raises `RequestError` as `take` does.
        """
        had, has = self._had_by(holder), None
        if space is not None:
            self.take(space, holder=holder)
            has = [space.location.reference, space.day.isoformat(), space.option]
        for location, _, option in (each for each in had if each != has):
            self._release(location, option, holder)
        if space is not None and had != [has]:
            self._replace(_OF_HOLDER + holder, lambda _: {"spaces": [has]}, space.day)

    def has_had(self, holder: str) -> bool:
        """Return whether a consignment or an order has a space, or had one that it gave back or passed on."""
        return bool(self._had_by(holder))

    def held_by(self, holder: str, known: Mapping[str, PickupLocation]) -> list[Space]:
        """Return the spaces of a consignment or an order, or that it had, at known locations."""
        return [
            Space(known[location], date.fromisoformat(day), option)
            for location, day, option in self._had_by(holder)
            if location in known
        ]

    def pass_on(self, space: Space, before: str, after: str) -> None:
        """Have a space held by another: that of an order by the consignment that is packed of it."""
        self.hold(after, space)
        self._release(space.location.reference, space.option, before)

    def give_back_all(self, holder: str) -> None:
        """Free the spaces of a consignment that is cancelled. A call that failed is repeated."""
        for location, _, option in self._had_by(holder):
            self._release(location, option, holder)

    def _had_by(self, holder: str) -> list[list[str]]:
        draft = self.drafts.find(_OF_HOLDER + holder)
        return list(draft.content["spaces"]) if draft else []

    def _release(self, location: str, option: str, holder: str) -> None:
        self._change(location, lambda taken: taken.without({holder}, {option}))

    def _gone(self, holders: Sequence[str]) -> Set[str]:
        looked_at = list(dict.fromkeys(holders))[:_MAX_LOOKED_AT]
        return self.cancelled([ConsignmentReference(each) for each in looked_at]) if looked_at else frozenset()

    def _change(self, location: str, decide: Callable[[_Taken], _Taken]) -> None:
        """Change a location's spaces. Those that have ended are left out."""

        def changed(content: Mapping[str, Any]) -> Mapping[str, Any]:
            before = _taken_in(content)
            after = decide(before.tidied(self.now().isoformat()))
            return content if after == before else {"taken": after.ends, "holders": after.holders}

        self._replace(_KEY + location, changed, None)

    def _replace(
        self, key: str, decide: Callable[[Mapping[str, Any]], Mapping[str, Any]], latest_day: date | None
    ) -> None:
        """Change a draft's content, again if another request was faster. `latest_day` is None for a location."""
        for _ in range(_MAX_ATTEMPTS):
            seen = self.drafts.find(key)
            before = seen.content if seen else {}
            after = decide(before)
            if after == before:
                return
            last = latest_day or max((date.fromisoformat(day) for day in after["taken"]), default=self.now().date())
            draft = Draft(key, after, datetime.combine(last, time(), UTC) + 2 * _KEPT_AFTER)
            if seen is None and self.drafts.add(draft):
                return
            if seen is not None and self.drafts.replace(replace(draft, version=seen.version + 1), seen):
                return
        raise RequestError("ConflictException", "Others are reserving at this pickup location. Try again.", 409)

    def _standing(self, draft: Draft) -> _Taken:
        """Return the spaces that have not ended."""
        return _taken_in(draft.content).tidied(self.now().isoformat())


def _taken_in(content: Mapping[str, Any]) -> _Taken:
    return _Taken(content.get("taken", {}), content.get("holders", {}))


def _holders_on(taken: _Taken, day: str) -> Iterator[str]:
    for option in taken.on(day):
        yield from taken.holders.get(option, ())


def _without_gone(taken: _Taken, day: str, gone: Set[str]) -> _Taken:
    """Return the spaces without those of a day whose holders are all gone. What nobody holds yet stays."""
    return taken.without(gone, {option for option in taken.on(day) if taken.holders.get(option)}) if gone else taken


def _full(space: Space) -> RequestError:
    text = f"Pickup location {space.location.reference} takes no more for {space.day.isoformat()}. Get new options."
    return RequestError("PickupLocationFullException", text)
