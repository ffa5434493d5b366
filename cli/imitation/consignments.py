"""What the imitation of SortedPRO knows and does: consignments with states (`docs/pro-api.md`, States)."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import RLock
from typing import Any, Final

Document = dict[str, Any]

CARRIERS: Final = {"CARRIER_X": "Carrier X", "CARRIER_Y": "Carrier Y"}
# Name and carrier of each carrier service.
SERVICES: Final = {
    "CX_NDS": ("CARRIER_X", "Next Day Super"),
    "CX_ECO": ("CARRIER_X", "Carrier X Economy"),
    "CY_48": ("CARRIER_Y", "Within 48 Hours"),
}
# The carrier service that each group leads to.
GROUPS: Final = {"valuableGoods": "CX_NDS", "economy": "CX_ECO"}
CHEAPEST: Final = "CY_48"
# The beginning of a reference decides how its consignment behaves, for who only chooses references.
NOTHING_FITS_PREFIX: Final = "EC-NOF-"
UNKNOWN_PREFIX: Final = "EC-404-"
# Accepted with 202, and allocated so much later. Until then the state is what each prefix leads to.
LATER: Final = timedelta(seconds=15)
LATER_PREFIXES: Final = {"EC-202-": "Unallocated", "EC-ING-": "Allocating"}

_ALLOCATABLE: Final = ("Unallocated", "AllocationFailed")
_DEALLOCATABLE: Final = ("Allocated", "Manifested", "ManifestFailed")
_MANIFESTABLE: Final = ("Allocated", "ReadyToShip", "ManifestFailed")
ACCEPTED: Final = 202
_REFUSED: Final = 400
_PRICE: Final = {"Net": 5.49, "Gross": 6.59, "VatAmount": 1.10, "Currency": {"Name": "Pound", "IsoCode": "GBP"}}


class ProError(Exception):
    """An error of PRO's own, answered with `status`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def document(self) -> Document:
        """Return the error as PRO's JSON."""
        return {"Code": self.code, "Message": str(self), "CorrelationId": "imitation", "Details": []}


@dataclass
class Consignment:
    """A consignment: its state, its carrier service while it has one, its last failure, what its sender sent."""

    state: str = "Unallocated"
    service: str | None = None
    failure: str | None = None
    content: Document = field(default_factory=dict)
    # The service group that it was allocated with.
    group: str | None = None
    # When it will be allocated, and with which carrier service, where its allocation was accepted.
    due: tuple[datetime, str] | None = None


@dataclass
class ImitatedPro:
    """All consignments. One that was never named exists and is unallocated, unless its prefix says otherwise."""

    base_url: str = "https://apisandbox.electioapp.com"
    consignments: dict[str, Consignment] = field(default_factory=dict)
    # Every change of a state: when (UTC), of which consignment, to what.
    changes: list[tuple[datetime, str, str]] = field(default_factory=list)
    lock: RLock = field(default_factory=RLock)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def consignment(self, reference: str) -> Consignment:
        """Return a consignment. Raises `ProError` for an unknown one."""
        if reference.startswith(UNKNOWN_PREFIX):
            raise ProError(404, "ConsignmentNotFoundException", f"Consignment {reference} was not found")
        with self.lock:
            found = self.consignments.setdefault(reference, self.first(reference))
            if found.due and self.now() >= found.due[0]:
                service, found.due = found.due[1], None
                self.take(reference, found, service)
        return found

    def first(self, reference: str) -> Consignment:  # noqa: ARG002 - for subclasses
        """Return a consignment as it is when it is named first."""
        return Consignment()

    def create(self, content: Document) -> str:
        """Keep a new consignment. Return its reference. Raises `ProError` for one without packages or addresses."""
        for name in ("Packages", "Addresses"):
            if not (isinstance(content.get(name), list) and content[name]):
                raise ProError(_REFUSED, "ValidationException", f"{name} must have at least one item")
        with self.lock:
            number = f"{next(self._numbers):06d}"
            reference = f"EC-IMI-{number[:3]}-{number[3:]}"
            self.consignments[reference] = Consignment(content=content)
            self.changes.append((self.now(), reference, "Unallocated"))
        return reference

    def update(self, content: Document) -> str:
        """Replace what was sent of a consignment. Raises `ProError` unless its state allows that."""
        reference = str(content["Reference"])
        consignment = self.consignment(reference)
        with self.lock:
            require(reference, consignment, "an editable", _ALLOCATABLE)
            consignment.content = {name: value for name, value in content.items() if name != "Reference"}
        return reference

    def find(self, customer_reference: str) -> list[str]:
        """Return the consignments whose sender gave them this reference."""
        with self.lock:
            return [key for key in self.consignments if self.senders(key) == customer_reference]

    def senders(self, reference: str) -> str | None:
        """Return the reference that a consignment's sender gave it, or None."""
        given = self.consignments[reference].content.get("ConsignmentReferenceProvidedByCustomer")
        return given if isinstance(given, str) else None

    def allocate(self, reference: str, service: str, group: str | None = None) -> Document:
        """Allocate one consignment, with a service group where one is given. Return its item, also if it failed."""
        try:
            consignment = self.begin(reference)
        except ProError as error:
            return self.item(reference, error.status, str(error), None)
        if reason := self.reason_against(reference, consignment):
            consignment.failure = reason
            self.move(reference, consignment, "AllocationFailed")
            return self.item(reference, _REFUSED, reason, None)
        consignment.group = group
        if reference[:7] in LATER_PREFIXES:
            consignment.state, consignment.due = LATER_PREFIXES[reference[:7]], (self.now() + LATER, service)
            return self.item(reference, ACCEPTED, f"Consignment {reference} will be allocated", None)
        self.take(reference, consignment, service)
        carrier, name = SERVICES[service]
        text = name if CARRIERS[carrier] in name else f"{CARRIERS[carrier]} {name}"
        success = f"Consignment {reference} has been successfully allocated with {text}"
        return self.item(reference, 200, f"{success} for shipping on 14/06/2019 17:00:00 +00:00", service)

    def begin(self, reference: str) -> Consignment:
        """Let an allocation begin. Raises `ProError` where the state does not allow one."""
        consignment = self.consignment(reference)
        with self.lock:
            require(reference, consignment, "an allocatable", () if consignment.due else _ALLOCATABLE)
            consignment.state = "Allocating"
        return consignment

    def reason_against(self, reference: str, consignment: Consignment) -> str:  # noqa: ARG002 - for subclasses
        """Return why no carrier service takes a consignment, or nothing."""
        fits = not reference.startswith(NOTHING_FITS_PREFIX)
        return "" if fits else "This service is not available for the given package dimensions/weight."

    def take(self, reference: str, consignment: Consignment, service: str) -> None:
        """Give a consignment its carrier service."""
        with self.lock:
            consignment.service = service
            self.move(reference, consignment, "Allocated")

    def deallocate(self, reference: str) -> None:
        """Take a consignment's carrier service back. Raises `ProError` unless it has one."""
        consignment = self.consignment(reference)
        with self.lock:
            require(reference, consignment, "a deallocatable", _DEALLOCATABLE)
            consignment.service = None
            self.move(reference, consignment, "Unallocated")

    def cancel(self, reference: str) -> None:
        """Cancel a consignment for good. Raises `ProError` for one that is cancelled."""
        consignment = self.consignment(reference)
        with self.lock:
            require(reference, consignment, "a cancellable", (*_ALLOCATABLE, *_DEALLOCATABLE))
            consignment.service = consignment.due = None
            self.move(reference, consignment, "Cancelled")

    def manifest(self, reference: str) -> None:
        """Tell the carrier of a consignment. Raises `ProError` unless it is allocated."""
        consignment = self.consignment(reference)
        with self.lock:
            require(reference, consignment, "a manifestable", _MANIFESTABLE)
            self.move(reference, consignment, "Manifested")

    def move(self, reference: str, consignment: Consignment, state: str) -> None:
        """Change a state, and remember that."""
        with self.lock:
            consignment.state = state
            self.changes.append((self.now(), reference, state))

    def item(self, reference: str, status: int, description: str, service: str | None) -> Document:
        """Return an Allocation Summary. Its carrier fields are null without a `service`."""
        carrier, name = SERVICES[service] if service else (None, None)
        return {
            "StatusCode": status,
            "ApiLinks": [
                {"Rel": "detail", "Href": f"{self.base_url}/consignments/{reference}"},
                {"Rel": "label", "Href": f"{self.base_url}/labels/{reference}"},
            ],
            "Description": description,
            "ConsignmentLegs": legs(reference, service),
            "CarrierReference": carrier,
            "CarrierName": CARRIERS[carrier] if carrier else None,
            "CarrierServiceReference": service,
            "CarrierServiceName": name,
        }

    def detail(self, reference: str) -> Document:
        """Return the whole consignment. Raises `ProError` for an unknown one."""
        consignment = self.consignment(reference)
        service = consignment.service
        allocation = {
            "MpdCarrierServiceReference": service,
            "MpdCarrierServiceName": SERVICES[service][1] if service else None,
            "MpdCarrierServiceGroupReference": consignment.group,
            "AllocationDate": "2019-06-14T09:00:00+00:00",
            "Price": _PRICE,
        }
        return {
            **consignment.content,
            "Reference": reference,
            "ConsignmentState": consignment.state,
            "Allocation": allocation if service else None,
            "FailedAllocation": {"Message": consignment.failure} if consignment.failure else None,
            "ConsignmentLegs": legs(reference, service),
            "LatestDeliveryDate": "2019-06-17T17:00:00+00:00" if service else None,
        }

    def label(self, reference: str) -> Document:
        """Return a consignment's labels: a page that only names it. Raises `ProError` unless it is allocated."""
        consignment = self.consignment(reference)
        if consignment.service is None:
            text = f"Consignment {reference} has no labels in state {consignment.state}"
            raise ProError(_REFUSED, "InvalidConsignmentStateException", text)
        return {"File": b64encode(f"A label of {reference}".encode()).decode(), "ContentType": "application/pdf"}


def require(reference: str, consignment: Consignment, kind: str, states: Sequence[str]) -> None:
    """Raise `ProError` unless a consignment is in one of the states. `kind` is as in `an allocatable` state."""
    if consignment.state not in states:
        message = f"Consignment {reference} is not in {kind} state: {consignment.state}"
        raise ProError(400, "InvalidConsignmentStateException", message)


def legs(reference: str, service: str | None) -> list[Document]:
    """Return the journey's legs: one, or none without a `service`."""
    if service is None:
        return []
    carrier = SERVICES[service][0]
    leg = {"Leg": 1, "TrackingReferences": [f"TRK-{reference}"], "CarrierReference": carrier}
    return [{**leg, "CarrierServiceReference": None, "CarrierName": CARRIERS[carrier]}]
