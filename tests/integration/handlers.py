"""The functions' handlers as Lambda calls them: by the path of their module, with an event and a context."""

import importlib.util
import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from allocation.observability import logger
from allocation.ports import QueueMessage
from tests.support.samples import json_of

ROOT = Path(__file__).parent.parent.parent
FUNCTIONS = ROOT / "functions"

SQS_RECORD = json_of("sqs-batch.json")["Records"][0]


@dataclass
class Context:
    """What Lambda tells a handler about its invocation."""

    remaining_milliseconds: int = 60_000
    function_name: str = "function"
    memory_limit_in_mb: int = 1024
    invoked_function_arn: str = "arn:aws:lambda:eu-west-2:123456789012:function:function"
    aws_request_id: str = field(default="c6af9ac6-7b61-11e6-9a41-93e8deadbeef")

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_milliseconds


def function(name: str, folder: Path = FUNCTIONS) -> ModuleType:
    """Return a new module of one function. All are called `app`, so none can be imported by its name."""
    spec = importlib.util.spec_from_file_location(f"{name}_app", folder / name / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sqs_event(*messages: QueueMessage) -> dict[str, Any]:
    """Messages as Lambda delivers them from a queue."""
    return {"Records": [sqs_record(item) for item in messages]}


def sqs_record(message: QueueMessage) -> dict[str, Any]:
    """A message as it stands in an SQS event."""
    return {
        **SQS_RECORD,
        "messageId": message.message_id,
        "body": message.body,
        "receiptHandle": message.receipt_handle,
        "attributes": {**SQS_RECORD["attributes"], "ApproximateReceiveCount": str(message.receive_count)},
    }


@contextmanager
def captured_log() -> Iterator[io.StringIO]:
    """All that is logged, in the form that goes to CloudWatch."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logger.registered_formatter)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield written
    finally:
        root.removeHandler(handler)


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    """The log's lines as the objects that they are."""
    return [json.loads(line) for line in written.getvalue().splitlines()]
