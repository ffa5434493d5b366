"""PRO's delivery options: the days on which a consignment could be delivered, each at the cheapest service's price.

Selecting an option creates the consignment that it is for once, however often the call comes, and allocates it so that
the option's promise is kept. Of a pickup option, it goes to the pickup location.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any, Final

from allocation.consignments.allocatable_consignment import ProConsignment
from allocation.consignments.allocations import Allocations, Choose
from allocation.consignments.drafts import DraftStore
from allocation.consignments.errors import ConsignmentStateError, RequestError
from allocation.consignments.intake import issued_consignment_reference
from allocation.consignments.kept_offers import FoundOption, KeptOffers, OfferedOption, OptionTerm, option_name, term_of
from allocation.consignments.market import Market
from allocation.consignments.order_book import OrderBook
from allocation.consignments.pickup_places import at_location, require_location, reservation_for
from allocation.consignments.pickup_spaces import PickupSpaces, Space
from allocation.consignments.register import Register
from allocation.consignments.store import CANCELLED, ConsignmentJson, Known
from allocation.domain.consignment import RequestedDelivery
from allocation.domain.frozen import frozen
from allocation.domain.reference import ConsignmentReference
from allocation.domain.state import ALLOWED_IN, UserAction
from allocation.engine.engine import Assessment
from allocation.engine.loaded_catalogue import Feature, Service
from allocation.engine.offers import Offer

# PRO's help, "Getting Delivery Options": options of the next fourteen days, where the request names no last day.
_MAX_DAYS: Final = 14
# What a selected option becomes, where it is no order.
_CONSIGNMENT: Final = "consignment"
# An offer of more days than this would take seconds.
_MAX_DAYS_ASKED: Final = 60


@frozen
class AskedOptions:
    """The consignment that options are asked for, which is checked, and the last day of delivery, None for the usual.

    `guaranteed_only` leaves out services that only estimate when they deliver. `existing` is the reference of a
    consignment that exists already.
    """

    content: ConsignmentJson
    last_day: date | None = None
    guaranteed_only: bool = False
    existing: ConsignmentReference | None = None


@frozen
class DeliveryOptions:
    """Offers delivery options, and selects an option as a consignment or as an order."""

    drafts: DraftStore
    register: Register
    allocations: Allocations
    orders: OrderBook
    market: Market

    @property
    def kept(self) -> KeptOffers:
        """The offers."""
        return KeptOffers(self.drafts, self.register)

    @property
    def spaces(self) -> PickupSpaces:
        """The spaces of pickup locations."""
        changes = self.register.changes
        return PickupSpaces(self.drafts, changes.now, changes.cancelled)

    def offer(self, asked: AskedOptions, view: Callable[[OfferedOption], Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Keep the options of a consignment and return their views, by day and then by window.

        `view` returns an option as it is shown, in JSON.
        """
        return self.kept.keep(asked.content, list(self.found(asked)), view, asked.existing)

    def days(self, asked: AskedOptions) -> tuple[str, Sequence[tuple[date, Service]]]:
        """Return a reference and each day with each service that could deliver on it. Nothing is kept."""
        found = [
            (date.fromordinal(offer.dates.delivery_day), self.market.service(offer))
            for assessment in self._assessments(asked, _MAX_DAYS_ASKED)
            for offer in self._wanted(assessment, asked)
        ]
        return self.kept.reference(), found

    def details(self, reference: str) -> Mapping[str, Any]:
        """Return an offer's content with the option of this reference under `option`. Raises `RequestError`."""
        content = self.kept.content(reference)
        return {**content, "option": content["options"][option_name(reference)]}

    def select(self, reference: str, request_id: str, choose: Callable[[OptionTerm], Choose]) -> Known:
        """Create the consignment of an option and allocate it, both once; return what is known of it then.

        `choose` returns how to choose a service by the option's term. Raises `RequestError` for an option that is
        unknown, expired, or not the one that was selected, and where the consignment's state allows no allocation.
        """
        characters, seen = self.register.random_characters, self.kept.content(reference)
        existing = seen.get("existing")
        if existing and seen["selected"] is None:
            self.register.changes.known(existing).require(UserAction.ALLOCATE)
        offer, promised, created = self._selected(
            reference, _CONSIGNMENT, lambda: existing or issued_consignment_reference(characters)
        )
        if existing is None:
            self.register.create_as(ConsignmentReference(created), promised)
        known = self.register.changes.known(created)
        space = self._space(offer, reference)
        if space and known.state == CANCELLED:
            self.spaces.give_back_all(created)
        if known.state not in ALLOWED_IN[UserAction.ALLOCATE]:
            return known
        if space or existing:
            self.spaces.hold(created, space)
        if existing:
            changed: ConsignmentJson = {name: promised[name] for name in _OF_OPTION if name in promised}
            self.register.edit(existing, lambda _: changed)
        # Where the same call came twice and the other was faster, its allocation is this one's, too.
        with suppress(ConsignmentStateError):
            self.allocations.allocate(created, choose(term_of(offer, reference)), request_id)
        return self.register.changes.known(created)

    def select_as_order(self, reference: str, own: str | None, metadata: Sequence[Any]) -> str:
        """Create the order of an option, once, and return its reference. Raises `RequestError` as `select` does."""
        if existing := self.kept.content(reference).get("existing"):
            text = f"Option {option_name(reference)} is for consignment {existing}, which exists: select it as that."
            raise RequestError("DeliveryOptionOfConsignmentException", text)
        offer, promised, created = self._selected(reference, "order", self.orders.issued_reference)
        sent = {**promised, "OrderReferenceProvidedByCustomer": own}
        self.orders.create(sent | ({"MetaData": metadata} if metadata else {}), option_name(reference), created)
        # What was selected before has had its space, and may have passed it on to a consignment.
        if (space := self._space(offer, reference)) and not self.spaces.has_had(created):
            self.spaces.hold(created, space)
        return created

    def pack(self, order: str, request: Mapping[str, Any]) -> list[ConsignmentReference]:
        """Pack items of an order as `OrderBook.pack` does. The consignment has the order's space, its return has none.

        Raises `RequestError` also where the space was given back and the location takes no more.
        """
        name = self.orders.order(order)["OrderReference"]
        spaces = self.spaces.held_by(name, self.market.engine.catalogue.pickup_locations)
        for space in spaces:
            self.spaces.take_while_creating(space)
        packed = self.orders.pack(order, request)
        for space in spaces:
            self.spaces.pass_on(space, name, packed[0])
        return packed

    def found(self, asked: AskedOptions, most: int = _MAX_DAYS_ASKED) -> Iterator[FoundOption]:
        """Yield the cheapest offer of each window of each day, of at most so many days."""
        for assessment in self._assessments(asked, most):
            cheapest: dict[tuple[int, int], Offer] = {}
            for offer in sorted(self._wanted(assessment, asked)):
                cheapest.setdefault(offer.dates.window, offer)
            yield from (FoundOption(assessment, cheapest[window]) for window in sorted(cheapest))

    def _wanted(self, assessment: Assessment, asked: AskedOptions) -> Iterator[Offer]:
        for offer in assessment.offers:
            if is_guaranteed(self.market.service(offer)) or not asked.guaranteed_only:
                yield offer

    def _assessments(self, asked: AskedOptions, most: int) -> Iterator[Assessment]:
        """Yield what services offer on each day from today on."""
        consignment, last_day = ProConsignment.model_validate(asked.content).to_domain(), asked.last_day
        now = self.register.changes.now()
        first = self.market.engine.catalogue.home.today(int(now.timestamp()))
        days = min((last_day.toordinal() - first + 1) if last_day else _MAX_DAYS, most)
        for day in range(first, first + max(days, 0)):
            promise = RequestedDelivery(date.fromordinal(day), exactly=True)
            yield self.market.assess(replace(consignment, requested_delivery=promise), now)

    def _selected(
        self, reference: str, kind: str, issue: Callable[[], str]
    ) -> tuple[Mapping[str, Any], dict[str, Any], str]:
        """Return an option's offer, what it describes with its promise, and the reference of what it becomes.

        The space at a pickup location is taken before the selection is kept, so that no other selection can have it.
        """
        offer = self.kept.content(reference)
        term, promised, name = term_of(offer, reference), _promised(offer, reference), option_name(reference)
        if term.location is None:
            return self._kept_selection(reference, kind, issue, promised)
        location = require_location(self.market.engine.catalogue.pickup_locations, term.location)
        reservation = reservation_for(location, name, offer, self.register.changes.now())
        space = Space(location, term.day, name)
        # What was selected before has had its space, and may have given it back.
        is_new = offer["selected"] is None and self.spaces.take_while_creating(space)
        try:
            return self._kept_selection(reference, kind, issue, at_location(promised, location, reservation))
        except RequestError:
            if is_new:
                self.spaces.give_back(space)
            raise

    def _space(self, offer: Mapping[str, Any], reference: str) -> Space | None:
        """Return the space that an option needs, None for a delivery and where there is any number of them."""
        term = term_of(offer, reference)
        if term.location is None:
            return None
        location = require_location(self.market.engine.catalogue.pickup_locations, term.location)
        return Space(location, term.day, option_name(reference)) if location.spaces is not None else None

    def _kept_selection(
        self, reference: str, kind: str, issue: Callable[[], str], promised: dict[str, Any]
    ) -> tuple[Mapping[str, Any], dict[str, Any], str]:
        offer, created = self.kept.select(reference, kind, issue)
        return offer, promised, created


# What an option says of its consignment.
_OF_OPTION: Final = ("RequestedDeliveryDate", "Addresses", "LocationInformation")


def is_guaranteed(service: Service) -> bool:
    """Return whether a service delivers in its window for certain: a timed one does, others estimate it."""
    return Feature.TIMED in service.features


def _promised(offer: Mapping[str, Any], reference: str) -> dict[str, Any]:
    """Return the consignment of an option, with its promise."""
    day = term_of(offer, reference).day
    promise = {"Date": f"{day.isoformat()}T00:00:00+00:00", "IsToBeExactlyOnTheDateSpecified": True}
    return {**offer["consignment"], "RequestedDeliveryDate": promise}
