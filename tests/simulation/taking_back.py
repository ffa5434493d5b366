"""A merchant that deallocates and cancels over the API where SortedPRO allocates, and what the API answered.

Where SortedPRO allocates, the API allocates nothing. Whoever gets no answer, or one that says to try again, sends the
request again, as `docs/api.md` says.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any, Final

from allocation.api.replies import with_messages
from allocation.aws.dynamodb.limit_usage import DynamoDBLimitUsage
from allocation.consignments.allocations import Allocations
from allocation.consignments.changes import Changes
from allocation.consignments.errors import RequestError
from allocation.consignments.register import Register
from allocation.domain.errors import RetryableError
from allocation.domain.state import UserAction
from allocation.ports import Deadline
from tests.simulation.aws import SimulatedDynamoDB
from tests.simulation.environments import Environments
from tests.simulation.orders import Order, Update
from tests.simulation.pro import SimulatedPro
from tests.simulation.shipping import RECORDS, REQUEST, Shipment, Store
from tests.simulation.world import Ends, World

REQUEST_SECONDS: Final = 28.0
"""The timeout of the API's function."""
_MAX_REQUESTS: Final = 8
_ACTIONS: Final = (UserAction.DEALLOCATE, UserAction.CANCEL)
_TRY_AGAIN: Final = 409
"""From this status on, an answer says to send the request again."""
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 15.0, 1200.0
PATIENT_SECONDS: Final = 3 * 3600.0
"""For so long after the last fault a client goes on. No claim is held for longer."""


def draw_taking_back(draw: Random, messages: Sequence[Order | Update]) -> list[Shipment]:
    """Requests about consignments of a message, mostly while it is worked on, and some long after."""
    about = [message for message in messages if message.consignments]
    requests: list[Shipment] = []
    for at in range(draw.randint(0, _MAX_REQUESTS) if about else 0):
        message, action = draw.choice(about), draw.choice(_ACTIONS)
        references = tuple(draw.choices(message.consignments, k=draw.randint(1, 4)))
        later = draw.choice((draw.uniform(0, 20), draw.uniform(0, 120), draw.uniform(0, 900)))
        requests.append(Shipment(f"{REQUEST}{at}", action, references, message.sent_at + later))
    return requests


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API said of a consignment: the code of its refusal, or None for a success."""

    request_id: str
    action: UserAction
    reference: str
    refusal: str | None
    at: datetime
    there: str
    """Its reference at SortedPRO."""
    at_pro: str | None
    """The state that SortedPRO had it in then."""


@dataclass(slots=True)
class _Environment:
    """An execution environment of the API's function, which serves one request at a time."""

    changes: Changes = field(init=False)
    deadline: Deadline = field(init=False)


@dataclass(slots=True)
class TakingBack:
    """Carries out requests over the tables of a history."""

    world: World
    environments: Environments
    pro: SimulatedPro
    written: Callable[[], None]
    """What is done when a request may have written records."""
    store: Store = field(init=False)
    answers: list[Answer] = field(default_factory=list)
    unanswered: dict[tuple[str, str], str] = field(default_factory=dict)
    """By request and consignment: what was said last where it was not done, or an empty text."""
    _idle: list[_Environment] = field(default_factory=list)

    def __post_init__(self) -> None:
        table: SimulatedDynamoDB = self.environments.table
        client: Any = table
        limits = DynamoDBLimitUsage(client, "limits")
        self.store = Store(client, consignments="consignments", records=RECORDS, limit_usage=limits)

    def ask(self, shipment: Shipment, tries: int = 0) -> None:
        """Send a request, and again what it leaves undone."""
        request_id = f"{shipment.name}-{tries}"
        self.unanswered |= {(shipment.name, each): "" for each in shipment.references}
        environment = self._idle.pop() if self._idle else self._new()
        environment.deadline = Ends(self.world, self.world.now + REQUEST_SECONDS)

        def work() -> Sequence[str]:
            left = self._serve(environment, shipment, request_id)
            self._idle.append(environment)  # what was killed is not used again
            return left

        self.world.start(work, REQUEST_SECONDS, partial(self._answered, shipment, tries))

    def _new(self) -> _Environment:
        environment = _Environment()
        environment.changes = self.environments.of_the_api(self.store, lambda: environment.deadline)
        return environment

    def _serve(self, environment: _Environment, shipment: Shipment, request_id: str) -> Sequence[str]:
        """Answer a request as the API does: a list is gone through in turn, unless AWS does not answer.

        Return what its client sends again.
        """
        act = self._acts(environment.changes)[shipment.action]
        answers, again = list[Answer](), list[str]()

        def act_on(reference: str) -> None:
            told = partial(self._told, request_id, shipment.action, reference)
            try:
                act(reference, request_id)
            except RequestError as error:
                if error.status >= _TRY_AGAIN:
                    self.unanswered[shipment.name, reference] = error.code
                    again.append(reference)
                else:
                    answers.append(told(error.code))
                raise
            answers.append(told(None))

        try:
            with_messages(shipment.references, act_on, "done", environment.changes.now)
        except RetryableError:
            # Nobody hears what became of those before.
            return shipment.references
        self.answers += answers
        return [*again, *shipment.references[len(answers) + len(again) :]]

    def _acts(self, changes: Changes) -> Mapping[UserAction, Callable[[str, str], None]]:
        register = Register(changes, lambda _: "", timedelta(days=90))
        return {UserAction.DEALLOCATE: Allocations(changes).deallocate, UserAction.CANCEL: register.cancel}

    def _told(self, request_id: str, action: UserAction, reference: str, refusal: str | None) -> Answer:
        record = self.environments.table.items.get(reference, {})
        there = record.get("proReference", {"S": reference})["S"]
        found = self.pro.state.consignments.get(there)
        state = found.state if found else None
        return Answer(request_id, action, reference, refusal, self.pro.state.now(), there, state)

    def _answered(self, shipment: Shipment, tries: int, again: Sequence[str] | None) -> None:
        left = shipment.references if again is None else tuple(dict.fromkeys(again))
        for each in {*shipment.references} - {*left}:
            self.unanswered.pop((shipment.name, each))
        draw = Random(f"{self.world.plan.seed}/{shipment.name}/{tries}")  # moves no other seed
        wait = draw.uniform(0.2, 1.0) * min(_FIRST_WAIT_SECONDS * 2**tries, _LONGEST_WAIT_SECONDS)
        if left and self.world.now < self.world.plan.faults_until + PATIENT_SECONDS:
            self.world.at(wait, partial(self.ask, replace(shipment, references=left), tries + 1))
        self.written()
