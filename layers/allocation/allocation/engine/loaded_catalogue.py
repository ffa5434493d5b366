"""The catalogue as the engine uses it: resolved, in Kg, Cm, Decimal and day ordinals.

`compiled_catalogue.py` reads it; nothing here repeats the checks of the compiler. A field with a default may be absent
from a compiled catalogue. Sets of places hold place keys (`place_keys.py`)
and zones (`zones.py`).
"""

from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal
from enum import StrEnum

from allocation.domain.consignment import Dimensions, Direction
from allocation.domain.contents import Content
from allocation.domain.frozen import frozen
from allocation.domain.preference import CHEAPEST, Preference
from allocation.domain.routing import RoutingTable
from allocation.engine.calendars import Calendar
from allocation.engine.conditions import Condition
from allocation.engine.deliveries import DeliveryPlan
from allocation.engine.loaded_prices import ALWAYS, AS_PRICED, Divisor, Rate, Surcharge, Validity, Weighing
from allocation.engine.pickup_locations import Coordinates, PickupLocation
from allocation.engine.zones import Zone


class Feature(StrEnum):
    """What a carrier service offers beyond delivery."""

    PICK_UP = "pickUp"
    DROP_OFF = "dropOff"
    TIMED = "timed"
    TRACKED = "tracked"
    SIGNED = "signed"


class Residential(StrEnum):
    """Whether a carrier service delivers to residential addresses."""

    ANY = "any"  # to them and to others
    NEVER = "never"
    ONLY = "only"


@frozen
class Carrier:
    """A carrier by its reference and the name people know."""

    reference: str
    name: str


@frozen
class Leg:
    """One carrier's part of the journey, to `hub` or, where there is none, to the destination."""

    carrier: Carrier
    hub: str | None = None


@frozen
class Transit:
    """How many days of delivery after its collection a consignment arrives at some places, from some or all origins."""

    places: frozenset[str]
    days: int
    origins: frozenset[str] | None = None


@frozen
class Service:
    """A carrier service. `compiled_catalogue.py` reads and writes its plain fields by their names and types."""

    reference: str
    name: str
    carrier: Carrier
    enabled: bool
    direction: Direction
    features: frozenset[Feature]
    legs: tuple[Leg, ...]
    locations: frozenset[str] | None  # the shipping locations it serves; None for all
    origins: frozenset[str]
    destinations: frozenset[str]
    excluded: frozenset[str]
    tags: frozenset[str]
    delivery: DeliveryPlan
    divisor: Divisor | None  # for volumetric weight
    by_package: bool  # whether each package has its own price, or the consignment has one for all
    currency: str
    tax_exempt: bool
    rates: tuple[Rate, ...]
    surcharges: tuple[Surcharge, ...]
    limits: Condition = field(default_factory=dict, hash=False)
    po_boxes: bool = True
    pickup_only: bool = False  # it delivers to its carrier's pickup locations, and nowhere else
    residential: Residential = Residential.ANY
    contents: frozenset[Content] = frozenset()  # what it carries of what not every service does
    excluded_contents: frozenset[Content] = frozenset()
    transit: tuple[Transit, ...] = ()  # wins over the rates' transit days
    handling_days: int | None = None  # days of collection that pass before the first it can join; None: the location's
    priority: int | None = None  # the lower comes first where priority is preferred; last if None
    handicap: Decimal = Decimal(0)  # added to the cost where services are compared, in the catalogue's currency
    daily_limit: int | None = None  # how many consignments it takes for one day's collection
    weighing: Weighing = AS_PRICED
    validity: Validity = ALWAYS  # the days of collection on which it can be used
    prices_include_tax: bool = False  # its prices are what is paid: the tax is in them
    round_to: Decimal | None = None  # the total is rounded half up to a multiple of it


@frozen
class Location:
    """A shipping location, and the calendars of its collections: a service's, else its carrier's, else everyone's."""

    reference: str
    country: str
    postcode: str | None
    by_service: Mapping[str, Calendar]
    by_carrier: Mapping[str, Calendar]
    otherwise: Calendar | None
    handling_days: int = 0  # days of collection that pass before the first that a consignment can join
    name: str = ""
    # What labels print beside country and postcode: the names and texts of PRO's address and its contact.
    address: Mapping[str, str] = field(default_factory=dict)
    contact: Mapping[str, str] = field(default_factory=dict)
    regions: tuple[str, ...] = ()  # of ISO 3166-2, the closest first; they count where its postcode says nothing


@frozen
class ExchangeRate:
    """What one unit of a currency is worth in the catalogue's own, on some days."""

    currency: str
    rate: Decimal
    validity: Validity


@frozen
class Tax:
    """A tax on what is delivered to some places; `rate` 0.2 is 20%."""

    reference: str
    rate: Decimal
    places: frozenset[str]


@frozen
class Catalogue:
    """Everything that decides. Services are in the order of their references, whatever order they were written in."""

    version: str
    digest: str
    currency: str
    home: Calendar  # without collections: it tells the day where the catalogue is at home
    last_day: int
    carriers: Mapping[str, Carrier]
    carrier_calendars: Mapping[str, Calendar]
    services: tuple[Service, ...]
    groups: Mapping[str, frozenset[str]]
    locations: Mapping[str, Location]
    package_sizes: Mapping[str, Dimensions]
    delivery_holidays: Mapping[str, frozenset[int]]  # by place key: the days on which nothing is delivered there
    exchange_rates: tuple[ExchangeRate, ...]
    taxes: tuple[Tax, ...]
    guess_po_boxes: bool = False
    guess_residential: bool = False
    preference: Preference = CHEAPEST
    routing: RoutingTable | None = None
    pickup_locations: Mapping[str, PickupLocation] = field(default_factory=dict)
    place_coordinates: Mapping[str, Coordinates] = field(default_factory=dict)  # by place key: the middle of the place
    zones: Mapping[str, Zone] = field(default_factory=dict)
    # By country, what addresses may say of a region (`region_name`): the regions that it is, the closest first. Only of
    # the regions that the catalogue refers to, and those in them.
    regions: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    # The compiled document that all this was read from: kept once, so that records of its decisions stay readable.
    compiled: str = field(default="", repr=False, compare=False)
