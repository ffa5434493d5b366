"""Offers of options as they are kept: each with the consignment that it is for, until its last option expired.

An option is a day, a window and a service, and of a pickup option the location. Its reference names its offer, too. Of
one offer, one option can be selected.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from allocation.consignments.changes import MAX_ATTEMPTS
from allocation.consignments.drafts import Draft, DraftStore, change
from allocation.consignments.errors import NOT_FOUND, RequestError
from allocation.consignments.intake import REFERENCE_CHARACTERS
from allocation.consignments.register import Register
from allocation.consignments.store import ConsignmentJson
from allocation.domain.errors import RetryableError
from allocation.domain.frozen import frozen
from allocation.engine.engine import Assessment
from allocation.engine.offers import Offer
from allocation.engine.pickup_locations import PickupLocation

# How long an offer can still be read after its last option expired.
_KEPT_AFTER: Final = timedelta(days=1)
_KEY: Final = "options#"
_OFFER: Final = "EPC"
_OPTION: Final = "EDO"
# An option's reference is its offer's with other last characters, which count the options.
_DIGITS_OF_A_NUMBER: Final = 2
# Options that can be counted so, from 1.
MAX_OPTIONS: Final = len(REFERENCE_CHARACTERS) ** _DIGITS_OF_A_NUMBER - 1


@frozen
class FoundOption:
    """A day and window in which a service delivers. `assessment` has the question that `offer` answers.

    Of a pickup option, `location` is where, and `distance` how far that is in kilometres.
    """

    assessment: Assessment
    offer: Offer
    location: PickupLocation | None = None
    distance: Decimal = Decimal(0)


@frozen
class OfferedOption:
    """What was found, under the reference by which it can be selected."""

    reference: str
    found: FoundOption


@frozen
class OptionTerm:
    """What an option promised, as it is kept: `window` in local seconds after midnight, `until` when it expires.

    `location` is the reference of the pickup location, None for a delivery.
    """

    service: str
    day: date
    window: tuple[int, int]
    until: datetime
    location: str | None = None


@frozen
class KeptOffers:
    """Keeps offers. Every method but `keep` raises `RequestError` for an option that is unknown or long expired."""

    drafts: DraftStore
    register: Register

    def keep(
        self,
        content: ConsignmentJson,
        found: Sequence[FoundOption],
        view: Callable[[OfferedOption], Mapping[str, Any]],
        consignment: str | None = None,
    ) -> list[Mapping[str, Any]]:
        """Keep the options of a consignment's description and return their views, in order.

        `view` returns an option as it is shown, in JSON. `consignment` is the reference of one that exists already.
        Raises `RetryableError` where no free reference was found.
        """
        now = self.register.changes.now()
        for _ in range(MAX_ATTEMPTS):
            stem = self._stem()
            options = [OfferedOption(_numbered(_OPTION + stem, at), each) for at, each in enumerate(found, start=1)]
            kept = {each.reference: {**_terms(each.found), "view": view(each)} for each in options}
            last = max((_moment(each.offer.dates.cut_off) for each in found), default=now)
            offer = {"consignment": content, "options": kept, "createdAt": now.isoformat(), "selected": None}
            if consignment is not None:
                offer["existing"] = consignment
            if not kept or self.drafts.add(Draft(_KEY + _OFFER + stem, offer, last + _KEPT_AFTER)):
                return [each["view"] for each in kept.values()]
        raise RetryableError(f"all {MAX_ATTEMPTS} references that were tried are taken")

    def reference(self) -> str:
        """Return a new reference of an offer that is not kept."""
        return _numbered(_OFFER + self._stem(), 0)

    def content(self, reference: str) -> Mapping[str, Any]:
        """Return the content of an option's offer."""
        return self._read(reference).content

    def select(self, reference: str, kind: str, issue: Callable[[], str]) -> tuple[Mapping[str, Any], str]:
        """Return an option's offer and the reference of what it becomes, issued at its first selection.

        Raises `RequestError` where another option of the offer was selected or is reserved.
        """
        name = option_name(reference)

        def decide(content: Mapping[str, Any]) -> Mapping[str, Any]:
            before = content["selected"]
            if before is not None:
                if (before["option"], before["kind"]) != (name, kind):
                    raise _already_selected(before)
                return content
            self._require_open(content, name)
            return {**content, "selected": {"option": name, "kind": kind, "reference": issue()}}

        offer = change(self.drafts, lambda: self._read(reference), decide)
        return offer, str(offer["selected"]["reference"])

    def reserve(self, reference: str, reservation: str, until: datetime) -> str:
        """Keep that an option is reserved. Return the reservation's reference: one that stands already stays.

        Raises `RequestError` where another option of its offer is reserved, or one is selected.
        """
        name = option_name(reference)

        def decide(content: Mapping[str, Any]) -> Mapping[str, Any]:
            if content["selected"] is not None:
                raise _already_selected(content["selected"])
            self._require_open(content, name)
            if self.reserved(content):
                return content
            return {**content, "reserved": {"option": name, "reference": reservation, "until": until.isoformat()}}

        return str(change(self.drafts, lambda: self._read(reference), decide)["reserved"]["reference"])

    def reserved(self, content: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return the reservation that holds in an offer now, or None."""
        held: Mapping[str, Any] | None = content.get("reserved")
        if held is None or datetime.fromisoformat(held["until"]) <= self.register.changes.now():
            return None
        return held

    def _require_open(self, content: Mapping[str, Any], name: str) -> None:
        """Raise `RequestError` for an option that has expired, or beside which another one is reserved."""
        if term_of(content, name).until < self.register.changes.now():
            text = f"Delivery option {name} expired at {content['options'][name]['until']}. Get new options."
            raise RequestError("DeliveryOptionExpiredException", text)
        held = self.reserved(content)
        if held is not None and held["option"] != name:
            raise _already_reserved(held)

    def _read(self, reference: str) -> Draft:
        name, draft = option_name(reference), None
        if name.startswith(_OPTION):
            draft = self.drafts.find(_KEY + _OFFER + name[len(_OPTION) : -_DIGITS_OF_A_NUMBER])
        if draft is None or name not in draft.content["options"] or draft.expires_at <= self.register.changes.now():
            text = f"Delivery option {reference[:64]} was not found, or it has expired."
            raise RequestError("DeliveryOptionNotFoundException", text, NOT_FOUND)
        return draft

    def _stem(self) -> str:
        """Return what an offer and its options have in common: `-XXX-XXX-X`."""
        characters = self.register.random_characters(7)
        return f"-{characters[:3]}-{characters[3:6]}-{characters[6:]}"


def option_name(reference: str) -> str:
    """Return an option's reference as offers have it."""
    return reference.strip().upper()[: len("EDO-000-000-000")]


def term_of(offer: Mapping[str, Any], reference: str) -> OptionTerm:
    """Return what an option of an offer's content promised."""
    document = offer["options"][option_name(reference)]
    begins, ends = document["window"]
    until = datetime.fromisoformat(document["until"])
    window, location = (int(begins), int(ends)), document.get("location")
    return OptionTerm(document["service"], date.fromisoformat(document["day"]), window, until, location)


def _terms(found: FoundOption) -> dict[str, Any]:
    """Return an option's terms as JSON."""
    offer, services = found.offer, found.assessment.question.index.services
    return {
        "service": services[offer.position].reference,
        "day": date.fromordinal(offer.dates.delivery_day).isoformat(),
        "window": list(offer.dates.window),
        "until": _moment(offer.dates.cut_off).isoformat(),
        **({"location": found.location.reference} if found.location else {}),
    }


def _already_selected(before: Mapping[str, Any]) -> RequestError:
    text = f"Option {before['option']} was selected of this offer already, as {before['reference']}."
    return RequestError("DeliveryOptionAlreadySelectedException", text)


def _already_reserved(held: Mapping[str, Any]) -> RequestError:
    text = f"Option {held['option']} of this offer is reserved until {held['until']}, as {held['reference']}."
    return RequestError("PickupOptionAlreadyReservedException", text)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _numbered(stem: str, number: int) -> str:
    """Return the reference with a number in its last two characters.

    >>> _numbered("EPC-000-039-E", 37)
    'EPC-000-039-E11'
    """
    tens, ones = divmod(number, len(REFERENCE_CHARACTERS))
    return stem + REFERENCE_CHARACTERS[tens] + REFERENCE_CHARACTERS[ones]
