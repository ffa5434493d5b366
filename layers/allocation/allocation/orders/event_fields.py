"""The fields that every event on the order queue has, whatever happened to the order."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError, WithJsonSchema
from pydantic.alias_generators import to_camel

from allocation.consignments.allocatable_consignment import PLAIN_TEXT_PATTERN
from allocation.domain.errors import InvalidMessageError, RefusalCode
from allocation.domain.order import OrderLeftOut
from allocation.domain.reference import OrderReference
from allocation.orders.refusals import listed, problem_text, refused, shown

_MAJOR_VERSION: Final = 1
_VERSIONS: Final[dict[str, Any]] = {"type": "number", "minimum": _MAJOR_VERSION, "exclusiveMaximum": _MAJOR_VERSION + 1}
_PlainText = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=PLAIN_TEXT_PATTERN)]


def _as_version(value: Any) -> int:
    """Return the major version of 1 or 1.x. Raises `ValueError` for anything that is not a number."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number, as 1")
    return int(value)


class EventFields(BaseModel):
    """An event about an order."""

    model_config = ConfigDict(alias_generator=to_camel, strict=True, frozen=True, hide_input_in_errors=True)

    event_type: str
    event_version: Annotated[int, BeforeValidator(_as_version), WithJsonSchema(_VERSIONS)] = _MAJOR_VERSION
    event_id: _PlainText
    # Nothing depends on it: whatever it is, it is not read.
    occurred_at: Annotated[Any, WithJsonSchema({"description": "When it happened. It is not read."})] = None
    order_reference: _PlainText


def read_order_left_out(event: Mapping[str, Any]) -> OrderLeftOut:
    """Return which order an order-left-out event is about. Raises `InvalidMessageError` where it does not say so."""
    require_known_version(event)
    read: EventFields | None = None
    reason = ""
    try:
        read = EventFields.model_validate(event)
    except ValidationError as error:
        problems = [problem_text(details) for details in error.errors(include_url=False)]
        reason = listed(problems, len(problems), "; ")
    if read is None:
        # Not raised from Pydantic's error, as in `order_created.py`.
        raise refused(RefusalCode.INVALID_MESSAGE, reason)
    return OrderLeftOut(read.event_id, OrderReference(read.order_reference))


def require_known_version(event: Mapping[str, Any]) -> None:
    """Raise `InvalidMessageError` if an event is of another major version."""
    version = event.get("eventVersion")
    if isinstance(version, int | Decimal) and not isinstance(version, bool) and not 1 <= version < 2:
        text = f"eventVersion is {shown('eventVersion', version)}: send {_MAJOR_VERSION}"
        raise InvalidMessageError(RefusalCode.UNKNOWN_EVENT_VERSION, text)
