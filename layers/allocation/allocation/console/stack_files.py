"""The files of a stack's catalogue bucket that the console shows: publications of the catalogue, results of replays."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

PUBLICATION: Final = "publication.json"
REPLAYS: Final = "replays/"
# A name of a replay that leads nowhere else.
REPLAY_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")


class StackFiles(Protocol):
    """Reads the files. Every method raises `RetryableError` if that is not possible now."""

    def publications(self) -> Sequence[Mapping[str, Any]]:
        """Return the last publications of the catalogue, the newest first."""

    def replays(self) -> Sequence[Mapping[str, Any]]:
        """Return the last replays, the newest first: `id`, when it was made (`at`) and its size in `bytes`."""

    def replay(self, name: str) -> Mapping[str, Any] | None:
        """Return the result of a replay, or None if there is none of the name."""
