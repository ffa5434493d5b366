"""The packages of a kept consignment: which one a reference names, and how one is added, changed and deleted."""

from allocation.consignments.errors import NOT_FOUND, RequestError
from allocation.consignments.store import Known


class _UnknownPackageError(RequestError):
    """No such package exists."""

    def __init__(self, reference: str) -> None:
        """`reference` is the caller's text."""
        super().__init__("PackageNotFoundException", f"Package {reference[:64]} was not found.", NOT_FOUND)


def position_of(known: Known, reference: str) -> int:
    """Return a package's position in its consignment, from 0. A reference may be written in any case.

    Raises `_UnknownPackageError`.
    """
    wanted = reference.strip().casefold()
    for at, package in enumerate(known.described().content["Packages"]):
        if str(package.get("Reference") or "").casefold() == wanted:
            return at
    raise _UnknownPackageError(reference)
