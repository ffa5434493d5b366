"""Why no carrier service takes a consignment, in one text for record, event, `carrier explain` and API.

The services that came closest are named first, with their numbers; then it is counted which checks all services failed.
Of the addresses the text has no more than the country and the outward part of a UK postcode.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final, assert_never

from allocation.domain.mode import AllocationMode, CarrierService, ServiceGroup
from allocation.domain.outcome import Failure, FailureCode
from allocation.domain.reference import ConsignmentReference
from allocation.engine.engine import Assessment, Exclusion
from allocation.engine.masks import Mask, mask_of, positions_of
from allocation.engine.question import Question
from allocation.engine.rule import Rule
from allocation.engine.wording import list_text

# No text is longer. The record keeps as many characters of a failure's message, and more.
MAX_TEXT: Final = 900
_MAX_REASON: Final = 300
_MAX_REASONS: Final = 3
_MAX_NAMED: Final = 4
_MAX_COUNTED: Final = 6


def nothing_fits(assessment: Assessment, mode: AllocationMode) -> Failure:
    """Return the failure of a consignment that no carrier service in the mode's scope takes."""
    question = assessment.question
    inside = [exclusion for exclusion in assessment.excluded if exclusion.is_in_scope]
    nearest = _nearest(question, inside) if inside else ["there is none"]
    first, *others = nearest
    sentences = [f"{_verdict(mode, question.inquiry.consignment.reference)}: {first}."]
    if others:
        sentences.append(f"As close: {'; '.join(others)}.")
    text = " ".join([*sentences, *_common(question, inside, nearest), *_counts(inside)])
    return Failure(FailureCode.NO_CARRIER_SERVICE_AVAILABLE, _cut(text, MAX_TEXT))


def _verdict(mode: AllocationMode, consignment: ConsignmentReference) -> str:
    if mode.reference is None:
        return f"No carrier service can take {consignment}"
    match mode:
        case ServiceGroup(reference):
            return f"No carrier service of group {reference} can take {consignment}"
        case CarrierService(reference):
            return f"Carrier service {reference} can't take {consignment}"
        case _:
            assert_never(mode)


def _nearest(question: Question, inside: Sequence[Exclusion]) -> list[str]:
    """Return what keeps the services with the fewest failed checks from taking it, the most frequent reasons first."""
    fewest = min(len(exclusion.failed) for exclusion in inside)
    alike: dict[tuple[Rule, ...], list[int]] = defaultdict(list)
    for position, failed in inside:
        if len(failed) == fewest:
            alike[failed].append(position)
    groups = sorted(alike.items(), key=lambda group: -len(group[1]))
    return [_reason(question, failed, positions) for failed, positions in groups[:_MAX_REASONS]]


def _reason(question: Question, failed: Sequence[Rule], positions: Sequence[int]) -> str:
    """Return why services that failed the same rules can't take it; each rule keeps those that come closest to it."""
    texts = []
    closest: Mask = mask_of(positions, question.index.size)
    for rule in failed:
        text, closest = rule.miss(question, closest)
        texts += [text] if text else []
    names = [question.service(position).reference for position in positions_of(closest)]
    return f"{_cut(', and '.join(texts), _MAX_REASON)} ({list_text(names, _MAX_NAMED)})"


def _common(question: Question, inside: Sequence[Exclusion], told: Sequence[str]) -> list[str]:
    """Return what keeps every service from taking it, of whatever else a service takes, unless it is told already."""
    distinct = {failed for _, failed in inside}
    common = [rule for rule in inside[0].failed if all(rule in failed for failed in distinct)] if inside else []
    if not common:
        return []
    reason = _reason(question, common[:1], [position for position, _ in inside])
    return [] if reason.partition(" (")[0] in " ".join(told) else [f"Whatever else they take: {reason}."]


def _counts(inside: Sequence[Exclusion]) -> list[str]:
    """Return how many services failed each check; nothing for a single service."""
    if len(inside) < 2:
        return []
    counts: Counter[Rule] = Counter()
    for failed, number in Counter(exclusion.failed for exclusion in inside).items():
        counts.update(dict.fromkeys(failed, number))
    codes = [f"{rule.code} {number}" for rule, number in counts.most_common(_MAX_COUNTED)]
    return [f"Checks failed by {len(inside)} services: {', '.join(codes)}."]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
