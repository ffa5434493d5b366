"""What is published of a catalogue: what goes to S3, what is said of it there, and a version as it is found again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from allocation.engine.compiled_catalogue import read_compiled


class Current(NamedTuple):
    """The catalogue that the functions read now."""

    compiled: str
    tag: str
    version_id: str


@dataclass(frozen=True, slots=True)
class Publication:
    """What was said of a catalogue when it was published. `outcomes` is a replay's result, or None."""

    publishedAt: str  # noqa: N815 - the names are those of the JSON
    version: str
    digest: str
    warnings: list[str]
    changes: list[str]
    outcomes: Mapping[str, Any] | None
    catalogueVersionId: str = ""  # noqa: N815
    writtenVersionId: str = ""  # noqa: N815


@dataclass(frozen=True, slots=True)
class Candidate:
    """A catalogue to publish: compiled, as it was written, and what is said of it."""

    compiled: str
    written: str
    version: str
    warnings: list[str]
    changes: list[str] = field(default_factory=list)
    outcomes: dict[str, Any] | None = None

    def publication(self, now: datetime) -> Publication:
        """Return what is kept beside the catalogue. `now` is aware."""
        digest = read_compiled(self.compiled).digest
        at = now.isoformat(timespec="seconds")
        return Publication(at, self.version, digest, self.warnings, self.changes, self.outcomes)


class PublishedVersion(NamedTuple):
    """A version of the catalogue in S3."""

    version_id: str
    tag: str
    put_at: datetime
    is_current: bool
    digest: str
    publication: Publication | None
    """None for one that was not published by this program."""
    refusal: str
    """Why the functions refused it; empty if they did not."""


def read_publication(content: bytes) -> Publication | None:
    """Return the publication that a JSON text has, or None for one of another form."""
    try:
        found = json.loads(content)
        return Publication(**{name: found[name] for name in Publication.__dataclass_fields__})
    except (ValueError, LookupError, TypeError):
        return None
