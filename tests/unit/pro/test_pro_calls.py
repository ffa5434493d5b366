"""The calls of each mode, exactly as SortedPRO documents them."""

import json
import threading
import time
from datetime import UTC, datetime

import pytest

from allocation.domain.mode import CarrierService, DefaultRules, ServiceGroup
from allocation.domain.reference import ConsignmentReference
from allocation.pro import calls as calls_module
from allocation.pro.calls import MAX_BULK, Pauses, allocation_calls, parallel_calls
from allocation.pro.client import MAX_CONNECTIONS, NoReplyError, ProClient, ProReply
from tests.support.ports import FakeDeadline

REFERENCES = [ConsignmentReference(f"EC-000-000-00{number}") for number in range(5)]


def many(count: int) -> list[ConsignmentReference]:
    return [ConsignmentReference(f"EC-000-000-{number:03}") for number in range(count)]


def asked(mode: DefaultRules | CarrierService, count: int) -> list[list[str]]:
    """What each call asks for."""
    return [json.loads(call.body)["ConsignmentReferences"] for call in allocation_calls(mode, many(count))]


def test_all_connections_carry_alike_up_to_the_largest_bulk() -> None:
    assert [len(each) for each in asked(DefaultRules(), 3)] == [1] * 3
    assert [len(each) for each in asked(DefaultRules(), MAX_CONNECTIONS)] == [1] * MAX_CONNECTIONS
    assert [len(each) for each in asked(DefaultRules(), MAX_CONNECTIONS + 3)] == [2] * 6 + [1]
    assert {len(each) for each in asked(DefaultRules(), 20 * MAX_CONNECTIONS)} == {MAX_BULK}


def test_default_rules_go_in_bulk() -> None:
    calls = allocation_calls(DefaultRules(), many(2 * MAX_CONNECTIONS))
    assert [call.path for call in calls] == ["/allocation/allocate"] * MAX_CONNECTIONS
    assert [each for call in asked(DefaultRules(), 2 * MAX_CONNECTIONS) for each in call] == many(2 * MAX_CONNECTIONS)


def test_a_carrier_service_goes_in_bulk_with_its_reference() -> None:
    [call, *_] = allocation_calls(CarrierService("CX_NDS"), many(2 * MAX_CONNECTIONS))

    assert call.path == "/allocation/allocatewithcarrierservice"
    assert json.loads(call.body) == {"MpdCarrierServiceReference": "CX_NDS", "ConsignmentReferences": many(2)}


def test_a_service_group_goes_one_by_one_without_a_body() -> None:
    calls = allocation_calls(ServiceGroup("valuableGoods"), REFERENCES[:2])

    assert [call.path for call in calls] == [
        "/allocation/EC-000-000-000/allocatewithservicegroup/valuableGoods",
        "/allocation/EC-000-000-001/allocatewithservicegroup/valuableGoods",
    ]
    assert {call.body for call in calls} == {b""}


def test_a_reference_with_dots_is_sent_as_it_is() -> None:
    [group] = allocation_calls(ServiceGroup("next.day"), REFERENCES[:1])
    [service] = allocation_calls(CarrierService("DOM.RP"), REFERENCES[:1])

    assert group.path == "/allocation/EC-000-000-000/allocatewithservicegroup/next.day"
    assert json.loads(service.body)["MpdCarrierServiceReference"] == "DOM.RP"


def test_a_reference_never_leaves_its_path_segment() -> None:
    [call] = allocation_calls(ServiceGroup("g"), [ConsignmentReference("../labels?x#y%2f ")])

    assert call.path == "/allocation/..%2Flabels%3Fx%23y%252f%20/allocatewithservicegroup/g"


class Told(ProClient):
    """A client that tells by which threads it was called. Where it `hangs`, no call ends before it is `released`."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1", lambda: "key", monotonic=time.monotonic, now=lambda: datetime.now(UTC))
        self.threads: list[threading.Thread] = []
        self.hangs = False
        self.released = threading.Event()

    def call(self, method: str, path: str, body: bytes, seconds: float) -> ProReply:  # noqa: ARG002 - the client's
        self.threads.append(threading.current_thread())
        if self.hangs:
            self.released.wait(5)
        return ProReply(404)


def ask(client: ProClient, seconds: float = 60) -> list[object]:
    with parallel_calls(client, FakeDeadline(seconds), Pauses(lambda _: None, lambda: 0.0)) as calls:
        return list(calls.allocate(allocation_calls(ServiceGroup("g"), REFERENCES[:1])).values())


def test_one_batch_after_the_other_calls_by_the_same_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls_module, "_IDLE", [])
    client = Told()
    assert [ask(client) for _ in range(3)] == [[ProReply(404)]] * 3
    assert len(set(client.threads)) == 1


def test_no_batch_waits_for_a_thread_that_hangs_in_an_earlier_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls_module, "_IDLE", [])
    monkeypatch.setattr(calls_module, "_THREADS", 1)
    client = Told()
    client.hangs = True
    assert isinstance(ask(client, seconds=9.6)[0], NoReplyError)
    client.hangs = False
    assert ask(client, seconds=9.6) == [ProReply(404)]
    client.released.set()
