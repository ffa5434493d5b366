"""Takes allocated consignments a step further, many at a time: each once, and never against its state."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final

from allocation.batches import batches
from allocation.consignments.changes import MAX_ATTEMPTS, Changes, consignment_references
from allocation.consignments.errors import (
    ChangedMeanwhileError,
    ConsignmentStateError,
    LaterRecordError,
    NotReachedError,
    RequestError,
    UnavailableError,
    UnknownConsignmentError,
)
from allocation.consignments.store import Known, ReferenceText
from allocation.domain.frozen import frozen
from allocation.domain.reference import ConsignmentReference
from allocation.domain.state import ALLOWED_IN, CarriedState, Step, UserAction
from allocation.observability import logger

# API Gateway waits for 29 seconds, and a query takes some of them. What is not begun by then is not reached.
_MAX_DURATION: Final = timedelta(seconds=14)
# Consignments that are read, and then written, before the time is looked at again.
_BATCH: Final = 200

_StepOutcome = CarriedState | RequestError

# Returns the step of each consignment, all of which may take one.
Plan = Callable[[Sequence[Known]], Mapping[ConsignmentReference, Step]]


@frozen
class StepResult:
    """What became of one reference of a request: the state that its consignment came to, or why it took no step.

    `text` is the reference as the caller wrote it, `consignment` the one that it means, if there is one.
    """

    text: ReferenceText
    consignment: ConsignmentReference | None
    outcome: _StepOutcome


@frozen
class Steps:
    """Takes consignments a step further."""

    changes: Changes

    def take(self, references: Sequence[ReferenceText], action: UserAction, plan: Plan) -> list[StepResult]:
        """Take each consignment the step that `plan` gives it, and return the results in the order of the references.

        A reference that comes again is judged by the state that its first occurrence led to. Raises `RetryableError` if
        nothing is done.
        """
        until = self.changes.now() + _MAX_DURATION
        results: list[StepResult] = []
        came_to: dict[ConsignmentReference, _StepOutcome] = {}
        for batch in batches(references, _BATCH):
            if results and self.changes.now() >= until:
                results += [StepResult(text, None, NotReachedError(text)) for text in batch]
            else:
                results += self._of_batch(batch, action, plan, came_to)
        return results

    def _of_batch(
        self,
        texts: Sequence[ReferenceText],
        action: UserAction,
        plan: Plan,
        came_to: dict[ConsignmentReference, _StepOutcome],
    ) -> Iterator[StepResult]:
        """Yield the results of a batch. `came_to` has the outcomes of earlier batches and gets those of this one."""
        wanted = {text: list(_readable(text)) for text in texts}
        found = self.changes.store.find([each for several in wanted.values() for each in several])
        meant = {text: next((each for each in several if each in found), None) for text, several in wanted.items()}
        again = set(came_to)
        new = {each: found[each] for each in meant.values() if each and each not in again}
        came_to |= self._outcomes(new, action, plan)
        for text in texts:
            reference = meant[text]
            if reference is None:
                yield StepResult(text, None, UnknownConsignmentError(text))
                continue
            outcome = came_to[reference]
            yield StepResult(text, reference, _repeated(reference, outcome, action) if reference in again else outcome)
            again.add(reference)

    def _outcomes(
        self, seen: Mapping[ConsignmentReference, Known], action: UserAction, plan: Plan
    ) -> dict[ConsignmentReference, _StepOutcome]:
        """Take steps, and decide again about those whose record another request changed meanwhile."""
        outcomes: dict[ConsignmentReference, _StepOutcome] = {}
        all_of_them = list(seen)
        tried: Mapping[ConsignmentReference, Step] = {}
        for _ in range(MAX_ATTEMPTS):
            judged = {each: _judged(known, action, tried.get(each)) for each, known in seen.items()}
            outcomes |= {each: outcome for each, outcome in judged.items() if outcome is not None}
            able = [known for each, known in seen.items() if each not in outcomes]
            tried = plan(able) if able else {}
            outcomes |= self._written([(tried[known.reference], known) for known in able])
            left = [each for each in all_of_them if each not in outcomes]
            if not left:
                break
            seen = self.changes.store.find(left)
        return {each: outcomes.get(each) or ChangedMeanwhileError(each) for each in all_of_them}

    def _written(self, steps: Sequence[tuple[Step, Known]]) -> Mapping[ConsignmentReference, _StepOutcome]:
        """Write steps and return their outcomes, without those of records that are no longer as they were read."""
        outcomes: dict[ConsignmentReference, _StepOutcome] = {}
        for (step, known), done in zip(steps, self.changes.store.take_steps(steps), strict=True):
            if done is True:
                outcomes[known.reference] = step.state
            elif done is not False:
                logger.error("step not written", extra={"consignment": known.reference, "cause": str(done)})
                outcomes[known.reference] = UnavailableError()
        return outcomes


def _readable(text: ReferenceText) -> Iterator[ConsignmentReference]:
    """Yield the references that a text may mean, none where it can't be one."""
    try:
        yield from consignment_references(text)
    except UnknownConsignmentError:
        return


def _judged(known: Known, action: UserAction, tried: Step | None) -> _StepOutcome | None:
    """Return what is certain of a consignment before a step; None if it may take one.

    `tried` is the step that a write just tried: a call without an answer may have been carried out all the same.
    """
    if known.has_later_record:
        return LaterRecordError(known.reference)
    record = known.record
    if tried and record and (record.state, record.event_id) == (tried.state, tried.event_id):
        return tried.state
    if known.state not in ALLOWED_IN[action]:
        return ConsignmentStateError(known.reference, known.state, action, ALLOWED_IN[action])
    return None


def _repeated(reference: ConsignmentReference, outcome: _StepOutcome, action: UserAction) -> _StepOutcome:
    """Return the result of a reference that comes again in a request."""
    if isinstance(outcome, RequestError) or outcome in ALLOWED_IN[action]:
        return outcome
    return ConsignmentStateError(reference, outcome, action, ALLOWED_IN[action])
