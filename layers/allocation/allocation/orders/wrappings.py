"""Takes an event out of what carried it to the queue: SNS, EventBridge or a CloudEvent, also one inside another."""

from typing import Any, Final

from allocation.domain.errors import InvalidMessageError, RefusalCode
from allocation.exact_json import TooDeepError, parsed

MAX_WRAPPINGS: Final = 4
"""More wrappings than this around one event are taken for an attack or a loop."""
JSON_TYPES: Final[dict[type, str]] = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}


def read_event(body: str) -> dict[str, Any]:
    """The innermost JSON object of a message body, numbers with a point as `Decimal`.

    An EventBridge event and a CloudEvent lend the event inside their type, id and time where it has none of its own.
    Raises `InvalidMessageError`: `NotJson`, `NotAnObject`, `TooDeeplyNested`.
    """
    event = parse_object(body)
    for _ in range(MAX_WRAPPINGS + 1):
        inner = unwrap(event)
        if inner is None:
            return event
        event = inner
    raise InvalidMessageError(RefusalCode.TOO_DEEPLY_NESTED, f"the event is inside more than {MAX_WRAPPINGS} wrappings")


def parse_object(text: str) -> dict[str, Any]:
    """Return a JSON object. Raises `InvalidMessageError` for anything else."""
    try:
        value = parsed(text)
    except TooDeepError as error:
        raise InvalidMessageError(RefusalCode.TOO_DEEPLY_NESTED, f"the body is {error}") from error
    except ValueError as error:
        raise InvalidMessageError(RefusalCode.NOT_JSON, f"the body is not JSON: {str(error)[:200]}") from error
    return require_object(value, "the body")


def require_object(value: Any, what: str) -> dict[str, Any]:
    """Return `value` if it is a JSON object. Raises `InvalidMessageError` `NotAnObject` otherwise."""
    if not isinstance(value, dict):
        text = f"{what} is {JSON_TYPES.get(type(value), 'a number')}: send an object"
        raise InvalidMessageError(RefusalCode.NOT_AN_OBJECT, text)
    return value


def unwrap(event: dict[str, Any]) -> dict[str, Any] | None:
    """The event that `event` carries, or None where it carries none."""
    if event.get("Type") == "Notification" and isinstance(event.get("Message"), str):
        return parse_object(event["Message"])
    if "detail-type" in event:
        lent = {"eventType": event["detail-type"], "eventId": event.get("id"), "occurredAt": event.get("time")}
        return {**lent, **require_object(event.get("detail"), "the EventBridge event's detail")}
    if "specversion" in event:
        lent = {"eventType": event.get("type"), "eventId": event.get("id"), "occurredAt": event.get("time")}
        return {**lent, **require_object(event.get("data"), "the CloudEvent's data")}
    return None
