"""Manifests: what one carrier collects at one shipping location, told to it by one request.

A manifest is kept before its consignments are manifested, and each of their records names it. So one that is in the
list of a manifest belongs to it only if its record says so, and a request that ends half-way leaves nothing untold.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final, Protocol

from allocation.consignments.changes import Changes
from allocation.consignments.errors import NOT_FOUND, RequestError
from allocation.consignments.intake import CharacterSource
from allocation.consignments.steps import StepResult, Steps
from allocation.consignments.store import Known, ReferenceText
from allocation.domain.frozen import frozen
from allocation.domain.reference import ConsignmentReference
from allocation.domain.state import Step, UserAction

# Consignments of one manifest: its document, in base64 beside its list, stays below Lambda's 6 MB.
_MAX_BOOKINGS: Final = 2_500
# Manifests that one list has.
_MAX_LISTED: Final = 1_000
_TIME_DIGITS: Final = 12
_RANDOM_CHARACTERS: Final = 20
_NOT_DESCRIBED: Final = "Its description was deleted: there is no address and no package to tell the carrier."


@frozen
class Manifest:
    """A manifest. `reference` is 32 hexadecimal digits, which begin with the time. `created_at` is aware UTC.

    `bookings` is the number of its consignments, `consignments` may have more: those that were about to be manifested.
    """

    reference: str
    carrier: str
    carrier_name: str
    # The shipping location's reference; None for consignments that name none.
    location: str | None
    created_at: datetime
    bookings: int
    consignments: tuple[ConsignmentReference, ...] = ()


class ManifestStore(Protocol):
    """Keeps manifests as long as records. Every method raises `RetryableError` on an outage."""

    def keep(self, manifest: Manifest) -> None:
        """Keep a manifest in the place of any before with its reference."""

    def recent(self, location: str | None, most: int) -> Sequence[Manifest]:
        """Return up to `most` manifests with bookings, newest first: of a location, or all, without consignments."""

    def find(self, reference: str) -> Manifest | None:
        """Return a manifest with its consignments, or None."""


@frozen
class Manifests:
    """Manifests consignments, and finds manifests."""

    changes: Changes
    store: ManifestStore
    random_characters: CharacterSource

    def manifest(self, references: Sequence[ReferenceText], request_id: str) -> list[StepResult]:
        """Manifest consignments, one manifest for each carrier and shipping location.

        Raises `RetryableError` if nothing is done.
        """
        opened = _Opened(self.changes.now, self.store, self.random_characters, request_id)
        results = Steps(self.changes).take(references, UserAction.MANIFEST, opened.plan)
        opened.close({each.consignment for each in results if each.consignment and each.outcome == "Manifested"})
        return results

    def recent(self, location: str | None) -> Sequence[Manifest]:
        """Return the latest manifests, of a shipping location or all, newest first."""
        return self.store.recent(location, _MAX_LISTED)

    def booked(self, reference: str) -> tuple[Manifest, Sequence[Known]]:
        """Return a manifest and the consignments that it still has: not those deallocated or cancelled since.

        Raises `RequestError` for an unknown manifest.
        """
        manifest = self.store.find(reference.strip().lower())
        if manifest is None or not manifest.bookings:
            raise RequestError("ManifestNotFoundException", f"Manifest {reference[:64]} was not found.", NOT_FOUND)
        found = self.changes.store.find(manifest.consignments)
        return manifest, [
            known
            for each in manifest.consignments
            if (known := found.get(each)) and known.record and known.record.manifest_reference == manifest.reference
        ]


@dataclass(slots=True)
class _Opened:
    """The manifests that a request opens, by carrier and location."""

    now: Callable[[], datetime]
    store: ManifestStore
    random_characters: CharacterSource
    request_id: str
    open: dict[tuple[str, str | None], Manifest] = field(default_factory=dict)
    full: list[Manifest] = field(default_factory=list)

    def plan(self, able: Sequence[Known]) -> Mapping[ConsignmentReference, Step]:
        """Keep the consignments in manifests and return the steps that lead there; what can't be told fails."""
        now = self.now()
        steps: dict[ConsignmentReference, Step] = {}
        touched: dict[str, Manifest] = {}
        for known in able:
            if known.stored is None:
                steps[known.reference] = Step("ManifestFailed", self.request_id, now, problem=_NOT_DESCRIBED)
                continue
            manifest = self._with(known)
            touched[manifest.reference] = manifest
            steps[known.reference] = Step("Manifested", self.request_id, now, manifest=manifest.reference)
        for manifest in touched.values():
            self.store.keep(manifest)
        return steps

    def _with(self, known: Known) -> Manifest:
        """Return the manifest of a consignment, with the consignment."""
        record = known.record
        summary = record.allocation_summary if record else None
        carrier = (record and record.carrier_reference) or ""
        key = (carrier, origin_location(known))
        manifest = self.open.get(key)
        if manifest and len(manifest.consignments) >= _MAX_BOOKINGS:
            self.full.append(self.open.pop(key))
            manifest = None
        if manifest is None:
            name = (summary.carrier_name if summary else None) or carrier
            manifest = Manifest(self._reference(), carrier, name, key[1], self.now(), 0)
        consignments = (*manifest.consignments, known.reference)
        self.open[key] = replace(manifest, consignments=consignments, bookings=len(consignments))
        return self.open[key]

    def _reference(self) -> str:
        """Return a new reference, later ones after earlier ones."""
        at = int(self.now().timestamp() * 1000)
        random = "".join(f"{ord(each) % 16:x}" for each in self.random_characters(_RANDOM_CHARACTERS))
        return f"{at:0{_TIME_DIGITS}x}{random}"

    def close(self, manifested: set[ConsignmentReference]) -> None:
        """Keep how many consignments each manifest came to have."""
        for manifest in (*self.full, *self.open.values()):
            bookings = len(manifested.intersection(manifest.consignments))
            if bookings != manifest.bookings:
                self.store.keep(replace(manifest, bookings=bookings))


def origin_location(known: Known) -> str | None:
    """Return the shipping location that the consignment's origin names, or None."""
    for address in (known.stored.content.get("Addresses") or ()) if known.stored else ():
        if address.get("AddressType") == "Origin":
            return address.get("ShippingLocationReference") or None
    return None


def created_at_of(reference: str) -> datetime:
    """Return the time with which a manifest's reference begins, in aware UTC."""
    return datetime.fromtimestamp(int(reference[:_TIME_DIGITS], 16) / 1000, UTC)
