"""A whole consignment in PRO's JSON: what labels and customs documents need beyond allocation.

It holds personal data (names, streets, telephones): nothing of it is ever logged. The fields are those of PRO's
create consignment request; unknown ones are ignored, so keep the sender's document, not a dump of this model.
A consignment to be created has no reference yet: issue one and put it into the document before reading it.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from allocation.consignments.allocatable import (
    MAX_ADDRESSES,
    MAX_PACKAGES,
    Address,
    Consignment,
    Country,
    CountryCode,
    Package,
    ProModel,
    Sides,
    Value,
    Weight,
    null_as_empty,
)
from allocation.consignments.numbers import CalendarDate

Line = Annotated[str, StringConstraints(max_length=256)]
Paragraph = Annotated[str, StringConstraints(max_length=2000)]
Lines = Annotated[list[Line], BeforeValidator(null_as_empty), Field(max_length=100)]
Category = Literal["Gift", "CommercialSample", "Documents", "Other", "ReturnedGoods"]
"""PRO's `CategoryType`."""


class MetaData(ProModel):
    """A value of the sender's own under `KeyValue`; PRO fills the one field that fits its type."""

    key_value: Line
    string_value: Paragraph | None = None
    int_value: int | None = None
    decimal_value: Annotated[Decimal, Field(allow_inf_nan=False)] | int | None = None
    date_time_value: Line | None = None
    bool_value: bool | None = None


class Barcode(ProModel):
    """The sender's own barcode of a package or an item."""

    code: Line
    barcode_type: Line | None = None


class FullCountry(Country):
    """A country and, for people, its name."""

    name: Line | None = None


class OriginCountryCodes(ProModel):
    """The codes of the country that goods come from."""

    two_letter_code: CountryCode | None = None


class CountryOfOrigin(ProModel):
    """Where goods were made."""

    iso_code: OriginCountryCodes | None = None


class Contact(ProModel):
    """Who sends or receives. Personal data."""

    title: Line | None = None
    first_name: Line | None = None
    middle_name: Line | None = None
    last_name: Line | None = None
    position: Line | None = None
    telephone: Line | None = None
    mobile: Line | None = None
    land_line: Line | None = None
    email: Line | None = None


class FullAddress(Address):
    """An address with its contact and street. Personal data."""

    contact: Contact | None = None
    company_name: Line | None = None
    address_line1: Line | None = None
    address_line2: Line | None = None
    address_line3: Line | None = None
    town: Line | None = None
    country: FullCountry | None = None
    special_instructions: Paragraph | None = None


class Item(ProModel):
    """A kind of goods in a package. `Weight` and `Value` are those of one unit, of which there are `Quantity`.

    What a customs declaration needs is optional here, since a consignment within the country does without it.
    """

    sku: Line | None = None
    model: Line | None = None
    description: Paragraph | None = None
    country_of_origin: CountryOfOrigin | None = None
    harmonisation_code: Line | None = None
    harmonisation_key_words: Lines = Field(default_factory=list)
    weight: Weight | None = None
    dimensions: Sides | None = None
    value: Value | None = None
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    unit: Line | None = None
    item_reference_provided_by_customer: Line | None = None
    barcode: Barcode | None = None
    meta_data: Annotated[list[MetaData], BeforeValidator(null_as_empty)] = Field(default_factory=list)
    content_classification: Line | None = None
    content_classification_details: Line | None = None


class FullPackage(Package):
    """A package with its contents."""

    reference: Line | None = None
    package_reference_provided_by_customer: Line | None = None
    description: Paragraph | None = None
    barcode: Barcode | None = None
    meta_data: Annotated[list[MetaData], BeforeValidator(null_as_empty)] = Field(default_factory=list)
    items: Annotated[list[Item], BeforeValidator(null_as_empty), Field(max_length=1000)] = Field(default_factory=list)


def category(value: Any) -> Any:
    """A null category as PRO's own default, `Other`."""
    return "Other" if value is None else value


def unset_as_null(value: Any) -> Any:
    """The first day of the year 1, which .NET clients write for no date, and empty text as null."""
    return None if isinstance(value, str) and (not value or value.startswith("0001-01-01")) else value


DocumentDate = Annotated[CalendarDate | None, BeforeValidator(unset_as_null)]


class CustomsDocumentation(ProModel):
    """What the sender declares to customs beyond the goods. Personal data."""

    designated_person_responsible: Line | None = None
    importers_vat_number: Line | None = None
    category_type: Annotated[Category, BeforeValidator(category)] = "Other"
    category_type_explanation: Paragraph | None = None
    shipper_customs_reference: Line | None = None
    importers_tax_code: Line | None = None
    importers_telephone: Line | None = None
    importers_fax: Line | None = None
    importers_email: Line | None = None
    cn23_comments: Annotated[Paragraph | None, Field(alias="CN23Comments")] = None
    references_of_attached_invoices: Lines = Field(default_factory=list)
    references_of_attached_certificates: Lines = Field(default_factory=list)
    references_of_attached_licences: Lines = Field(default_factory=list)
    declaration_date: DocumentDate = None
    office_of_posting: Line | None = None
    reason_for_export: Line | None = None
    shipping_terms: Line | None = None
    shippers_vat_number: Line | None = None
    receivers_tax_code: Line | None = None
    receivers_vat_number: Line | None = None
    invoice_date: DocumentDate = None


Packages = Annotated[list[FullPackage], BeforeValidator(null_as_empty), Field(max_length=MAX_PACKAGES)]
Addresses = Annotated[list[FullAddress], BeforeValidator(null_as_empty), Field(max_length=MAX_ADDRESSES)]


class FullConsignment(Consignment):
    """A consignment with its contacts, streets, contents and customs data. `to_domain` leaves all of these out."""

    consignment_reference_provided_by_customer: Line | None = None
    source: Line | None = None
    meta_data: Annotated[list[MetaData], BeforeValidator(null_as_empty)] = Field(default_factory=list)
    customs_documentation: CustomsDocumentation | None = None
    # Nothing is ever put into these two lists, so a list of a narrower kind is safe where the wider is expected.
    packages: Packages = Field(default_factory=list)  # type: ignore[assignment]
    addresses: Addresses = Field(default_factory=list)  # type: ignore[assignment]

    def address(self, kind: str) -> FullAddress | None:
        """The address of that `AddressType`: `Origin`, `Destination` or `Return`."""
        return next((address for address in self.addresses if address.address_type == kind), None)

    def with_locations(self, locations: Mapping[str, FullAddress]) -> "FullConsignment":
        """The same consignment; where an address names a known shipping location, that fills in what it leaves out."""
        return self.model_copy(update={"addresses": [resolved(address, locations) for address in self.addresses]})


def resolved(address: FullAddress, locations: Mapping[str, FullAddress]) -> FullAddress:
    """The address, with the fields that it leaves out taken from the location that it names, if that is known."""
    location = locations.get(address.shipping_location_reference or "")
    if location is None:
        return address
    left_out = [name for name in FullAddress.model_fields if getattr(address, name) is None]
    return address.model_copy(update={name: getattr(location, name) for name in left_out})
