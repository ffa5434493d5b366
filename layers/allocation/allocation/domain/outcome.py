"""What an allocation attempt ends with. Outcomes are data; only what may pass or can never be read is an error."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Final, Literal

from allocation.domain.limit import AllocationLimit
from allocation.domain.summary import AllocationSummary

NO_CARRIER_SERVICE_AVAILABLE: Final = "NoCarrierServiceAvailable"
"""Failure code: no carrier service in the mode's scope passes every check."""
SERVICE_GROUP_NOT_FOUND: Final = "ServiceGroupNotFoundException"
CARRIER_SERVICE_NOT_FOUND: Final = "MpdCarrierServiceNotFoundException"
"""The two codes are PRO's own names (`pro-api.md`, Allocation Summary)."""
CONSIGNMENT_INCOMPLETE: Final = "ConsignmentIncomplete"
"""Failure code: the engine lacks packages or an address of the consignment."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a carrier service costs, VAT apart (`pro-api.md`, Prices). Amounts have two decimal places."""

    net: Decimal
    vat: Decimal
    gross: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a consignment has no carrier service. `code` is stable, `message` is for people."""

    code: str
    message: str


Explanation = dict[str, Any]
"""Why each carrier service was chosen or left out, as JSON-ready data, bounded in size by whoever makes it."""


@dataclass(frozen=True, slots=True)
class Allocated:
    """A carrier service takes the consignment."""

    summary: AllocationSummary
    price: Price | None = None
    explanation: Explanation | None = None
    limit: AllocationLimit | None = None
    """The limit that it counts on."""
    state: ClassVar[Literal["Allocated"]] = "Allocated"


@dataclass(frozen=True, slots=True)
class AllocationFailed:
    """No carrier service takes the consignment as things are; trying the same again changes nothing."""

    failure: Failure
    explanation: Explanation | None = None
    state: ClassVar[Literal["AllocationFailed"]] = "AllocationFailed"


Outcome = Allocated | AllocationFailed


@dataclass(frozen=True, slots=True)
class Deallocated:
    """The carrier service was given back: the consignment may be changed and allocated again."""

    state: ClassVar[Literal["Unallocated"]] = "Unallocated"


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The consignment will not be shipped; nothing changes it any more."""

    state: ClassVar[Literal["Cancelled"]] = "Cancelled"


Standing = Outcome | Deallocated | Cancelled
"""How a consignment stands: what an allocation attempt ended with, or what undid it."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """No outcome yet: what stands in the way may pass. `cause` is a stable word, as `throttled` or `timeout`."""

    cause: str
    retry_after_seconds: int | None = None
    """How long it is known to be useless to try again, where whoever stands in the way has said so."""
