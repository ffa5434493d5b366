"""Tracking: carriers' events in, each once, and what is known of a consignment's journey out.

An event is found by its tracking reference or by its consignment's own reference. The events are kept beside the
consignment's personal data, because who signed is a name; its record only has the state and the dates that follow.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Final, Protocol

from allocation.consignments.carrier_events import MAX_AHEAD, CarrierEvents, ConsignmentEvents, PackageEvents
from allocation.consignments.changes import MAX_ATTEMPTS, Changes, consignment_references
from allocation.consignments.errors import Problem, RequestError, UnknownConsignmentError
from allocation.consignments.store import Known
from allocation.domain.errors import RetryableError
from allocation.domain.frozen import frozen
from allocation.domain.reference import ConsignmentReference
from allocation.domain.state import Step
from allocation.domain.summary import AllocationSummary
from allocation.domain.tracking import TrackingEvent, in_order, journey_of
from allocation.domain.tracking_reference import key_in
from allocation.observability import logger

_UNKNOWN: Final = "NotFound"
_UNAVAILABLE: Final = "Unavailable"


@frozen
class KeptTracking:
    """The events of one allocation in order; `allocation` is its first tracking reference.

    `version` counts the changes of what is kept, 0 where nothing is. `expires_at` is when it is deleted, aware UTC.
    """

    reference: ConsignmentReference
    allocation: str
    events: Sequence[TrackingEvent] = ()
    version: int = 0
    expires_at: datetime | None = None


class TooManyEventsError(RetryableError):
    """No item has room for so many events of one consignment."""


class TrackingStore(Protocol):
    """Keeps tracking events. Every method raises `RetryableError` on an outage."""

    def with_tracking_key(self, key: str) -> Sequence[ConsignmentReference]:
        """Return the consignments that are kept and whose tracking references have this key."""

    def tracking(self, reference: ConsignmentReference) -> KeptTracking | None:
        """Return the events that are kept of a consignment, read consistently, or None."""

    def track(self, kept: KeptTracking, seen: Known, step: Step | None) -> bool:
        """Keep events in the place of the version before, and change the record unless `step` is None.

        False: nothing was written, as the events or the record changed meanwhile. Raises `TooManyEventsError`.
        """


@frozen
class _Meant:
    """What a tracking reference means: a consignment, a leg of its journey, and a package or all (None)."""

    known: Known
    leg: int
    package: int | None


@frozen
class _Entry:
    """The events that are sent for one tracking reference, and the consignment that it means."""

    reference: ConsignmentReference
    text: str
    path: str
    events: Sequence[TrackingEvent]


@frozen
class Tracking:
    """Takes carriers' events, and tells them. `retention` is how long events are kept after the last one."""

    changes: Changes
    store: TrackingStore
    retention: timedelta

    def take(self, sent: CarrierEvents, request_id: str) -> None:
        """Take the events of several consignments, each once however often it is sent.

        Raises `RequestError` that names each tracking reference whose events were not taken. The others were.
        """
        place_of = cache(partial(self._place, carrier=sent.carrier_reference))
        problems: list[Problem] = []
        by_consignment: dict[ConsignmentReference, list[_Entry]] = {}
        for at, each in enumerate(sent.consignment_tracking_events):
            path = f"ConsignmentTrackingEvents[{at}]"
            for read in self._read(each, place_of, path):
                if isinstance(read, Problem):
                    problems.append(read)
                else:
                    by_consignment.setdefault(read.reference, []).append(read)
        for reference, entries in by_consignment.items():
            problems += self._taken(reference, entries, request_id)
        if problems:
            failed = len({problem.target.partition(".")[0] for problem in problems})
            text = f"The events of {failed} of {len(sent.consignment_tracking_events)} tracking references were not"
            is_outage = any(problem.code == _UNAVAILABLE for problem in problems)
            raise RequestError(
                "TrackingEventsNotTakenException",
                f"{text} taken: see Details. All others were. Events that are sent again count once.",
                503 if is_outage else 400,
                problems,
            )

    def of(self, text: str) -> tuple[Known, KeptTracking]:
        """Return a consignment, by its own or a tracking reference, and the events of its allocation.

        Raises `RequestError` if there is none.
        """
        known = next(iter(self._meant(text)), None)
        if known is None:
            raise UnknownConsignmentError(text)
        return known, self._kept(known)

    def _read(
        self, each: ConsignmentEvents, place_of: Callable[[str], _Meant | None], path: str
    ) -> Iterator[_Entry | Problem]:
        """Yield what is sent for one tracking reference, and why any of it can't be taken."""
        text = each.consignment_tracking_reference
        try:
            place = place_of(text)
        except RetryableError as error:
            yield _unavailable(error, path, text)
            return
        if place is None:
            yield Problem(_UNKNOWN, f"{path}.ConsignmentTrackingReference", f"{text[:64]} is not known")
            return
        events: list[TrackingEvent] = []
        for number, package in enumerate(each.package_tracking_events):
            read = _events_of(package, place, f"{path}.PackageTrackingEvents[{number}]", self.changes.now())
            if isinstance(read, Problem):
                yield read
            else:
                events += read
        if events:
            yield _Entry(place.known.reference, text, path, events)

    def _taken(self, reference: ConsignmentReference, entries: Sequence[_Entry], request_id: str) -> list[Problem]:
        """Take the events of one consignment together. Return why the entries could not be taken."""
        events = [event for entry in entries for event in entry.events]
        try:
            if self._keep(reference, events, request_id):
                return []
        except TooManyEventsError:
            told = "has more events than can be kept"
            return [Problem("TooMany", each.path, f"{each.text[:64]} {told}") for each in entries]
        except RetryableError as error:
            return [_unavailable(error, each.path, each.text) for each in entries]
        told = f"other requests are changing {reference}: send it again"
        return [Problem(_UNAVAILABLE, each.path, told) for each in entries]

    def _keep(self, reference: ConsignmentReference, events: Sequence[TrackingEvent], request_id: str) -> bool:
        """Keep events and the state that follows. Return False if others keep changing the consignment."""
        for _ in range(MAX_ATTEMPTS):
            known = self.changes.known(reference)
            record = known.record
            if record is None or record.allocation_summary is None:
                return True  # deallocated or cancelled meanwhile: nobody ships it
            now, before = self.changes.now(), self._kept(known)
            together = in_order([*before.events, *events])
            journey = journey_of(together, _package_count(known))
            is_new = not record.says(journey) and not _is_passing(known)
            if len(together) == len(before.events) and not (journey.state and is_new):
                return True
            kept = replace(before, events=together, version=before.version + 1, expires_at=now + self.retention)
            step = Step(journey.state, request_id, now, journey=journey) if journey.state and is_new else None
            if self.store.track(kept, known, step):
                return True
        return False

    def _kept(self, known: Known) -> KeptTracking:
        """Return the events of the present allocation; those of another one are its own."""
        first = (known.record.tracking_reference if known.record else None) or ""
        kept = self.store.tracking(known.reference)
        if kept is None or kept.allocation == first:
            return kept or KeptTracking(known.reference, first)
        return KeptTracking(known.reference, first, version=kept.version)

    def _meant(self, text: str) -> Iterator[Known]:
        """Yield the consignments that a reference of their own, or a tracking reference, may mean."""
        try:
            wanted = consignment_references(text)
        except UnknownConsignmentError:
            wanted = ()
        yield from self.changes.store.find(wanted).values()
        key = key_in(text.strip())
        for known in self.changes.store.find(self.store.with_tracking_key(key)).values() if key else ():
            if any(text.strip() in leg.tracking_references for leg in _summary(known).consignment_legs):
                yield known

    def _place(self, text: str, carrier: str | None) -> _Meant | None:
        """Return what a tracking reference of a carrier means, or None where it is not known."""
        for known in self._meant(text):
            for number, leg in enumerate(_summary(known).consignment_legs, start=1):
                if carrier and leg.carrier_reference and carrier.casefold() != leg.carrier_reference.casefold():
                    continue
                if text.strip() in leg.tracking_references:
                    position = leg.tracking_references.index(text.strip())
                    return _Meant(known, number, position if len(leg.tracking_references) > 1 else None)
                if known.reference.casefold() == text.strip().casefold():
                    return _Meant(known, number, None)
        return None


def _unavailable(error: RetryableError, path: str, text: str) -> Problem:
    """Log an outage, and return what is told of it."""
    logger.error("events not taken", extra={"cause": str(error)})
    return Problem(_UNAVAILABLE, path, f"the events of {text[:64]} could not be kept now: send them again")


def _events_of(package: PackageEvents, place: _Meant, path: str, now: datetime) -> list[TrackingEvent] | Problem:
    """Return the events of one package, or why they can't be taken."""
    position = place.package
    if package.package_reference:
        found = _position_of(package.package_reference, place)
        if found is None:
            return Problem(_UNKNOWN, f"{path}.PackageReference", f"{package.package_reference[:64]} is not known")
        position = found
    for at, event in enumerate(package.tracking_events):
        if event.at > now + MAX_AHEAD:
            return Problem("TooLate", f"{path}.TrackingEvents[{at}].TimeStamp", "lies more than a day ahead")
    return [event.to_domain(position, place.leg) for event in package.tracking_events]


def _position_of(text: str, place: _Meant) -> int | None:
    """Return the position of the package that a carrier names, by its own, the sender's or its tracking reference."""
    wanted = text.strip().casefold()
    content = place.known.stored.content if place.known.stored else {}
    for at, package in enumerate(content.get("Packages") or ()):
        if wanted in {str(package.get(name) or "").casefold() for name in _NAMES}:
            return at
    references = _summary(place.known).consignment_legs[place.leg - 1].tracking_references
    folded = [reference.casefold() for reference in references]
    return folded.index(wanted) if wanted in folded else None


_NAMES: Final = ("Reference", "PackageReferenceProvidedByCustomer")
_NO_SUMMARY: Final = AllocationSummary(status_code=0)


def _summary(known: Known) -> AllocationSummary:
    """Return the summary of a consignment's allocation, an empty one where it has none."""
    return (known.record and known.record.allocation_summary) or _NO_SUMMARY


def _package_count(known: Known) -> int:
    """Return how many packages a consignment has; without its content, as many as have a tracking reference."""
    if known.stored:
        return len(known.stored.content["Packages"])
    return max((len(leg.tracking_references) for leg in _summary(known).consignment_legs), default=1) or 1


def _is_passing(known: Known) -> bool:
    """Tell whether another change of the consignment is under way, which leads to a state of its own."""
    return known.state == "Manifesting"
