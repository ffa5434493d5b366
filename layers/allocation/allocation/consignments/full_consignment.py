"""The whole of PRO's consignment JSON: what labels and customs documents need beyond allocation.

It holds personal data (names, streets, telephone numbers): never log any of it. The fields are those of PRO's create
consignment request. Unknown fields are ignored, so keep the sender's JSON, not a dump of this model. A new consignment
has no reference yet: issue one and add it to the JSON before reading it.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from allocation.consignments.allocatable_consignment import (
    MAX_ADDRESSES,
    MAX_PACKAGES,
    ProAddress,
    ProConsignment,
    ProPackage,
)
from allocation.consignments.pro_values import (
    Country,
    CountryCode,
    Currency,
    ProModel,
    Sides,
    Value,
    Weight,
    country_object,
    currency_object,
    null_as_empty,
)
from allocation.consignments.strict_values import CalendarDate, Quantity

_Line = Annotated[str, StringConstraints(max_length=256)]
_Paragraph = Annotated[str, StringConstraints(max_length=2000)]
_Lines = Annotated[list[_Line], BeforeValidator(null_as_empty), Field(max_length=100)]
# PRO's `CategoryType`.
_Category = Literal["Gift", "CommercialSample", "Documents", "Other", "ReturnedGoods"]


class MetaData(ProModel):
    """A custom value of the sender's under `KeyValue`; PRO fills the one field that fits its type."""

    key_value: _Line
    string_value: _Paragraph | None = None
    int_value: int | None = None
    decimal_value: Annotated[Decimal, Field(allow_inf_nan=False)] | int | None = None
    date_time_value: _Line | None = None
    bool_value: bool | None = None


class Barcode(ProModel):
    """The sender's own barcode for a package or an item."""

    code: _Line
    barcode_type: _Line | None = None


class FullCountry(Country):
    """A country with its name."""

    name: _Line | None = None


class FullCurrency(Currency):
    """A currency with its name."""

    name: _Line | None = None


class FullValue(Value):
    """A value whose currency may have a name."""

    currency: Annotated[FullCurrency, BeforeValidator(currency_object)]


def _degrees(value: Any) -> Any:
    """Return a number as `Decimal`, and null as it is. Raises `ValueError` for anything else."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | Decimal)):
        raise ValueError("must be a number")
    return value if value is None else Decimal(value)


class SentCoordinates(ProModel):
    """Coordinates in degrees. A client may write null for what it does not know."""

    latitude: Annotated[Annotated[Decimal, Field(ge=-90, le=90)] | None, BeforeValidator(_degrees)] = None
    longitude: Annotated[Annotated[Decimal, Field(ge=-180, le=180)] | None, BeforeValidator(_degrees)] = None


class SentLocationInformation(ProModel):
    """The pickup location, and the reservation there."""

    shop_reference: _Line | None = None
    reservation_reference: _Line | None = None


class OriginCountryCodes(ProModel):
    """The codes of the country of origin."""

    two_letter_code: CountryCode | None = None


class CountryOfOrigin(ProModel):
    """The country where the goods were made."""

    iso_code: OriginCountryCodes | None = None
    name: _Line | None = None


class Contact(ProModel):
    """The sender or recipient. Personal data."""

    reference: _Line | None = None
    title: _Line | None = None
    first_name: _Line | None = None
    middle_name: _Line | None = None
    last_name: _Line | None = None
    position: _Line | None = None
    telephone: _Line | None = None
    mobile: _Line | None = None
    land_line: _Line | None = None
    email: _Line | None = None


class FullAddress(ProAddress):
    """An address with its contact and street. Personal data."""

    contact: Contact | None = None
    company_name: _Line | None = None
    address_line1: _Line | None = None
    address_line2: _Line | None = None
    address_line3: _Line | None = None
    town: _Line | None = None
    country: Annotated[FullCountry, BeforeValidator(country_object)] | None = None
    special_instructions: _Paragraph | None = None
    customer_name: _Line | None = None
    region_code: _Line | None = None
    is_cached: bool | None = None
    lat_long: SentCoordinates | None = None
    shop_location_reference: _Line | None = None


class Item(ProModel):
    """One kind of goods in a package. `Weight` and `Value` are for one unit; there are `Quantity` units.

    What a customs declaration needs is optional, because a domestic consignment does without it.
    """

    reference: _Line | None = None
    sku: _Line | None = None
    model: _Line | None = None
    description: _Paragraph | None = None
    country_of_origin: Annotated[CountryOfOrigin, BeforeValidator(country_object)] | None = None
    harmonisation_code: _Line | None = None
    harmonisation_key_words: _Lines = Field(default_factory=list)
    weight: Weight | None = None
    dimensions: Sides | None = None
    value: FullValue | None = None
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    unit: _Line | None = None
    item_reference_provided_by_customer: _Line | None = None
    barcode: Barcode | None = None
    meta_data: Annotated[list[MetaData], BeforeValidator(null_as_empty)] = Field(default_factory=list)
    content_classification: _Line | None = None
    content_classification_details: _Line | None = None


class FullPackage(ProPackage):
    """A package with its contents."""

    value: FullValue | None = None
    charges: Annotated[list[dict[str, Any]], BeforeValidator(null_as_empty)] = Field(default_factory=list)
    reference: _Line | None = None
    package_reference_provided_by_customer: _Line | None = None
    description: _Paragraph | None = None
    barcode: Barcode | None = None
    meta_data: Annotated[list[MetaData], BeforeValidator(null_as_empty)] = Field(default_factory=list)
    items: Annotated[list[Item], BeforeValidator(null_as_empty), Field(max_length=1000)] = Field(default_factory=list)


def _category(value: Any) -> Any:
    """Return PRO's default, `Other`, for a null category."""
    return "Other" if value is None else value


def _unset_as_null(value: Any) -> Any:
    """Return null for empty text and for 0001-01-01, which .NET clients write where they have no date."""
    return None if isinstance(value, str) and (not value or value.startswith("0001-01-01")) else value


_DocumentDate = Annotated[CalendarDate | None, BeforeValidator(_unset_as_null)]


class CustomsDocumentation(ProModel):
    """The sender's customs declaration, apart from the goods. Personal data."""

    designated_person_responsible: _Line | None = None
    importers_vat_number: _Line | None = None
    category_type: Annotated[_Category, BeforeValidator(_category)] = "Other"
    category_type_explanation: _Paragraph | None = None
    shipper_customs_reference: _Line | None = None
    importers_tax_code: _Line | None = None
    importers_telephone: _Line | None = None
    importers_fax: _Line | None = None
    importers_email: _Line | None = None
    cn23_comments: Annotated[_Paragraph | None, Field(alias="CN23Comments")] = None
    references_of_attached_invoices: _Lines = Field(default_factory=list)
    references_of_attached_certificates: _Lines = Field(default_factory=list)
    references_of_attached_licences: _Lines = Field(default_factory=list)
    declaration_date: _DocumentDate = None
    office_of_posting: _Line | None = None
    reason_for_export: _Line | None = None
    shipping_terms: _Line | None = None
    shippers_vat_number: _Line | None = None
    receivers_tax_code: _Line | None = None
    receivers_vat_number: _Line | None = None
    invoice_date: _DocumentDate = None
    receivers_shipping_cost: Quantity | None = None
    importers_code: _Line | None = None


_Packages = Annotated[list[FullPackage], BeforeValidator(null_as_empty), Field(max_length=MAX_PACKAGES)]
_Addresses = Annotated[list[FullAddress], BeforeValidator(null_as_empty), Field(max_length=MAX_ADDRESSES)]


class FullConsignment(ProConsignment):
    """A consignment with contacts, streets, contents and customs data; `to_domain` leaves these out."""

    source: _Line | None = None
    meta_data: Annotated[list[MetaData], BeforeValidator(null_as_empty)] = Field(default_factory=list)
    customs_documentation: CustomsDocumentation | None = None
    location_information: SentLocationInformation | None = None
    # Nothing ever appends to these two lists, so narrowing the type of their items is safe.
    packages: _Packages = Field(default_factory=list)  # type: ignore[assignment]
    addresses: _Addresses = Field(default_factory=list)  # type: ignore[assignment]

    def address(self, kind: str) -> FullAddress | None:
        """Return the address of an `AddressType` (`Origin`, `Destination` or `Return`), or None."""
        return next((address for address in self.addresses if address.address_type == kind), None)

    def with_locations(self, locations: Mapping[str, FullAddress]) -> "FullConsignment":
        """Return the consignment with each address completed from the shipping location that it names, if known."""
        return self.model_copy(update={"addresses": [_completed(address, locations) for address in self.addresses]})


def _completed(address: FullAddress, locations: Mapping[str, FullAddress]) -> FullAddress:
    """Return the address; the location that it names, if known, fills in the fields that it leaves out."""
    location = locations.get(address.shipping_location_reference or "")
    if location is None:
        return address
    left_out = [name for name in FullAddress.model_fields if getattr(address, name) is None]
    return address.model_copy(update={name: getattr(location, name) for name in left_out})
