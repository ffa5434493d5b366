"""Addresses as they stand on a document, line by line."""

from allocation.consignments.full_consignment import Contact, FullAddress


def address_lines(address: FullAddress | None) -> tuple[str, ...]:
    """Name, company, street, town, region, postcode and country, without those that are missing.

    Of a shipping location whose address is not known, its reference and whatever else there is.
    """
    if address is None:
        return ()
    parts = (
        name_of(address.contact),
        address.company_name,
        address.address_line1,
        address.address_line2,
        address.address_line3,
        address.town,
        address.region,
        address.postcode,
        country_of(address),
    )
    lines = tuple(part.strip() for part in parts if part and part.strip())
    return lines if address.address_line1 else (address.shipping_location_reference or "", *lines)


def name_of(contact: Contact | None) -> str:
    """Who the contact is, or nothing."""
    parts = (contact.title, contact.first_name, contact.middle_name, contact.last_name) if contact else ()
    return " ".join(part.strip() for part in parts if part and part.strip())


def country_of(address: FullAddress) -> str:
    """The country's name in capitals, as the UPU asks for; its code where the name is not given."""
    country = address.country
    return ((country.name or "").strip() or country.iso_code.two_letter_code).upper() if country else ""
