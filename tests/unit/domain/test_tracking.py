"""What a consignment's state and dates are by its carrier's events, in whatever order they came."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.domain.tracking import DELIVERY_STATES, Journey, TrackingEvent, in_order, journey_of

MORNING, NOON, NIGHT = (f"2026-11-20T{hour:02}:00:00+00:00" for hour in (8, 12, 22))


def progress(*events: TrackingEvent, packages: int = 1) -> Journey:
    return journey_of(in_order(events), packages)


@pytest.mark.parametrize("name", DELIVERY_STATES)
def test_a_code_names_its_state_in_any_spelling(name: str) -> None:
    spellings = (name, name.upper(), "".join(f" {each}" if each.isupper() else each for each in name), f"{name}!")
    assert {TrackingEvent(NOON, spelling).state for spelling in spellings} == {name}


@pytest.mark.parametrize("code", ["AwaitingCollection", "Sample", "Allocated", "Cancelled", "404", "送达"])
def test_another_code_changes_nothing(code: str) -> None:
    assert progress(TrackingEvent(NOON, code)) == Journey()
    assert progress(TrackingEvent(MORNING, "InTransit"), TrackingEvent(NOON, code)).state == "InTransit"


def test_of_the_same_moment_the_event_that_is_further_on_its_way_counts() -> None:
    assert progress(TrackingEvent(NOON, "OutForDelivery"), TrackingEvent(NOON, "InTransit")).state == "OutForDelivery"


@pytest.mark.parametrize(
    ("later", "state"),
    [("InTransit", "Delivered"), ("DeliveredDamaged", "DeliveredDamaged"), ("ReturnToSender", "ReturnToSender")],
)
def test_a_late_scan_does_not_undo_a_delivery(later: str, state: str) -> None:
    assert progress(TrackingEvent(NOON, "Delivered"), TrackingEvent(NIGHT, later)).state == state


@pytest.mark.parametrize(
    ("first", "second", "state"),
    [
        ("Delivered", None, "PartiallyDelivered"),
        ("Delivered", "Lost", "PartiallyDelivered"),
        ("Delivered", "DeliveredDamaged", "DeliveredDamaged"),
        ("Delivered", "Delivered", "Delivered"),
        ("OutForDelivery", "Collected", "Collected"),
        ("OutForDelivery", "Missing", "Missing"),
        ("Delayed", "InTransit", "Delayed"),
        ("InTransit", None, "InTransit"),
    ],
)
def test_packages_that_disagree_have_one_state_together(first: str, second: str | None, state: str) -> None:
    events = [TrackingEvent(NOON, first, 0), *([TrackingEvent(MORNING, second, 1)] if second else [])]
    assert progress(*events, packages=2).state == state


def test_an_event_of_no_package_is_of_all() -> None:
    events = (TrackingEvent(MORNING, "Damaged", 1), TrackingEvent(NOON, "Delivered"))
    assert progress(*events, packages=3).state == "Delivered"


EVENTS = st.lists(
    st.builds(
        TrackingEvent,
        st.sampled_from([MORNING, NOON, NIGHT, "2026-11-20T13:00:00+01:00"]),
        st.sampled_from([*DELIVERY_STATES, "Sample"]),
        st.sampled_from([None, 0, 1]),
        st.sampled_from([1, 2]),
    ),
    max_size=8,
)


def test_events_of_one_moment_that_is_written_in_two_ways_have_one_order() -> None:
    both = [TrackingEvent(text, "InTransit") for text in ("2026-11-20T12:00:00+00:00", "2026-11-20T13:00:00+01:00")]
    assert in_order(both) == in_order(both[::-1]) == both


@given(EVENTS, st.randoms(use_true_random=False))
def test_what_follows_depends_on_the_events_and_not_on_how_they_came(
    events: list[TrackingEvent], random: object
) -> None:
    mixed = [*events, *events]
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert in_order(mixed) == in_order(events)
    assert journey_of(in_order(mixed), 2) == journey_of(in_order(events), 2)
