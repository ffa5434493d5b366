"""What the API answered where SortedPRO allocates, checked on a history that has come to rest."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from allocation.domain.state import UserAction
from tests.simulation.aws import KEY
from tests.simulation.taking_back import Answer

if TYPE_CHECKING:
    from tests.simulation.history import History

_STATES: Final = {
    UserAction.ALLOCATE: ("Allocated", "AllocationFailed"),
    UserAction.DEALLOCATE: ("Unallocated",),
    UserAction.CANCEL: ("Cancelled",),
}
_NOT_ALLOCATED: Final = (None, "Unallocated", "AllocationFailed", "Cancelled")


def answered(history: "History") -> Iterator[str]:
    """Whoever sends a request again comes to an answer that needs no other try, about each consignment."""
    for (request, reference), why in history.taking_back.unanswered.items():
        yield f"{request} has no answer about {reference}: {why or 'none came'}"


def answered_truly(history: "History") -> Iterator[str]:
    """What was answered as done is recorded by that very request, is so at SortedPRO, and stays so."""
    streamed = (item for item in history.table.streamed if item[KEY]["S"] in history.table.items)
    versions = [history.decoded.document(item) for item in streamed]
    written = {(record["eventId"], record[KEY]): record["state"] for record in versions}
    for answer in (each for each in history.taking_back.answers if each.refusal is None):
        recorded = written.get((answer.request_id, answer.reference))
        if recorded not in _STATES[answer.action]:
            yield f"{answer.request_id} was answered: {answer.reference} is {answer.action}, recorded as {recorded}"
        if answer.at_pro not in _NOT_ALLOCATED:
            yield f"{answer.request_id} was answered: {answer.reference} is {answer.action}, at PRO {answer.at_pro}"
        # A stack that was switched may have tried it again since, when the API was asked to; or people did so in PRO.
        if not history.plan.switches and answer.there not in history.people.allocated:
            yield from _allocated_later(history, answer)


def _allocated_later(history: "History", answer: Answer) -> Iterator[str]:
    for at, there, state in history.pro.state.changes:
        if state == "Allocated" and there == answer.there and at > answer.at:
            yield f"{answer.request_id} was answered: {answer.reference} is {answer.action}, PRO allocated it later"
