"""The audit of a consignment: what is known of its life, as PRO's audit messages, the earliest first."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, Literal
from uuid import UUID, uuid5

from typing_extensions import TypedDict

from allocation.api.operations import Operation, operation
from allocation.api.replies import Reply
from allocation.api.requests import Request
from allocation.api.use_cases import UseCases
from allocation.consignments.store import Known
from allocation.domain.tracking import TrackingEvent

OPERATIONS: Final[list[Operation]] = []
# The namespace of the ids of messages (RFC 9562, 5.5): a message has the same id whenever it is read.
_MESSAGES: Final = UUID("2f5a8f0e-0c1b-4a52-9d57-4b3f5c0a6d21")
_Category = Literal["ConsignmentLifecycle", "Labels", "Tracking"]
_Severity = Literal["None", "Medium"]
_Row = tuple[str, _Category, _Severity, str]
# What a row may have besides: the name of the key that asked for it.
_RowBy = tuple[_Row, str | None]


class ConsignmentAuditMessage(TypedDict):
    """One thing that happened to a consignment. `Username` names the API's key that asked for an allocation.

    It is null for what an order, a carrier or a step did.
    """

    Id: str
    ConsignmentReference: str
    Timestamp: str
    Category: _Category
    Severity: _Severity
    Message: str
    Details: str | None
    AdditionalData: str | None
    SystemUser: str | None
    Username: str | None


@operation(
    OPERATIONS,
    "GET",
    "/consignments/{consignment}/audit",
    "Get audit messages",
    gives=list[ConsignmentAuditMessage],
    errors=(404,),
)
def get_audit_messages(request: Request, use_cases: UseCases) -> Reply:
    """Return what is known of a consignment's life: its creation, allocation, last failure and step, labels, events.

    Allocations before the present one are not kept.
    """
    known, kept = use_cases.tracking.of(request.path["consignment"])
    asked_by = known.record.asked_by if known.record else None
    told = [(row, None) for row in _rows(known, kept.events)]
    outcome = [(row, asked_by) for row in _outcome(known)]
    rows: list[_RowBy] = sorted([*told, *outcome], key=lambda each: datetime.fromisoformat(each[0][0]))
    return Reply([_message(known, row, caller) for row, caller in rows], root="ConsignmentAuditMessage")


def _rows(known: Known, events: Sequence[TrackingEvent]) -> Iterator[_Row]:
    """Yield when, of which category, how severe and what, of all but the present outcome."""
    record, given = known.record, known.labels_given
    if known.stored:
        yield known.stored.created_at.isoformat(), "ConsignmentLifecycle", "None", "The consignment was created."
    if record and (failed := record.latest_failure):
        text = f"The allocation failed: {failed.failure.message}"
        yield failed.failed_at.isoformat(), "ConsignmentLifecycle", "Medium", text
    if record and record.moved_at:
        yield record.moved_at, "ConsignmentLifecycle", "None", f"The consignment became {record.state}."
    if given:
        yield given.at.isoformat(), "Labels", "None", "Labels were given out for the first time."
    for event in events:
        yield event.time_stamp, "Tracking", "None", f"The carrier reported {event.code}."


def _outcome(known: Known) -> Iterator[_Row]:
    """Yield the present outcome, where it is no failure."""
    record = known.record
    if record and record.allocation_summary:
        text = record.allocation_summary.description or "The consignment was allocated."
        yield record.allocated_at, "ConsignmentLifecycle", "None", text
    elif record and not record.failure:
        yield record.allocated_at, "ConsignmentLifecycle", "None", f"The consignment became {record.state}."


def _message(known: Known, row: _Row, caller: str | None) -> ConsignmentAuditMessage:
    at, category, severity, text = row
    moment = datetime.fromisoformat(at)
    return ConsignmentAuditMessage(
        Id=str(uuid5(_MESSAGES, f"{known.reference}/{at}/{text}")),
        ConsignmentReference=known.reference,
        Timestamp=moment.isoformat(),
        Category=category,
        Severity=severity,
        Message=text,
        Details=None,
        AdditionalData=None,
        SystemUser=None,
        Username=caller,
    )
