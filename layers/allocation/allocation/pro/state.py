"""Reading a consignment's state from SortedPRO, and rebuilding the outcome of an allocation whose reply was lost."""

from datetime import MAXYEAR, MINYEAR, UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, assert_never

from pydantic import (
    AfterValidator,
    AliasChoices,
    AwareDatetime,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from allocation.domain.currencies import minor_unit, rounded
from allocation.domain.frozen import frozen
from allocation.domain.mode import AllocationMode, CarrierService, ServiceGroup
from allocation.domain.outcome import Allocated, AllocatedBy, Price
from allocation.domain.reference import ConsignmentReference
from allocation.domain.summary import AllocationSummary, ApiLink, ConsignmentLeg, success_text
from allocation.pro.replies import MAX_PARTS, ReplyPart, UnreadableReplyError, other_shape, read_object

# PRO's states are an open set: every state in neither set below is past allocation.
ALLOCATING_STATE: Final = "Allocating"
PASSING_STATES: Final = frozenset({ALLOCATING_STATE, "Deallocating", "Cancelling"})
_NOT_ALLOCATED_STATES: Final = frozenset({"Unallocated", "AllocationFailed", "Cancelled"})


def none_if_unreadable(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    """Return a value as it is read, or None: a `WrapValidator` for what can be done without."""
    try:
        return read(value)
    except ValidationError:
        return None


def _in_utc(moment: datetime) -> datetime:
    # .NET writes its first moment, in whatever zone, where there is none. Beyond the last one, UTC may have no date.
    if not MINYEAR < moment.year < MAXYEAR:
        raise ValueError("is no moment of a delivery")
    return moment.astimezone(UTC)


# A larger number, or a longer one, is no price.
_Amount = Annotated[Decimal, Field(ge=0, max_digits=16, decimal_places=6)]


class _Currency(ReplyPart):
    iso_code: str = Field(pattern="^[A-Za-z]{3}$")


class _Rate(ReplyPart):
    net: _Amount
    gross: _Amount
    vat_amount: _Amount | None = None
    currency: _Currency


class _Allocation(ReplyPart):
    mpd_carrier_service_reference: str = Field(min_length=1)
    mpd_carrier_service_name: str | None = None
    # PRO's help and its SDK have different names for it.
    group_reference: str | None = Field(
        None, validation_alias=AliasChoices("MpdCarrierServiceGroupReference", "CarrierServiceGroupReference")
    )
    price: Annotated[_Rate | None, WrapValidator(none_if_unreadable)] = None


_Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
_Legs = Annotated[list[ConsignmentLeg], Field(max_length=MAX_PARTS)]


class _FailedAllocation(ReplyPart):
    message: str | None = None


class _Consignment(ReplyPart):
    reference: str | None = None
    consignment_state: str
    failed_allocation: Annotated[_FailedAllocation | None, WrapValidator(none_if_unreadable)] = None
    allocation: Annotated[_Allocation | None, WrapValidator(none_if_unreadable)] = None
    consignment_legs: Annotated[_Legs | None, WrapValidator(none_if_unreadable)] = None
    latest_delivery_date: Annotated[_Moment | None, WrapValidator(none_if_unreadable)] = None


@frozen
class ConsignmentAtPro:
    """A consignment's `state` at PRO, and the allocation if it has one, or why its last one failed."""

    state: str
    allocated: Allocated | None
    failure: str | None = None


def read_consignment(body: bytes, reference: ConsignmentReference, base_url: str) -> ConsignmentAtPro:
    """Return the state of a consignment and, if it is allocated, the outcome rebuilt from it.

    Raises `UnreadableReplyError` if the body can't be read, is about another consignment, or contradicts itself.
    """
    try:
        consignment = _Consignment.model_validate_json(body)
    except ValidationError as error:
        raise UnreadableReplyError(_kind_of(body)) from error
    if consignment.reference not in (None, reference):
        raise UnreadableReplyError("is about another consignment")
    state = consignment.consignment_state
    if state in _NOT_ALLOCATED_STATES | PASSING_STATES:
        failed = consignment.failed_allocation
        return ConsignmentAtPro(state, None, failed.message if failed else None)
    if consignment.allocation is None:
        raise UnreadableReplyError("has a state past allocation, and no readable Allocation")
    return ConsignmentAtPro(state, _allocated(consignment, consignment.allocation, reference, base_url))


def _kind_of(body: bytes) -> str:
    """Return what a body is that is no readable consignment, in words that go on from "PRO's reply"."""
    try:
        document = read_object(body)
    except UnreadableReplyError as error:
        return str(error)
    state = document.get("ConsignmentState")
    if isinstance(state, int | float):
        return "has a number as ConsignmentState"
    return other_shape(document, "no consignment with a ConsignmentState")


def _allocated(
    consignment: _Consignment, allocation: _Allocation, reference: ConsignmentReference, base_url: str
) -> Allocated:
    """Rebuild the outcome. The description lacks the collection time, which a consignment does not hold."""
    legs = tuple(consignment.consignment_legs or ())
    carrier_reference = legs[0].carrier_reference if legs else None
    carrier_name = legs[0].carrier_name if legs else None
    service_name = allocation.mpd_carrier_service_name or allocation.mpd_carrier_service_reference
    return Allocated(
        AllocationSummary(
            status_code=200,
            api_links=(
                ApiLink(rel="detail", href=f"{base_url}/consignments/{reference}"),
                ApiLink(rel="label", href=f"{base_url}/labels/{reference}"),
            ),
            description=success_text(reference, carrier_name, service_name, collected_at=None),
            consignment_legs=legs,
            carrier_reference=carrier_reference,
            carrier_name=carrier_name,
            carrier_service_reference=allocation.mpd_carrier_service_reference,
            carrier_service_name=allocation.mpd_carrier_service_name,
        ),
        group=allocation.group_reference,
        price=_price(allocation.price) if allocation.price else None,
        delivered_by=consignment.latest_delivery_date,
        by=AllocatedBy("pro", base_url, is_adopted=True),
        why="SortedPRO had allocated it already",
    )


def _price(rate: _Rate) -> Price:
    """Return a price with its currency's decimal places: PRO writes up to five."""
    currency = rate.currency.iso_code.upper()
    vat = rate.gross - rate.net if rate.vat_amount is None else rate.vat_amount
    net, vat, gross = (rounded(amount, minor_unit(currency)) for amount in (rate.net, vat, rate.gross))
    return Price(net, vat, gross, currency)


def difference_from(mode: AllocationMode, found: Allocated) -> str:
    """Return how an allocation that was taken over differs from what the mode asks for; empty if it does not."""
    if mode.reference is None:
        return ""
    service = found.summary.carrier_service_reference
    match mode:
        case CarrierService(wanted) if service != wanted:
            return f"to {service}; the mode asks for {wanted}"
        case ServiceGroup(wanted) if found.group != wanted:
            through = f"with the group {found.group}" if found.group else "with no group that it names"
            return f"to {service} {through}; the mode asks for {wanted}"
        case CarrierService() | ServiceGroup():
            return ""
        case _:
            assert_never(mode)
