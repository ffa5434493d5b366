"""The order-created message, version 1 (`docs/events/order-created-v1.schema.json` is generated from it)."""

import gc
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
from allocation.orders.wrappings import read_event

_EVENT_TYPE: Final = "order-created"
_MAJOR_VERSION: Final = 1
_VERSIONS: Final[dict[str, Any]] = {"type": "number", "minimum": _MAJOR_VERSION, "exclusiveMaximum": _MAJOR_VERSION + 1}
# Characters of a refusal's reason. The rest is cut, since the reason travels as an attribute of a message.
MAX_REASON: Final = 1000
MAX_CONSIGNMENTS: Final = 500
# Of all consignments together. With these limits no message of 1 MiB takes more than 100 ms to read.
MAX_PACKAGES_A_MESSAGE: Final = 1000
# Problems that a reason names. Of the rest it has the number.
_MAX_NAMED: Final = 10
# What is not wanted of an error's details.
_PLAIN: Final[dict[str, Any]] = {"include_url": False, "include_context": False}

_PlainText = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]


def _as_version(value: Any) -> int:
    """Return the major version of 1 or 1.x. Raises `ValueError` for anything that is not a number."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number, as 1")
    return int(value)


def _require_few_packages(consignments: list[Any]) -> list[Any]:
    """Return the consignments, which need not be valid. Raises `ValueError` if they have too many packages in all."""
    packages = [each.get("Packages") for each in consignments if isinstance(each, dict)]
    number = sum(len(each) for each in packages if isinstance(each, list))
    if number > MAX_PACKAGES_A_MESSAGE:
        raise ValueError(f"has {number} packages: send at most {MAX_PACKAGES_A_MESSAGE} in one message")
    return consignments


class _Envelope(BaseModel):
    """An order-created event whose consignments are not read yet."""

    model_config = ConfigDict(alias_generator=to_camel, strict=True, frozen=True, hide_input_in_errors=True)

    event_type: Annotated[str, WithJsonSchema({"const": _EVENT_TYPE})]
    event_version: Annotated[int, BeforeValidator(_as_version), WithJsonSchema(_VERSIONS)]
    event_id: _PlainText
    occurred_at: Moment
    order_reference: _PlainText
    consignments: Annotated[
        list[Any], Field(min_length=1, max_length=MAX_CONSIGNMENTS), AfterValidator(_require_few_packages)
    ]


class OrderCreated(_Envelope):
    """An order was created: allocate its consignments. Unknown fields are ignored."""

    consignments: Annotated[list[Consignment], Field(min_length=1, max_length=MAX_CONSIGNMENTS)]


@dataclass(frozen=True, slots=True)
class ReadOrder:
    """What could be read of a message: an order of its valid consignments, and what is wrong with the others."""

    order: Order
    invalid: InvalidMessageError | None = None


@contextmanager
def _paused_collector() -> Iterator[None]:
    """Pause the garbage collector.

    A dense JSON document of 1 MiB is half a million objects. The collector would scan all of them again and again while
    they are made: three quarters of the time. Data read from JSON has no cycles, so counting references frees it.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@_paused_collector()
def read_order(body: str) -> ReadOrder:
    """Read a message body, bare or wrapped.

    A consignment that is invalid, or whose reference occurs twice, is left out and named in `invalid`. It does not hold
    back the others of its order. Raises `InvalidMessageError` if nothing of the message can be used.
    """
    event = read_event(body)
    _require_known_kind(event)
    try:
        envelope = _Envelope.model_validate(event)
    except ValidationError as error:
        envelope, wrong = None, _all_problems(event, error)
    if envelope is None:
        # Not raised from Pydantic's error: it holds our validators' exceptions, whose frames hold this error, in a
        # cycle that the garbage collector can't see. Each such message would stay in memory for ever.
        raise _refused(RefusalCode.INVALID_MESSAGE, _reason(*wrong))
    valid, problems, number = _read_consignments(envelope.consignments)
    return _without_repeated(
        envelope, valid, _refused(RefusalCode.INVALID_MESSAGE, _reason(problems, number)) if problems else None
    )


def _require_known_kind(event: dict[str, Any]) -> None:
    """Raise `InvalidMessageError` unless this is an order-created event of a known version."""
    kind = event.get("eventType")
    if not isinstance(kind, str) or "".join(filter(str.isalnum, kind)).lower() != "ordercreated":
        raise InvalidMessageError(RefusalCode.UNKNOWN_EVENT_TYPE, f"eventType is {_shown(kind)}: send {_EVENT_TYPE!r}")
    version = event.get("eventVersion")
    if isinstance(version, int | Decimal) and not isinstance(version, bool) and not 1 <= version < 2:
        raise InvalidMessageError(
            RefusalCode.UNKNOWN_EVENT_VERSION, f"eventVersion is {_shown(version)}: send {_MAJOR_VERSION}"
        )


def _all_problems(event: dict[str, Any], error: ValidationError) -> tuple[list[ErrorDetails], int]:
    """Return the first problems of an event with a wrong envelope, its consignments included, and their number."""
    problems = error.errors(**_PLAIN)
    if any(problem["loc"] == ("consignments",) for problem in problems):
        return problems, len(problems)
    _, more, number = _read_consignments(event["consignments"])
    return problems + more, len(problems) + number


def _read_consignments(documents: list[Any]) -> tuple[list[Consignment], list[ErrorDetails], int]:
    """Return the valid consignments, the first problems of the others, and the number of problems.

    Each consignment is read once: an invalid message takes no longer than a valid one.
    """
    valid: list[Consignment] = []
    problems: list[ErrorDetails] = []
    number = 0
    for at, document in enumerate(documents):
        try:
            valid.append(Consignment.model_validate(document))
        except ValidationError as error:
            number += error.error_count()
            if len(problems) < _MAX_NAMED:
                problems += [{**each, "loc": ("consignments", at, *each["loc"])} for each in error.errors(**_PLAIN)]
    return valid, problems, number


def _without_repeated(envelope: _Envelope, valid: list[Consignment], invalid: InvalidMessageError | None) -> ReadOrder:
    """Return the order of the consignments whose reference occurs once: of two that differ, neither can be trusted.

    The references of invalid consignments count too. Raises `InvalidMessageError` if no consignment is left.
    """
    counts = Counter(_reference_of(item) for item in envelope.consignments)
    once = tuple(item.to_domain() for item in valid if counts[item.reference] == 1)
    repeated = list(dict.fromkeys(item.reference for item in valid if counts[item.reference] > 1))
    if repeated:
        named = _listed(repeated[:_MAX_NAMED], len(repeated), ", ")
        others = f"; {invalid}" if invalid else ""
        invalid = _refused(
            RefusalCode.DUPLICATE_CONSIGNMENT, f"consignments: send each reference once, not again {named}{others}"
        )
    if not once and invalid:
        raise invalid
    return ReadOrder(Order(envelope.event_id, OrderReference(envelope.order_reference), once), invalid)


def _reference_of(consignment: Any) -> str | None:
    """Return the reference of a consignment that need not be valid, or None."""
    reference = consignment.get("Reference") if isinstance(consignment, dict) else None
    return reference if isinstance(reference, str) else None


def _refused(code: RefusalCode, reason: str) -> InvalidMessageError:
    """Return a refusal whose reason is not too long."""
    return InvalidMessageError(code, reason[:MAX_REASON])


def _reason(problems: Sequence[ErrorDetails], total: int) -> str:
    """Return the first of `total` problems in one line, each with its path and value."""
    named = [
        f"{path_of(problem['loc'])}: {problem['msg'].removeprefix('Value error, ')} (got {_shown(problem['input'])})"
        for problem in problems[:_MAX_NAMED]
    ]
    return _listed(named, total, "; ")


def _listed(named: Sequence[str], total: int, separator: str) -> str:
    """Return the named ones of `total`, and the number of the others.

    >>> _listed(["a", "b"], 5, ", ")
    'a, b, and 3 more'
    """
    rest = [f"and {total - len(named)} more"] if total > len(named) else []
    return separator.join([*named, *rest])


def _shown(value: Any) -> str:
    """Return a value as short ASCII text, fit for a message attribute. Of a list or an object, only the kind."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return json.dumps(str(value)[:60]) if isinstance(value, str | Decimal) else json.dumps(value)[:60]
