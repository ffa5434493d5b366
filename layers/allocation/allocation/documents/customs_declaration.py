"""What a consignment declares to customs: read from the consignment, complete or refused with all that is missing."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from allocation.consignments.full_consignment import (
    CustomsDocumentation,
    FullAddress,
    FullConsignment,
    FullPackage,
    Item,
)
from allocation.consignments.strict_values import KILOGRAMS
from allocation.documents.addresses import name_of
from allocation.documents.errors import CustomsDataError
from allocation.documents.requirements import Requirements

HARMONISED_CODE: Final = re.compile(r"[0-9]{6,12}")
"""Six digits of the World Customs Organization's Harmonized System, and what countries put behind them."""


@dataclass(frozen=True, slots=True)
class Goods:
    """One kind of goods; value and weight are those of all `quantity` units together."""

    description: str
    quantity: int
    unit_value: Decimal
    value: Decimal
    weight_kg: Decimal
    harmonised_code: str
    country_of_origin: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """A package with its goods; `number` counts from 1."""

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


@dataclass(frozen=True, slots=True)
class Declaration:
    """All that the documents say. `currency` is ISO 4217, and one for all goods."""

    reference: str
    sender: FullAddress
    receiver: FullAddress
    parcels: tuple[Parcel, ...]
    currency: str
    details: CustomsDocumentation
    declared_on: date
    invoiced_on: date


def declaration_of(consignment: FullConsignment, on: date, currencies: Collection[str]) -> Declaration:
    """The declaration, dated `on` where the consignment has no dates of its own.

    Raises `CustomsDataError` with everything that is missing, and values in none of the `currencies`.
    """
    needed = Requirements()
    details = consignment.customs_documentation or CustomsDocumentation()
    declaration = Declaration(
        reference=consignment.reference,
        sender=party(consignment, "Origin", needed),
        receiver=party(consignment, "Destination", needed),
        parcels=tuple(parcel(at, package, needed) for at, package in enumerate(consignment.packages)),
        currency=one_currency(consignment, currencies, needed),
        details=details,
        declared_on=details.declaration_date or on,
        invoiced_on=details.invoice_date or details.declaration_date or on,
    )
    if not consignment.packages:
        needed.lack("Packages", "is empty")
    if details.category_type == "Other" and not (details.reason_for_export or details.category_type_explanation):
        purpose = "is needed, as Sale: CategoryType Other does not tell why the goods travel"
        needed.lack("CustomsDocumentation.ReasonForExport", purpose)
    if needed.problems:
        raise CustomsDataError(needed.problems)
    return declaration


def party(consignment: FullConsignment, kind: str, needed: Requirements) -> FullAddress:
    """The sender or the receiver: who, which street, town and country."""
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
    return address


def parcel(at: int, package: FullPackage, needed: Requirements) -> Parcel:
    """One package and its items."""
    path = f"Packages[{at}]"
    if not package.items:
        needed.lack(f"{path}.Items", "is empty: customs want each kind of goods")
    goods = tuple(goods_of(item, f"{path}.Items[{number}]", needed) for number, item in enumerate(package.items))
    return Parcel(at + 1, goods, package.weight.value * KILOGRAMS[package.weight.unit])


def goods_of(item: Item, path: str, needed: Requirements) -> Goods:
    """One item."""
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
        harmonised_code=harmonised_code(item, f"{path}.HarmonisationCode", needed),
        country_of_origin=needed.text(
            origin.two_letter_code if origin else None, f"{path}.CountryOfOrigin.IsoCode.TwoLetterCode"
        ),
    )


def harmonised_code(item: Item, path: str, needed: Requirements) -> str:
    """The item's code in the Harmonized System, digits only."""
    code = re.sub(r"[ .]", "", needed.text(item.harmonisation_code, path))
    if code and not HARMONISED_CODE.fullmatch(code):
        needed.lack(path, "has to be the 6 to 12 digits of a tariff code")
    return code


def one_currency(consignment: FullConsignment, known: Collection[str], needed: Requirements) -> str:
    """The currency of all items: a total over several means nothing."""
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
