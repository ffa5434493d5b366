"""The circuits in front of SortedPRO: when they open, for which environments, and when a batch may try again."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import boto3
import pytest
from moto import mock_aws

from allocation.pro.circuit import CREDENTIALS_SECONDS, OUTAGE_FAILURES, OUTAGE_SECONDS, dynamodb_circuit
from allocation.pro.ports import CircuitOpenError, CredentialsError, NothingTriedError, OutageError
from tests.support.pro_clients import utc_now
from tests.support.tables import create_table

TABLE = "circuits"


class Circuits:
    """Circuits of several execution environments over one table. A new environment has read nothing yet."""

    def __init__(self) -> None:
        self.client: Any = boto3.client("dynamodb")
        self.states: list[tuple[int, int]] = []
        """What the metrics told of each batch: whether the circuit of outages is open, and that of credentials."""

    def environment(self) -> Callable[[Exception | None], str]:
        """Runs one batch that ends with an error, or well; tells what became of it."""
        counted: dict[str, list[int]] = defaultdict(list)
        circuit = dynamodb_circuit(self.client, TABLE, lambda metric, value: counted[metric].append(value), utc_now)

        def batch(error: Exception | None = None) -> str:
            def work() -> None:
                if error:
                    raise error

            counted.clear()
            try:
                circuit.run(work)
            except CircuitOpenError as closed:
                return f"{closed.cause} {closed.retry_after_seconds}"
            except (OutageError, CredentialsError, NothingTriedError):
                return "ran"
            finally:
                self.states.append((max(counted["ProOutageCircuitOpen"]), max(counted["ProCredentialsCircuitOpen"])))
            return "ran"

        return batch

    def age(self, circuit: str, seconds: int) -> None:
        """Lets a circuit have been opened `seconds` ago."""
        opened_at = int((datetime.now(UTC) - timedelta(seconds=seconds)).timestamp())
        self.client.update_item(
            TableName=TABLE,
            Key={"id": {"S": circuit}},
            UpdateExpression="SET opened_at = :at",
            ExpressionAttributeValues={":at": {"N": str(opened_at)}},
        )


@pytest.fixture
def circuits(monkeypatch: pytest.MonkeyPatch) -> Iterator[Circuits]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "eu-west-2")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        create_table(boto3.client("dynamodb"), "ProCircuitsTable", TABLE)
        made = Circuits()
        # Powertools counts failures by process, as long as nothing went well.
        made.environment()(None)
        made.states.clear()
        yield made


def test_batches_without_any_outcome_open_the_circuit_for_every_environment(circuits: Circuits) -> None:
    here, there = circuits.environment(), circuits.environment()

    ran = [here(OutageError()) for _ in range(OUTAGE_FAILURES)]

    assert ran == ["ran"] * OUTAGE_FAILURES
    assert here(None).startswith("outage ")
    assert there(None).startswith("outage ")


def test_one_good_batch_in_between_keeps_the_circuit_closed(circuits: Circuits) -> None:
    here = circuits.environment()

    for error in [OutageError()] * (OUTAGE_FAILURES - 1) + [None] + [OutageError()] * (OUTAGE_FAILURES - 1):
        here(error)

    assert here(None) == "ran"


def test_a_rejected_key_opens_the_circuit_at_once_and_says_credentials(circuits: Circuits) -> None:
    here = circuits.environment()

    here(CredentialsError())

    cause, seconds = here(None).split()
    assert cause == "credentials"
    assert 0 < int(seconds) <= CREDENTIALS_SECONDS
    assert circuits.states == [(0, 1), (0, 1)]


def test_every_batch_reports_whether_a_circuit_is_open(circuits: Circuits) -> None:
    here = circuits.environment()
    for _ in range(OUTAGE_FAILURES):
        here(OutageError())
    circuits.environment()(None)
    circuits.age("outage", seconds=OUTAGE_SECONDS + 1)
    circuits.environment()(OutageError())
    circuits.environment()(None)
    circuits.age("outage", seconds=OUTAGE_SECONDS + 1)
    circuits.environment()(None)

    assert circuits.states[: OUTAGE_FAILURES - 1] == [(0, 0)] * (OUTAGE_FAILURES - 1)
    opened, held_back, tried_in_vain, held_back_again, tried_well = circuits.states[OUTAGE_FAILURES - 1 :]
    assert [opened, held_back, tried_in_vain, held_back_again] == [(1, 0)] * 4
    assert tried_well == (0, 0)


def test_batches_without_time_say_nothing_about_pro(circuits: Circuits) -> None:
    here = circuits.environment()

    for _ in range(OUTAGE_FAILURES - 1):
        here(OutageError())
    here(NothingTriedError())
    here(OutageError())

    assert here(None).startswith("outage ")


def test_an_open_circuit_tells_how_long_it_stays_so(circuits: Circuits) -> None:
    here, there = circuits.environment(), circuits.environment()
    for _ in range(OUTAGE_FAILURES):
        here(OutageError())
    circuits.age("outage", seconds=20)

    cause, seconds = there(None).split()

    assert cause == "outage"
    assert 0 < int(seconds) <= OUTAGE_SECONDS - 20


@pytest.mark.parametrize(("probe", "afterwards"), [(None, "ran"), (OutageError(), "outage")])
def test_one_batch_tries_again_after_a_while_and_its_result_decides(
    circuits: Circuits, probe: Exception | None, afterwards: str
) -> None:
    here, there = circuits.environment(), circuits.environment()
    for _ in range(OUTAGE_FAILURES):
        here(OutageError())
    circuits.age("outage", seconds=OUTAGE_SECONDS + 1)

    assert there(probe) == "ran"
    assert circuits.environment()(None).startswith(afterwards)


def test_while_one_batch_tries_again_the_others_wait_for_a_whole_turn(circuits: Circuits) -> None:
    here, there = circuits.environment(), circuits.environment()
    for _ in range(OUTAGE_FAILURES):
        here(OutageError())
    circuits.age("outage", seconds=OUTAGE_SECONDS + 1)
    waiting: list[str] = []
    probe = dynamodb_circuit(circuits.client, TABLE, lambda *_: None, utc_now)

    def from_another_thread() -> None:
        thread = Thread(target=lambda: waiting.append(there(None)))
        thread.start()
        thread.join()

    probe.run(from_another_thread)

    assert waiting == [f"outage {OUTAGE_SECONDS}"]


def test_an_unreadable_table_counts_as_a_closed_circuit(circuits: Circuits) -> None:
    circuits.client.delete_table(TableName=TABLE)

    assert circuits.environment()(None) == "ran"
