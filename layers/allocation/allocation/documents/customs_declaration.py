"""What a consignment declares to customs. It is read as a whole, or refused with everything that is missing."""

import re
from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Final, TypeVar

from allocation.consignments.full_consignment import (
    CustomsDocumentation,
    FullAddress,
    FullConsignment,
    FullPackage,
    Item,
)
from allocation.consignments.strict_values import KILOGRAMS
from allocation.documents.results import CustomsDataError, DataProblem
from allocation.documents.text import name_of
from allocation.domain.countries import read_country
from allocation.domain.frozen import frozen

_Value = TypeVar("_Value")

# Six digits of the World Customs Organization's Harmonized System, and what countries add to them.
_HARMONISED_CODE: Final = re.compile(r"[0-9]{6,12}")


@frozen
class Goods:
    """One kind of goods. Value and weight are those of all `quantity` units together."""

    description: str
    quantity: int
    unit_value: Decimal
    value: Decimal
    weight_kg: Decimal
    harmonised_code: str
    country_of_origin: str


@frozen
class Parcel:
    """A package with its goods. `number` counts from 1."""

    number: int
    goods: tuple[Goods, ...]
    gross_weight_kg: Decimal

    @property
    def value(self) -> Decimal:
        """The value of the goods, in the declaration's currency."""
        return sum((goods.value for goods in self.goods), Decimal(0))

    @property
    def net_weight_kg(self) -> Decimal:
        """The weight of the goods without the packaging."""
        return sum((goods.weight_kg for goods in self.goods), Decimal(0))


@frozen
class Declaration:
    """Everything that the documents say. `currency` is ISO 4217, the same for all goods."""

    reference: str
    sender: FullAddress
    receiver: FullAddress
    parcels: tuple[Parcel, ...]
    currency: str
    details: CustomsDocumentation
    declared_on: date
    invoiced_on: date


class _NeededData:
    """Passes values on and notes the missing ones, so that a user learns of all of them at once."""

    def __init__(self) -> None:
        self.problems: list[DataProblem] = []

    def lack(self, target: str, message: str = "is required by customs") -> None:
        """Note a problem."""
        self.problems.append(DataProblem(target, message))

    def text(self, value: str | None, target: str) -> str:
        """Return a text that is not blank, or note it as missing and return an empty text."""
        stripped = (value or "").strip()
        if not stripped:
            self.lack(target)
        return stripped

    def country(self, code: str | None, target: str) -> str:
        """Return the ISO code of the country that a code names, or note the problem and return an empty text."""
        written = self.text(code, target)
        country = read_country(written)
        if written and country is None:
            self.lack(target, "names no country of ISO 3166")
        return country.code if country else ""

    def number(self, value: _Value | None, target: str, stand_in: _Value) -> _Value:
        """Return the value, or note it as missing and return `stand_in`."""
        if value is None:
            self.lack(target)
            return stand_in
        return value


def declaration_of(consignment: FullConsignment, on: date, currencies: Collection[str]) -> Declaration:
    """Return the declaration, dated `on` if the consignment has no dates of its own.

    Raises `CustomsDataError` with everything that is missing, and with values in none of the `currencies`.
    """
    needed = _NeededData()
    details = consignment.customs_documentation or CustomsDocumentation()
    declaration = Declaration(
        reference=consignment.reference,
        sender=_party(consignment, "Origin", needed),
        receiver=_party(consignment, "Destination", needed),
        parcels=tuple(_parcel(at, package, needed) for at, package in enumerate(consignment.packages)),
        currency=_one_currency(consignment, currencies, needed),
        details=details,
        declared_on=details.declaration_date or on,
        invoiced_on=details.invoice_date or details.declaration_date or on,
    )
    if not consignment.packages:
        needed.lack("Packages", "is empty")
    if details.category_type == "Other" and not (details.reason_for_export or details.category_type_explanation):
        purpose = "is required, for example Sale: CategoryType Other does not say why the goods travel"
        needed.lack("CustomsDocumentation.ReasonForExport", purpose)
    if needed.problems:
        raise CustomsDataError(needed.problems)
    return declaration


def _party(consignment: FullConsignment, kind: str, needed: _NeededData) -> FullAddress:
    """Return the sender or the receiver: who, which street, town and country."""
    address = consignment.address(kind)
    if address is None:
        needed.lack(f"Addresses[{kind}]")
        return FullAddress(AddressType=kind)
    path = f"Addresses[{consignment.addresses.index(address)}]"
    if not (name_of(address.contact) or (address.company_name or "").strip()):
        needed.lack(f"{path}.Contact", "needs a FirstName and LastName, or the address a CompanyName")
    needed.text(address.address_line1, f"{path}.AddressLine1")
    needed.text(address.town, f"{path}.Town")
    if address.country is None:
        needed.lack(f"{path}.Country")
    else:
        needed.country(address.country.iso_code.two_letter_code, f"{path}.Country.IsoCode.TwoLetterCode")
    return address


def _parcel(at: int, package: FullPackage, needed: _NeededData) -> Parcel:
    """Return one package with its goods."""
    path = f"Packages[{at}]"
    if not package.items:
        needed.lack(f"{path}.Items", "is empty: customs require each kind of goods")
    goods = tuple(_goods_of(item, f"{path}.Items[{number}]", needed) for number, item in enumerate(package.items))
    return Parcel(at + 1, goods, package.weight.value * KILOGRAMS[package.weight.unit])


def _goods_of(item: Item, path: str, needed: _NeededData) -> Goods:
    """Return the goods of one item."""
    quantity = needed.number(item.quantity, f"{path}.Quantity", 1)
    unit_value = needed.number(item.value.amount if item.value else None, f"{path}.Value", Decimal(0))
    weight = item.weight.value * KILOGRAMS[item.weight.unit] if item.weight and item.weight.value else None
    origin = item.country_of_origin.iso_code if item.country_of_origin else None
    return Goods(
        description=needed.text(item.description, f"{path}.Description"),
        quantity=quantity,
        unit_value=unit_value,
        value=unit_value * quantity,
        weight_kg=needed.number(weight, f"{path}.Weight", Decimal(0)) * quantity,
        harmonised_code=_harmonised_code(item, f"{path}.HarmonisationCode", needed),
        country_of_origin=needed.country(
            origin.two_letter_code if origin else None, f"{path}.CountryOfOrigin.IsoCode.TwoLetterCode"
        ),
    )


def _harmonised_code(item: Item, path: str, needed: _NeededData) -> str:
    """Return the item's code in the Harmonized System, digits only."""
    code = re.sub(r"[ .]", "", needed.text(item.harmonisation_code, path))
    if code and not _HARMONISED_CODE.fullmatch(code):
        needed.lack(path, "must be the 6 to 12 digits of a tariff code")
    return code


def _one_currency(consignment: FullConsignment, known: Collection[str], needed: _NeededData) -> str:
    """Return the currency of all items. A total over several currencies would mean nothing."""
    currencies = {
        f"Packages[{at}].Items[{number}].Value.Currency": item.value.currency.iso_code
        for at, package in enumerate(consignment.packages)
        for number, item in enumerate(package.items)
        if item.value
    }
    first = next(iter(currencies.values()), "")
    for path, currency in currencies.items():
        if currency != first:
            needed.lack(path, f"is {currency} beside {first}: declare all items in one currency")
        if currency not in known:
            needed.lack(path, f"is {currency}, which has no rate to GBP here to tell a CN22 from a CN23")
    return first
