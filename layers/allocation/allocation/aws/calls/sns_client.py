"""A client of SNS for batches of messages, by the older protocol that it has: forms in, XML out."""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode
from xml.etree import ElementTree as Tree

from botocore.exceptions import ConnectionClosedError

from allocation.aws.calls.connections import RawReply
from allocation.aws.calls.lean_client import LeanClient, generic_error

_HEADERS: Final = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
_VERSION: Final = "2010-03-31"
_ENTRIES: Final = "PublishBatchRequestEntries"


class SnsClient(LeanClient):
    """A client of SNS (AWS Query protocol, Smithy)."""

    # The names are botocore's.
    def publish_batch(
        self,
        *,
        TopicArn: str,  # noqa: N803
        PublishBatchRequestEntries: Sequence[Mapping[str, Any]],  # noqa: N803
    ) -> dict[str, Any]:
        """Publish at most ten messages, whose attributes are text."""
        fields = _fields(TopicArn, PublishBatchRequestEntries)
        body = urlencode(list(fields)).encode()
        return self._called("PublishBatch", lambda: self._signed("POST", self._host, "/", "", _HEADERS, body), _read)


def _fields(topic_arn: str, entries: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    yield from (("Action", "PublishBatch"), ("Version", _VERSION), ("TopicArn", topic_arn))
    if not entries:
        yield _ENTRIES, ""
    for at, entry in enumerate(entries, start=1):
        start = f"{_ENTRIES}.member.{at}"
        yield f"{start}.Id", entry["Id"]
        yield f"{start}.Message", entry["Message"]
        for number, (name, value) in enumerate(entry.get("MessageAttributes", {}).items(), start=1):
            attribute = f"{start}.MessageAttributes.entry.{number}"
            yield f"{attribute}.Name", name
            yield f"{attribute}.Value.DataType", value["DataType"]
            yield f"{attribute}.Value.StringValue", value["StringValue"]


def _read(reply: RawReply) -> dict[str, Any]:
    """Return what a reply says. Raises `ConnectionClosedError` for one that is no XML: it broke off."""
    if refusal := generic_error(reply):
        return refusal
    try:
        root = Tree.fromstring(reply.body)  # noqa: S314 - AWS's own
    except Tree.ParseError as error:
        raise ConnectionClosedError(endpoint_url="of the request", error=error) from error
    found = _children(root)
    metadata = _children(found["ResponseMetadata"]) if "ResponseMetadata" in found else found
    request_id = {"RequestId": metadata["RequestId"].text} if "RequestId" in metadata else {}
    if reply.status >= HTTPStatus.MULTIPLE_CHOICES:
        return {"Error": _texts(found["Error"]) if "Error" in found else {}, "ResponseMetadata": request_id}
    result = _children(found["PublishBatchResult"]) if "PublishBatchResult" in found else {}
    lists: dict[str, Any] = {name: [_entry(each) for each in node] for name, node in result.items()}
    return {**lists, "ResponseMetadata": request_id}


def _entry(node: Tree.Element) -> dict[str, Any]:
    """Return one message's part of the answer."""
    found: dict[str, Any] = _texts(node)
    return {**found, "SenderFault": found["SenderFault"] == "true"} if "SenderFault" in found else found


def _texts(node: Tree.Element) -> dict[str, str]:
    return {name: child.text or "" for name, child in _children(node).items()}


def _children(node: Tree.Element) -> dict[str, Tree.Element]:
    """Return what a node has, by names without their namespace."""
    return {child.tag.rpartition("}")[2]: child for child in node}
