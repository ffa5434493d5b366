"""An update reaches the functions, a parameter's new value as well; `carrier rollback` takes it back, and forth."""

import json
from collections.abc import Callable, Iterator

import pytest
from rich.console import Console

from cli.operations.rollback import functions_of
from cli.operations.target import described
from cli.output import Progress
from cli.stack.build import local_platform
from cli.stack.deploy import STACK_NAME, Deployment, deploy, deployed
from tests.end_to_end.conftest import free_port, order_message, table
from tests.end_to_end.test_deployed_stack import wait_until
from tests.end_to_end.traffic import consignment, order

CHEAPEST = {"AllocationMode": "default_rules"}
ONE_SERVICE = {"AllocationMode": "carrier_service", "CarrierServiceReference": "CX_NDS"}


@pytest.fixture(scope="module")
def updated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A stack whose only change since it was made is the value of a parameter."""
    with deployed(free_port(), CHEAPEST, tmp_path_factory.mktemp("updated"), Progress(Console(stderr=True))) as first:
        assert chosen(first, "EC-000-BEF-ORE") != "CX_NDS"
        deploy(first.emulator, first.clients, local_platform(), ONE_SERVICE)
        yield first


def chosen(deployment: Deployment, reference: str) -> str:
    """The service that takes a consignment now."""
    event = {**order(0), "orderReference": reference, "consignments": [consignment(reference)]}
    message = order_message(json.dumps(event))
    deployment.clients.sqs.send_message(QueueUrl=deployment.stack.order_queue_url, MessageBody=message.body)
    found: list[str] = []

    def is_recorded() -> bool:
        records = [each for each in table(deployment) if each["consignmentReference"] == reference]
        found.extend(str(record["carrierServiceReference"]) for record in records)
        return bool(found)

    wait_until(is_recorded, f"{reference} has a record")
    return found[0]


def test_an_update_of_a_parameter_is_taken_back_and_forth(updated: Deployment) -> None:
    functions = functions_of(described(STACK_NAME, "the stack", updated.clients))
    assert chosen(updated, "EC-000-AFT-ER0") == "CX_NDS"

    def moved(moves: Callable[[], list[object]]) -> int:
        found = moves()
        for move in found:
            functions.move(move)  # type: ignore[arg-type]
        return len(found)

    assert moved(functions.back) >= 3  # type: ignore[arg-type]
    assert chosen(updated, "EC-000-BAC-K00") != "CX_NDS"
    assert functions.back() == []

    assert moved(functions.forward) >= 3  # type: ignore[arg-type]
    assert chosen(updated, "EC-000-FOR-TH0") == "CX_NDS"
