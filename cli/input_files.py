"""Reads and writes the files that a person names on the command line, whatever they turn out to be."""

import json
import sys
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from allocation import exact_json
from allocation.consignments.allocatable_consignment import MAX_ADDRESSES, MAX_PACKAGES, ProConsignment
from allocation.domain.consignment import Consignment
from cli.errors import UsageError

_STANDARD_INPUT: Final = "-"
# Larger files, such as a device that never ends, are refused before they fill the memory.
MAX_FILE_BYTES: Final = 64 * 1024 * 1024
# Stands for the reference that PRO gives a consignment when it is created.
_PLACEHOLDER_REFERENCE: Final = "EC-000-000-000"
_WHAT_TO_NAME: Final = "name a file with a consignment or an order"

_MAX_SHOWN: Final = 40
# What a person may have written about someone is not repeated.
_NOT_SHOWN: Final = ("Addresses[].Postcode", "Addresses[].Region")
_DATE: Final = 'a date such as "2026-12-24"'
_NUMBER: Final = "a number, 0 or more, with at most 10 decimal places, such as "
_REFERENCE: Final = 'text of 1 to 64 letters, digits, "_", "-" or ".", such as '
# How each field of a consignment is written.
FORMS: Final = {
    "": 'an object such as {"Packages": [...], "Addresses": [...]}',
    "Reference": 'text of 1 to 64 letters, digits, "-", "_" or ".", such as "EC-000-05B-MMA"',
    "ConsignmentReferenceProvidedByCustomer": "text of at most 256 characters",
    "Direction": '"Outbound" or "Inbound"',
    "Tags": 'a list of at most 100 texts, such as ["fragile"]',
    "Tags[]": "text of 1 to 64 characters",
    "ShippingDate": _DATE,
    "RequestedDeliveryDate": 'an object such as {"Date": "2026-12-24"}',
    "RequestedDeliveryDate.Date": _DATE,
    "RequestedDeliveryDate.IsToBeExactlyOnTheDateSpecified": "true or false",
    "RequiredDeliveryDate": 'an object such as {"Date": "2026-12-24"}',
    "RequiredDeliveryDate.Date": _DATE,
    "RequiredDeliveryDate.IsToBeExactlyOnTheDateSpecified": "true or false",
    "DeliveryOption": 'text of 1 to 64 characters, such as "next-day"',
    "deliveryOption": 'text of 1 to 64 characters, such as "next-day"',
    "Packages": f"a list of at most {MAX_PACKAGES:,} packages",
    "Packages[]": 'an object such as {"Weight": {...}, "Dimensions": {...}}',
    "Packages[].Weight": '{"Value": 0.5, "Unit": "Kg"}',
    "Packages[].Weight.Value": f"{_NUMBER}0.5",
    "Packages[].Weight.Unit": '"Kg", "g", "lb" or "oz"',
    "Packages[].Dimensions": '{"Unit": "Cm", "Width": 10, "Length": 20, "Height": 5}',
    "Packages[].Dimensions.Unit": '"Cm", "mm", "m" or "in"',
    "Packages[].Dimensions.Width": f"{_NUMBER}10",
    "Packages[].Dimensions.Length": f"{_NUMBER}20",
    "Packages[].Dimensions.Height": f"{_NUMBER}5",
    "Packages[].PackageSizeReference": f'{_REFERENCE}"small"',
    "Packages[].Value": '{"Amount": 5.99, "Currency": {"IsoCode": "GBP"}}',
    "Packages[].Value.Amount": f"{_NUMBER}5.99",
    "Packages[].Value.Currency": '"GBP" or {"IsoCode": "GBP"}',
    "Packages[].Value.Currency.IsoCode": 'a code of ISO 4217, such as "GBP"',
    "Addresses": f"a list of at most {MAX_ADDRESSES} addresses",
    "Addresses[]": 'an object such as {"AddressType": "Origin", "ShippingLocationReference": "Sorted1"}',
    "Addresses[].AddressType": '"Origin" or "Destination"',
    "Addresses[].ShippingLocationReference": f'{_REFERENCE}"Sorted1"',
    "Addresses[].Country": '"GB" or {"IsoCode": {"TwoLetterCode": "GB"}}',
    "Addresses[].Country.IsoCode": '"GB" or {"TwoLetterCode": "GB"}',
    "Addresses[].Country.IsoCode.TwoLetterCode": 'a two-letter code of ISO 3166, such as "GB"',
    "Addresses[].Postcode": "text of at most 16 characters",
    "Addresses[].Region": "text of at most 128 characters",
    "Addresses[].ShopLocationReference": "text of at most 256 characters: the reference of a pickup location",
    "Addresses[].IsPoBox": "true or false",
    "Addresses[].IsResidential": "true or false",
    "Packages[].Items": "a list of items",
}


def read_text(path: str, kind: str = "") -> str:
    """Return the text of a file, or of the standard input for `-`. Raises `UsageError`.

    `kind` is what the file should have, such as `catalogue`, where a command takes files of several kinds.
    """
    name = shown_name(path)
    try:
        if path == _STANDARD_INPUT:
            content = sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
        else:
            with Path(path).open("rb") as file:
                content = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:  # a name with a null byte is a ValueError
        what = getattr(error, "strerror", None) or error
        which = f"the {kind} {name}" if kind and path != _STANDARD_INPUT else name
        raise UsageError(f"Can't read {which}: {what}. Name a text file.") from error
    if len(content) > MAX_FILE_BYTES:
        raise UsageError(f"{name} is larger than {MAX_FILE_BYTES // 1024**2} MB: name a smaller file.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not text in UTF-8: name a text file, or save it as UTF-8.") from error


def json_of(text: str, name: str) -> Any:
    """Return the data of a JSON text, numbers exact. Raises `UsageError`, which calls the text `name`."""
    try:
        return exact_json.parsed(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise UsageError(f"{name} is not JSON ({place}: {error.msg}): {_WHAT_TO_NAME}.") from error
    except ValueError as error:
        raise UsageError(f"{name} is not JSON ({error}): {_WHAT_TO_NAME}.") from error


def consignment_of(content: Any, name: str) -> Consignment:
    """Return a consignment that PRO may not have created yet. Raises `UsageError` with every mistake."""
    if isinstance(content, dict):
        content = {"Reference": _PLACEHOLDER_REFERENCE, **content}
    try:
        return ProConsignment.model_validate(content).to_domain()
    except ValidationError as error:
        mistakes = "\n".join(f"  {_mistake(details)}" for details in error.errors())
        raise UsageError(f"{name} is not a consignment in PRO's JSON:\n{mistakes}") from error


def write_text(path: str, text: str) -> None:
    """Write a file that the user has named. Raises `UsageError`."""
    try:
        Path(path).write_text(text, "utf-8")
    except (OSError, ValueError) as error:
        what = getattr(error, "strerror", None) or error
        raise UsageError(f"Can't write {path}: {what}. Name a file in a folder that exists.") from error


def folder_of(path: str) -> Path:
    """Return the folder of a file, for the files that it names; of the standard input, the working folder."""
    return Path() if path == _STANDARD_INPUT else Path(path).parent


def shown_name(path: str) -> str:
    """Return what to call a file in a message."""
    return "The standard input" if path == _STANDARD_INPUT else path


def _mistake(details: ErrorDetails) -> str:
    """Return what is wrong with a field, and what to write."""
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in details["loc"]).lstrip(".")
    field = "".join("[]" if isinstance(step, int) else f".{step}" for step in details["loc"]).lstrip(".")
    if not field and details["type"] == "value_error":
        return details["msg"].removeprefix("Value error, ") + "."
    if details["type"] == "missing":
        return f"{path} is missing: write {FORMS[field]}."
    found = "can't be read" if field in _NOT_SHOWN else f"is {_shown(details['input'])}"
    return f"{path or 'It'} {found}: write {FORMS[field]}."


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else f"a list of {len(value)}"
    text = exact_json.written(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


def parsed_yaml(text: str) -> Any:
    """Return what a YAML or JSON text says. Raises `yaml.YAMLError` for whatever can't be read.

    PyYAML has other errors, too, for a day that no calendar has and for a tag that does not fit its value.
    """
    try:
        return yaml.safe_load(text)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise yaml.YAMLError(f"can't be read ({error})") from error
