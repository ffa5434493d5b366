"""The explanation as records keep it: what was found of each service, in compact bytes, worded only when it is read.

Services and rules are numbers. What they mean stands in the catalogue that decided, which is kept once by its digest,
and in what was asked, which stands beside the explanation. `docs/events/README.md` has the form.
"""

import json
import zlib
from decimal import Decimal
from typing import Any, Final, NamedTuple

from allocation.domain.errors import UnreadableExplanationError
from allocation.domain.outcome import Explanation, Failure
from allocation.engine.asked import Asked
from allocation.engine.compact_bytes import Reader, UnreadableBytesError, Writer
from allocation.engine.engine import Assessment, Engine
from allocation.engine.explanation import explain, inputs_digest, winner_told
from allocation.engine.kept_services import factors_of, read_services, services_bytes, utc_day
from allocation.engine.pricing import tax_of
from allocation.engine.promises import Dates
from allocation.engine.question import NO_FILTERS, Question

# Findings by number, an explanation in words, complete in itself, and findings that are packed only where it pays.
_FOUND: Final = 1
_WORDED: Final = 2
_FOUND_SHORT: Final = 3
_NAME: Final = "the explanation"
# Bytes that are kept of a digest: as many as no two catalogues share.
_DIGEST: Final = 16
# Bytes of an explanation in words, packed: an item has at most 400 KB, and 25 records share a transaction of 4 MB.
_MAX_WORDED: Final = 100_000
_MAX_UNPACKED: Final = 100_000_000
# Raw deflate (RFC 1951), with a window that the services of most catalogues fit in.
_WINDOW: Final = -12
# Fewer bytes seldom get shorter.
_MIN_PACKED: Final = 150


class _KeptWinner(NamedTuple):
    """The winner's dates and tax, written out so that readers need no catalogue for them."""

    dates: Dates
    tax_reference: str
    tax_rate: Decimal


def found_bytes(engine: Engine, assessment: Assessment) -> bytes:
    """Return what was found of each service of the engine's catalogue. Nothing is worded."""
    writer = Writer(_FOUND_SHORT)
    writer.raw(bytes.fromhex(engine.catalogue.digest)[:_DIGEST])
    writer.raw(bytes.fromhex(inputs_digest(assessment.question.inquiry))[:_DIGEST])
    _write_winner(writer, engine, assessment)
    writer.raw(_found_of_services(engine, assessment))
    return writer.done()


def _found_of_services(engine: Engine, assessment: Assessment) -> bytes:
    """Return 1 where what follows is packed, else 0, and what was found of the services: mostly as it was before."""
    question, failures, offers = assessment.question, assessment.failures, assessment.offers
    by_price = offers and engine.ranks_by_price(question.scope.preference)
    factors = tuple(factors_of(question, offers[0])) if by_price else ()
    key = (factors, tuple(failures), tuple(offers))
    return engine.found.get(key) or engine.found.keep(
        key, _shortest(services_bytes(question.index.size, failures, offers, factors))
    )


def _shortest(found: bytes) -> bytes:
    packed = _packed(found) if len(found) > _MIN_PACKED else found
    return b"\x01" + packed if len(packed) < len(found) else b"\x00" + found


def worded_bytes(explanation: Explanation) -> bytes | None:
    """Return an explanation in words, readable without its catalogue, or None if an item has no room for it."""
    text = json.dumps(explanation, separators=(",", ":"))
    packed = bytes((_WORDED,)) + zlib.compress(text.encode(), 9)
    return packed if len(packed) <= _MAX_WORDED else None


def is_worded(kept: bytes) -> bool:
    """Return whether an explanation is in words."""
    return kept[:1] == bytes((_WORDED,))


def worded_explanation(kept: bytes) -> Explanation:
    """Return what `worded_bytes` was given. Raises `UnreadableExplanationError` if it is damaged."""
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(kept[1:], _MAX_UNPACKED)
        explanation: Explanation = dict(json.loads(text))
    except (zlib.error, ValueError, TypeError, RecursionError) as error:
        raise UnreadableExplanationError(f"{_NAME} is damaged: {type(error).__name__}") from error
    return explanation


def catalogue_digest(kept: bytes) -> str:
    """Return the first half of the digest of the catalogue that decided, in hex. Raises `UnreadableBytesError`."""
    return _reader(kept).raw(_DIGEST).hex()


def winner_of(kept: bytes) -> dict[str, Any]:
    """Return the winner's dates and tax, empty without a winner. It needs no catalogue.

    Raises `UnreadableBytesError`.
    """
    reader = _reader(kept)
    reader.raw(2 * _DIGEST)
    winner = _read_winner(reader)
    return winner_told(*winner) if winner else {}


def explanation_of(kept: bytes, engine: Engine, asked: Asked) -> Explanation:
    """Return the words of an explanation, by the engine of the catalogue that decided.

    Raises `UnreadableExplanationError` where the bytes, the catalogue and what was asked don't go together.
    """
    try:
        assessment, digest = _assessment(kept, engine, asked)
        told = explain(engine, assessment, asked.mode, asked.decided_at)
    except (UnreadableBytesError, ArithmeticError, LookupError, ValueError) as error:
        raise UnreadableExplanationError(f"{_NAME} can't be read: {error}") from error
    # What was asked is told by the digest of then, in full where it still is the same.
    return told if told["inputsDigest"].startswith(digest) else told | {"inputsDigest": digest}


def _reader(kept: bytes) -> Reader:
    return Reader(kept, _FOUND if _is_always_packed(kept) else _FOUND_SHORT, _NAME)


def _is_always_packed(kept: bytes) -> bool:
    """Return whether findings are in the form of earlier versions."""
    return kept[:1] == bytes((_FOUND,))


def _assessment(kept: bytes, engine: Engine, asked: Asked) -> tuple[Assessment, str]:
    """Return what was found, and the digest of what was asked, in hex."""
    reader = _reader(kept)
    reader.raw(_DIGEST)
    digest = reader.raw(_DIGEST).hex()
    question = _question(engine, asked)
    winner = _read_winner(reader)
    is_packed = _is_always_packed(kept) or reader.number()
    found = _unpacked(reader.rest()) if is_packed else reader.rest()
    failures, offers = read_services(found, question, winner.dates if winner else None)
    return Assessment(question, offers, failures), digest


def _packed(found: bytes) -> bytes:
    """Return bytes by raw deflate."""
    packer = zlib.compressobj(6, zlib.DEFLATED, _WINDOW)
    return packer.compress(found) + packer.flush()


def _unpacked(packed: bytes) -> bytes:
    """Return what raw deflate packed. Raises `UnreadableBytesError`."""
    try:
        return zlib.decompressobj(_WINDOW).decompress(packed, _MAX_UNPACKED)
    except zlib.error as error:
        raise UnreadableBytesError(f"{_NAME} is damaged") from error


def _question(engine: Engine, asked: Asked) -> Question:
    inquiry, scope = engine.inquire(asked.consignment), engine.scope(asked.mode)
    if isinstance(inquiry, Failure):
        raise UnreadableBytesError(inquiry.message)
    if isinstance(scope, Failure):
        raise UnreadableBytesError(scope.message)
    # The rules were applied when it was decided: nobody asks how much of a limit is used.
    return engine.question(inquiry, scope, asked.decided_at, NO_FILTERS, lambda _: {})


def _write_winner(writer: Writer, engine: Engine, assessment: Assessment) -> None:
    """Write 0, or 1 and the winner's dates and tax."""
    winner = assessment.winner
    writer.number(int(winner is not None))
    if winner is None:
        return
    dates = winner.dates
    writer.number(dates.collected_at)
    writer.signed(dates.collected_at - dates.cut_off)
    writer.signed(dates.collection_day - utc_day(dates.collected_at))
    writer.signed(dates.delivery_day - dates.collection_day)
    for seconds in dates.window:
        writer.number(seconds)
    reference, rate = tax_of(engine.index.services[winner.position], assessment.question.lane.tax)
    writer.text(reference)
    writer.decimal(rate)


def _read_winner(reader: Reader) -> _KeptWinner | None:
    if not reader.number():
        return None
    collected_at = reader.number()
    cut_off = collected_at - reader.signed()
    collection_day = utc_day(collected_at) + reader.signed()
    delivery_day = collection_day + reader.signed()
    window = (reader.number(), reader.number())
    return _KeptWinner(
        Dates(collected_at, cut_off, collection_day, delivery_day, window), reader.text(), reader.decimal()
    )
