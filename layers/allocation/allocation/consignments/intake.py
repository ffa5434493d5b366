"""Takes in a sender's consignment: reads older forms, issues references, and checks it."""

import hashlib
from collections.abc import Callable, Mapping
from functools import partial, reduce
from typing import Any, Final

from pydantic import ValidationError

from allocation.consignments.errors import Problem, RequestError, read_as
from allocation.consignments.full_consignment import FullConsignment
from allocation.consignments.older_forms import consignment_in_current_form
from allocation.consignments.store import ConsignmentJson
from allocation.domain.reference import ConsignmentReference

# How often what is invalid of an order's consignment is left out, before it counts as unreadable.
_MAX_PRUNINGS: Final = 5
REFERENCE_CHARACTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

# PRO's types of addresses.
_ADDRESS_TYPES: Final = ("Origin", "Destination", "Return", "Sender", "Recipient", "Importer")

# Returns so many random characters of `REFERENCE_CHARACTERS`.
CharacterSource = Callable[[int], str]


def issued_consignment_reference(random_characters: CharacterSource) -> ConsignmentReference:
    """Return a new consignment reference in PRO's form.

    >>> issued_consignment_reference(lambda count: "00005BMMA"[:count])
    'EC-000-05B-MMA'
    """
    return ConsignmentReference(issued("EC", random_characters))


def taken_in(
    sent: ConsignmentJson, reference: ConsignmentReference, random_characters: CharacterSource
) -> ConsignmentJson:
    """Return the sender's JSON in current form, with this reference and a reference for each package.

    Raises `RequestError`, which names every wrong or missing field.
    """
    content = {**consignment_in_current_form(_without_empty_text(sent)), "Reference": reference}
    packages = content.get("Packages")
    if isinstance(packages, list):
        content["Packages"] = [_with_package_reference(package, random_characters) for package in packages]
    _require_usable(content)
    return content


def kept_from_order(sent: ConsignmentJson, reference: ConsignmentReference) -> ConsignmentJson | None:
    """Return a consignment of an order in current form, as the API reads it, or None if it can't be read.

    An order needs to be valid only for allocation. What else of it is invalid is left out: a document that needs it
    names the field. Packages without a reference get the same ones whenever the order comes.
    """
    content = {**consignment_in_current_form(_without_empty_text(sent)), "Reference": reference, "Source": "Queue"}
    for name in ("Addresses", "Packages"):
        content[name] = content.get(name) or []
    content["Packages"] = [
        _with_package_reference(package, partial(_derived_characters, f"{reference}/{at}"))
        for at, package in enumerate(content["Packages"])
    ]
    try:
        return usable_part(content)[0]
    except ValidationError:
        return None


def kept_consignment(kept: ConsignmentJson) -> FullConsignment:
    """Return a consignment that is kept, as `usable_part` does."""
    return usable_part(kept)[1]


def usable_part(content: ConsignmentJson) -> tuple[ConsignmentJson, FullConsignment]:
    """Return a consignment's content without what is invalid, and the consignment.

    An earlier version may have taken what this one does not. Raises `ValidationError` where nothing can be read.
    """
    for _ in range(_MAX_PRUNINGS - 1):
        try:
            return content, FullConsignment.model_validate(content)
        except ValidationError as error:
            content = reduce(_without, [details["loc"] for details in error.errors(include_input=False)], content)
    return content, FullConsignment.model_validate(content)


def _derived_characters(text: str, count: int) -> str:
    """Return so many characters that are the same for the same text."""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest())
    base = len(REFERENCE_CHARACTERS)
    return "".join(REFERENCE_CHARACTERS[number // base**at % base] for at in range(count))


def _without(value: Any, location: tuple[int | str, ...]) -> Any:
    """Return a JSON value with null at a location."""
    if not location:
        return None
    step, *rest = location
    if isinstance(value, Mapping) and step in value:
        return {**value, step: _without(value[step], tuple(rest))}
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return [*value[:step], _without(value[step], tuple(rest)), *value[step + 1 :]]
    return value


def issued(prefix: str, random_characters: CharacterSource) -> str:
    """Return a new reference in PRO's form: `EP-XXX-XXX-XXX` for the prefix `EP`."""
    characters = random_characters(9)
    return "-".join([prefix, characters[:3], characters[3:6], characters[6:9]])


def _without_empty_text(value: Any) -> Any:
    """Return the data with null for empty text, which is how XML and form-like clients write absent values."""
    if isinstance(value, Mapping):
        return {name: _without_empty_text(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_empty_text(item) for item in value]
    return None if value == "" else value


def _with_package_reference(package: Any, random_characters: CharacterSource) -> Any:
    """Return the package with its own reference, or with a new one if it has none."""
    if not isinstance(package, dict) or package.get("Reference"):
        return package
    return {**package, "Reference": issued("EP", random_characters)}


def _require_usable(content: ConsignmentJson) -> None:
    """Raise `RequestError` unless this is a valid consignment with a package, an origin and a destination."""
    consignment = read_as(FullConsignment, content, "The consignment has invalid fields: see Details.")
    kinds = [
        Problem("AddressType", f"Addresses[{at}].AddressType", f"must be {', '.join(_ADDRESS_TYPES)}")
        for at, address in enumerate(consignment.addresses)
        if address.address_type not in _ADDRESS_TYPES
    ]
    if kinds:
        raise RequestError("ValidationException", "The consignment has invalid fields: see Details.", problems=kinds)
    missing = [
        Problem("Required", target, message)
        for target, message, present in (
            ("Packages", "needs at least one package", bool(consignment.packages)),
            ("Addresses", "needs an address of the type Origin", consignment.address("Origin") is not None),
            ("Addresses", "needs an address of the type Destination", consignment.address("Destination") is not None),
        )
        if not present
    ]
    if missing:
        raise RequestError("ValidationException", "The consignment is incomplete: see Details.", problems=missing)
