"""The order-created message, version 1 (`docs/events/order-created-v1.schema.json` is generated from it)."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
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

from allocation.consignments.allocatable_consignment import Consignment
from allocation.consignments.errors import path_of
from allocation.consignments.strict_values import Moment
from allocation.domain.errors import InvalidMessageError, RefusalCode
from allocation.domain.order import Order
from allocation.domain.reference import OrderReference
from allocation.orders.collector import paused_collector
from allocation.orders.wrappings import read_event

EVENT_TYPE: Final = "order-created"
MAJOR_VERSION: Final = 1
VERSIONS: Final[dict[str, Any]] = {"type": "number", "minimum": MAJOR_VERSION, "exclusiveMaximum": MAJOR_VERSION + 1}
MAX_REASON: Final = 1000
"""Characters of a refusal's reason; the rest is cut, since it travels as an attribute of a message."""
MAX_CONSIGNMENTS: Final = 500
MAX_PACKAGES: Final = 1000
"""Of all consignments together. With these limits no message of 1 MiB takes more than 100 ms to read."""
MAX_NAMED: Final = 10
"""Problems that a reason names; of the rest it tells the number."""

PLAIN: Final[dict[str, Any]] = {"include_url": False, "include_context": False}
"""What is not wanted of an error's details."""

PlainText = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]


def as_version(value: Any) -> int:
    """The major version of 1 or 1.x; raises `ValueError` for anything that is not a number."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number, as 1")
    return int(value)


def require_few_packages(consignments: list[Any]) -> list[Any]:
    """The consignments, which need not be valid; raises `ValueError` if their packages are too many in all."""
    packages = [each.get("Packages") for each in consignments if isinstance(each, dict)]
    number = sum(len(each) for each in packages if isinstance(each, list))
    if number > MAX_PACKAGES:
        raise ValueError(f"has {number} packages: send at most {MAX_PACKAGES} in one message")
    return consignments


class Envelope(BaseModel):
    """An order-created event whose consignments are not read yet."""

    model_config = ConfigDict(alias_generator=to_camel, strict=True, frozen=True, hide_input_in_errors=True)

    event_type: Annotated[str, WithJsonSchema({"const": EVENT_TYPE})]
    event_version: Annotated[int, BeforeValidator(as_version), WithJsonSchema(VERSIONS)]
    event_id: PlainText
    occurred_at: Moment
    order_reference: PlainText
    consignments: Annotated[
        list[Any], Field(min_length=1, max_length=MAX_CONSIGNMENTS), AfterValidator(require_few_packages)
    ]


class OrderCreated(Envelope):
    """An order was created: allocate its consignments. Unknown fields are ignored."""

    consignments: Annotated[list[Consignment], Field(min_length=1, max_length=MAX_CONSIGNMENTS)]


@dataclass(frozen=True, slots=True)
class ReadOrder:
    """What could be read of a message: an order of its valid consignments, and what is wrong with the others."""

    order: Order
    invalid: InvalidMessageError | None = None


@paused_collector()
def read_order(body: str) -> ReadOrder:
    """Reads a message body, bare or wrapped.

    A consignment that is invalid, or whose reference stands twice, is left out and named in `invalid`; the others
    of its order are not held back by it. Raises `InvalidMessageError` where nothing of the message can be used.
    """
    event = read_event(body)
    require_known_kind(event)
    try:
        envelope = Envelope.model_validate(event)
    except ValidationError as error:
        envelope, wrong = None, all_problems(event, error)
    if envelope is None:
        # Not raised from Pydantic's error: that holds our validators' exceptions, and with their frames whoever holds
        # it, in a cycle that the garbage collector can't see. Each such message would stay in memory for ever.
        raise refused(RefusalCode.INVALID_MESSAGE, reason_of(*wrong))
    valid, problems, number = read_consignments(envelope.consignments)
    return without_repeated(
        envelope, valid, refused(RefusalCode.INVALID_MESSAGE, reason_of(problems, number)) if problems else None
    )


def require_known_kind(event: dict[str, Any]) -> None:
    """Raises `InvalidMessageError` unless this is an order-created event of a version that is understood."""
    kind = event.get("eventType")
    if not isinstance(kind, str) or "".join(filter(str.isalnum, kind)).lower() != "ordercreated":
        raise InvalidMessageError(RefusalCode.UNKNOWN_EVENT_TYPE, f"eventType is {shown(kind)}: send {EVENT_TYPE!r}")
    version = event.get("eventVersion")
    if isinstance(version, int | Decimal) and not isinstance(version, bool) and not 1 <= version < 2:
        raise InvalidMessageError(
            RefusalCode.UNKNOWN_EVENT_VERSION, f"eventVersion is {shown(version)}: send {MAJOR_VERSION}"
        )


def all_problems(event: dict[str, Any], error: ValidationError) -> tuple[list[ErrorDetails], int]:
    """The first problems of an event whose envelope is wrong, those of its consignments included, and their number."""
    problems = error.errors(**PLAIN)
    if any(problem["loc"] == ("consignments",) for problem in problems):
        return problems, len(problems)
    _, more, number = read_consignments(event["consignments"])
    return problems + more, len(problems) + number


def read_consignments(documents: list[Any]) -> tuple[list[Consignment], list[ErrorDetails], int]:
    """The valid consignments, the first problems of the others, and how many problems there are.

    Each is read once: a message with something wrong takes no longer than one without.
    """
    valid: list[Consignment] = []
    problems: list[ErrorDetails] = []
    number = 0
    for at, document in enumerate(documents):
        try:
            valid.append(Consignment.model_validate(document))
        except ValidationError as error:
            number += error.error_count()
            if len(problems) < MAX_NAMED:
                problems += [{**each, "loc": ("consignments", at, *each["loc"])} for each in error.errors(**PLAIN)]
    return valid, problems, number


def without_repeated(envelope: Envelope, valid: list[Consignment], invalid: InvalidMessageError | None) -> ReadOrder:
    """The order of the consignments whose reference stands once: of two that differ, neither could be trusted.

    The references of invalid consignments count too. Raises `InvalidMessageError` where none is left.
    """
    counts = Counter(reference_of(item) for item in envelope.consignments)
    once = tuple(item.to_domain() for item in valid if counts[item.reference] == 1)
    repeated = list(dict.fromkeys(item.reference for item in valid if counts[item.reference] > 1))
    if repeated:
        named = listed(repeated[:MAX_NAMED], len(repeated), ", ")
        others = f"; {invalid}" if invalid else ""
        invalid = refused(
            RefusalCode.DUPLICATE_CONSIGNMENT, f"consignments: send each reference once, not again {named}{others}"
        )
    if not once and invalid:
        raise invalid
    return ReadOrder(Order(envelope.event_id, OrderReference(envelope.order_reference), once), invalid)


def reference_of(consignment: Any) -> str | None:
    """The reference of a consignment that need not be valid; None where there is none."""
    reference = consignment.get("Reference") if isinstance(consignment, dict) else None
    return reference if isinstance(reference, str) else None


def refused(code: RefusalCode, reason: str) -> InvalidMessageError:
    """A refusal whose reason is bounded."""
    return InvalidMessageError(code, reason[:MAX_REASON])


def reason_of(problems: Sequence[ErrorDetails], total: int) -> str:
    """The first of `total` problems, each with its path and value, in one line."""
    named = [
        f"{path_of(problem['loc'])}: {problem['msg'].removeprefix('Value error, ')} (got {shown(problem['input'])})"
        for problem in problems[:MAX_NAMED]
    ]
    return listed(named, total, "; ")


def listed(named: Sequence[str], total: int, separator: str) -> str:
    """The named ones of `total`, and how many there are beside them.

    >>> listed(["a", "b"], 5, ", ")
    'a, b, and 3 more'
    """
    rest = [f"and {total - len(named)} more"] if total > len(named) else []
    return separator.join([*named, *rest])


def shown(value: Any) -> str:
    """A value as short ASCII text, fit for a message attribute; a list or an object is named by its kind alone."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return json.dumps(str(value)[:60]) if isinstance(value, str | Decimal) else json.dumps(value)[:60]
