"""The consignments that `carrier explain` is asked about: those of a file, whether it has consignments or orders."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from allocation import exact_json
from allocation.consignments.allocatable_consignment import ProConsignment
from allocation.domain.consignment import Consignment
from allocation.domain.errors import InvalidMessageError
from allocation.orders.event_types import CANCELLED, LEFT_OUT, UPDATED
from allocation.orders.order_created import USUAL_RULES, ReadingRules, created_order
from cli.errors import UsageError
from cli.input_files import consignment_of, json_of, read_text, shown_name

# What only an order has, in our own format.
_OF_ORDERS: Final = frozenset({"consignments", "orderReference", "eventType"})
# What every event that this service publishes has, and no order.
_PUBLISHED: Final = frozenset({"consignmentReference", "state"})
# An order need not be a whole event to be explained.
_ENVELOPE: Final = {"eventType": "order-created", "eventId": "explained", "orderReference": "ORDER"}
_FIELDS: Final = frozenset(field.alias or name for name, field in ProConsignment.model_fields.items())


@dataclass(frozen=True, slots=True)
class AskedConsignments:
    """Consignments to explain, and what is wrong with others of their orders."""

    consignments: list[Consignment] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_consignments(path: str, mapping: str = "") -> AskedConsignments:
    """Return the consignments of a file: one, those of an order in any wrapping, or one or the other a line.

    `mapping` is the file of a mapping of a shop's own orders, or empty. Raises `UsageError` and `CommandError`.
    """
    name, text = shown_name(path), read_text(path)
    rules = _mapped_rules(mapping) if mapping else USUAL_RULES
    asked = AskedConsignments()
    for place, part in _parts(text, name):
        event = _event(json_of(part, place), part, rules, place)
        if isinstance(event, dict) and _OF_ORDERS & event.keys():
            _add_order(asked, event, rules, place)
        else:
            _require_fields(event, place, mapping)
            asked.consignments.append(consignment_of(event, place))
    return asked


def _mapped_rules(mapping: str) -> ReadingRules:
    from cli.order_mappings import written_mapping  # brings the SDK of AWS, which takes half a second

    return replace(USUAL_RULES, mapping=written_mapping(mapping)[1].applied)


def _parts(text: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield the JSON documents of a text with what to call them: the whole, or its lines if each is one."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if len(lines) > 1 and not _is_json(text) and _is_json(lines[0][1]):
        yield from ((f"Line {number} of {name}", line) for number, line in lines)
    else:
        yield name, text


def _is_json(text: str) -> bool:
    try:
        exact_json.parsed(text)
    except ValueError:
        return False
    return True


def _event(content: Any, text: str, rules: ReadingRules, place: str) -> Any:
    """Return what is inside the wrappings of a document, in our format. A list or a number is returned as it is."""
    if not isinstance(content, dict | str):
        return content
    try:
        return rules.event_in(text)
    except InvalidMessageError as error:
        raise UsageError(f"{place}: {error}.") from error


def _add_order(asked: AskedConsignments, event: dict[str, Any], rules: ReadingRules, place: str) -> None:
    """Add the consignments of an order, and what is wrong with others. Raises `UsageError` if it has none to read."""
    event = _ENVELOPE | {name: value for name, value in event.items() if value is not None}
    kind = event["eventType"]
    if event.keys() >= _PUBLISHED:
        raise UsageError(
            f"{place} is an event of this service's own, without the consignment: name the order that led to it, or "
            f"the reference of its record in a stack."
        )
    if CANCELLED.has(kind):
        raise UsageError(f"{place} is an order that was cancelled: name the order as it was created.")
    if kind == LEFT_OUT:
        raise UsageError(f"{place} is an order that the mapping leaves out: name another one.")
    # Stacks may take types of their own for orders that were created.
    own = (kind,) if isinstance(kind, str) and not UPDATED.has(kind) else ()
    try:
        read = created_order(event, replace(rules, own_types=own))
    except InvalidMessageError as error:
        raise UsageError(f"{place} is an order that can't be read: {error}.") from error
    asked.consignments.extend(read.order.consignments)
    if read.invalid:
        asked.problems.append(f"{place}: {read.invalid}.")


def _require_fields(event: Any, place: str, mapping: str) -> None:
    """Raise `UsageError` for an object that has nothing of a consignment, such as a shop's own order."""
    if not isinstance(event, dict) or not event or _FIELDS & event.keys():
        return
    hint = f"{mapping} does not apply to it" if mapping else "if it is your shop's own order, add --mapping FILE"
    raise UsageError(f"{place} is neither a consignment nor an order of ours: {hint} (docs/mapping.md).")
