"""A consignment in PRO's JSON (`pro-api.md`, A consignment), read into the domain's metric, contact-free form.

Unknown fields are ignored and contact data is never read. Null lists are empty lists, as PRO writes nulls.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_pascal

from allocation.consignments.numbers import (
    CENTIMETRES,
    KILOGRAMS,
    CalendarDate,
    LengthUnit,
    Quantity,
    WeightUnit,
)
from allocation.domain import consignment as domain
from allocation.domain.reference import CONSIGNMENT_REFERENCE_PATTERN, SERVICE_REFERENCE_PATTERN, ConsignmentReference

MAX_PACKAGES: Final = 1000
MAX_ADDRESSES: Final = 10
"""PRO's SDK has six types of address."""


def null_as_empty(value: Any) -> Any:
    """A null list as an empty one."""
    return [] if value is None else value


def upper(value: Any) -> Any:
    """Text in upper case; anything else as it is."""
    return value.upper() if isinstance(value, str) else value


ShortText = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Postcode = Annotated[str, StringConstraints(max_length=16)]
ServiceReference = Annotated[str, StringConstraints(pattern=SERVICE_REFERENCE_PATTERN)]
CountryCode = Annotated[
    str,
    BeforeValidator(upper),
    StringConstraints(pattern=r"^[A-Z]{2}$"),
    WithJsonSchema({"type": "string", "pattern": "^[A-Za-z]{2}$"}),
]
CurrencyCode = Annotated[
    str,
    BeforeValidator(upper),
    StringConstraints(pattern=r"^[A-Z]{3}$"),
    WithJsonSchema({"type": "string", "pattern": "^[A-Za-z]{3}$"}),
]
ShortTexts = Annotated[list[ShortText], Field(max_length=100, fail_fast=True)]
Tags = Annotated[ShortTexts, BeforeValidator(null_as_empty, json_schema_input_type=ShortTexts | None)]


class ProModel(BaseModel):
    """PascalCase names, no conversion between types, unknown fields ignored."""

    model_config = ConfigDict(alias_generator=to_pascal, strict=True, frozen=True, hide_input_in_errors=True)


class Weight(ProModel):
    """A weight; `Unit` is kg, g, lb or oz in any case."""

    value: Quantity
    unit: WeightUnit


class Sides(ProModel):
    """A box; `Unit` is cm, mm, m or in, in any case."""

    unit: LengthUnit
    width: Quantity
    length: Quantity
    height: Quantity

    def to_domain(self) -> domain.Dimensions:
        """The same box in Cm."""
        centimetres = CENTIMETRES[self.unit]
        return domain.Dimensions(self.length * centimetres, self.width * centimetres, self.height * centimetres)


class Currency(ProModel):
    """A currency by its ISO 4217 code."""

    iso_code: CurrencyCode


class Value(ProModel):
    """What a package is worth."""

    amount: Quantity
    currency: Currency


class Package(ProModel):
    """A package, with `Dimensions` or a `PackageSizeReference`."""

    weight: Weight
    dimensions: Sides | None = None
    package_size_reference: ServiceReference | None = None
    value: Value | None = None

    def to_domain(self) -> domain.Package:
        """The same package in Kg and Cm."""
        return domain.Package(
            weight_kg=self.weight.value * KILOGRAMS[self.weight.unit],
            dimensions=self.dimensions.to_domain() if self.dimensions else None,
            size_reference=self.package_size_reference,
            value=domain.Money(self.value.amount, self.value.currency.iso_code) if self.value else None,
        )


class CountryCodes(ProModel):
    """A country's codes."""

    two_letter_code: CountryCode


class Country(ProModel):
    """A country."""

    iso_code: CountryCodes


class Address(ProModel):
    """An address, of which neither the contact nor the street is read."""

    address_type: Annotated[str, StringConstraints(max_length=32)]
    shipping_location_reference: ServiceReference | None = None
    country: Country | None = None
    postcode: Postcode | None = None
    region: Annotated[str, StringConstraints(max_length=128)] | None = None

    def to_domain(self) -> domain.Address:
        """The same address, as far as allocation needs it."""
        country = self.country.iso_code.two_letter_code if self.country else None
        return domain.Address(self.shipping_location_reference, country, self.postcode, self.region)


Packages = Annotated[list[Package], Field(max_length=MAX_PACKAGES, fail_fast=True)]
Addresses = Annotated[list[Address], Field(max_length=MAX_ADDRESSES, fail_fast=True)]
"""Lists are read up to their first wrong entry: to name all of a hundred thousand takes a second."""


class RequestedDeliveryDate(ProModel):
    """A delivery promise: by the date, or exactly on it."""

    date: CalendarDate
    is_to_be_exactly_on_the_date_specified: bool = False

    def to_domain(self) -> domain.RequestedDelivery:
        """The same promise."""
        return domain.RequestedDelivery(self.date, self.is_to_be_exactly_on_the_date_specified)


class Consignment(ProModel):
    """A consignment. Only `Reference` is always there; the engine says what else it misses."""

    reference: Annotated[str, StringConstraints(pattern=CONSIGNMENT_REFERENCE_PATTERN)]
    direction: Literal["Outbound", "Inbound"] | None = None
    tags: Tags = []
    shipping_date: CalendarDate | None = None
    requested_delivery_date: RequestedDeliveryDate | None = None
    packages: Annotated[Packages, BeforeValidator(null_as_empty, json_schema_input_type=Packages | None)] = []
    addresses: Annotated[Addresses, BeforeValidator(null_as_empty, json_schema_input_type=Addresses | None)] = []

    @model_validator(mode="before")
    @classmethod
    def accept_required_delivery_date(cls, value: Any) -> Any:
        """Reads PRO's other name of the promise, `RequiredDeliveryDate`, where the first one is absent or null."""
        if not isinstance(value, dict) or value.get("RequestedDeliveryDate") is not None:
            return value
        return {**value, "RequestedDeliveryDate": value.get("RequiredDeliveryDate")}

    @model_validator(mode="after")
    def one_address_of_a_kind(self) -> "Consignment":
        """Refuses two origins or two destinations, of which none could be preferred."""
        for kind in ("Origin", "Destination"):
            if sum(address.address_type == kind for address in self.addresses) > 1:
                raise ValueError(f"Addresses has more than one {kind}: keep one")
        return self

    def to_domain(self) -> domain.Consignment:
        """The same consignment as the engine sees it."""
        promise = self.requested_delivery_date
        return domain.Consignment(
            reference=ConsignmentReference(self.reference),
            packages=tuple(package.to_domain() for package in self.packages),
            origin=self._address("Origin"),
            destination=self._address("Destination"),
            tags=frozenset(self.tags),
            shipping_date=self.shipping_date,
            requested_delivery=promise.to_domain() if promise else None,
            direction=domain.Direction(self.direction or "Outbound"),
        )

    def _address(self, kind: str) -> domain.Address | None:
        return next((address.to_domain() for address in self.addresses if address.address_type == kind), None)
