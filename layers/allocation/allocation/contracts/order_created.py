"""The order-created message, version 1 (`docs/events/order-created-v1.schema.json` is generated from it)."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from allocation.contracts.consignment import Consignment
from allocation.contracts.numbers import Moment
from allocation.contracts.wrappings import read_event
from allocation.domain.errors import InvalidMessageError
from allocation.domain.orders import Order
from allocation.domain.references import OrderReference

EVENT_TYPE: Final = "order-created"
MAJOR_VERSION: Final = 1
VERSIONS: Final[dict[str, Any]] = {"type": "number", "minimum": MAJOR_VERSION, "exclusiveMaximum": MAJOR_VERSION + 1}
LONGEST_REASON: Final = 1000
"""Characters of a refusal's reason; the rest is cut, since it travels as an attribute of a message."""
MOST_NAMED: Final = 10
"""Problems that a reason names; of the rest it tells the number."""

PlainText = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]


def as_version(value: Any) -> int:
    """The major version of 1 or 1.x; raises `ValueError` for anything that is not a number."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number, as 1")
    return int(value)


class OrderCreated(BaseModel):
    """An order was created: allocate its consignments. Unknown fields are ignored."""

    model_config = ConfigDict(alias_generator=to_camel, strict=True, frozen=True, hide_input_in_errors=True)

    event_type: Annotated[str, WithJsonSchema({"const": EVENT_TYPE})]
    event_version: Annotated[int, BeforeValidator(as_version), WithJsonSchema(VERSIONS)]
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
        return without_repeated(OrderCreated.model_validate(event), event, None)
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
    problems = error.errors(include_url=False, include_context=False)
    refusal = refused("InvalidMessage", reason_of(problems))
    if any(len(problem["loc"]) < 2 or problem["loc"][0] != "consignments" for problem in problems):
        raise refusal from error
    invalid = {problem["loc"][1] for problem in problems}
    valid = [item for at, item in enumerate(event["consignments"]) if at not in invalid]
    if not valid:
        raise refusal from error
    return without_repeated(OrderCreated.model_validate({**event, "consignments": valid}), event, refusal)


def without_repeated(message: OrderCreated, event: dict[str, Any], invalid: InvalidMessageError | None) -> ReadOrder:
    """The order of the consignments whose reference stands once: of two that differ, neither could be trusted.

    The references of invalid consignments, which only `event` still has, count too.
    """
    counts = Counter(reference_of(item) for item in event["consignments"])
    once = tuple(item.to_domain() for item in message.consignments if counts[item.reference] == 1)
    repeated = list(dict.fromkeys(item.reference for item in message.consignments if counts[item.reference] > 1))
    if repeated:
        named = listed(repeated[:MOST_NAMED], len(repeated), ", ")
        others = f"; {invalid}" if invalid else ""
        invalid = refused("DuplicateConsignment", f"consignments: send each reference once, not again {named}{others}")
    if not once and invalid:
        raise invalid
    return ReadOrder(Order(message.event_id, OrderReference(message.order_reference), once), invalid)


def reference_of(consignment: Any) -> str | None:
    """The reference of a consignment that need not be valid; None where there is none."""
    reference = consignment.get("Reference") if isinstance(consignment, dict) else None
    return reference if isinstance(reference, str) else None


def refused(code: str, reason: str) -> InvalidMessageError:
    """A refusal whose reason is bounded."""
    return InvalidMessageError(code, reason[:LONGEST_REASON])


def reason_of(problems: Sequence[ErrorDetails]) -> str:
    """The first problems, each with its path and value, in one line."""
    named = [
        f"{path_of(problem['loc'])}: {problem['msg'].removeprefix('Value error, ')} (got {shown(problem['input'])})"
        for problem in problems[:MOST_NAMED]
    ]
    return listed(named, len(problems), "; ")


def listed(named: Sequence[str], total: int, separator: str) -> str:
    """The named ones of `total`, and how many there are beside them.

    >>> listed(["a", "b"], 5, ", ")
    'a, b, and 3 more'
    """
    rest = [f"and {total - len(named)} more"] if total > len(named) else []
    return separator.join([*named, *rest])


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
