"""An Allocation Summary as it is kept and published: whole if DynamoDB and SNS can take it, otherwise cut.

An item has at most 400 KB; a message has at most 256 KiB. A usual summary of about 1 KiB fits both. One that does not
fit is cut rather than lost: consumers wait for the carrier service and the tracking references, and a consignment
without a record would be allocated and paid for, and never shipped.
"""

from typing import Any, Final

from allocation.domain.summary import AllocationSummary
from allocation.exact_json import written

# As JSON in ASCII. Three legs of 1,000 packages, each with its tracking reference, fit in.
MAX_BYTES: Final = 100_000
MAX_ENTRIES: Final = 5
# Characters of a text in a cut summary. With five legs of five tracking references it stays below 150 KB.
_MAX_TEXT: Final = 200


def kept_summary(summary: AllocationSummary) -> dict[str, Any]:
    """Return the summary as PRO's JSON. If that is too large to keep, its lists and texts are cut."""
    document = summary.to_json()
    return document if len(written(document)) <= MAX_BYTES else _cut(document)


def _cut(value: Any) -> Any:
    """Return the first entries of each list and the first characters of each text."""
    if isinstance(value, dict):
        return {name: _cut(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_cut(each) for each in value[:MAX_ENTRIES]]
    return value[:_MAX_TEXT] if isinstance(value, str) else value
