"""What a sender wrote, as typed clients can read it: PRO's words in PRO's spelling, and no null where .NET has none.

A field of PRO's that holds what its type can't is left out; fields of the sender's own are not looked into.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from allocation.consignments.older_forms import each

_Part = Mapping[str, Any]
# Returns a field's value as its type has it, or raises `ValueError`.
_Reading = Callable[[Any], Any]

_SHIPPING_TERMS: Final = "None EXW FCA CPT CIP DAT DAP DDP FAS FOB CFR CIF DDU"
_CONTENTS: Final = "NotSpecified Unrestricted Dangerous Restricted Liquid"
_CONTENT_DETAILS: Final = (
    "NotSpecified Explosive Flammable Toxic Aerosols Alcohol Batteries Electronics Guns Lighters NailVarnish "
    "PerfumeOrAftershave Medicine LiveAnimals"
)
_BARCODES: Final = (
    "AustraliaPostalCode AztecCode Codabar Code11 Code128 Code39 ExtendedCode39 Code93 CompositeCode DataMatrix EAN13 "
    "EAN8 EANBookland Industrial2Of5 Interleaved2Of5 ITF14 LOGMARS Maxicode MSI OPC PDF417 Plessey Postnet QRCode "
    "SCC14 Standard2Of5 UCCEAN218 UCCEANShippingContainerCode UPCShippingContainerCode UPCA UPCE Unknown"
)


def consignment_values(content: _Part) -> dict[str, Any]:
    """Return a consignment's description as typed clients can read it."""
    return _read(content, _CONSIGNMENT)


def shipping_terms(text: str | None) -> str | None:
    """Return shipping terms in PRO's spelling, None where they are no terms of PRO's.

    >>> shipping_terms("dap"), shipping_terms("at the door")
    ('DAP', None)
    """
    try:
        return str(_one_of(_SHIPPING_TERMS)(text))
    except ValueError:
        return None


def timestamp(text: str) -> str:
    """Return an ISO 8601 date or timestamp as it was sent, with the time and offset that it lacks: 00:00 UTC."""
    moment = datetime.fromisoformat(text)
    return text if moment.tzinfo and len(text) > len("2026-11-24") else moment.replace(tzinfo=UTC).isoformat()


def _read(part: _Part, readings: Mapping[str, _Reading]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in part.items():
        try:
            found[name] = readings[name](value) if name in readings else value
        except (ValueError, TypeError):
            continue
    return found


def _one_of(words: str) -> _Reading:
    """Return a reading of an enum's member, in any case as .NET reads it."""
    known = {word.casefold(): word for word in words.split()}

    def read(value: Any) -> str:
        if not isinstance(value, str) or value.casefold() not in known:
            raise ValueError("no member")
        return known[value.casefold()]

    return read


def _flags(words: str) -> _Reading:
    """Return a reading of several of an enum's members, with commas as in JSON or spaces as in XML."""
    one = _one_of(words)
    return lambda value: ", ".join(map(one, value.replace(",", " ").split())) if isinstance(value, str) else one(0)


def _of_type(*kinds: type) -> _Reading:
    def read(value: Any) -> Any:
        if type(value) not in kinds:
            raise ValueError("another type")
        return value

    return read


def _part(readings: Mapping[str, _Reading]) -> _Reading:
    """Return a reading of an object, or of each object in a list. Null stays."""
    return each(lambda part: _read(part, readings))


def _place(value: Any) -> Any:
    """Return a pair of coordinates, or null."""
    if value is not None and not all(isinstance(value[name], int | Decimal) for name in ("Latitude", "Longitude")):
        raise ValueError("no coordinates")
    return value


_TEXT: Final = _of_type(str, type(None))
_BARCODE: Final = _part({"BarcodeType": _one_of(_BARCODES)})
_ITEM: Final[Mapping[str, _Reading]] = {
    "Barcode": _BARCODE,
    "ContentClassification": _one_of(_CONTENTS),
    "ContentClassificationDetails": _flags(_CONTENT_DETAILS),
}
_CONSIGNMENT: Final[Mapping[str, _Reading]] = {
    "Addresses": _part(
        {
            "Contact": _part({"Reference": lambda value: str(UUID(value))}),
            "CustomerName": _TEXT,
            "IsCached": _of_type(bool),
            "LatLong": _place,
            "RegionCode": _TEXT,
            "ShopLocationReference": _TEXT,
        }
    ),
    "CustomsDocumentation": _part(
        {
            "CategoryType": _of_type(str),
            "DeclarationDate": timestamp,
            "InvoiceDate": timestamp,
            "ShippingTerms": _one_of(_SHIPPING_TERMS),
        }
    ),
    "LocationInformation": _part({"ReservationReference": _TEXT, "ShopReference": _TEXT}),
    "Packages": _part({"Barcode": _BARCODE, "Items": _part(_ITEM)}),
    "RequestedDeliveryDate": _part({"Date": timestamp, "IsToBeExactlyOnTheDateSpecified": _of_type(bool)}),
    "ShippingDate": timestamp,
}
