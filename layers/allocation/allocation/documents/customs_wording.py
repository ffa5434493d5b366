"""The words that the customs forms share (Universal Postal Union, forms CN 22 and CN 23)."""

from typing import Final

from allocation.consignments.full_consignment import CustomsDocumentation, FullAddress
from allocation.documents.addresses import address_lines
from allocation.documents.customs_declaration import Declaration

CATEGORIES: Final = {
    "Gift": "Gift",
    "Documents": "Documents",
    "CommercialSample": "Commercial sample",
    "ReturnedGoods": "Returned goods",
    "Sale": "Sale of goods",
    "Other": "Other",
}
"""PRO's categories as the forms name them; PRO has none for a sale, which its `ReasonForExport` tells."""
CERTIFIED: Final = (
    "I certify that the particulars given in this customs declaration are correct and that this item does not contain "
    "any dangerous article or articles prohibited by legislation or by postal or customs regulations."
)
SIGNATURE: Final = "Date and sender's signature"


def ticked_categories(details: CustomsDocumentation) -> str:
    """All categories in a row, the right one ticked, and what explains it."""
    chosen = category(details)
    boxes = "   ".join(f"[{'X' if name == chosen else '  '}] {words}" for name, words in CATEGORIES.items())
    explanation = details.category_type_explanation or details.reason_for_export or ""
    return f"{boxes}: {explanation}" if chosen == "Other" else boxes


def category(details: CustomsDocumentation) -> str:
    """The key of `CATEGORIES` that applies."""
    is_sale = (details.reason_for_export or "").strip().casefold().startswith("sale")
    return "Sale" if details.category_type == "Other" and is_sale else details.category_type


def party_lines(address: FullAddress, *numbers: tuple[str, str | None]) -> list[str]:
    """Sender or receiver with the numbers, as VAT number or telephone, that are known."""
    return [*address_lines(address), *(f"{title} {number}" for title, number in numbers if number)]


def sender_lines(declaration: Declaration) -> list[str]:
    """The sender with the numbers that customs know the sender by."""
    details = declaration.details
    return party_lines(
        declaration.sender,
        ("Tel", telephone(declaration.sender)),
        ("VAT number", details.shippers_vat_number),
        ("Customs reference", details.shipper_customs_reference),
    )


def telephone(address: FullAddress) -> str | None:
    """The telephone number of an address."""
    contact = address.contact
    return (contact.telephone or contact.mobile or contact.land_line) if contact else None
