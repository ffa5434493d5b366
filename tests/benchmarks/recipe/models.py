"""An order-created message, as the parser of Powertools reads it."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel, to_pascal


class _Part(BaseModel):
    """A part of a consignment, named as SortedPRO names it."""

    model_config = ConfigDict(alias_generator=to_pascal)


class Weight(_Part):
    """A weight, in kilograms."""

    value: Decimal


class Dimensions(_Part):
    """A parcel's sides, in centimetres."""

    width: Decimal
    length: Decimal
    height: Decimal


class Package(_Part):
    """One parcel."""

    weight: Weight
    dimensions: Dimensions


class IsoCode(_Part):
    """A country's code."""

    two_letter_code: str


class Country(_Part):
    """A country."""

    iso_code: IsoCode


class Address(_Part):
    """Where a consignment comes from or goes to."""

    address_type: str
    shipping_location_reference: str | None = None
    postcode: str | None = None
    country: Country | None = None


class Consignment(_Part):
    """What is sent to one address."""

    reference: str
    packages: list[Package]
    addresses: list[Address]


class Order(BaseModel):
    """The message."""

    model_config = ConfigDict(alias_generator=to_camel)

    event_type: str
    event_version: int
    event_id: str
    order_reference: str
    consignments: list[Consignment]
