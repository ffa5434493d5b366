"""Claims as the table has them, also those of earlier versions. All times are in milliseconds since 1970 UTC."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from allocation.pro.ports import Watch

_WATCHES: Final = {each.value: each for each in Watch}


class KeptClaim(NamedTuple):
    """A claim as it was read."""

    ends: int
    since: int
    base_url: str
    watch: Watch | None
    holder: str

    @property
    def says_nothing_is_open(self) -> bool:
        """Whether SortedPRO was not asked, or the outcome is recorded, by what the claim itself says."""
        return self.watch in {Watch.SETTLED, Watch.NOT_ASKED}

    def is_settled(self, recorded: str | None) -> bool:
        """Return whether its caller has recorded what it came to. `recorded` is the claim that the record names."""
        return self.watch is Watch.SETTLED or (self.watch is None and recorded == self.holder)


def kept_claim(item: Mapping[str, Any]) -> KeptClaim:
    """Read a claim. Claims of earlier versions lack all fields but the first."""
    ends = int(item["heldUntil"]["N"])
    watch = item.get("watch", {}).get("S")
    return KeptClaim(
        ends,
        int(item.get("since", {}).get("N", ends)),
        item.get("baseUrl", {}).get("S", ""),
        _WATCHES.get(watch),
        item.get("holder", {}).get("S", ""),
    )


def milliseconds(moment: datetime | timedelta) -> int:
    """Return a moment as milliseconds since 1970 UTC, or a duration as milliseconds."""
    if isinstance(moment, timedelta):
        return moment // timedelta(milliseconds=1)
    return int(moment.timestamp() * 1000)


def moment_of(since_1970: int) -> datetime:
    """Return milliseconds since 1970 UTC as an aware moment."""
    return datetime.fromtimestamp(since_1970 / 1000, UTC)
