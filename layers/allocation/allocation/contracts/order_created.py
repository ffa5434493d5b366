"""The order-created message, version 1 (`docs/events/order-created-v1.schema.json` is generated from it)."""

import json
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from allocation.contracts.consignment import Consignment
from allocation.contracts.numbers import Moment
from allocation.contracts.wrappings import read_event
from allocation.domain.errors import InvalidMessageError
from allocation.domain.orders import Order
from allocation.domain.references import OrderReference

EVENT_TYPE: Final = "order-created"
MAJOR_VERSION: Final = 1
LONGEST_REASON: Final = 1000
"""Characters of a refusal's reason; the rest is cut, since it travels as an attribute of a message."""

PlainText = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]


def as_version(value: Any) -> int:
    """The major version of 1 or 1.x; raises `ValueError` for anything that is not a number."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number, as 1")
    return int(value)


class OrderCreated(BaseModel):
    """An order was created: allocate its consignments. Unknown fields are ignored."""

    model_config = ConfigDict(alias_generator=to_camel, strict=True, frozen=True)

    event_type: str
    event_version: Annotated[int, BeforeValidator(as_version, json_schema_input_type=int)]
    event_id: PlainText
    occurred_at: Moment
    order_reference: PlainText
    consignments: Annotated[list[Consignment], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class ReadOrder:
    """What could be read of a message: an order of its valid consignments, and what is wrong with the others."""

    order: Order
    invalid: InvalidMessageError | None = None


def read_order(body: str) -> ReadOrder:
    """Reads a message body, bare or wrapped.

    A consignment that is invalid, or whose reference stands twice, is left out and named in `invalid`; the others
    of its order are not held back by it. Raises `InvalidMessageError` where nothing of the message can be used.
    """
    event = read_event(body)
    require_known_kind(event)
    try:
        return without_repeated(OrderCreated.model_validate(event), None)
    except ValidationError as error:
        return read_valid_part(event, error)


def require_known_kind(event: dict[str, Any]) -> None:
    """Raises `InvalidMessageError` unless this is an order-created event of a version that is understood."""
    kind = event.get("eventType")
    if not isinstance(kind, str) or "".join(filter(str.isalnum, kind)).lower() != "ordercreated":
        raise InvalidMessageError("UnknownEventType", f"eventType is {shown(kind)}: send {EVENT_TYPE!r}")
    version = event.get("eventVersion")
    if isinstance(version, int | Decimal) and not isinstance(version, bool) and not 1 <= version < 2:
        raise InvalidMessageError("UnknownEventVersion", f"eventVersion is {shown(version)}: send {MAJOR_VERSION}")


def read_valid_part(event: dict[str, Any], error: ValidationError) -> ReadOrder:
    """Reads the order without its invalid consignments; raises `InvalidMessageError` if nothing else is left."""
    problem = InvalidMessageError("InvalidMessage", reason_of(error))
    places = [details["loc"] for details in error.errors(include_url=False, include_context=False)]
    invalid = {place[1] for place in places if len(place) > 1 and place[0] == "consignments"}
    valid = [item for at, item in enumerate(event.get("consignments") or ()) if at not in invalid]
    if len(invalid) == 0 or not valid or any(len(place) < 2 or place[0] != "consignments" for place in places):
        raise problem from error
    return without_repeated(OrderCreated.model_validate({**event, "consignments": valid}), problem)


def without_repeated(message: OrderCreated, invalid: InvalidMessageError | None) -> ReadOrder:
    """The order of the consignments whose reference stands once: of two that differ, neither could be trusted."""
    counts = Counter(consignment.reference for consignment in message.consignments)
    repeated = [reference for reference, count in counts.items() if count > 1]
    if repeated:
        reason = f"{', '.join(repeated)} stands more than once in consignments: send each reference once"
        invalid = InvalidMessageError("DuplicateConsignment", "; ".join(filter(None, [str(invalid or ""), reason])))
    once = tuple(item.to_domain() for item in message.consignments if counts[item.reference] == 1)
    if not once and invalid:
        raise invalid
    return ReadOrder(Order(message.event_id, OrderReference(message.order_reference), once), invalid)


def reason_of(error: ValidationError) -> str:
    """Every problem with its path and value, in one line of bounded length."""
    problems = error.errors(include_url=False, include_context=False)[:10]
    return "; ".join(
        f"{path_of(problem['loc'])}: {problem['msg'].removeprefix('Value error, ')} (got {shown(problem['input'])})"
        for problem in problems
    )[:LONGEST_REASON]


def path_of(place: tuple[int | str, ...]) -> str:
    """A path as `consignments[0].Packages[1].Weight`.

    >>> path_of(("consignments", 0, "Reference"))
    'consignments[0].Reference'
    """
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).lstrip(".")


def shown(value: Any) -> str:
    """A value as short ASCII text, fit for a message attribute; a list or an object is named by its kind alone."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return json.dumps(str(value)[:60]) if isinstance(value, str | Decimal) else json.dumps(value)[:60]
