"""A merchant that deallocates and cancels over the API where SortedPRO allocates, and what the API answered.

The API allocates nothing there, and does so where the stack was switched to the engine. Whoever gets no answer, or one
that says to try again, sends the request again, as `docs/api.md` says.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Final, cast

from allocation.api.replies import with_messages
from allocation.aws.dynamodb.limit_usage import DynamoDBLimitUsage
from allocation.consignments.allocations import Allocations, Choose
from allocation.consignments.changes import Changes
from allocation.consignments.errors import NOT_IMPLEMENTED, RequestError
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

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

REQUEST_SECONDS: Final = 28.0
"""The timeout of the API's function."""
_MAX_REQUESTS: Final = 8
_TAKING_BACK: Final = (UserAction.DEALLOCATE, UserAction.CANCEL)
_TRY_AGAIN: Final = (409, 503)
"""With these statuses, an answer says to send the request again."""
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 15.0, 1200.0
PATIENT_SECONDS: Final = 3 * 3600.0
"""For so long after the last fault a client goes on. No claim is held for longer."""


def draw_taking_back(draw: Random, messages: Sequence[Order | Update], *, allocates: bool) -> list[Shipment]:
    """Requests about consignments of a message, mostly while it is worked on, and some long after."""
    actions = (*_TAKING_BACK, UserAction.ALLOCATE) if allocates else _TAKING_BACK
    about = [message for message in messages if message.consignments]
    requests: list[Shipment] = []
    for at in range(draw.randint(0, _MAX_REQUESTS) if about else 0):
        message, action = draw.choice(about), draw.choice(actions)
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

    environments: Environments
    changes: Changes = field(init=False)
    deadline: Deadline = field(init=False)

    @property
    def acts(self) -> Mapping[UserAction, Callable[[str, str], object]]:
        """What it does for a request about a consignment."""
        register, allocations = Register(self.changes, lambda _: "", timedelta(days=90)), Allocations(self.changes)
        by_mode = self.environments.choices().by_mode(self.environments.mode)
        with_engine = self.environments.with_engine
        return {
            UserAction.ALLOCATE: partial(_allocated, allocations, by_mode) if with_engine else _refused,
            UserAction.DEALLOCATE: allocations.deallocate,
            UserAction.CANCEL: register.cancel,
        }


def _allocated(allocations: Allocations, choose: Choose, reference: str, request_id: str) -> None:
    allocations.allocate(reference, choose, request_id)


def _refused(*_: str) -> None:
    """Answer as the API does where SortedPRO allocates."""
    raise RequestError("OperationOfSortedProException", "Allocate it there.", NOT_IMPLEMENTED)


@dataclass(slots=True)
class TakingBack:
    """Carries out requests over the tables of a history."""

    world: World
    environments: Callable[[], Environments | None]
    """How the stack is deployed now; None while a deployment waits until no function runs."""
    pro: SimulatedPro
    written: Callable[[], None]
    """What is done when a request may have written records."""
    running: int = 0
    answers: list[Answer] = field(default_factory=list)
    unanswered: dict[tuple[str, str], str] = field(default_factory=dict)
    """By request and consignment: what was said last where it was not done, or an empty text."""
    _idle: dict[bool, list[_Environment]] = field(default_factory=lambda: {False: [], True: []})
    """Environments that wait for requests, with PRO and with the engine."""

    def ask(self, shipment: Shipment, tries: int = 0) -> None:
        """Send a request, and again what it leaves undone."""
        deployed = self.environments()
        if deployed is None:
            self.world.at(1.0, partial(self.ask, shipment, tries))
            return
        request_id = f"{shipment.name}-{tries}"
        self.unanswered |= {(shipment.name, each): "" for each in shipment.references}
        idle = self._idle[deployed.with_engine]
        environment = idle.pop() if idle else self._new(deployed)
        self.running += 1
        environment.deadline = Ends(self.world, self.world.now + REQUEST_SECONDS)

        def work() -> Sequence[str]:
            left = self._serve(environment, shipment, request_id)
            idle.append(environment)  # what was killed is not used again
            return left

        self.world.start(work, REQUEST_SECONDS, partial(self._answered, shipment, tries))

    def _new(self, deployed: Environments) -> _Environment:
        environment, client = _Environment(deployed), cast("DynamoDBClient", deployed.table)
        limits = DynamoDBLimitUsage(client, "limits")
        store = Store(client, consignments="consignments", records=RECORDS, limit_usage=limits)
        environment.changes = deployed.of_the_api(store, lambda: environment.deadline)
        return environment

    def _serve(self, environment: _Environment, shipment: Shipment, request_id: str) -> Sequence[str]:
        """Answer a request as the API does: a list is gone through in turn, unless AWS does not answer.

        Return what its client sends again.
        """
        act, table = environment.acts[shipment.action], environment.environments.table
        answers, again = list[Answer](), list[str]()
        # By the system's clock, which may be set in between: what is not begun need not be the last.
        not_begun = Counter(shipment.references)

        def act_on(reference: str) -> None:
            not_begun[reference] -= 1
            told = partial(self._told, table, request_id, shipment.action, reference)
            try:
                act(reference, request_id)
            except RequestError as error:
                if error.status in _TRY_AGAIN:
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
        return [*again, *not_begun.elements()]

    def _told(
        self, table: SimulatedDynamoDB, request_id: str, action: UserAction, reference: str, refusal: str | None
    ) -> Answer:
        record = table.items.get(reference, {})
        there = record.get("proReference", {"S": reference})["S"]
        found = self.pro.state.consignments.get(there)
        state = found.state if found else None
        return Answer(request_id, action, reference, refusal, self.pro.state.now(), there, state)

    def _answered(self, shipment: Shipment, tries: int, again: Sequence[str] | None) -> None:
        self.running -= 1
        left = shipment.references if again is None else tuple(dict.fromkeys(again))
        for each in {*shipment.references} - {*left}:
            self.unanswered.pop((shipment.name, each))
        draw = Random(f"{self.world.plan.seed}/{shipment.name}/{tries}")  # moves no other seed
        wait = draw.uniform(0.2, 1.0) * min(_FIRST_WAIT_SECONDS * 2**tries, _LONGEST_WAIT_SECONDS)
        if left and self.world.now < self.world.plan.faults_until + PATIENT_SECONDS:
            self.world.at(wait, partial(self.ask, replace(shipment, references=left), tries + 1))
        self.written()
