"""An Allocation Summary as it is kept and published: whole wherever DynamoDB and SNS can take it.

An item has at most 400 KB, 32 levels and no nameless attribute; a message has at most 256 KiB. A summary of about
1 KiB has room in both. One that has not is cut rather than lost: whoever waits for the outcome waits for the carrier
service and the tracking references, and an allocation without a record would be made and paid for, and never shipped.
"""

from typing import Any, Final

from allocation.domain.summary import AllocationSummary, ApiLink, ConsignmentLeg
from allocation.exact_json import written

MAX_BYTES: Final = 32_000
"""As JSON in ASCII; the types that DynamoDB adds make up to four times as much of it."""
DEEPEST: Final = 25
"""Levels of lists and objects; a record has some around them."""
MAX_ENTRIES: Final = 5
MAX_TEXT: Final = 200
"""Characters of a text in a summary that is cut: with five legs of five tracking references it stays below 150 KB."""


def kept_summary(summary: AllocationSummary) -> dict[str, Any]:
    """The summary as PRO's JSON; where that can't be kept, PRO's documented fields alone, their lists and texts cut."""
    document = summary.to_json()
    if is_keepable(document, DEEPEST) and len(written(document)) <= MAX_BYTES:
        return document
    return {
        **documented(document, AllocationSummary),
        "ApiLinks": [documented(link, ApiLink) for link in document["ApiLinks"][:MAX_ENTRIES]],
        "ConsignmentLegs": [cut_leg(leg) for leg in document["ConsignmentLegs"][:MAX_ENTRIES]],
    }


def is_keepable(value: Any, levels: int) -> bool:
    """Tells whether a JSON value has at most so many `levels`, and no object in it a field without a name."""
    if isinstance(value, dict):
        return levels > 0 and "" not in value and all(is_keepable(each, levels - 1) for each in value.values())
    if isinstance(value, list):
        return levels > 0 and all(is_keepable(each, levels - 1) for each in value)
    return True


def cut_leg(leg: dict[str, Any]) -> dict[str, Any]:
    """A leg with its documented fields alone."""
    tracking = [text[:MAX_TEXT] for text in leg["TrackingReferences"][:MAX_ENTRIES]]
    return {**documented(leg, ConsignmentLeg), "TrackingReferences": tracking}


def documented(document: dict[str, Any], model: type[AllocationSummary | ApiLink | ConsignmentLeg]) -> dict[str, Any]:
    """The fields of `document` that `model` names, texts cut."""
    names = {field.alias for field in model.model_fields.values()}
    return {name: clipped(value) for name, value in document.items() if name in names}


def clipped(value: Any) -> Any:
    """A text's first characters; anything else as it is."""
    return value[:MAX_TEXT] if isinstance(value, str) else value
