"""Carriers' tracking events: taken once, told by PRO's documented examples, and followed by the consignment's state.

The examples are those of `using_pros_tracking_api.md` of PRO's help.
"""

from datetime import datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import boto3
import pytest

from allocation.events.publish_allocations import Change, event_of
from allocation.records.items import from_item
from tests.support.allocation_api import RECORDS, REGION, Api
from tests.support.consignments import UNKNOWN, package

NAMESPACE = "{http://electioapp.com/schemas/v1.1/MPD.Electio.SDK.DataTypes.Tracking}"
# "Get Tracking Events Example" and "Example Get Events Per Package Response".
SAMPLE = {
    "TimeStamp": "2020-02-11T07:08:11.7398573+00:00",
    "Code": "DELIVERED",
    "Description": "Sample tracking event",
    "SignedBy": "P. Smith",
    "Location": "Sample Location",
}


def allocated(api: Api, packages: int = 1) -> tuple[str, list[str]]:
    """Creates and allocates a consignment; returns its reference and its tracking references."""
    reference = api.create(Packages=[package() for _ in range(packages)])
    [answer] = api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote").data
    return reference, answer["ConsignmentLegs"][0]["TrackingReferences"]


def event(code: str, at: str = "2026-11-20T08:00:00+00:00", **changes: Any) -> dict[str, Any]:
    return {"TimeStamp": at, "Code": code, "Description": None, "SignedBy": None, "Location": None, **changes}


def sent(tracking: str, *events: dict[str, Any], of_package: str | None = None) -> dict[str, Any]:
    """The events of one tracking reference, as a carrier posts them."""
    packages = [{"PackageReference": of_package, "TrackingEvents": list(events)}]
    return {"ConsignmentTrackingReference": tracking, "PackageTrackingEvents": packages}


def post(api: Api, *consignments: dict[str, Any], carrier: str | None = None) -> Any:
    return api.call(
        "POST", "/tracking/carrierevents", {"CarrierReference": carrier, "ConsignmentTrackingEvents": [*consignments]}
    )


def state(api: Api, reference: str) -> str:
    return str(api.call("GET", f"/consignments/{reference}/status").data["Status"])


def record(reference: str) -> dict[str, Any]:
    key = {"consignmentReference": {"S": reference}}
    return from_item(boto3.client("dynamodb", region_name=REGION).get_item(TableName=RECORDS, Key=key)["Item"])


def test_the_documented_events_are_told_field_by_field_by_leg_and_flattened(api: Api) -> None:
    reference, [tracking] = allocated(api)
    answer = post(api, sent(tracking, SAMPLE))
    assert (answer.status, answer.body) == (200, "")
    told = api.call("GET", f"/consignments/{reference}").data
    service, own = told["Allocation"]["MpdCarrierServiceName"], told["Packages"][0]["Reference"]
    for name in (reference, tracking):
        assert api.call("GET", f"/tracking/{name}").data == {
            "ConsignmentReferenceForAllLegsAssignedByMpd": reference,
            "TrackedPackages": [
                {
                    "PackageReferenceForAllLegsAssignedByMpd": own,
                    "Legs": [{"CarrierServiceName": service, "Events": [SAMPLE]}],
                }
            ],
        }
    assert api.call("GET", f"/Tracking/Flattened/{reference}").data == {
        "ConsignmentReferenceForAllLegsAssignedByMpd": reference,
        "TrackedPackages": [
            {
                "PackageReferenceForAllLegsAssignedByMpd": own,
                "Events": [{**SAMPLE, "CarrierServiceName": service}],
            }
        ],
    }
    assert state(api, reference) == "Delivered"


def test_events_are_taken_and_told_in_xml(api: Api) -> None:
    reference, [tracking] = allocated(api)
    body = (
        "<BulkCarrierTrackingEventsRequest><ConsignmentTrackingEvents><ConsignmentTrackingEvent>"
        f"<ConsignmentTrackingReference>{tracking}</ConsignmentTrackingReference><PackageTrackingEvents>"
        "<PackageTrackingEvent><TrackingEvents><EventViewModel><TimeStamp>2026-11-20T08:00:00+00:00</TimeStamp>"
        "<Code>InTransit</Code><SignedBy>C. Smith</SignedBy></EventViewModel></TrackingEvents></PackageTrackingEvent>"
        "</PackageTrackingEvents></ConsignmentTrackingEvent></ConsignmentTrackingEvents>"
        "</BulkCarrierTrackingEventsRequest>"
    )
    assert api.call("POST", "/tracking/carrierevents", body, {"Content-Type": "application/xml"}).status == 200
    accept = {"Accept": "application/xml"}
    whole = ElementTree.fromstring(api.call("GET", f"/tracking/{reference}", headers=accept).body)  # noqa: S314
    path = "TrackedPackages/PackageViewModel/Legs/LegViewModel/Events/EventViewModel/SignedBy"
    assert whole.tag == f"{NAMESPACE}ConsignmentViewModel"
    assert whole.findtext("/".join(f"{NAMESPACE}{part}" for part in path.split("/"))) == "C. Smith"
    flat = api.call("GET", f"/tracking/flattened/{reference}", headers=accept).body
    path = "TrackedPackages/FlattenedPackageViewModel/Events/FlattenedEventViewModel/Code"
    found = ElementTree.fromstring(flat).findtext("/".join(f"{NAMESPACE}{part}" for part in path.split("/")))  # noqa: S314
    assert found == "InTransit"


def test_a_consignment_without_events_has_its_packages_and_an_unknown_one_is_a_404(api: Api) -> None:
    reference = api.create()
    [tracked] = api.call("GET", f"/tracking/{reference}").data["TrackedPackages"]
    assert (tracked["PackageReferenceForAllLegsAssignedByMpd"][:3], tracked["Legs"]) == ("EP-", [])
    for path in (UNKNOWN, "nonsense", "TRK12345678901234567890", "flattened/nonsense"):
        answer = api.call("GET", f"/tracking/{path}")
        assert (answer.status, answer.data["Code"]) == (404, "ConsignmentNotFoundException")


def test_the_state_and_the_dates_follow_whatever_order_and_however_often_events_come(api: Api) -> None:
    events = [
        event("COLLECTED", "2026-11-20T18:00:00+00:00"),
        event("In Transit", "2026-11-20T22:00:00+00:00"),
        event("OUT_FOR_DELIVERY", "2026-11-21T07:00:00+00:00"),
        event("DeliveryFailedCardLeft", "2026-11-21T11:00:00+00:00"),
        event("OutForDelivery", "2026-11-22T07:00:00+00:00"),
        event("Delivered", "2026-11-22T12:00:00+01:00", SignedBy="C. Smith"),
    ]
    straight, [first] = allocated(api)
    backwards, [second] = allocated(api)
    for each in events:
        post(api, sent(first, each))
    for each in [*reversed(events), *events]:
        post(api, sent(second, each))
    names = ("DateCollected", "FirstAttemptedDeliveryDate", "AttemptedDeliveryDate", "DateDelivered", "DateReturned")
    for reference in (straight, backwards):
        told = api.call("GET", f"/consignments/{reference}").data
        assert told["ConsignmentState"] == "Delivered"
        assert [told[name] for name in names] == [
            "2026-11-20T18:00:00+00:00",
            "2026-11-21T11:00:00+00:00",
            "2026-11-22T11:00:00+00:00",
            "2026-11-22T11:00:00+00:00",
            None,
        ]
        flat = api.call("GET", f"/tracking/flattened/{reference}").data["TrackedPackages"][0]["Events"]
        assert [each["Code"] for each in flat] == [each["Code"] for each in events]


def test_an_event_that_is_repeated_or_says_nothing_new_changes_no_version(api: Api) -> None:
    reference, [tracking] = allocated(api)
    post(api, sent(tracking, event("InTransit")))
    version = record(reference)["version"]
    post(api, sent(tracking, event("InTransit")))
    post(api, sent(tracking, event("LABEL_SCANNED_BY_ALIENS", "2026-11-21T08:00:00+00:00")))
    assert (record(reference)["version"], state(api, reference)) == (version, "InTransit")
    flat = api.call("GET", f"/tracking/flattened/{reference}").data["TrackedPackages"][0]["Events"]
    assert [each["Code"] for each in flat] == ["InTransit", "LABEL_SCANNED_BY_ALIENS"]


def test_all_that_is_sent_of_a_consignment_at_once_is_one_change(api: Api) -> None:
    reference, [first, second] = allocated(api, 2)
    version = record(reference)["version"]
    assert post(api, sent(first, event("InTransit")), sent(second, event("Delivered"))).status == 200
    assert (record(reference)["version"], state(api, reference)) == (version + 1, "PartiallyDelivered")
    per_package = api.call("GET", f"/tracking/flattened/{reference}").data["TrackedPackages"]
    assert [[each["Code"] for each in package["Events"]] for package in per_package] == [["InTransit"], ["Delivered"]]


def test_of_more_events_than_can_be_kept_each_tracking_reference_is_named(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference, [tracking] = allocated(api)
    other, [fine] = allocated(api)
    post(api, sent(tracking, event("InTransit")))
    monkeypatch.setattr("allocation.aws.dynamodb.tracked_events._MAX_BYTES", 200)
    many = [event(f"SCAN-{code * code}", f"2026-11-20T09:{code}:00+00:00") for code in range(10, 60)]
    answer = post(api, sent(tracking, *many[:25]), sent(fine, event("InTransit")), sent(reference, *many[25:]))
    assert [(each["Code"], each["Target"]) for each in answer.data["Details"]] == [
        ("TooMany", "ConsignmentTrackingEvents[0]"),
        ("TooMany", "ConsignmentTrackingEvents[2]"),
    ]
    assert (answer.status, state(api, other)) == (400, "InTransit")
    assert len(api.call("GET", f"/tracking/flattened/{reference}").data["TrackedPackages"][0]["Events"]) == 1


def test_packages_that_disagree_are_partially_delivered_until_the_last_one_is(api: Api) -> None:
    reference, [first, second] = allocated(api, 2)
    post(api, sent(second, event("InTransit")))
    assert state(api, reference) == "InTransit"
    post(api, sent(first, event("Delivered")))
    assert state(api, reference) == "PartiallyDelivered"
    own = api.call("GET", f"/consignments/{reference}").data["Packages"][1]["Reference"]
    post(api, sent(reference, event("Delivered", "2026-11-21T08:00:00+00:00"), of_package=own))
    assert state(api, reference) == "Delivered"
    per_package = api.call("GET", f"/tracking/flattened/{reference}").data["TrackedPackages"]
    assert [len(each["Events"]) for each in per_package] == [1, 2]


def test_each_new_state_is_an_event_without_any_text_of_the_carrier_s(api: Api) -> None:
    reference, [tracking] = allocated(api)
    post(api, sent(tracking, event("Delivered", SignedBy="C. Smith", Location="Flat 7", Description="With C. Smith")))
    document = record(reference)
    published = event_of(Change("1", document, reference))
    assert published.attributes["type"] == "consignment.delivered"
    assert '"deliveredAt":"2026-11-20T08:00:00.000Z"' in published.body
    for text in ("Smith", "Flat 7"):
        assert text not in published.body
        assert text not in str(document)


def test_unknown_references_and_packages_are_named_and_all_others_are_taken(api: Api) -> None:
    reference, [tracking] = allocated(api)
    unallocated = api.create()
    known = sent(tracking, event("InTransit"))
    strange = sent(tracking, event("Lost"), of_package="EP-ZZZ-ZZZ-ZZZ")
    answer = post(api, sent("NOBODYS", event("Lost")), known, sent(unallocated, event("Lost")), strange)
    assert (answer.status, answer.data["Code"]) == (400, "TrackingEventsNotTakenException")
    assert [(each["Target"], each["Message"].partition(" ")[0]) for each in answer.data["Details"]] == [
        ("ConsignmentTrackingEvents[0].ConsignmentTrackingReference", "NOBODYS"),
        ("ConsignmentTrackingEvents[2].ConsignmentTrackingReference", unallocated),
        ("ConsignmentTrackingEvents[3].PackageTrackingEvents[0].PackageReference", "EP-ZZZ-ZZZ-ZZZ"),
    ]
    assert state(api, reference) == "InTransit"


def test_another_carrier_s_events_are_not_taken(api: Api) -> None:
    reference, [tracking] = allocated(api)
    carrier = api.call("GET", f"/consignments/{reference}").data["ConsignmentLegs"][0]["CarrierReference"]
    assert post(api, sent(tracking, event("Lost")), carrier="ANOTHER").status == 400
    assert post(api, sent(tracking, event("InTransit")), carrier=carrier.lower()).status == 200
    assert state(api, reference) == "InTransit"


@pytest.mark.parametrize(
    ("change", "target"),
    [
        ({"TimeStamp": "2026-11-20T08:00:00"}, "TimeStamp"),
        ({"TimeStamp": "yesterday"}, "TimeStamp"),
        ({"Code": ""}, "Code"),
        ({"Description": "x" * 1001}, "Description"),
    ],
)
def test_a_field_that_can_not_be_used_is_named(api: Api, change: dict[str, str], target: str) -> None:
    _, [tracking] = allocated(api)
    answer = post(api, sent(tracking, {**event("InTransit"), **change}))
    assert answer.status == 400
    assert answer.data["Details"][0]["Target"].endswith(f"TrackingEvents[0].{target}")


def test_too_many_at_once_and_events_far_ahead_are_refused(api: Api) -> None:
    reference, [tracking] = allocated(api)
    assert post(api, *[sent(tracking) for _ in range(201)]).status == 400
    assert post(api).status == 400
    answer = post(api, sent(tracking, event("Delivered", "2099-01-01T00:00:00+00:00")))
    assert (answer.status, answer.data["Details"][0]["Code"]) == (400, "TooLate")
    assert state(api, reference) == "Allocated"


def test_what_was_delivered_is_neither_cancelled_nor_allocated_again_and_its_labels_stay(api: Api) -> None:
    reference, [tracking] = allocated(api)
    post(api, sent(tracking, event("Delivered")))
    for path in (f"/consignments/{reference}/cancel", f"/consignments/{reference}/deallocate"):
        assert api.call("PUT", path).data["Code"] == "InvalidConsignmentStateException"
    again = api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote")
    assert again.data["Code"] == "InvalidConsignmentStateException"
    assert api.call("GET", f"/labels/{reference}").status == 200
    assert api.call("GET", f"/consignments/{reference}").data["Allocation"]["Price"] is not None
    assert api.call("GET", "/consignments/getConsignmentReferences?State=delivered").data == [reference]


def test_events_of_a_cancelled_or_erased_consignment_are_gone(api: Api) -> None:
    reference, [tracking] = allocated(api)
    post(api, sent(tracking, event("InTransit", SignedBy="C. Smith")))
    api.call("PUT", f"/consignments/{reference}/cancel")
    assert post(api, sent(tracking, event("Delivered"))).status == 400
    assert state(api, reference) == "Cancelled"
    erased, [other] = allocated(api)
    post(api, sent(other, event("InTransit", SignedBy="C. Smith")))
    assert api.call("DELETE", f"/consignments/{erased}").status == 200
    assert "Smith" not in api.call("GET", f"/tracking/{erased}").body


def test_another_allocation_starts_without_the_events_of_the_one_before(api: Api) -> None:
    reference, [tracking] = allocated(api)
    post(api, sent(tracking, event("SCANNED")))
    api.call("PUT", f"/consignments/{reference}/deallocate")
    body = {"MpdCarrierServiceReference": "CX_NDS", "ConsignmentReferences": [reference]}
    [again] = api.call("PUT", "/allocation/allocatewithcarrierservice", body).data
    [new] = again["ConsignmentLegs"][0]["TrackingReferences"]
    assert new != tracking
    assert post(api, sent(tracking, event("Lost"))).status == 400
    assert post(api, sent(new, event("InTransit"))).status == 200
    flat = api.call("GET", f"/tracking/flattened/{reference}").data["TrackedPackages"][0]["Events"]
    assert [each["Code"] for each in flat] == ["InTransit"]


def test_the_audit_tells_a_consignment_s_life_with_pro_s_names(api: Api) -> None:
    reference, [tracking] = allocated(api)
    api.call("GET", f"/labels/{reference}/ZPL")
    later = "2026-11-24T08:00:00+00:00"
    post(api, sent(tracking, event("InTransit", later)))
    told = api.call("GET", f"/consignments/{reference}/audit").data
    assert [each["Category"] for each in told][-1] == "Tracking"
    assert {each["Category"] for each in told} == {"ConsignmentLifecycle", "Labels", "Tracking"}
    assert {each["ConsignmentReference"] for each in told} == {reference}
    assert told[0]["Message"] == "The consignment was created."
    assert {each["Username"] for each in told} == {None, "shop"}, "the name of the key that had it allocated"
    assert [each["Id"] for each in api.call("GET", f"/consignments/{reference}/audit").data] == [
        each["Id"] for each in told
    ]
    assert api.call("GET", f"/consignments/{UNKNOWN}/audit").status == 404


def test_a_consignment_is_late_from_the_end_of_its_delivery_window_until_it_is_delivered(api: Api) -> None:
    reference, _ = allocated(api)

    def is_late() -> list[bool]:
        whole = api.call("GET", f"/consignments/{reference}").data["IsLate"]
        [found] = api.call("GET", f"/consignments/10/0?Reference={reference}").data["ConsignmentSummaries"]
        return [whole, found["IsLate"]]

    due = datetime.fromisoformat(api.call("GET", f"/consignments/{reference}").data["LatestDeliveryDate"])
    assert is_late() == [False, False]
    api.clock.now = due + timedelta(seconds=1)
    assert is_late() == [True, True]
    sent = {
        "ConsignmentTrackingReference": reference,
        "PackageTrackingEvents": [{"TrackingEvents": [event("DELIVERED", api.clock.now.isoformat())]}],
    }
    assert api.call("POST", "/tracking/carrierevents", {"ConsignmentTrackingEvents": [sent]}).status == 200
    assert is_late() == [False, False]
