"""The packages of kept consignments: which one a reference names, and how one is added, changed and deleted.

PRO allows that only before the allocation (its help, "Updating Consignments and Packages").
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import ValidationError

from allocation.consignments.errors import NOT_FOUND, Problem, RequestError, problems_of
from allocation.consignments.full_consignment import FullPackage
from allocation.consignments.older_forms import consignment_in_current_form
from allocation.consignments.register import Register
from allocation.consignments.store import ConsignmentJson, Known, ReferenceText
from allocation.domain.frozen import frozen
from allocation.domain.reference import ConsignmentReference

# What PRO demands of a package that is added; a size may stand for the dimensions.
_MANDATORY: Final = ("Weight", "Dimensions", "Description", "Value")

_MEASURED_BY: Final = ("Dimensions", "PackageSizeReference")

_Packages = list[Mapping[str, Any]]


class _UnknownPackageError(RequestError):
    """No such package exists."""

    def __init__(self, reference: str) -> None:
        """`reference` is the caller's text."""
        super().__init__("PackageNotFoundException", f"Package {reference[:64]} was not found.", NOT_FOUND)


def position_of(known: Known, reference: ReferenceText) -> int:
    """Return a package's position in its consignment, from 0. A reference may be written in any case.

    Raises `RequestError`.
    """
    wanted = reference.strip().casefold()
    for at, package in enumerate(known.described().content["Packages"]):
        if str(package.get("Reference") or "").casefold() == wanted:
            return at
    raise _UnknownPackageError(reference)


@frozen
class Packages:
    """Adds, changes and deletes single packages. Every method raises `RequestError`."""

    register: Register

    def add(self, consignment: ReferenceText, sent: ConsignmentJson) -> Mapping[str, Any]:
        """Add a package to a consignment, under a new reference, and return it as it is kept."""
        package = {**_in_current_form(sent), "Reference": None}
        _require_complete(package)
        stored = self.register.edit(consignment, lambda seen: {"Packages": [*_packages_of(seen), package]})
        added: Mapping[str, Any] = stored.content["Packages"][-1]
        return added

    def change(self, package: ReferenceText, sent: ConsignmentJson) -> None:
        """Change what was sent of a package; the rest of it stays.

        Null stays, too: only PRO's SDK of 2016 sends this, and it writes null for what its user does not set. Of
        dimensions and a size, the one that is sent takes the place of the other.
        """
        formed = _in_current_form(sent)
        given = {name: value for name, value in formed.items() if name != "Reference" and value is not None}
        measured = {name: given.get(name) for name in _MEASURED_BY} if given.keys() & set(_MEASURED_BY) else {}

        def changed(packages: _Packages, at: int) -> _Packages:
            return [*packages[:at], {**packages[at], **given, **measured}, *packages[at + 1 :]]

        self._edit(self.consignment_of(package), package, changed)

    def delete(self, package: ReferenceText, of: ReferenceText | None = None) -> None:
        """Delete a package, by its reference alone or of a consignment. The last one of a consignment stays."""

        def without(packages: _Packages, at: int) -> _Packages:
            if len(packages) == 1:
                text = f"Package {package[:64]} is the last one of its consignment and can't be deleted."
                raise RequestError("LastPackageException", f"{text} Cancel the consignment.")
            return [*packages[:at], *packages[at + 1 :]]

        self._edit(of or self.consignment_of(package), package, without)

    def add_empty(self, consignment: ReferenceText, count: int) -> None:
        """Add packages that have no weight and no sides yet."""
        empty = {"Reference": None, "Weight": {"Value": 0, "Unit": "Kg"}}
        self.register.edit(consignment, lambda seen: {"Packages": [*_packages_of(seen), *[empty] * count]})

    def _edit(
        self, consignment: ReferenceText, package: ReferenceText, edit: Callable[[_Packages, int], _Packages]
    ) -> None:
        def edited(seen: Known) -> ConsignmentJson:
            return {"Packages": edit(_packages_of(seen), position_of(seen, package))}

        self.register.edit(consignment, edited)

    def consignment_of(self, package: ReferenceText) -> ConsignmentReference:
        """Return the consignment that a package belongs to. Raises `RequestError`."""
        store = self.register.changes.store
        for reference, known in store.find(store.with_package(package.strip().upper())).items():
            if known.stored and any(_is_called(package, each) for each in known.stored.content["Packages"]):
                return reference
        raise _UnknownPackageError(package)


def _packages_of(seen: Known) -> _Packages:
    return list(seen.described().content["Packages"])


def _is_called(reference: ReferenceText, package: Mapping[str, Any]) -> bool:
    return str(package.get("Reference") or "").casefold() == reference.strip().casefold()


def _in_current_form(sent: ConsignmentJson) -> dict[str, Any]:
    """Return a package in the form of version 1.1."""
    formed: dict[str, Any] = consignment_in_current_form({"Packages": [sent]})["Packages"][0]
    return formed


def _require_complete(package: Mapping[str, Any]) -> None:
    """Raise `RequestError` unless a package has all that PRO demands, in a form that can be read."""
    given = {**package, "Dimensions": package.get("Dimensions") or package.get("PackageSizeReference")}
    problems = [Problem("Required", name, "is missing") for name in _MANDATORY if given.get(name) in (None, "")]
    try:
        FullPackage.model_validate(package)
    except ValidationError as error:
        known = {problem.target for problem in problems}
        problems += [problem for problem in problems_of(error) if problem.target not in known]
    if problems:
        raise RequestError("ValidationException", "The package has invalid fields: see Details.", problems=problems)
