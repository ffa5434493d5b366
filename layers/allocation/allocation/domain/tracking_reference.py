"""Tracking references: those that our own engine issues, and which of a leg's is a package's.

A reference that we issue has a key of its consignment in it, by which an index finds the consignment.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Final

from allocation.domain.reference import ConsignmentReference

_KEY_DIGITS: Final = 14
_SERVICE_DIGITS: Final = 6
_ISSUED: Final = re.compile(r"TRK([0-9]{14})[0-9]{6}(?:L[0-9]+)?(?:-[0-9]+)?")


def issued_tracking_references(
    consignment: ConsignmentReference, service: str, leg: int, packages: int
) -> tuple[str, ...]:
    """Return the references of a leg's packages, one for each. Legs count from 1.

    Two allocations of the same consignment to the same service agree on them, whenever they happen.

    >>> issued_tracking_references(ConsignmentReference("EC-000-05B-MMA"), "CX_NDS", 1, 2)
    ('TRK88204995104565151997', 'TRK88204995104565151997-2')
    >>> issued_tracking_references(ConsignmentReference("EC-000-05B-MMA"), "CX_NDS", 2, 1)
    ('TRK88204995104565151997L2',)
    """
    of_service = _digits(f"{consignment}/{service}", _SERVICE_DIGITS)
    first = f"TRK{tracking_key(consignment)}{of_service}" + (f"L{leg}" if leg > 1 else "")
    return (first, *(f"{first}-{package}" for package in range(2, packages + 1)))


def tracking_key(consignment: ConsignmentReference) -> str:
    """Return what all tracking references of a consignment share. Two consignments may have the same."""
    return _digits(consignment, _KEY_DIGITS)


def key_in(reference: str) -> str | None:
    """Return the key of the consignment in a tracking reference of ours, or None for another's.

    >>> key_in("TRK88204995104565151997L2-3"), key_in("JD0001-2")
    ('88204995104565', None)
    """
    issued = _ISSUED.fullmatch(reference)
    return issued[1] if issued else None


def _digits(text: str, count: int) -> str:
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
    return f"{number % 10**count:0{count}d}"


def package_references(references: Sequence[str], package: int) -> tuple[str, ...]:
    """Return which references of a leg are a package's: its own, or all where the leg has not one for each package.

    Packages count from 0.

    >>> package_references(["A", "B"], 1), package_references(["A"], 1)
    (('B',), ('A',))
    """
    return tuple(references[package : package + 1] if package < len(references) > 1 else references)
