"""A replay of a stack's records in which each is compared with the catalogue that decided it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from allocation.domain.errors import RetryableError
from allocation.domain.mode import AllocationMode
from allocation.engine.compiled_catalogue import read_compiled
from allocation.replay.decisions import replayable
from allocation.replay.partial import Partial
from allocation.replay.result import CatalogueName, ReplayResult
from cli.errors import CommandError
from cli.replay.processes import SideText, replayed_in_parts
from cli.replay.stack_records import StackRecords

_AS_DECIDED = "as decided"


@dataclass(frozen=True, slots=True)
class OfThen:
    """A replay from the catalogues of then. `in_use` decides for records that do not say which decided them.

    `after` is the catalogue after, None for that of then.
    """

    records: StackRecords
    in_use: str
    mode_before: AllocationMode | None
    after: str | None
    mode_after: AllocationMode | None

    def result(self, jobs: int, told: Callable[[int], None]) -> ReplayResult:
        """Return the replay of all records, catalogue by catalogue. `told` gets the number that is done.

        Raises `CommandError` where a catalogue can't be read.
        """
        groups = self.records.by_catalogue() or {"": []}
        parts: list[Partial] = []
        done = 0
        for digest, group in sorted(groups.items()):
            text = self._text(digest, len(group))
            has_table = read_compiled(text).routing is not None
            mode = self.records.target.mode
            asked = [replayable(record, each, mode, has_table=has_table) for record, each in group]
            sides = SideText(text, self.mode_before), SideText(self.after or text, self.mode_after)
            parts.append(replayed_in_parts(*sides, asked, jobs, lambda count, first=done: told(first + count)))  # type: ignore[misc]
            done += len(group)
        return _merged(parts).result()

    def _text(self, digest: str, records: int) -> str:
        """Return the catalogue whose digest begins so; that in use where none is kept, which a note says."""
        if not digest or read_compiled(self.in_use).digest.startswith(digest):
            return self.in_use
        try:
            text = self.records.target.explanations.compiled(digest)
        except RetryableError as error:
            raise CommandError(f"The catalogue {digest} can't be read: {error}.") from error
        if text is None:
            self.records.decided_otherwise += records
        return text or self.in_use


def _merged(parts: list[Partial]) -> Partial:
    """Return the parts as one, whose catalogues have the names of all of them."""
    before, after = _common([each.before for each in parts]), _common([each.after for each in parts])
    whole, *others = (replace(each, before=before, after=after) for each in parts)
    for other in others:
        whole.merge(other)
    return whole


def _common(names: list[CatalogueName]) -> CatalogueName:
    """Return the only name, or one that tells all versions."""
    distinct = list(dict.fromkeys(names))
    if len(distinct) == 1:
        return distinct[0]
    versions = sorted({each.version for each in distinct})
    return CatalogueName(", ".join(versions), "", f"{_AS_DECIDED}, {len(distinct)} catalogues")
