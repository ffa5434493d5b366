"""What the operations of the API work with, and the names that they need a catalogue for."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from allocation.consignments.allocations import Allocations
from allocation.consignments.changes import Changes
from allocation.consignments.delivery_options import DeliveryOptions
from allocation.consignments.drafts import DraftStore
from allocation.consignments.errors import Problem, RequestError
from allocation.consignments.full_consignment import FullAddress, FullConsignment
from allocation.consignments.happenings import Happenings
from allocation.consignments.manifests import Manifests
from allocation.consignments.market import Choices, Market
from allocation.consignments.order_book import OrderBook
from allocation.consignments.pickup_options import PickupOptions
from allocation.consignments.pickup_places import address_of
from allocation.consignments.register import Register
from allocation.consignments.searching import Searching
from allocation.consignments.store import ConsignmentJson
from allocation.consignments.tracking import Tracking
from allocation.domain.frozen import frozen
from allocation.engine.engine import Engine
from allocation.engine.loaded_catalogue import Location
from allocation.engine.wording import there_is_no
from allocation.ports import CatalogueArchive, LimitUsage
from allocation.records.explanations import Explanations

if TYPE_CHECKING:
    from allocation.pro.held_documents import HeldDocuments

_LOCATION: Final = "ShippingLocationReference"
_SHOP: Final = "ShopLocationReference"
_SIZE: Final = "PackageSizeReference"
# PRO's names of its SDK's exceptions.
_CODES: Final = {
    _LOCATION: "ShippingLocationNotFoundException",
    _SHOP: "PickupLocationNotFoundException",
    _SIZE: "PackageSizeNotFoundForCustomerException",
}


@frozen
class UseCases:
    """What the operations work with, wired in `composition/api.py`. `current_engine` returns the engine to use now."""

    changes: Changes
    register: Register
    allocations: Allocations
    current_engine: Callable[[], Engine]
    now: Callable[[], datetime]
    limit_usage: LimitUsage
    archive: CatalogueArchive
    explanations: Explanations
    manifests: Manifests
    searching: Searching
    drafts: DraftStore
    tracking: Tracking
    # Where SortedPRO answers, if it allocates for this stack; None where the engine does.
    pro_url: str | None = None
    # The labels and customs documents that it holds.
    held_documents: "HeldDocuments | None" = None

    @property
    def orders(self) -> OrderBook:
        """PRO's orders."""
        return OrderBook(self.drafts, self.register)

    @property
    def options(self) -> DeliveryOptions:
        """Delivery options, by the engine to use now."""
        return DeliveryOptions(self.drafts, self.register, self.allocations, self.orders, self.market)

    @property
    def pickups(self) -> PickupOptions:
        """Pickup options, by the engine to use now."""
        return PickupOptions(self.options)

    @property
    def happenings(self) -> Happenings:
        """What happened to consignments."""
        return Happenings(self.searching)

    @property
    def engine(self) -> Engine:
        """The engine to use now."""
        return self.current_engine()

    @property
    def market(self) -> Market:
        """The offers of every carrier service, by the engine to use now."""
        return Market(self.engine, self.limit_usage)

    def choices(self, api_base_url: str) -> Choices:
        """Return the ways to choose a carrier service. `api_base_url` starts the links in the reply."""
        return Choices(self.current_engine, self.limit_usage, self.archive, self.now, api_base_url)

    def located(self, consignment: FullConsignment) -> FullConsignment:
        """Return the consignment with its addresses completed from the locations of the catalogue.

        A pickup location's address is the catalogue's, whatever the sender wrote beside its reference. The catalogue is
        read only where an address needs it. Raises `RetryableError` if it can't be read then.
        """
        consignment = self._collected(consignment)
        if not any(map(_is_short, consignment.addresses)):
            return consignment
        known = self.engine.catalogue.locations
        named = {each.shipping_location_reference or "" for each in consignment.addresses if _is_short(each)}
        return consignment.with_locations({name: location_address(known[name]) for name in named if name in known})

    def _collected(self, consignment: FullConsignment) -> FullConsignment:
        destination = consignment.address("Destination")
        if destination is None or not destination.shop_location_reference:
            return consignment
        location = self.engine.catalogue.pickup_locations.get(destination.shop_location_reference)
        if location is None:
            return consignment
        there = FullAddress.model_validate({"AddressType": "Destination", **address_of(location)})
        kept = {name: getattr(destination, name) for name in ("contact", "shop_location_reference")}
        addresses = [there.model_copy(update=kept) if each is destination else each for each in consignment.addresses]
        return consignment.model_copy(update={"addresses": addresses})

    def require_known_names(self, content: ConsignmentJson) -> None:
        """Raise `RequestError` if a consignment names a location or package size that the catalogue lacks.

        The catalogue is read only where one is named.
        """
        self._require_known(content, "Addresses", _LOCATION, "shipping location")
        self._require_known(content, "Addresses", _SHOP, "pickup location")
        self._require_known(content, "Packages", _SIZE, "package size")

    def _require_known(self, content: ConsignmentJson, parts: str, field: str, kind: str) -> None:
        given = content.get(parts)
        named = [
            (f"{parts}[{at}].{field}", each[field])
            for at, each in enumerate(given if isinstance(given, list) else ())
            if isinstance(each, Mapping) and isinstance(each.get(field), str) and each[field]
        ]
        if not named:
            return
        catalogue = self.engine.catalogue
        tables: Mapping[str, Mapping[str, object]] = {
            _LOCATION: catalogue.locations,
            # A catalogue without pickup locations takes no notice of them.
            _SHOP: catalogue.pickup_locations or dict.fromkeys(name for _, name in named),
            _SIZE: catalogue.package_sizes,
        }
        known = tables[field]
        problems = [
            Problem("NotFound", target, there_is_no(kind, name, known)) for target, name in named if name not in known
        ]
        if problems:
            text = f"The consignment names an unknown {kind}: see Details."
            raise RequestError(_CODES[field], text, problems=problems)


def _is_short(address: FullAddress) -> bool:
    """Return whether an address leaves what it needs to the shipping location that it names."""
    return bool(address.shipping_location_reference) and not (address.country and address.address_line1)


def location_address(location: Location) -> FullAddress:
    """Return the address of a shipping location."""
    return FullAddress.model_validate(
        {
            "CompanyName": location.name or location.reference,
            **location.address,
            "AddressType": "Origin",
            "Contact": location.contact or None,
            "Country": {"IsoCode": {"TwoLetterCode": location.country}},
            "Postcode": location.postcode,
        }
    )
