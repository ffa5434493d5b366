"""Takes a consignment in: checks the sender's document and gives references to it and to its packages."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from allocation.consignments.errors import Problem, RequestError
from allocation.consignments.full_consignment import FullConsignment
from allocation.consignments.older_forms import consignment_in_current_form
from allocation.consignments.store import Document
from allocation.domain.reference import ConsignmentReference
from allocation.orders.order_created import path_of

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CharacterSource = Callable[[int], str]
"""Gives so many random characters of `ALPHABET`."""


def issued(prefix: str, characters: str) -> str:
    """A reference of nine characters, in the form that PRO gives to its own.

    >>> issued("EC", "00005BMMA")
    'EC-000-05B-MMA'
    """
    return "-".join([prefix, characters[:3], characters[3:6], characters[6:9]])


def taken_in(sent: Document, reference: ConsignmentReference, random_characters: CharacterSource) -> Document:
    """The sender's document with references in it. Raises `RequestError`, which names every field that is wrong."""
    document = {**consignment_in_current_form(without_empty_text(sent)), "Reference": reference}
    packages = document.get("Packages")
    if isinstance(packages, list):
        document["Packages"] = [with_package_reference(package, random_characters) for package in packages]
    require_readable(document)
    return document


def without_empty_text(value: Any) -> Any:
    """The same data with null for every empty text: XML and form-like clients write absent values so."""
    if isinstance(value, Mapping):
        return {name: without_empty_text(item) for name, item in value.items()}
    if isinstance(value, list):
        return [without_empty_text(item) for item in value]
    return None if value == "" else value


def with_package_reference(package: Any, random_characters: CharacterSource) -> Any:
    """A package that has a reference: its own if it brought one, else a new one."""
    if not isinstance(package, dict) or package.get("Reference"):
        return package
    return {**package, "Reference": issued("EP", random_characters(9))}


def require_readable(document: Document) -> None:
    """Raises `RequestError` unless the document is a consignment with packages and both its addresses."""
    try:
        consignment = FullConsignment.model_validate(document)
    except ValidationError as error:
        raise RequestError(
            "ValidationException", "The consignment can't be used.", problems=problems_of(error)
        ) from error
    missing = [
        Problem("Required", target, message)
        for target, message, there in (
            ("Packages", "needs at least one package", bool(consignment.packages)),
            ("Addresses", "needs an address of the type Origin", consignment.address("Origin") is not None),
            ("Addresses", "needs an address of the type Destination", consignment.address("Destination") is not None),
        )
        if not there
    ]
    if missing:
        raise RequestError("ValidationException", "The consignment is incomplete.", problems=missing)


def problems_of(error: ValidationError) -> list[Problem]:
    """Every problem by the path of its field; no value is repeated, since it may be personal data."""
    return [
        Problem(details["type"], path_of(details["loc"]), details["msg"].removeprefix("Value error, "))
        for details in error.errors(include_url=False, include_context=False, include_input=False)[:50]
    ]
