"""Manifests in DynamoDB, in the table of the catalogues that decided: what records refer to, and kept as long.

A manifest has two items. Under `manifests`, in the order of time, stands what lists show; under
`manifest#REFERENCE` stand its consignments.
"""

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of
from allocation.consignments.manifests import Manifest, created_at_of
from allocation.domain.errors import RetryableError
from allocation.domain.reference import ConsignmentReference
from allocation.records.items import DynamoItem, from_item, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ALL: Final = "manifests"
_FULL_LENGTH: Final = 32


class DynamoDBManifests:
    """A `ManifestStore` over a table with the keys `digest`, a text, and `part`, a number."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        """`client` must have timeouts of its own; `table` is the table's name."""
        self._client = client
        self._table = table

    def keep(self, manifest: Manifest) -> None:
        """Write both items, the consignments first. Raises `RetryableError`."""
        of_consignments = {**_key_of(manifest.reference), "consignments": " ".join(manifest.consignments)}
        self._call("put_item", Item=to_item(of_consignments))
        self._call("put_item", Item=_head(manifest))

    def recent(self, location: str | None, most: int) -> Sequence[Manifest]:
        """Return manifests of a location, or of all, the newest first. Raises `RetryableError`."""
        filters = " AND shippingLocation = :location" if location else ""
        values = {":all": {"S": _ALL}, ":none": {"N": "0"}} | ({":location": {"S": location}} if location else {})
        request: dict[str, Any] = {
            "KeyConditionExpression": "digest = :all",
            "FilterExpression": f"bookings > :none{filters}",
            "ExpressionAttributeValues": values,
            "ScanIndexForward": False,
        }
        found: list[Manifest] = []
        while len(found) < most:
            answer = self._call("query", **request)
            found += [_manifest(item) for item in islice(answer["Items"], most - len(found))]
            if "LastEvaluatedKey" not in answer:
                break
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        return found

    def find(self, reference: str) -> Manifest | None:
        """Return a manifest with its consignments, read consistently, or None. Raises `RetryableError`."""
        if not _is_reference(reference):
            return None
        head = self._call("get_item", Key=to_item(_head_key(reference)), ConsistentRead=True).get("Item")
        body = self._call("get_item", Key=to_item(_key_of(reference)), ConsistentRead=True).get("Item")
        return _manifest(head, body["consignments"]["S"]) if head and body else None

    def _call(self, operation: str, **request: Any) -> Any:
        try:
            return getattr(self._client, operation)(TableName=self._table, **request)
        except (ClientError, BotoCoreError) as error:
            raise RetryableError(f"DynamoDB did not answer {operation}: {cause_of(error)}") from error


def _is_reference(text: str) -> bool:
    return len(text) == _FULL_LENGTH and text.startswith("0") and set(text) <= set("0123456789abcdef")


def _key_of(reference: str) -> dict[str, Any]:
    return {"digest": f"manifest#{reference}", "part": 0}


def _head_key(reference: str) -> dict[str, Any]:
    """Return the key of a manifest's place in the list. References begin with 0, so numbers have 38 digits or less."""
    return {"digest": _ALL, "part": int(reference, 16)}


def _head(manifest: Manifest) -> DynamoItem:
    attributes = {
        **_head_key(manifest.reference),
        "carrier": manifest.carrier,
        "carrierName": manifest.carrier_name,
        "shippingLocation": manifest.location,
        "bookings": manifest.bookings,
    }
    return to_item({name: value for name, value in attributes.items() if value is not None})


def _manifest(head: DynamoItem, consignments: str = "") -> Manifest:
    document = from_item(head)
    reference = f"{document['part']:0{_FULL_LENGTH}x}"
    return Manifest(
        reference,
        document["carrier"],
        document["carrierName"],
        document.get("shippingLocation"),
        created_at_of(reference),
        document["bookings"],
        tuple(ConsignmentReference(each) for each in consignments.split()),
    )
