"""Tracking references: those that our own engine issues, and which of a leg's is a package's."""

import hashlib
from collections.abc import Sequence

from allocation.domain.reference import ConsignmentReference


def issued_tracking_references(
    consignment: ConsignmentReference, service: str, leg: int, packages: int
) -> tuple[str, ...]:
    """Return the references of a leg's packages, one for each. Legs count from 1.

    Two allocations of the same consignment to the same service agree on them, whenever they happen.

    >>> issued_tracking_references(ConsignmentReference("EC-000-05B-MMA"), "CX_NDS", 1, 2)
    ('TRK01434512204729748571', 'TRK01434512204729748571-2')
    >>> issued_tracking_references(ConsignmentReference("EC-000-05B-MMA"), "CX_NDS", 2, 1)
    ('TRK01434512204729748571L2',)
    """
    digest = hashlib.sha256(f"{consignment}/{service}/1".encode()).digest()
    first = f"TRK{int.from_bytes(digest[:8]):020d}" + (f"L{leg}" if leg > 1 else "")
    return (first, *(f"{first}-{package}" for package in range(2, packages + 1)))


def package_references(references: Sequence[str], package: int) -> tuple[str, ...]:
    """Return which references of a leg are a package's: its own, or all where the leg has not one for each package.

    Packages count from 0.

    >>> package_references(["A", "B"], 1), package_references(["A"], 1)
    (('B',), ('A',))
    """
    return tuple(references[package : package + 1] if package < len(references) > 1 else references)
