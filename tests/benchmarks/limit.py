"""The limit: a bare function that only waits as long as the work must. It decides, checks and keeps nothing.

One read of the records, then SortedPRO for each consignment at once where there is one, then one write. No function
that does these three things can be quicker. It needs the standard library only.
"""

import http.client
import json
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

_AWS = urlsplit(os.environ["AWS_ENDPOINT_URL"])
_PRO = os.environ.get("PRO_BASE_URL", "")
_PARALLEL = 10
_executor = ThreadPoolExecutor(_PARALLEL)
_connections = [http.client.HTTPConnection(_AWS.netloc) for _ in range(_PARALLEL + 1)]


def _aws(operation: str, request: dict[str, Any]) -> None:
    headers = {"X-Amz-Target": f"DynamoDB_20120810.{operation}", "Content-Type": "application/x-amz-json-1.0"}
    _connections[-1].request("POST", "/", json.dumps(request), headers)
    _connections[-1].getresponse().read()


def _pro(at: int, references: list[str]) -> None:
    body = json.dumps({"ConsignmentReferences": references})
    _connections[at].request("PUT", f"{urlsplit(_PRO).path}/allocation/allocate", body)
    _connections[at].getresponse().read()


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Wait for a read, for SortedPRO, and for a write."""
    references = [
        each["Reference"] for record in event["Records"] for each in json.loads(record["body"])["consignments"]
    ]
    _aws("BatchGetItem", {"RequestItems": {"AllocationsTable": {"Keys": [{"k": {"S": "k"}}]}}})
    if _PRO:
        shares = [references[at::_PARALLEL] for at in range(_PARALLEL)]
        list(_executor.map(_pro, range(_PARALLEL), shares))
    _aws("PutItem", {"TableName": "AllocationsTable", "Item": {"k": {"S": "k"}}})
    return {"batchItemFailures": []}
