"""PRO's events over the API: what happened to consignments within a time, and nothing twice."""

from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.support.allocation_api import Api
from tests.support.consignments import package

WEBHOOKS = "{http://electioapp.com/schemas/v1.1/MPD.Electio.SDK.DataTypes.Webhooks}"


def later(api: Api, **time: int) -> Any:
    api.clock.now += timedelta(**time)
    return api.clock.now


def asked(api: Api, path: str, start: Any, end: Any, **more: Any) -> Any:
    answer = api.call("POST", path, {"Start": start.isoformat(), "End": end.isoformat(), **more})
    assert answer.status == 200, answer.body
    return answer.data


def states(api: Api, start: Any, end: Any, *wanted: str) -> list[tuple[str, str]]:
    found = asked(api, "/events/consignments/stateevents", start, end, ConsignmentStates=list(wanted))
    return [(each["ConsignmentReference"], each["ConsignmentState"]) for each in found]


def test_windows_that_follow_each_other_tell_each_change_of_state_once(api: Api) -> None:
    begun = api.clock.now
    first, heavy = api.create(), api.create(Packages=[package(Weight={"Value": 5000, "Unit": "Kg"})])
    allocated = later(api, minutes=1)
    api.call("PUT", "/allocation/allocate", {"ConsignmentReferences": [first, heavy]})
    manifested = later(api, days=2)
    api.call("PUT", "/consignments/manifest", {"ConsignmentReferences": [first]})
    dispatched = later(api, hours=1)
    api.call("PUT", "/consignments/Dispatch", {"ConsignmentReferences": [first]})
    end = later(api, hours=1)

    assert states(api, begun, allocated) == [(first, "Unallocated"), (heavy, "Unallocated")]
    assert states(api, allocated, manifested) == [(first, "Allocated"), (heavy, "AllocationFailed")]
    assert states(api, manifested, dispatched) == [(first, "Manifested")]
    assert states(api, dispatched, end) == [(first, "Dispatched")]
    assert states(api, begun, end, "manifested", "AllocationFailed") == [
        (heavy, "AllocationFailed"),
        (first, "Manifested"),
    ]
    assert states(api, end, end) == []


def test_a_consignment_that_is_on_its_way_is_told_with_its_tracking_references(api: Api) -> None:
    reference = api.create(Packages=[package(), package()])
    [summary] = api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote").data
    [told] = asked(
        api, "/events/consignments/stateevents", api.clock.now, later(api, hours=1), ConsignmentStates=["Allocated"]
    )
    tracking = summary["ConsignmentLegs"][0]["TrackingReferences"]
    assert told["CarrierServiceReference"] == summary["CarrierServiceReference"]
    assert told["ConsignmentTrackingReference"] == tracking[0]
    assert [each["TrackingDetails"] for each in told["Packages"]] == [
        [{"Leg": 1, "TrackingReference": each}] for each in tracking
    ]


def test_creations_and_first_labels_are_told_with_ids_that_stay(api: Api) -> None:
    begun = api.clock.now
    reference = api.create()
    api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote")
    printed = later(api, days=3)
    api.call("GET", f"/labels/{reference}/ZPL")
    end = later(api, minutes=1)

    [label] = asked(api, "/events/consignments", printed, end)["Events"]
    [created] = asked(api, "/events/consignments", begun, printed, EventTypes=["ConsignmentCreated"])["Events"]
    assert (label["EventDetails"]["EventType"], label["EventDetails"]["EventDate"]) == (
        "LabelsPrinted",
        printed.isoformat(),
    )
    assert (created["ConsignmentReference"], created["ConsignmentState"]) == (reference, "Allocated")
    assert asked(api, "/events/consignments", printed, end)["Events"] == [label]


def test_types_of_events_are_read_in_any_case(api: Api) -> None:
    begun, _ = api.clock.now, api.create()
    [created] = asked(api, "/events/consignments", begun, later(api, minutes=1), EventTypes=["CONSIGNMENTcreated"])[
        "Events"
    ]
    assert created["EventDetails"]["EventType"] == "ConsignmentCreated"


def test_a_type_of_event_that_is_not_kept_is_named_and_not_taken_for_none(api: Api) -> None:
    now = api.clock.now
    sent = {"Start": now.isoformat(), "End": now.isoformat(), "EventTypes": ["PackageAdded", "ConsignmentCreated"]}
    answer = api.call("POST", "/events/consignments", sent)
    assert (answer.status, answer.data["Code"]) == (501, "OperationNotImplementedException")
    assert "PackageAdded" in answer.data["Message"]


@pytest.mark.parametrize(
    ("sent", "target"),
    [
        ({}, "Start"),
        ({"Start": 7, "End": "2026-11-24T00:00:00Z"}, "Start"),
        ({"Start": "2026-11-24T00:00:00Z", "End": "2026-11-23T00:00:00Z"}, "End"),
        ({"Start": "2026-01-01T00:00:00Z", "End": "2026-11-23T00:00:00Z"}, "End"),
        ({"Start": "0001-01-01T00:00:00+14:00", "End": "2026-11-24"}, "Start"),
        (
            {"Start": "2026-11-23T00:00:00Z", "End": "2026-11-23T00:00:00Z", "ConsignmentStates": ["Asleep"]},
            "ConsignmentStates[0]",
        ),
    ],
)
def test_a_time_that_can_not_be_meant_is_refused_by_its_field(api: Api, sent: Any, target: str) -> None:
    answer = api.call("POST", "/events/consignments/stateevents", sent)
    assert (answer.status, answer.data["Details"][0]["Target"]) == (400, target), answer.body


def test_more_consignments_than_a_reply_holds_are_refused_with_what_to_do(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("allocation.consignments.happenings.MAX_HAPPENINGS", 2)
    for _ in range(3):
        api.create()
    sent = {"Start": api.clock.now.isoformat(), "End": later(api, minutes=1).isoformat()}
    answer = api.call("POST", "/events/consignments/stateevents", sent)
    assert (answer.status, answer.data["Code"]) == (400, "SearchTooBroadException"), answer.body


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/events/consignments", "<EventTypes><ConsignmentEventType>LabelsPrinted</ConsignmentEventType></EventTypes>"),
        (
            "/events/consignments/stateevents",
            "<ConsignmentStates><ConsignmentState>Allocated</ConsignmentState></ConsignmentStates>",
        ),
    ],
)
def test_what_is_wanted_can_be_named_in_xml(api: Api, path: str, names: str) -> None:
    begun, _ = api.clock.now, api.create()
    sent = f"<Asked><Start>{begun.isoformat()}</Start><End>{later(api, minutes=1).isoformat()}</End>{names}</Asked>"
    answer = api.call("POST", path, sent, {"Content-Type": "application/xml"})
    assert (answer.status, answer.data) in [(200, {"Events": []}), (200, [])], answer.body


def test_events_are_told_in_xml_in_the_namespace_of_webhooks(api: Api) -> None:
    now, _ = api.clock.now, api.create()
    sent = {"Start": now.isoformat(), "End": later(api, minutes=1).isoformat()}
    accept = {"Accept": "application/xml"}
    events = ElementTree.fromstring(api.call("POST", "/events/consignments", sent, accept).body)  # noqa: S314 - our own
    assert events.find(f"{WEBHOOKS}Events/{WEBHOOKS}ConsignmentEventPayload/{WEBHOOKS}EventDetails") is not None
    root = ElementTree.fromstring(  # noqa: S314 - our own
        api.call("POST", "/events/consignments/stateevents", sent, accept).body
    )
    assert root.tag == "ArrayOfConsignmentPayload"
    assert root.find(f"ConsignmentPayload/{WEBHOOKS}Packages/{WEBHOOKS}PackagePayload/{WEBHOOKS}Reference") is not None
