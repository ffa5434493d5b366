"""Text as documents show it: addresses, weights and amounts, in characters that the font has.

International addresses must be written in Roman letters and Arabic numerals (UPU Convention Regulations, addressing).
So a character that the font lacks is transliterated, never drawn as an empty box.
"""

import unicodedata
from collections.abc import Callable
from decimal import ROUND_UP, Context, Decimal
from typing import Final

from anyascii import anyascii

from allocation.consignments.full_consignment import Contact, FullAddress
from allocation.domain.countries import read_country
from allocation.domain.currencies import minor_unit

# Tells whether a font has a character.
Covers = Callable[[str], bool]

_SPACES: Final = frozenset({"Cc", "Zs", "Zl", "Zp"})
_GRAM: Final = Decimal("0.001")
# Room for any product of the bounded numbers that a consignment holds.
_WIDE: Final = Context(prec=80)


def address_lines(address: FullAddress | None) -> tuple[str, ...]:
    """Return name, company, street, town, region, postcode and country, without those that are missing.

    A shipping location whose address is unknown has its reference first. No name stands there twice.
    """
    if address is None:
        return ()
    place = None if address.address_line1 else address.shipping_location_reference
    names = {_folded(name): name for name in (address.company_name, name_of(address.contact), place) if name}
    parts = (
        *reversed(names.values()),
        address.address_line1,
        address.address_line2,
        address.address_line3,
        address.town,
        address.region,
        address.postcode,
        _country_of(address),
    )
    return tuple(part.strip() for part in parts if part and part.strip())


def _folded(text: str) -> str:
    """Return a text as it is compared."""
    return " ".join(text.split()).casefold()


def name_of(contact: Contact | None) -> str:
    """Return the contact's full name, or an empty text."""
    parts = (contact.title, contact.first_name, contact.middle_name, contact.last_name) if contact else ()
    return " ".join(part.strip() for part in parts if part and part.strip())


def _country_of(address: FullAddress) -> str:
    """Return the country's name in capitals, as the UPU requires, or its ISO code if the name is missing."""
    if address.country is None:
        return ""
    code = address.country.iso_code.two_letter_code
    named = read_country(code)
    return ((address.country.name or "").strip() or (named.code if named else code)).upper()


def cleaned(text: str) -> str:
    """Return `text` on one line: control characters become spaces, spaces single, format characters are left out."""
    characters = ((character, unicodedata.category(character)) for character in unicodedata.normalize("NFC", text))
    kept = (" " if kind in _SPACES else "" if kind == "Cf" else character for character, kind in characters)
    return " ".join("".join(kept).split())


def legible(text: str, covers: Covers) -> str:
    """Return `text` in characters that `covers` knows. Others are transliterated, or `?` if nothing resembles them.

    >>> legible("Ελλάδα 北京", str.isascii)
    'Ellada BeiJing'
    """
    return cleaned("".join(character if covers(character) else _roman(character) for character in cleaned(text)))


def _roman(character: str) -> str:
    """Return one character in ASCII. An accent without its letter disappears."""
    return anyascii(character) or ("" if unicodedata.category(character).startswith("M") else "?")


def weight_text(weight_kg: Decimal) -> str:
    """Return a weight in kg, rounded up to the gram.

    >>> weight_text(Decimal("0.4001")), weight_text(Decimal(12))
    ('0.401 kg', '12 kg')
    """
    grams = weight_kg.quantize(_GRAM, rounding=ROUND_UP, context=_WIDE)
    return f"{grams.normalize(_WIDE):f} kg"


def amount_text(amount: Decimal, currency: str) -> str:
    """Return an amount with the decimal places of its currency, or with all it has if these are more.

    >>> amount_text(Decimal("5.9"), "GBP"), amount_text(Decimal("270.0040"), "GBP"), amount_text(Decimal(980), "JPY")
    ('5.90', '270.004', '980')
    """
    currency_places = -int(minor_unit(currency).as_tuple().exponent)
    places = max(currency_places, -int(amount.normalize(_WIDE).as_tuple().exponent))
    return f"{amount.quantize(Decimal(1).scaleb(-places), context=_WIDE):f}"


def money_text(amount: Decimal, currency: str) -> str:
    """Return an amount and its currency, as `5.90 GBP`."""
    return f"{amount_text(amount, currency)} {currency}"
