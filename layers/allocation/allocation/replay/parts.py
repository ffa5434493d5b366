"""A replay of millions of records in parts: each export file is a part, and the parts add up to the result.

A part that is replayed again writes the same object with the same content, so anything may be tried again.
"""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from hashlib import sha256
from io import BytesIO
from typing import Any, Final

from allocation.domain.errors import AllocationError, UnreadableExplanationError
from allocation.domain.frozen import frozen
from allocation.engine.compiled_catalogue import read_compiled
from allocation.engine.engine import Engine
from allocation.ports import ReplayFiles
from allocation.records.canary import is_canary
from allocation.records.explanations import asked_of
from allocation.records.items import stored_record
from allocation.records.record_document import moment_text
from allocation.replay.decisions import DECIDED, Replayable, Side, replayable
from allocation.replay.partial import Partial, replayed
from allocation.replay.partial_json import part_text, read_part
from allocation.replay.requests import ReplayRequest, read_request
from allocation.replay.result import MAX_KEPT, ReplayResult

_DATA: Final = ".json.gz"
# Attributes of a record that a replay does not read.
_LARGE: Final = frozenset({"explanation", "allocationSummary"})
# Step Functions carries at most 256 KB from state to state, and a result may have more.
_COUNTS: Final = ("consignments", "moved", "newlyFailed", "newlyAllocated")


class NoPartsError(AllocationError):
    """A replay has no parts to add up."""


def request_key(replay: str) -> str:
    """Return the key of the request of a replay."""
    return f"replays/{replay}/request.json"


def result_key(replay: str) -> str:
    """Return the key of the result of a replay, which the console lists."""
    return f"replays/{replay}.json"


def _parts(replay: str) -> str:
    return f"replays/{replay}/parts/"


@frozen
class ReplayInParts:
    """Replays the records in the files of an export, and adds up what was found."""

    files: ReplayFiles

    def replay_part(self, replay: str, export: str) -> dict[str, Any]:
        """Replay the records of an export file. Return how many there were; a file of anything else has none.

        Raises `InvalidRequestError` and `InvalidCatalogueError`.
        """
        if not export.endswith(_DATA):
            return {"file": export, "consignments": 0, "leftOut": 0}
        request = read_request(self.files.read(request_key(replay)).decode())
        before, after = (
            Side(Engine(read_compiled(self.files.read(key).decode())), mode)
            for key, mode in ((request.before, request.mode_before), (request.after, request.mode_after))
        )
        found = _Export(self.files.read(export), request, before.engine.catalogue.routing is not None)
        part = replayed(before, after, found.consignments())
        self.files.write(f"{_parts(replay)}{sha256(export.encode()).hexdigest()}.json", part_text(part))
        return {"file": export, "consignments": part.consignments, "leftOut": found.left_out}

    def add_up(self, replay: str) -> dict[str, Any]:
        """Write the result of a replay from its parts. Return where it is, and its counts. Raises `NoPartsError`."""
        result = self.result(replay).document(MAX_KEPT)
        self.files.write(result_key(replay), json.dumps(result, indent=2))
        return {"result": result_key(replay)} | {name: result[name] for name in _COUNTS}

    def result(self, replay: str) -> ReplayResult:
        """Return the result of a replay from its parts. Raises `NoPartsError`."""
        whole: Partial | None = None
        for key in self.files.keys(_parts(replay)):
            part = read_part(self.files.read(key).decode())
            if whole is None:
                whole = part
            else:
                whole.merge(part)
        if whole is None:
            raise NoPartsError(f"replay {replay} has no parts: its export has no file of records")
        return whole.result()


@dataclass(slots=True)
class _Export:
    """The records in a file of an export that were decided since the request's moment."""

    content: bytes
    request: ReplayRequest
    has_table: bool
    # Nothing is kept of what they were asked, or nothing that this version can read.
    left_out: int = 0

    def consignments(self) -> Iterator[Replayable]:
        """Yield what each was asked."""
        since = moment_text(self.request.since.astimezone(UTC))
        for line in gzip.GzipFile(fileobj=BytesIO(self.content)):
            item = {name: value for name, value in json.loads(line)["Item"].items() if name not in _LARGE}
            if is_canary(item):
                continue
            try:
                record = stored_record(item)
                asked = asked_of(record) if record else None
            except (ValueError, TypeError, UnreadableExplanationError):
                record, asked = None, None
            if record is None or asked is None:
                self.left_out += 1
            elif record.state in DECIDED and record.allocated_at >= since:
                yield replayable(record, asked, self.request.stack_mode, has_table=self.has_table)
