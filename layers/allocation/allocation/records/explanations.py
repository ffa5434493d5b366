"""Reads what a record keeps of its decision, whatever its form: the explanation, and what was asked."""

import gzip
import json
import zlib
from base64 import b64decode
from collections.abc import Mapping
from typing import Any, Final

from allocation.domain.errors import InvalidFileError, UnreadableExplanationError
from allocation.domain.outcome import Explanation
from allocation.domain.reference import ConsignmentReference
from allocation.engine.asked import Asked, asked_consignment
from allocation.engine.compact_bytes import UnreadableBytesError
from allocation.engine.compiled_catalogue import read_compiled
from allocation.engine.engine import Engine
from allocation.engine.kept_explanation import catalogue_digest, explanation_of, is_worded, worded_explanation
from allocation.engine.kept_explanation import winner_of as found_winner
from allocation.engine.memo import Memo
from allocation.ports import CatalogueArchive
from allocation.records.stored_record import StoredRecord

# A large catalogue takes some 100 MB.
_MAX_ENGINES: Final = 2


class Explanations:
    """The one reader of kept explanations, for the API, the program and whoever asks why."""

    def __init__(self, archive: CatalogueArchive) -> None:
        self._archive = archive
        self._engines: Memo[str, Engine] = Memo(_MAX_ENGINES)

    def of(self, record: StoredRecord) -> Explanation | None:
        """Return why each carrier service was chosen or left out, or None where nothing is kept of that.

        The catalogue that decided is read if it is not the same as of the last records: up to 100 ms and more. Raises
        `UnreadableExplanationError` for a later form and where that catalogue can't be used, and `RetryableError` where
        it can't be read now.
        """
        kept = record.explanation
        if kept is None:
            return None
        if isinstance(kept, str):
            return _earlier(kept)
        if is_worded(kept):
            return worded_explanation(kept)
        asked, engine = asked_of(record), self.engine_of(record)
        if asked is None or engine is None:
            raise UnreadableExplanationError("the explanation's record does not say what was asked")
        return explanation_of(kept, engine, asked)

    def engine_of(self, record: StoredRecord) -> Engine | None:
        """Return the engine of the catalogue that decided, or None where nothing refers to one. Raises as `of` does."""
        kept = record.explanation
        if kept is None or isinstance(kept, str) or is_worded(kept):
            return None
        try:
            digest = catalogue_digest(kept)
        except UnreadableBytesError as error:
            raise UnreadableExplanationError(str(error)) from error
        return self._engines.get(digest) or self._engines.keep(digest, self._engine(digest))

    def compiled(self, digest: str) -> str | None:
        """Return the compiled catalogue whose digest begins so, or None if none is kept. Raises `RetryableError`."""
        return self._archive.compiled(digest)

    def _engine(self, digest: str) -> Engine:
        compiled = self.compiled(digest)
        if compiled is None:
            raise UnreadableExplanationError(
                f"the catalogue {digest} that decided is not in the table of catalogues: restore that from a backup"
            )
        try:
            return Engine(read_compiled(compiled))
        except InvalidFileError as error:
            raise UnreadableExplanationError(
                f"this version can't read the catalogue {digest} that decided ({error}): use the version that wrote it"
            ) from error


def asked_of(record: StoredRecord) -> Asked | None:
    """Return what the engine was asked when it decided, or None where nothing is kept of that.

    The consignment has the record's reference. Raises `UnreadableExplanationError` for a form that this version does
    not know.
    """
    if record.asked is None:
        return None
    try:
        return asked_consignment(record.asked, ConsignmentReference(record.consignment_reference))
    except UnreadableBytesError as error:
        raise UnreadableExplanationError(str(error)) from error


def winner_of(record: StoredRecord) -> Mapping[str, Any]:
    """Return the winner's dates and tax, for which nobody needs the catalogue.

    Empty where nothing is kept of that. Raises `UnreadableExplanationError`.
    """
    kept = record.explanation
    if kept is None:
        return {}
    if isinstance(kept, str) or is_worded(kept):
        told = _earlier(kept) if isinstance(kept, str) else worded_explanation(kept)
        winner: Mapping[str, Any] = told.get("winner") or {}
        return winner
    try:
        return found_winner(kept)
    except UnreadableBytesError as error:
        raise UnreadableExplanationError(str(error)) from error


def _earlier(text: str) -> Explanation:
    """Return the explanation of a record that an earlier version wrote: base64 of gzip of JSON."""
    try:
        explanation: Explanation = dict(json.loads(gzip.decompress(b64decode(text))))
    except (OSError, EOFError, zlib.error, ValueError, TypeError, RecursionError) as error:
        raise UnreadableExplanationError(f"the explanation is damaged: {type(error).__name__}") from error
    return explanation
