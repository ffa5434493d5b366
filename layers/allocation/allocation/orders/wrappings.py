"""Takes an event out of what carried it to the queue: SNS, EventBridge or a CloudEvent, also one inside another."""

from typing import Any, Final

from allocation.domain.errors import InvalidMessageError, RefusalCode
from allocation.exact_json import DuplicateKeyError, NulError, TooDeepError, parsed, refuse_nul
from allocation.orders.refusals import refused

# More wrappings than this around one event are taken for an attack or a loop.
_MAX_WRAPPINGS: Final = 4
# More JSON objects than this in a message of 1 MiB are not consignments. They would take long to read.
_MAX_OBJECTS: Final = 50_000
_JSON_TYPES: Final[dict[type, str]] = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}


def read_event(body: str) -> dict[str, Any]:
    """Return the innermost JSON object of a message body, numbers with a point as `Decimal`.

    An EventBridge event and a CloudEvent lend the event inside them their type, id and time if it has none of its own.
    Raises `InvalidMessageError`: `NotJson`, `NotAnObject`, `TooDeeplyNested`.
    """
    event = _parse_object(body)
    for _ in range(_MAX_WRAPPINGS + 1):
        inner = _unwrap(event)
        if inner is None:
            return event
        event = inner
    text = f"the event is inside more than {_MAX_WRAPPINGS} wrappings"
    raise InvalidMessageError(RefusalCode.TOO_DEEPLY_NESTED, text)


def _parse_object(text: str) -> dict[str, Any]:
    """Return a JSON object. Raises `InvalidMessageError` for anything else."""
    if text.count("{") > _MAX_OBJECTS:
        told = f"the body has more than {_MAX_OBJECTS} objects: send the consignments in several messages"
        raise InvalidMessageError(RefusalCode.INVALID_MESSAGE, told)
    try:
        value = parsed(text)
        refuse_nul(text, value)
    except TooDeepError as error:
        raise InvalidMessageError(RefusalCode.TOO_DEEPLY_NESTED, f"the body is {error}") from error
    except DuplicateKeyError as error:
        raise refused(RefusalCode.DUPLICATE_KEY, str(error)) from error
    except NulError as error:
        raise refused(RefusalCode.INVALID_MESSAGE, str(error)) from error
    except ValueError as error:
        raise InvalidMessageError(RefusalCode.NOT_JSON, f"the body is not JSON: {str(error)[:200]}") from error
    return _require_object(value, "the body")


def _require_object(value: Any, what: str) -> dict[str, Any]:
    """Return `value` if it is a JSON object. Raises `InvalidMessageError` `NotAnObject` otherwise."""
    if not isinstance(value, dict):
        text = f"{what} is {_JSON_TYPES.get(type(value), 'a number')}: send an object"
        raise InvalidMessageError(RefusalCode.NOT_AN_OBJECT, text)
    return value


def _unwrap(event: dict[str, Any]) -> dict[str, Any] | None:
    """Return the event that `event` carries, or None."""
    if event.get("Type") == "Notification" and isinstance(event.get("Message"), str):
        return _parse_object(event["Message"])
    if "detail-type" in event:
        lent = {"eventType": event["detail-type"], "eventId": event.get("id"), "occurredAt": event.get("time")}
        return {**lent, **_require_object(event.get("detail"), "the EventBridge event's detail")}
    if "specversion" in event:
        lent = {"eventType": event.get("type"), "eventId": event.get("id"), "occurredAt": event.get("time")}
        return {**lent, **_require_object(event.get("data"), "the CloudEvent's data")}
    return None
