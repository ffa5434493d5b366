"""Tries failed consignments again, as the mode demands by which they failed."""

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol, assert_never

from allocation.consignments.allocatable_consignment import ProConsignment
from allocation.consignments.allocations import Allocations
from allocation.consignments.changes import Changes
from allocation.consignments.errors import RequestError, UnavailableError
from allocation.consignments.market import Choices
from allocation.consignments.store import Known
from allocation.domain.errors import RetryableError
from allocation.domain.frozen import frozen
from allocation.domain.mode import AllocationMode, DefaultRules
from allocation.domain.outcome import Allocated, AllocationFailed, Failure
from allocation.domain.routing import RoutingTable
from allocation.domain.state import UserAction
from allocation.orders.retry_message import content_for_pro, retry_message

_QUEUED: Final = "Sent to the order queue again: SortedPRO is asked within seconds, and the history tells its answer."
_NOT_KEPT: Final = "Nothing is kept of what was to be sent: send its order again."


class OrderQueue(Protocol):
    """The queue that orders come by."""

    def send(self, body: str) -> None:
        """Send a message. Raises `RetryableError` if that is not possible now."""


@frozen
class Retrying:
    """Allocates failed consignments by what is kept of them, under the rules of the API.

    A record is written only over the version that was read, so that nothing is allocated twice, whatever the queue does
    meanwhile. `routing` returns the routing table, if there is one: a changed row holds for a retry too. Where
    SortedPRO allocates, `order_queue` takes the messages that try its consignments again; None where the engine does.
    """

    changes: Changes
    allocations: Allocations
    routing: Callable[[], RoutingTable | None]
    order_queue: OrderQueue | None

    def retry(self, references: Sequence[str], choices: Choices, request_id: str) -> list[dict[str, Any]]:
        """Try each consignment and return how it stands after that; a problem with one does not stop the others."""
        return [self._attempt(each, choices, request_id) for each in dict.fromkeys(references)]

    def _attempt(self, reference: str, choices: Choices, request_id: str) -> dict[str, Any]:
        state: str | None = None
        try:
            known = self.changes.known(reference)
            state = known.state
            known.require(UserAction.RETRY)
            kept = known.stored.content if known.stored else None
            if self.order_queue and known.record and (content := content_for_pro(known.record, kept)):
                self.order_queue.send(retry_message(known.record, content, f"retry-{request_id}-{known.reference}"))
                return _result(reference, state, _QUEUED) | {"isQueued": True}
            if known.stored is None:
                return _result(reference, state, _NOT_KEPT)
            choose = choices.by_mode(self._mode(known))
            outcome = self.allocations.allocate(reference, choose, request_id)
        except RequestError as error:
            return _result(reference, state, str(error))
        except RetryableError:
            return _result(reference, state, str(UnavailableError()))
        match outcome:
            case Allocated():
                return _result(reference, outcome.state, outcome.why or outcome.summary.description)
            case AllocationFailed():
                return _result(reference, outcome.state, outcome.failure.message)
            case _:
                assert_never(outcome)

    def _mode(self, known: Known) -> AllocationMode:
        """Return the mode of the consignment's row or, without a routing table, that of its record.

        Raises `RequestError` where the table has no row for it.
        """
        routing = self.routing()
        if routing is None:
            return known.mode or DefaultRules()
        sent = ProConsignment.model_validate(known.described().content)
        mode = routing.way(sent.to_domain().delivery_option).mode
        if isinstance(mode, Failure):
            raise RequestError(mode.code, mode.message)
        return mode


def _result(reference: str, state: str | None, message: str | None) -> dict[str, Any]:
    return {"consignment": reference, "state": state, "message": message}
