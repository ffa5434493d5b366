"""Following a SortedPRO in which people work, over HTTP: every change reaches its record, once, whatever gets lost."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from allocation.domain.errors import RetryableError
from allocation.domain.outcome import Allocated
from allocation.domain.reference import ConsignmentReference
from allocation.pro import aligning
from allocation.pro.agreement import Finding, find_difference
from allocation.pro.aligning import Aligning
from allocation.pro.calls import Pauses
from allocation.pro.cursor import DynamoDBCursor
from allocation.pro.following import LAG, MAX_BEHIND, MAX_OPEN, Followed, Following, Position
from cli.imitation import answers
from tests.contract.pro_over_http import A, B, C, Pro, Remaining, pro_over_http
from tests.support.ports import InMemoryRecords
from tests.support.pro_clients import client_at
from tests.support.pro_faults import Fault
from tests.support.samples import NOON, record_of
from tests.support.tables import create_table

pro = pytest.fixture(pro_over_http)
EVENTS = "/stateevents"


class Memory:
    """A `Cursor`."""

    def __init__(self) -> None:
        self.position: Position | None = None

    def read(self) -> Position | None:
        return self.position

    def write(self, position: Position) -> None:
        self.position = position


class Changes(list[tuple[datetime, str, str]]):
    """The changes of states at PRO, at the shop's time."""

    def __init__(self, shop: "Shop") -> None:
        super().__init__()
        self._shop = shop

    def append(self, change: tuple[datetime, str, str]) -> None:
        super().append((self._shop.time, *change[1:]))


class Shop:
    """A, B and C are allocated on both sides since an hour. Each run is a little later than the one before."""

    def __init__(self, pro: Pro) -> None:
        self.pro = pro.server.state
        self.server = pro.server
        self.time = NOON
        self.pro.changes = Changes(self)
        self.records = InMemoryRecords()
        self.cursor = Memory()
        client, pauses = client_at(pro.server.url, pro.fetch_key), Pauses(pro.pause, lambda: 0.5)
        looks = Aligning(self.records, client, lambda: self.time, None, 180, pauses)
        self.following = Following(looks, self.cursor, lambda: self.time)
        for each in (A, B, C):
            self.pro.allocate(each, "CX_NDS")
            self.records.kept[each] = record_of(each)
        self.time += timedelta(hours=1)

    def run(self, seconds: float = 120) -> Followed:
        self.time += LAG + timedelta(seconds=1)
        return self.following.run(Remaining(seconds))

    def states(self) -> list[str]:
        return [self.records.kept[each].outcome.state for each in (A, B, C)]


@pytest.fixture
def shop(pro: Pro) -> Shop:
    return Shop(pro)


def test_what_is_done_in_pro_reaches_the_records_once(shop: Shop) -> None:
    shop.pro.deallocate(A)
    shop.pro.cancel(B)
    shop.pro.manifest(C)
    assert sorted(shop.run().aligned) == [A, B, C]
    assert shop.records.steps[C].state == "Manifested"
    assert shop.states() == ["Unallocated", "Cancelled", "Allocated"]
    shop.pro.allocate(A, "CX_ECO")
    assert shop.run().aligned == []  # the record is moments old
    shop.time += timedelta(seconds=180)
    assert shop.run().aligned == [A]
    record = shop.records.kept[A]
    assert isinstance(record.outcome, Allocated)
    assert record.outcome.summary.carrier_service_reference == "CX_ECO"
    assert (record.version, shop.run().aligned) == (3, [])


def test_events_that_come_again_change_nothing(shop: Shop) -> None:
    shop.pro.deallocate(A)
    shop.run()
    shop.cursor.position = None
    assert (shop.run().aligned, shop.records.kept[A].version) == ([], 2)


def test_a_run_goes_on_where_the_last_good_one_ended(shop: Shop) -> None:
    shop.run()
    shop.pro.deallocate(A)
    shop.server.faults.script(Fault("503", path=EVENTS))
    with pytest.raises(RetryableError, match="503"):
        shop.run()
    shop.time += timedelta(hours=23)
    assert shop.run().aligned == [A]
    windows = [body for body in shop.server.bodies if body and "Start" in body]
    assert len(windows) > 23, "in windows of an hour at most"


def test_the_first_look_begins_where_it_was_to_begin_also_if_it_fails_for_hours(shop: Shop) -> None:
    shop.pro.deallocate(A)
    shop.server.faults.script(Fault("503", path=EVENTS))
    with pytest.raises(RetryableError, match="503"):
        shop.run()
    shop.time += timedelta(hours=3)
    assert shop.run().aligned == [A]


def test_what_is_older_than_a_day_is_left_to_a_person(shop: Shop) -> None:
    shop.run()
    shop.pro.deallocate(A)
    shop.time += MAX_BEHIND + timedelta(hours=1)
    assert shop.run().aligned == []


@pytest.mark.parametrize("kind", ["huge", "truncated", "half_json", "html"])
def test_a_window_that_can_not_be_read_is_halved(shop: Shop, kind: str) -> None:
    shop.pro.deallocate(A)
    shop.server.faults.script(*[Fault(kind, path=EVENTS)] * 2)
    assert shop.run().aligned == [A]


def test_a_pro_that_answers_in_another_form_is_an_error(shop: Shop) -> None:
    shop.server.faults.script(*[Fault("wrong_json", path=EVENTS)] * 100)
    with pytest.raises(RetryableError, match="no list of state events"):
        shop.run()
    assert shop.cursor.position == Position(shop.time - LAG - timedelta(hours=1))


def test_a_consignment_that_can_not_be_read_holds_no_other_up(shop: Shop) -> None:
    shop.pro.deallocate(A)
    shop.pro.deallocate(B)
    shop.server.faults.script(Fault("403", path=f"/consignments/{A}"))
    assert shop.run().aligned == [B]
    assert shop.cursor.position
    assert list(shop.cursor.position.open) == [A]
    assert shop.run().aligned == [A]
    assert shop.cursor.position.open == {}


def test_a_record_that_can_not_be_written_or_makes_us_crash_holds_no_other_up(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crashing(reference: ConsignmentReference, *arguments: Any) -> Finding:
        return find_difference(reference, *arguments) if reference != B else find_difference(reference)  # type: ignore[call-arg]

    monkeypatch.setattr(aligning, "find_difference", crashing)
    shop.records.unwritable = {A}
    for each in (A, B, C):
        shop.pro.deallocate(each)
    assert shop.run().aligned == [C]
    assert shop.cursor.position
    assert shop.cursor.position.open.keys() == {A, B}
    monkeypatch.undo()
    shop.records.unwritable = set()
    assert sorted(shop.run().aligned) == [A, B]


def test_a_state_event_that_can_not_be_read_holds_no_other_up(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.pro.deallocate(A)
    events = answers._state_events

    def with_another(*arguments: Any) -> Any:
        return {"Events": [{"ConsignmentReference": None}, *events(*arguments)["Events"]]}

    routes = [(verb, path, with_another if action is events else action) for verb, path, action in answers._ROUTES]
    monkeypatch.setattr(answers, "_ROUTES", routes)
    assert shop.run().aligned == [A]


def test_what_does_not_settle_in_a_day_is_left_to_a_person(shop: Shop) -> None:
    shop.run()
    assert shop.cursor.position
    shop.pro.consignment(A).state = "Allocating"
    since = shop.time - MAX_BEHIND - timedelta(hours=1)
    shop.cursor.position = Position(shop.cursor.position.followed_to, {A: since})
    assert shop.run().contradicting == [A]
    assert shop.cursor.position.open == {}


def test_consignments_that_are_not_of_this_stack_are_passed_by(shop: Shop) -> None:
    other = ConsignmentReference("EC-OTH-ER0-000")
    shop.pro.allocate(other, "CX_NDS")
    assert shop.run().aligned == []
    assert not [path for path in shop.server.calls("GET") if other in path]


def test_what_is_cancelled_here_and_shipped_there_is_for_a_person(shop: Shop) -> None:
    shop.pro.cancel(A)
    shop.run()
    shop.pro.consignment(A).state = "Unallocated"
    shop.pro.allocate(A, "CX_NDS")
    assert shop.run().contradicting == [A]
    assert shop.states()[0] == "Cancelled"


def test_without_time_nothing_is_begun(shop: Shop) -> None:
    assert shop.run(seconds=20).events == 0
    assert shop.cursor.position == Position(shop.time - LAG - timedelta(hours=1))
    full = {ConsignmentReference(f"EC-000-000-{at:03d}"): shop.time for at in range(MAX_OPEN)}
    shop.cursor.position = Position(shop.time - timedelta(hours=1), full)
    assert shop.run(seconds=20).seconds_behind == 3631


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoDBCursor]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    with mock_aws():
        create_table(boto3.client("dynamodb"), "ProCircuitsTable", "circuits")
        yield DynamoDBCursor(boto3.client("dynamodb"), "circuits")


def test_the_position_is_kept(table: DynamoDBCursor) -> None:
    assert table.read() is None
    for position in (Position(datetime.now(UTC), {A: datetime.now(UTC)}), Position(datetime.now(UTC))):
        table.write(position)
        assert table.read() == position
