"""The part of PRO's consignment JSON that allocation needs, read into the domain's metric, contact-free form.

The source is `pro-api.md`, A consignment. Unknown fields are ignored, contact data is never read, and a null list
counts as an empty one. Orders and the API's allocations read consignments through these models.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from allocation.consignments.content_flags import contents_of_items
from allocation.consignments.pro_values import (
    Country,
    CountryCode,
    ProModel,
    Sides,
    Value,
    Weight,
    country_object,
    null_as_empty,
)
from allocation.consignments.strict_values import (
    KILOGRAMS,
    CalendarDate,
)
from allocation.domain import consignment as domain
from allocation.domain import currencies
from allocation.domain.contents import Contents
from allocation.domain.reference import (
    CONSIGNMENT_REFERENCE_PATTERN,
    MAX_CONSIGNMENT_REFERENCE,
    SERVICE_REFERENCE_PATTERN,
    ConsignmentReference,
)

MAX_PACKAGES: Final = 1000
# PRO's SDK has six types of address.
MAX_ADDRESSES: Final = 10

_LINES: Final = ("AddressLine1", "AddressLine2", "AddressLine3")
# The words for a PO box in the languages of most addresses, and its number. Shorter forms need the number close by. No
# two repeats stand side by side that take the same characters: a line of blanks would be tried in all divisions.
_PO_BOX: Final = re.compile(
    r"""\b(?:
        p\.?\s*o\.?\s*box | post(?:al)?\s+(?:office\s+)?box | (?:gpo|locked|private)\s+(?:box|bag)
        | postfach | bo[iî]te\s+postale | apartado(?:\s+de\s+correos|\s+postal)? | casella\s+postale
        | postbus | skrytka\s+pocztowa | caixa\s+postal | postboks | postilokero | p\.?\s*o\.?\s*b\.?(?=\s*[0-9])
        | b\.?\s?p\.?(?=\s*[0-9]) | c\.?\s?p\.?(?=\s*[0-9])
    )\s*(?:(?:no\.?|nr\.?|n°|\#)\s*)?[0-9]""",
    re.IGNORECASE | re.VERBOSE,
)


def _at_most_one(kind: str) -> dict[str, Any]:
    """Return the JSON Schema of a list with at most one address of a type."""
    of_the_kind = {"properties": {"AddressType": {"const": kind}}, "required": ["AddressType"]}
    return {"contains": of_the_kind, "minContains": 0, "maxContains": 1}


_ShortText = Annotated[str, StringConstraints(min_length=1, max_length=64)]
_Postcode = Annotated[str, StringConstraints(max_length=16)]
ConsignmentReferenceText = Annotated[
    str, StringConstraints(pattern=CONSIGNMENT_REFERENCE_PATTERN, max_length=MAX_CONSIGNMENT_REFERENCE)
]
# A reference that somebody else chose, in whatever form.
_MAX_FREE_REFERENCE: Final = 256
_FreeReference = Annotated[str, StringConstraints(max_length=_MAX_FREE_REFERENCE)]
_ServiceReference = Annotated[str, StringConstraints(pattern=SERVICE_REFERENCE_PATTERN)]
_ShortTexts = Annotated[list[_ShortText], Field(max_length=100, fail_fast=True)]
_Tags = Annotated[_ShortTexts, BeforeValidator(null_as_empty, json_schema_input_type=_ShortTexts | None)]


# Text without control characters.
PLAIN_TEXT_PATTERN: Final = r"^[^\x00-\x1f\x7f-\x9f]+$"
# The name of a delivery option that the customer chose, such as `next-day`; empty, as shops send it, is none.
DeliveryOption = Annotated[str, StringConstraints(max_length=64, pattern=PLAIN_TEXT_PATTERN.replace("+", "*"))]


_ContentsOfItems = Annotated[
    frozenset[Contents],
    Field(alias="Items", exclude=True),
    BeforeValidator(contents_of_items),
    WithJsonSchema(
        {
            "description": "PRO's items. Only ContentClassification and ContentClassificationDetails are read.",
            "examples": [[{"ContentClassification": "Dangerous", "ContentClassificationDetails": "Batteries"}]],
        }
    ),
]


def _text_or_none(value: Any) -> Any:
    """Return a text that can be kept, and None for anything else: it decides nothing."""
    return value if isinstance(value, str) and len(value) <= _MAX_FREE_REFERENCE else None


class ProPackage(ProModel):
    """A package, with `Dimensions` or a `PackageSizeReference`."""

    weight: Weight
    dimensions: Sides | None = None
    package_size_reference: _ServiceReference | None = None
    value: Value | None = None
    contents: _ContentsOfItems = frozenset()

    def to_domain(self) -> domain.Package:
        """Return the same package in kilograms and centimetres."""
        return domain.Package(
            weight_kg=self.weight.value * KILOGRAMS[self.weight.unit],
            dimensions=self.dimensions.to_domain() if self.dimensions else None,
            size_reference=self.package_size_reference,
            value=currencies.Money(self.value.amount, self.value.currency.iso_code) if self.value else None,
            contents=self.contents,
        )


_Country = Annotated[Country, BeforeValidator(country_object, json_schema_input_type=CountryCode | Country)]


class ProAddress(ProModel):
    """An address without its contact and street, which are not read."""

    address_type: Annotated[str, StringConstraints(max_length=32)]
    shipping_location_reference: _ServiceReference | None = None
    country: _Country | None = None
    postcode: _Postcode | None = None
    region: Annotated[str, StringConstraints(max_length=128)] | None = None
    # The pickup location at which the recipient collects.
    shop_location_reference: _FreeReference | None = None
    # Not PRO's: an address does not say otherwise what kind of place it is.
    is_po_box: bool | None = None
    is_residential: bool | None = None
    # A factory, because Pydantic would copy a default for each address: that took a third of reading a consignment.
    _guessed: domain.AddressFlags = PrivateAttr(default_factory=lambda: domain.UNKNOWN_ADDRESS)

    @model_validator(mode="wrap")
    @classmethod
    def guess(cls, sent: Any, read: ModelWrapValidatorHandler[Self]) -> Self:
        """Keep what street and company suggest, without their text."""
        address = read(sent)
        if isinstance(sent, Mapping):
            address._guessed = _guessed_flags(sent)
        return address

    def to_domain(self) -> domain.Address:
        """Return the part of the address that allocation needs."""
        return domain.Address(
            self.shipping_location_reference,
            self.country.iso_code.two_letter_code if self.country else None,
            self.postcode,
            self.region,
            domain.AddressFlags(self.is_po_box, self.is_residential),
            self._guessed,
            self.shop_location_reference or None,
        )


# Lists are read up to their first wrong entry: naming a hundred thousand wrong entries takes a second.
_Packages = Annotated[list[ProPackage], Field(max_length=MAX_PACKAGES, fail_fast=True)]
_Addresses = Annotated[
    list[ProAddress],
    Field(
        max_length=MAX_ADDRESSES,
        fail_fast=True,
        json_schema_extra={"allOf": [_at_most_one("Origin"), _at_most_one("Destination")]},
    ),
]


class RequestedDeliveryDate(ProModel):
    """A delivery promise: deliver by the date, or exactly on it."""

    date: CalendarDate
    is_to_be_exactly_on_the_date_specified: bool = False

    def to_domain(self) -> domain.RequestedDelivery:
        """Return the same promise in the domain's form."""
        return domain.RequestedDelivery(self.date, self.is_to_be_exactly_on_the_date_specified)


class ProConsignment(ProModel):
    """A consignment. Only `Reference` is required here; the engine reports what else it needs."""

    reference: ConsignmentReferenceText
    consignment_reference_provided_by_customer: _FreeReference | None = None
    direction: Literal["Outbound", "Inbound"] | None = None
    tags: _Tags = Field([])
    shipping_date: CalendarDate | None = None
    requested_delivery_date: RequestedDeliveryDate | None = None
    # PRO's other name of the promise. It counts where the usual name is absent or null.
    required_delivery_date: RequestedDeliveryDate | None = None
    # Under a name as PRO writes them, or as an order writes it.
    delivery_option: DeliveryOption | None = None
    own_delivery_option: Annotated[DeliveryOption | None, Field(alias="deliveryOption")] = None
    packages: Annotated[_Packages, BeforeValidator(null_as_empty, json_schema_input_type=_Packages | None)] = Field([])
    addresses: Annotated[_Addresses, BeforeValidator(null_as_empty, json_schema_input_type=_Addresses | None)] = Field(
        []
    )

    @model_validator(mode="after")
    def one_address_of_a_kind(self) -> Self:
        """Refuse two origins or two destinations: nothing says which one counts."""
        for kind in ("Origin", "Destination"):
            if sum(address.address_type == kind for address in self.addresses) > 1:
                raise ValueError(f"Addresses has more than one {kind}: keep one")
        return self

    def to_domain(self) -> domain.Consignment:
        """Return the same consignment as the engine sees it."""
        promise = self.requested_delivery_date or self.required_delivery_date
        return domain.Consignment(
            reference=ConsignmentReference(self.reference),
            packages=tuple(package.to_domain() for package in self.packages),
            origin=self._address("Origin"),
            destination=self._address("Destination"),
            tags=frozenset(self.tags),
            shipping_date=self.shipping_date,
            requested_delivery=promise.to_domain() if promise else None,
            direction=domain.Direction(self.direction or "Outbound"),
            delivery_option=self.delivery_option or self.own_delivery_option or None,
            customer_reference=self.consignment_reference_provided_by_customer or None,
        )

    def _address(self, kind: str) -> domain.Address | None:
        return next((address.to_domain() for address in self.addresses if address.address_type == kind), None)


class ReferencedConsignment(ProModel):
    """A consignment that SortedPRO holds: its reference, and what this stack itself needs to route and record it.

    Nothing else is read, so nothing else is refused.
    """

    reference: ConsignmentReferenceText
    consignment_reference_provided_by_customer: Annotated[str | None, BeforeValidator(_text_or_none)] = None
    delivery_option: DeliveryOption | None = None
    own_delivery_option: Annotated[DeliveryOption | None, Field(alias="deliveryOption")] = None

    def to_domain(self) -> domain.Consignment:
        """Return the consignment, with nothing that the engine could decide about."""
        return domain.Consignment(
            reference=ConsignmentReference(self.reference),
            delivery_option=self.delivery_option or self.own_delivery_option or None,
            customer_reference=self.consignment_reference_provided_by_customer or None,
        )


def _guessed_flags(address: Mapping[str, Any]) -> domain.AddressFlags:
    """Return what the lines of an address suggest in PRO's JSON.

    Only the guess is kept, never the text, and it counts only where the catalogue says so (`guess`) and the sender does
    not say it. A PO box is named in a line, with its number. An address with a company is not residential; one with
    other lines and no company is. Nothing else suggests either.
    """
    lines = [line for name in _LINES if isinstance(line := address.get(name), str) and line.strip()]
    company = address.get("CompanyName")
    has_company = isinstance(company, str) and bool(company.strip())
    po_box = any(map(_PO_BOX.search, lines))
    return domain.AddressFlags(po_box or None, False if has_company else (True if lines and not po_box else None))
