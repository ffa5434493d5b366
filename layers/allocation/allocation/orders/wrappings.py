"""Takes an event out of what carried it to the queue, also one wrapping inside another.

SNS, EventBridge, CloudEvents, EventBridge Pipes, Lambda's destinations and API Gateway each wrap the event in their own
way, as an object or as JSON text.
"""

from base64 import b64decode
from typing import Any, Final

from allocation.domain.errors import InvalidMessageError, RefusalCode
from allocation.exact_json import DuplicateKeyError, NulError, TooDeepError, parsed, refuse_nul
from allocation.orders.refusals import refused

# More wrappings than this around one event are taken for an attack or a loop. JSON text as a JSON string is one, too.
_MAX_WRAPPINGS: Final = 4
# More JSON objects than this in a message of 1 MiB are not consignments. They would take long to read.
_MAX_OBJECTS: Final = 50_000
_BYTE_ORDER_MARK: Final = "\ufeff"
# The field that has the event in Base64 in a record that Pipes took from this source.
_BASE64_FIELDS: Final = {"aws:kinesis": "data", "aws:mq": "data", "aws:rmq": "data", "aws:kafka": "value"}
_JSON_TYPES: Final[dict[type, str]] = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
# The classes of SQS's extended client library that stand for a body kept in S3: `["class", {"s3BucketName": ...}]`.
_S3_POINTERS: Final = frozenset(
    {"software.amazon.payloadoffloading.PayloadS3Pointer", "com.amazon.sqs.javamessaging.MessageS3Pointer"}
)


def read_event(body: str) -> dict[str, Any]:
    """Return the innermost JSON object of a message body, numbers with a point as `Decimal`.

    An EventBridge event and a CloudEvent lend the event inside them their type and id if it has none of its own.
    Raises `InvalidMessageError`: `NotJson`, `NotAnObject`, `DuplicateKey`, `TooDeeplyNested`, `S3Pointer`, and
    `InvalidMessage` for a null character or too many objects.
    """
    event = _parsed(body, "the body")
    for _ in range(_MAX_WRAPPINGS + 1):
        inner = _unwrapped(event)
        if inner is None:
            return _require_object(event, "the body")
        event = inner
    text = f"the event is inside more than {_MAX_WRAPPINGS} wrappings"
    raise InvalidMessageError(RefusalCode.TOO_DEEPLY_NESTED, text)


def _unwrapped(event: Any) -> Any:
    """Return the event that a body or another event carries, or None for an object that carries none.

    Raises `InvalidMessageError` for anything else.
    """
    if isinstance(event, str):
        return _parsed(event, "the body")
    fields = _require_object(event, "the body")
    if fields.get("Type") == "Notification" and isinstance(fields.get("Message"), str):
        return _parsed(fields["Message"], "the body")
    if "detail-type" in fields:
        return _lent(fields, "detail-type", _object_in(fields.get("detail"), "the EventBridge event's detail"))
    if "specversion" in fields:
        return _lent(fields, "type", _cloud_event_data(fields))
    return None if "orderReference" in fields else _carried(fields)


def _cloud_event_data(event: dict[str, Any]) -> dict[str, Any]:
    """Return a CloudEvent's data, which may also be JSON text, or JSON text in Base64."""
    if event.get("data") is None and "data_base64" in event:
        what = "the CloudEvent's data_base64"
        return _object_in(_decoded(event["data_base64"], what), what)
    return _object_in(event.get("data"), "the CloudEvent's data")


def _carried(fields: dict[str, Any]) -> dict[str, Any] | None:
    """Return the event in a record of Pipes or a queue, a result of Lambda or a request of API Gateway, or None.

    Also what a rule's input transformer has left of an EventBridge event: the detail without its type.
    """
    name: str | None = next((each for each in ("responsePayload", "body", "detail") if each in fields), None)
    in_base64 = name == "body" and fields.get("isBase64Encoded") is True
    if name is None and str(fields.get("eventSource")) in _BASE64_FIELDS:
        name, in_base64 = _BASE64_FIELDS[fields["eventSource"]], True
    if name is None:
        return None
    what, value = f"the wrapping's {name}", fields.get(name)
    event = _object_in(_decoded(value, what) if in_base64 else value, what)
    # What an EventBridge event lent to the record.
    return {each: fields[each] for each in ("eventType", "eventId") if each in fields} | event


def _lent(carrier: dict[str, Any], type_field: str, event: dict[str, Any]) -> dict[str, Any]:
    """Return the event with the type and id of its carrier if it has none of its own."""
    return {"eventType": carrier.get(type_field), "eventId": carrier.get("id"), **event}


def _object_in(value: Any, what: str) -> dict[str, Any]:
    """Return the object that a field of a wrapping is, or has as JSON text, which may itself be a JSON string."""
    for _ in range(_MAX_WRAPPINGS):
        if isinstance(value, str):
            value = _parsed(value, what)
    return _require_object(value, what)


def _decoded(value: Any, what: str) -> str:
    """Return the text of a field in Base64. Raises `InvalidMessageError`."""
    try:
        return b64decode(value, validate=True).decode("utf-8-sig")
    except (TypeError, ValueError) as error:
        raise InvalidMessageError(RefusalCode.NOT_JSON, f"{what} is not text in UTF-8 and Base64") from error


def _parsed(text: str, what: str) -> Any:
    """Return the data of a JSON text. Raises `InvalidMessageError`."""
    text = text.removeprefix(_BYTE_ORDER_MARK)
    if text.count("{") > _MAX_OBJECTS:
        told = f"{what} has more than {_MAX_OBJECTS} objects: send the consignments in several messages"
        raise InvalidMessageError(RefusalCode.INVALID_MESSAGE, told)
    try:
        value = parsed(text)
        refuse_nul(text, value)
    except TooDeepError as error:
        raise InvalidMessageError(RefusalCode.TOO_DEEPLY_NESTED, f"{what} is {error}") from error
    except DuplicateKeyError as error:
        raise refused(RefusalCode.DUPLICATE_KEY, str(error)) from error
    except NulError as error:
        raise refused(RefusalCode.INVALID_MESSAGE, str(error)) from error
    except ValueError as error:
        raise InvalidMessageError(RefusalCode.NOT_JSON, f"{what} is not JSON: {str(error)[:200]}") from error
    return value


def _is_s3_pointer(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and value[0] in _S3_POINTERS


def _require_object(value: Any, what: str) -> dict[str, Any]:
    """Return `value` if it is a JSON object. Raises `InvalidMessageError` `S3Pointer` or `NotAnObject` otherwise."""
    if _is_s3_pointer(value):
        text = f"{what} is a pointer to S3 ({value[0]}): send the order itself, in several messages if it is large"
        raise InvalidMessageError(RefusalCode.S3_POINTER, text)
    if not isinstance(value, dict):
        text = f"{what} is {_JSON_TYPES.get(type(value), 'a number')}: send an object"
        raise InvalidMessageError(RefusalCode.NOT_AN_OBJECT, text)
    return value
