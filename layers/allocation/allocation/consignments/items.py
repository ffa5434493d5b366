"""The items in packages of kept consignments, one by one: added, moved and removed before the allocation.

An item that has no reference is called by its package and its place in it. Whatever changes items of a consignment
writes these names down, so that they stay when the places change.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from allocation.consignments.errors import NOT_FOUND, RequestError, read_as
from allocation.consignments.full_consignment import Item
from allocation.consignments.packages import Packages, position_of
from allocation.consignments.store import ConsignmentJson, Known, ReferenceText
from allocation.domain.frozen import frozen
from allocation.domain.reference import ConsignmentReference

# Of a package reference in PRO's form, by which the name of an item begins.
_PACKAGE_LENGTH: Final = len("EP-000-000-000")

_Json = Mapping[str, Any]


class _ItemToAdd(Item):
    reference: str | None = None


class _UnknownItemError(RequestError):
    """No such item exists."""

    def __init__(self, reference: str) -> None:
        """`reference` is the caller's text."""
        super().__init__("ItemNotFoundException", f"Item {reference[:64]} was not found.", NOT_FOUND)


def named_items(package: _Json) -> list[dict[str, Any]]:
    """Return the items of a package, each with its reference."""
    items: Sequence[_Json] = package.get("Items") or ()
    return [
        {**item, "Reference": item.get("Reference") or f"{package.get('Reference')}-{at}"}
        for at, item in enumerate(items, start=1)
    ]


@frozen
class Items:
    """Adds, finds, moves and removes items. Every method raises `RequestError`."""

    packages: Packages

    def of_package(self, package: ReferenceText) -> list[dict[str, Any]]:
        """Return the items of a package."""
        known = self.packages.register.changes.known(self.packages.consignment_of(package))
        return named_items(known.described().content["Packages"][position_of(known, package)])

    def item(self, reference: ReferenceText) -> dict[str, Any]:
        """Return an item."""
        known = self.packages.register.changes.known(self._consignment_of(reference))
        for package in known.described().content["Packages"]:
            for item in named_items(package):
                if _is_called(item, reference):
                    return item
        raise _UnknownItemError(reference)

    def add(self, package: ReferenceText, sent: ConsignmentJson) -> None:
        """Add an item to a package, under the reference that it has, or a new one."""
        read_as(_ItemToAdd, sent, "The item has invalid fields: see Details.")

        def added(packages: list[dict[str, Any]], at: int) -> None:
            items = packages[at]["Items"]
            own = sent.get("Reference")
            if own and any(_is_called(item, own) for each in packages for item in each["Items"]):
                text = f"Item {own[:64]} is in the consignment already: give another reference, or none."
                raise RequestError("ValidationException", text)
            items.append({**sent, "Reference": own or _free_name(packages, packages[at]["Reference"])})

        self._edit(self.packages.consignment_of(package), lambda seen: position_of(seen, package), added)

    def remove(self, package: ReferenceText, reference: ReferenceText) -> None:
        """Remove an item from a package."""

        def removed(packages: list[dict[str, Any]], at: int) -> None:
            packages[at]["Items"].remove(_found(packages[at], reference))

        self._edit(self.packages.consignment_of(package), lambda seen: position_of(seen, package), removed)

    def move(self, reference: ReferenceText, target: ReferenceText) -> None:
        """Move an item to another package of its consignment."""

        def moved(packages: list[dict[str, Any]], at: int) -> None:
            homes = [each for each in packages if any(_is_called(item, reference) for item in each["Items"])]
            if not homes:
                raise _UnknownItemError(reference)
            item = _found(homes[0], reference)
            homes[0]["Items"].remove(item)
            packages[at]["Items"].append(item)

        self._edit(self.packages.consignment_of(target), lambda seen: position_of(seen, target), moved)

    def _edit(
        self,
        consignment: ConsignmentReference,
        place: Callable[[Known], int],
        edit: Callable[[list[dict[str, Any]], int], None],
    ) -> None:
        """Change the items of a consignment whose packages may change. `edit` changes its packages in place."""

        def edited(seen: Known) -> ConsignmentJson:
            packages = [{**each, "Items": named_items(each)} for each in seen.described().content["Packages"]]
            edit(packages, place(seen))
            return {"Packages": packages}

        self.packages.register.edit(consignment, edited)

    def _consignment_of(self, reference: ReferenceText) -> ConsignmentReference:
        """Return the consignment of an item, by the package that its reference begins with."""
        try:
            return self.packages.consignment_of(reference.strip()[:_PACKAGE_LENGTH])
        except RequestError as error:
            raise _UnknownItemError(reference) from error


def _found(package: _Json, reference: ReferenceText) -> Any:
    for item in package["Items"]:
        if _is_called(item, reference):
            return item
    raise _UnknownItemError(reference)


def _free_name(packages: Sequence[_Json], package: str) -> str:
    """Return a name of the package's that no item of the consignment has."""
    taken = {item["Reference"] for each in packages for item in each["Items"]}
    return next(name for at in range(1, len(taken) + 2) if (name := f"{package}-{at}") not in taken)


def _is_called(item: _Json, reference: ReferenceText) -> bool:
    return str(item.get("Reference") or "").casefold() == reference.strip().casefold()
