"""PRO's delivery options: the days on which a consignment could be delivered, each at the cheapest service's price.

An offer is kept with the consignment that it is for, until its options expire. Selecting an option creates that
consignment once, however often the call comes, and allocates it so that the option's promise is kept.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from allocation.consignments.allocatable_consignment import ProConsignment
from allocation.consignments.allocations import Allocations, Choose
from allocation.consignments.changes import MAX_ATTEMPTS
from allocation.consignments.drafts import Draft, DraftStore, change
from allocation.consignments.errors import NOT_FOUND, ConsignmentStateError, RequestError
from allocation.consignments.intake import REFERENCE_CHARACTERS, issued_consignment_reference
from allocation.consignments.market import Market
from allocation.consignments.order_book import OrderBook
from allocation.consignments.register import Register
from allocation.consignments.store import ConsignmentJson, Known
from allocation.domain.consignment import RequestedDelivery
from allocation.domain.errors import RetryableError
from allocation.domain.reference import ConsignmentReference
from allocation.domain.state import ALLOWED_IN, UserAction
from allocation.engine.engine import Assessment
from allocation.engine.loaded_catalogue import Feature, Service
from allocation.engine.offers import Offer

# PRO's help, "Getting Delivery Options": options of the next fourteen days, where the request names no last day.
_MAX_DAYS: Final = 14
# An offer of more days than this would take seconds.
_MAX_DAYS_ASKED: Final = 60
# How long an offer can still be read after its last option expired.
_KEPT_AFTER: Final = timedelta(days=1)
_KEY: Final = "options#"
_OFFER: Final = "EPC"
_OPTION: Final = "EDO"
# An option's reference is its offer's with other last characters, which count the options.
_DIGITS_OF_A_NUMBER: Final = 2


@dataclass(frozen=True, slots=True)
class AskedOptions:
    """The consignment that options are asked for, which is checked, and the last day of delivery, None for the usual.

    `guaranteed_only` leaves out services that only estimate when they deliver.
    """

    content: ConsignmentJson
    last_day: date | None = None
    guaranteed_only: bool = False


@dataclass(frozen=True, slots=True)
class OfferedOption:
    """A day and window in which a service delivers. `assessment` has the question that `offer` answers."""

    reference: str
    assessment: Assessment
    offer: Offer


@dataclass(frozen=True, slots=True)
class OptionTerm:
    """What an option promised, as it is kept: `window` in local seconds after midnight, `until` when it expires."""

    service: str
    day: date
    window: tuple[int, int]
    until: datetime


@dataclass(frozen=True, slots=True)
class DeliveryOptions:
    """Offers delivery options and selects one, as a consignment or as an order."""

    drafts: DraftStore
    register: Register
    allocations: Allocations
    orders: OrderBook
    market: Market

    def offer(self, asked: AskedOptions, view: Callable[[OfferedOption], Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Keep the options of a consignment and return their views, by day and then by window.

        `view` returns an option as it is shown, in JSON. Raises `RetryableError` where no free reference was found.
        """
        found, content = list(self._found(asked)), asked.content
        now = self.register.changes.now()
        for _ in range(MAX_ATTEMPTS):
            stem = self._stem()
            options = [
                OfferedOption(_numbered(_OPTION + stem, at), assessment, offer)
                for at, (assessment, offer) in enumerate(found, start=1)
            ]
            kept = {each.reference: {**self._terms(each.offer), "view": view(each)} for each in options}
            last = max((_moment(each.offer.dates.cut_off) for each in options), default=now)
            offer = {"consignment": content, "options": kept, "createdAt": now.isoformat(), "selected": None}
            if not kept or self.drafts.add(Draft(_KEY + _OFFER + stem, offer, last + _KEPT_AFTER)):
                return [each["view"] for each in kept.values()]
        raise RetryableError(f"all {MAX_ATTEMPTS} references that were tried are taken")

    def days(self, asked: AskedOptions) -> tuple[str, Sequence[tuple[date, Service]]]:
        """Return a reference and each day with each service that could deliver on it. Nothing is kept."""
        found = [
            (date.fromordinal(offer.dates.delivery_day), self.market.service(offer))
            for assessment in self._assessments(asked)
            for offer in self._wanted(assessment, asked)
        ]
        return _numbered(_OFFER + self._stem(), 0), found

    def details(self, reference: str) -> Mapping[str, Any]:
        """Return an offer's content with the option of this reference under `option`. Raises `RequestError`."""
        content = self._read(reference).content
        return {**content, "option": content["options"][_name(reference)]}

    def select(self, reference: str, request_id: str, choose: Callable[[OptionTerm], Choose]) -> Known:
        """Create the consignment of an option and allocate it, both once; return what is known of it then.

        `choose` returns how to choose a service by the option's term. Raises `RequestError` for an option that is
        unknown, expired, or not the one that was selected, and where the consignment's state allows no allocation.
        """
        characters = self.register.random_characters
        offer, created = self._selected(reference, "consignment", lambda: issued_consignment_reference(characters))
        self.register.create_as(ConsignmentReference(created), _promised(offer, reference))
        known = self.register.changes.known(created)
        if known.state not in ALLOWED_IN[UserAction.ALLOCATE]:
            return known
        # Where the same call came twice and the other was faster, its allocation is this one's, too.
        with suppress(ConsignmentStateError):
            self.allocations.allocate(created, choose(_term(offer, reference)), request_id)
        return self.register.changes.known(created)

    def select_as_order(self, reference: str, own: str | None, metadata: Sequence[Any]) -> str:
        """Create the order of an option, once, and return its reference. Raises `RequestError` as `select` does."""
        offer, created = self._selected(reference, "order", self.orders.issued_reference)
        sent = {**_promised(offer, reference), "OrderReferenceProvidedByCustomer": own}
        return self.orders.create(sent | ({"MetaData": metadata} if metadata else {}), _name(reference), created)

    def _stem(self) -> str:
        """Return what an offer and its options have in common: `-XXX-XXX-X`."""
        characters = self.register.random_characters(7)
        return f"-{characters[:3]}-{characters[3:6]}-{characters[6:]}"

    def _found(self, asked: AskedOptions) -> Iterator[tuple[Assessment, Offer]]:
        """Yield the cheapest offer of each window of each day."""
        for assessment in self._assessments(asked):
            cheapest: dict[tuple[int, int], Offer] = {}
            for offer in sorted(self._wanted(assessment, asked)):
                cheapest.setdefault(offer.dates.window, offer)
            yield from ((assessment, cheapest[window]) for window in sorted(cheapest))

    def _wanted(self, assessment: Assessment, asked: AskedOptions) -> Iterator[Offer]:
        for offer in assessment.offers:
            if is_guaranteed(self.market.service(offer)) or not asked.guaranteed_only:
                yield offer

    def _assessments(self, asked: AskedOptions) -> Iterator[Assessment]:
        """Yield what services offer on each day from today on."""
        consignment, last_day = ProConsignment.model_validate(asked.content).to_domain(), asked.last_day
        now = self.register.changes.now()
        first = self.market.engine.catalogue.home.today(int(now.timestamp()))
        days = min((last_day.toordinal() - first + 1) if last_day else _MAX_DAYS, _MAX_DAYS_ASKED)
        for day in range(first, first + max(days, 0)):
            promise = RequestedDelivery(date.fromordinal(day), exactly=True)
            yield self.market.assess(replace(consignment, requested_delivery=promise), now)

    def _terms(self, offer: Offer) -> dict[str, Any]:
        """Return an option's terms as JSON."""
        return {
            "service": self.market.service(offer).reference,
            "day": date.fromordinal(offer.dates.delivery_day).isoformat(),
            "window": list(offer.dates.window),
            "until": _moment(offer.dates.cut_off).isoformat(),
        }

    def _read(self, reference: str) -> Draft:
        name, draft = _name(reference), None
        if name.startswith(_OPTION):
            draft = self.drafts.find(_KEY + _OFFER + name[len(_OPTION) : -_DIGITS_OF_A_NUMBER])
        if draft is None or name not in draft.content["options"] or draft.expires_at <= self.register.changes.now():
            text = f"Delivery option {reference[:64]} was not found, or it has expired."
            raise RequestError("DeliveryOptionNotFoundException", text, NOT_FOUND)
        return draft

    def _selected(self, reference: str, kind: str, issue: Callable[[], str]) -> tuple[Mapping[str, Any], str]:
        """Return an option's offer and the reference of what it becomes, issued at its first selection."""
        name = _name(reference)

        def decide(content: Mapping[str, Any]) -> Mapping[str, Any]:
            before = content["selected"]
            if before is not None:
                if (before["option"], before["kind"]) != (name, kind):
                    text = f"Option {before['option']} was selected of this offer already, as {before['reference']}."
                    raise RequestError("DeliveryOptionAlreadySelectedException", text)
                return content
            if _term(content, name).until < self.register.changes.now():
                text = f"Delivery option {name} expired at {content['options'][name]['until']}. Get new options."
                raise RequestError("DeliveryOptionExpiredException", text)
            return {**content, "selected": {"option": name, "kind": kind, "reference": issue()}}

        offer = change(self.drafts, lambda: self._read(reference), decide)
        return offer, str(offer["selected"]["reference"])


def is_guaranteed(service: Service) -> bool:
    """Return whether a service delivers in its window for certain: a timed one does, others estimate it."""
    return Feature.TIMED in service.features


def _name(reference: str) -> str:
    return reference.strip().upper()[: len("EDO-000-000-000")]


def _promised(offer: Mapping[str, Any], reference: str) -> dict[str, Any]:
    """Return the consignment of an option, with its promise."""
    day = _term(offer, reference).day
    promise = {"Date": f"{day.isoformat()}T00:00:00+00:00", "IsToBeExactlyOnTheDateSpecified": True}
    return {**offer["consignment"], "RequestedDeliveryDate": promise}


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _term(offer: Mapping[str, Any], reference: str) -> OptionTerm:
    document = offer["options"][_name(reference)]
    begins, ends = document["window"]
    until = datetime.fromisoformat(document["until"])
    return OptionTerm(document["service"], date.fromisoformat(document["day"]), (int(begins), int(ends)), until)


def _numbered(stem: str, number: int) -> str:
    """Return the reference with a number in its last two characters.

    >>> _numbered("EPC-000-039-E", 37)
    'EPC-000-039-E11'
    """
    tens, ones = divmod(number, len(REFERENCE_CHARACTERS))
    return stem + REFERENCE_CHARACTERS[tens] + REFERENCE_CHARACTERS[ones]
