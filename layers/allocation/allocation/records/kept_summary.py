"""An Allocation Summary as it is kept and published: whole if DynamoDB and SNS can take it, otherwise cut.

An item has at most 400 KB, 32 levels and no nameless attribute; a message has at most 256 KiB. A usual summary of about
1 KiB fits both. One that does not fit is cut rather than lost: consumers wait for the carrier service and the tracking
references, and a consignment without a record would be allocated and paid for, and never shipped.
"""

from math import isfinite
from typing import Any, Final

from allocation.domain.summary import AllocationSummary, ApiLink, ConsignmentLeg
from allocation.exact_json import written

# As JSON in ASCII. Three legs of 1,000 packages, each with its tracking reference, fit in.
MAX_BYTES: Final = 100_000
# Levels of lists and objects. A record has some around them.
_MAX_LEVELS: Final = 25
MAX_ENTRIES: Final = 5
# Characters of a text in a cut summary. With five legs of five tracking references it stays below 150 KB.
_MAX_TEXT: Final = 200


def kept_summary(summary: AllocationSummary) -> dict[str, Any]:
    """Return the summary as PRO's JSON. If that can't be kept: only PRO's documented fields, lists and texts cut."""
    document = summary.to_json()
    if is_keepable(document, _MAX_LEVELS) and len(written(document)) <= MAX_BYTES:
        return document
    return {
        **_documented(document, AllocationSummary),
        "ApiLinks": [_documented(link, ApiLink) for link in document["ApiLinks"][:MAX_ENTRIES]],
        "ConsignmentLegs": [_cut_leg(leg) for leg in document["ConsignmentLegs"][:MAX_ENTRIES]],
    }


def is_keepable(value: Any, levels: int) -> bool:
    """Return whether a value is JSON of at most so many `levels`, with no field without a name."""
    if isinstance(value, dict):
        return levels > 0 and "" not in value and all(is_keepable(each, levels - 1) for each in value.values())
    if isinstance(value, list):
        return levels > 0 and all(is_keepable(each, levels - 1) for each in value)
    return not isinstance(value, float) or isfinite(value)


def _cut_leg(leg: dict[str, Any]) -> dict[str, Any]:
    """Return a leg with only its documented fields."""
    tracking = [text[:_MAX_TEXT] for text in leg["TrackingReferences"][:MAX_ENTRIES]]
    return {**_documented(leg, ConsignmentLeg), "TrackingReferences": tracking}


def _documented(document: dict[str, Any], model: type[AllocationSummary | ApiLink | ConsignmentLeg]) -> dict[str, Any]:
    """Return the fields of `document` that `model` names, texts cut."""
    names = {field.alias for field in model.model_fields.values()}
    return {name: _clipped(value) for name, value in document.items() if name in names}


def _clipped(value: Any) -> Any:
    """Return a text's first characters, and anything else as it is."""
    return value[:_MAX_TEXT] if isinstance(value, str) else value
