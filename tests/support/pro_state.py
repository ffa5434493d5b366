"""What a fake SortedPRO knows and does: consignments with states, allocated one by one (`pro-api.md`, States)."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

Document = dict[str, Any]

CARRIERS: Final = {"CARRIER_X": "Carrier X", "CARRIER_Y": "Carrier Y"}
SERVICES: Final = {
    "CX_NDS": ("CARRIER_X", "Next Day Super"),
    "CX_ECO": ("CARRIER_X", "Carrier X Economy"),
    "CY_48": ("CARRIER_Y", "Within 48 Hours"),
}
GROUPS: Final = {"valuableGoods": "CX_NDS", "economy": "CX_ECO"}
CHEAPEST: Final = "CY_48"
# The prefix of a reference decides how its consignment behaves, for callers that only choose references.
NOTHING_FITS_PREFIX: Final = "EC-NOF-"
# PRO fails to allocate these when first asked, and can allocate them when asked again.
FAILS_ONCE_PREFIX: Final = "EC-ONE-"
# PRO failed to allocate these before it was first asked here, and can allocate them now.
FAILED_BEFORE_PREFIX: Final = "EC-OLD-"
UNKNOWN_PREFIX: Final = "EC-404-"


class ProError(Exception):
    """An `ApiError` that is answered with `status`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def document(self) -> Document:
        return {"Code": self.code, "Message": str(self), "CorrelationId": "fake", "Details": []}


@dataclass
class Consignment:
    state: str = "Unallocated"
    service: str | None = None
    failure: str | None = None


@dataclass
class ProState:
    """All consignments. One that was never named exists and is unallocated, unless its prefix says otherwise."""

    base_url: str = "https://apisandbox.electioapp.com"
    # Called during the allocation of each consignment, which takes as long as this does.
    work: Callable[[], object] = lambda: None
    consignments: dict[str, Consignment] = field(default_factory=dict)
    # How often each consignment was really allocated. More than once must never happen.
    allocations: Counter[str] = field(default_factory=Counter)
    # How often PRO was asked to allocate what it had allocated. It refuses, but a caller who can know must not ask.
    asked_again: Counter[str] = field(default_factory=Counter)
    deallocations: Counter[str] = field(default_factory=Counter)
    nothing_fits: set[str] = field(default_factory=set)
    # Consignments that make a whole call fail when their turn comes. Those before them in the list are done.
    spoils_lists: set[str] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def consignment(self, reference: str) -> Consignment:
        if reference.startswith(UNKNOWN_PREFIX):
            raise ProError(404, "ConsignmentNotFoundException", f"Consignment {reference} was not found")
        failed_before = reference.startswith(FAILED_BEFORE_PREFIX)
        first = Consignment("AllocationFailed", failure="too heavy, then") if failed_before else Consignment()
        with self._lock:
            return self.consignments.setdefault(reference, first)

    def allocate(self, reference: str, service: str) -> Document:
        """Allocate one consignment. Return its item, which says so if it failed."""
        if reference in self.spoils_lists:
            raise ProError(400, "InvalidAllocationRequestException", f"Consignment {reference} is not valid")
        try:
            consignment = self.consignment(reference)
            with self._lock:
                if consignment.service is not None:
                    self.asked_again[reference] += 1
                require_allocatable(reference, consignment)
                consignment.state = "Allocating"
            self.work()
            return self._finish(reference, consignment, service)
        except ProError as error:
            return self.item(reference, error.status, str(error), None)

    def deallocate(self, reference: str) -> None:
        """Take a consignment's carrier service back. Raises `ProError` unless it is allocated."""
        consignment = self.consignment(reference)
        with self._lock:
            if consignment.state != "Allocated":
                message = f"Consignment {reference} is not in a deallocatable state: {consignment.state}"
                raise ProError(400, "InvalidConsignmentStateException", message)
            consignment.state, consignment.service = "Unallocated", None
            self.deallocations[reference] += 1

    def _finish(self, reference: str, consignment: Consignment, service: str) -> Document:
        fails_once = reference.startswith(FAILS_ONCE_PREFIX) and consignment.failure is None
        if reference in self.nothing_fits or reference.startswith(NOTHING_FITS_PREFIX) or fails_once:
            consignment.failure = "This service is not available for the given package dimensions/weight."
            consignment.state = "AllocationFailed"
            raise ProError(400, "AllocationFailedException", consignment.failure)
        with self._lock:
            self.allocations[reference] += 1
            consignment.service = service
            consignment.state = "Allocated"
        carrier, name = SERVICES[service]
        text = name if CARRIERS[carrier] in name else f"{CARRIERS[carrier]} {name}"
        success = f"Consignment {reference} has been successfully allocated with {text}"
        return self.item(reference, 200, f"{success} for shipping on 14/06/2019 17:00:00 +00:00", service)

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
        """Answer `GET /consignments/{reference}`. Raises `ProError` for an unknown one."""
        consignment = self.consignment(reference)
        service = consignment.service
        allocation = {
            "MpdCarrierServiceReference": service,
            "MpdCarrierServiceName": SERVICES[service][1] if service else None,
            "MpdCarrierServiceGroupReference": None,
            "AllocationDate": "2019-06-14T09:00:00+00:00",
            "Price": {"Net": 5.49, "Gross": 6.59, "VatAmount": 1.10, "Currency": {"Name": "Pound", "IsoCode": "GBP"}},
        }
        return {
            "Reference": reference,
            "ConsignmentState": consignment.state,
            "Allocation": allocation if service else None,
            "FailedAllocation": {"Message": consignment.failure} if consignment.failure else None,
            "ConsignmentLegs": legs(reference, service),
            "Addresses": [{"AddressType": "Destination", "Contact": {"FirstName": "Peter"}}],
        }


def require_allocatable(reference: str, consignment: Consignment) -> None:
    if consignment.state not in ("Unallocated", "AllocationFailed"):
        message = f"Consignment {reference} is not in an allocatable state: {consignment.state}"
        raise ProError(400, "InvalidConsignmentStateException", message)


def legs(reference: str, service: str | None) -> list[Document]:
    if service is None:
        return []
    carrier = SERVICES[service][0]
    leg = {"Leg": 1, "TrackingReferences": [f"TRK-{reference}"], "CarrierReference": carrier}
    return [{**leg, "CarrierServiceReference": None, "CarrierName": CARRIERS[carrier]}]
