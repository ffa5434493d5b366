"""The outcomes of an allocation. Outcomes are data. Errors are only for what may pass and what can never be read."""

from dataclasses import field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, Final, Literal

from allocation.domain.frozen import frozen
from allocation.domain.limit import AllocationLimit
from allocation.domain.reference import ConsignmentReference
from allocation.domain.summary import AllocationSummary


class FailureCode(StrEnum):
    """The failure codes that we give. SortedPRO may give any other.

    Those that end in `Exception` are PRO's own names (`pro-api.md`, Allocation Summary).
    """

    # No carrier service in the mode's scope passes every check.
    NO_CARRIER_SERVICE_AVAILABLE = "NoCarrierServiceAvailable"
    SERVICE_GROUP_NOT_FOUND = "ServiceGroupNotFoundException"
    CARRIER_SERVICE_NOT_FOUND = "MpdCarrierServiceNotFoundException"
    # The routing table has no row for the consignment's delivery option, and no default for such.
    DELIVERY_OPTION_UNKNOWN = "DeliveryOptionUnknown"
    # The engine lacks packages or an address of the consignment.
    CONSIGNMENT_INCOMPLETE = "ConsignmentIncomplete"
    # SortedPRO does not know the consignment.
    CONSIGNMENT_NOT_FOUND = "ConsignmentNotFoundException"
    # SortedPRO refused the consignment without naming a code.
    ALLOCATION_REFUSED = "AllocationRefused"


@frozen
class Price:
    """What a carrier service costs, VAT separate (`pro-api.md`, Prices). Amounts have the currency's decimal places."""

    net: Decimal
    vat: Decimal
    gross: Decimal
    currency: str


@frozen
class Failure:
    """Why a consignment has no carrier service.

    `code` is a `FailureCode` or one of SortedPRO's own, `message` is for people.
    """

    code: str
    message: str


# Why each carrier service was chosen or left out, in words: JSON-ready data.
Explanation = dict[str, Any]


@frozen
class KeptDecision:
    """What the engine keeps of a decision, in compact bytes: what it was asked, and what it found of each service."""

    asked: bytes
    # None where it is too long to keep.
    explanation: bytes | None = None


@frozen
class AllocatedBy:
    """Who has allocated a consignment: our engine, or the SortedPRO under a base URL."""

    allocator: Literal["engine", "pro"]
    base_url: str | None = None
    # SortedPRO had allocated it already, or the reply to our own call was lost: its state was taken over.
    is_adopted: bool = False
    # The claim under which SortedPRO was asked. A record that names its claim has settled it.
    claim: str | None = field(default=None, compare=False)

    def is_out_of_reach(self, here: "AllocatedBy") -> bool:
        """Tell whether the allocator that is used `here` can't take the carrier service back."""
        return self.allocator == "pro" and (here.allocator, here.base_url) != ("pro", self.base_url)

    def advice(self, here: "AllocatedBy") -> str:
        """Return where the consignment was allocated and what is used here instead, and what to set."""
        if here.allocator == "pro":
            return f"was allocated at {self.base_url}, and this stack calls {here.base_url}: set ProBaseUrl back"
        return f"was allocated at {self.base_url}, and this stack allocates with the engine: set Allocator=pro back"


ENGINE: Final = AllocatedBy("engine")


@frozen
class Allocated:
    """A carrier service takes the consignment."""

    summary: AllocationSummary
    price: Price | None = None
    # Where our own engine got to the services.
    decision: KeptDecision | None = None
    # The daily limit that the allocation counts on.
    limit: AllocationLimit | None = None
    # The end of the delivery window, on the destination's clock written as UTC (as PRO does), where that is known.
    delivered_by: datetime | None = None
    # Why this service, in a sentence.
    why: str | None = None
    by: AllocatedBy | None = None
    # The service group that SortedPRO's state names, where the allocation was taken over from there.
    group: str | None = None
    # SortedPRO's own reference, where it created the consignment for this stack.
    pro_reference: ConsignmentReference | None = None
    state: ClassVar[Literal["Allocated"]] = "Allocated"

    def without_details(self) -> "Allocated":
        """Return the allocation without price and delivery date, for a stack that keeps them in no record."""
        return replace(self, price=None, delivered_by=None)


@frozen
class AllocationFailed:
    """No carrier service takes the consignment. Trying the same again changes nothing."""

    failure: Failure
    # Where our own engine got to the services.
    decision: KeptDecision | None = None
    # SortedPRO's own reference, as for `Allocated`.
    pro_reference: ConsignmentReference | None = None
    state: ClassVar[Literal["AllocationFailed"]] = "AllocationFailed"


Outcome = Allocated | AllocationFailed


@frozen
class Deallocated:
    """The allocation was undone: the consignment may be changed and allocated again."""

    state: ClassVar[Literal["Unallocated"]] = "Unallocated"


@frozen
class Cancelled:
    """The consignment will not be shipped. Nothing changes it any more."""

    state: ClassVar[Literal["Cancelled"]] = "Cancelled"


# The state of a consignment: the outcome of an allocation, or what undid it.
Standing = Outcome | Deallocated | Cancelled


class DeferralCause(StrEnum):
    """Why there is no outcome yet."""

    # Of the batch.
    OUT_OF_TIME = "out_of_time"
    RECORDS_NOT_READ = "records_not_read"
    NOT_RECORDED = "not_recorded"
    NOT_KEPT_IN_DLQ = "not_kept_in_dlq"
    KILLED = "killed"
    # The order is cancelled; its consignments are looked for once more.
    CANCELLING = "cancelling"
    MAPPING_UNAVAILABLE = "mapping_unavailable"
    # Of any allocator.
    ALLOCATOR_UNAVAILABLE = "allocator_unavailable"
    ALLOCATOR_CRASHED = "allocator_crashed"
    NO_ANSWER = "no_answer"
    # Of SortedPRO.
    THROTTLED = "throttled"
    OUTAGE = "outage"
    CREDENTIALS = "credentials"
    OUTCOME_UNKNOWN = "outcome_unknown"
    ALLOCATING = "allocating"
    # An earlier call may still be carried out, and the state shows no allocation.
    UNDER_WAY = "under_way"
    REPLY_UNREADABLE = "reply_unreadable"
    STATE_FORBIDDEN = "state_forbidden"
    # SortedPRO does not know the consignment, whose order is a few minutes old at most.
    NOT_FOUND_YET = "not_found_yet"
    # Of the stack's set-up, which a person corrects.
    MISCONFIGURED = "misconfigured"


@frozen
class Deferred:
    """No outcome yet. The cause may pass."""

    cause: DeferralCause
    # How long another try is useless, if the service that refused said so.
    retry_after_seconds: int | None = None
    # Which consignment waits and what for, in a sentence for an operator; empty where the cause says it all.
    why: str = field(default="", compare=False)
    # In how long another try may be made that can't be made now, if that is known.
    ready_in_seconds: int | None = field(default=None, compare=False)
