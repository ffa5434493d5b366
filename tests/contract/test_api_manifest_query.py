"""Manifesting by a query, as PRO's help has it on its page manifesting_consignments.md."""

from typing import Any

from tests.support.allocation_api import Api


def allocated(api: Api) -> str:
    reference = api.create()
    api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote")
    return reference


def query(api: Api, **terms: Any) -> Any:
    answer = api.call("POST", "/consignments/manifestFromQuery", terms)
    assert answer.status == 200, answer.body
    return answer.data


def counted(found: int, failed: int = 0) -> str:
    return (
        f"Query found {found} consignment(s). {found - failed} successfully queued to manifest. "
        f"{failed} failed to be added to the queue"
    )


def test_a_query_manifests_what_meets_it_as_the_documented_one(api: Api) -> None:
    reference, other, _ = allocated(api), allocated(api), api.create()
    told = api.call("GET", f"/consignments/{reference}").data
    carrier = told["ConsignmentLegs"][0]["CarrierReference"]
    api.call("GET", f"/labels/{reference}")
    terms = {"ShippingLocationReferences": ["Sorted1"], "States": ["Allocated"], "Carriers": [carrier]}
    assert query(api, **terms, LabelsPrinted=True) == {"Message": counted(1), "FailedConsignments": []}
    assert query(api, **terms, LabelsPrinted=True)["Message"] == counted(0)
    assert query(api, **{**terms, "ShippingLocationReferences": ["Glasgow1"]})["Message"] == counted(0)
    assert query(api, **{**terms, "Carriers": ["NOBODY"]})["Message"] == counted(0)
    assert query(api)["Message"] == counted(1)
    assert api.call("GET", f"/consignments/{other}").data["ConsignmentState"] == "Manifested"


def test_a_query_manifests_what_is_ready_to_ship_and_ships_in_time(api: Api) -> None:
    reference, _ = allocated(api), allocated(api)
    day = api.call("GET", f"/consignments/{reference}").data["CollectionDate"][:10]
    api.call("PUT", "/consignments/setreadytoship", [reference])
    ready = {"States": ["ReadyToShip"]}
    assert query(api, **ready, ShippingDate="2001-01-01")["Message"] == counted(0)
    assert query(api, **ready, ShippingDateRanges={"StartDate": "2001-01-01", "EndDate": "2001-02-01"})[
        "Message"
    ] == counted(0)
    assert query(api, **ready, ShippingDateRanges={"StartDate": day, "EndDate": None})["Message"] == counted(1)


def test_a_query_in_xml_means_what_it_does_in_json(api: Api) -> None:
    allocated(api), api.call("GET", f"/labels/{allocated(api)}")
    sent = """<ManifestFromQueryRequest><Carriers /><LabelsPrinted>true</LabelsPrinted>
        <ShippingLocationReferences><string>Sorted1</string></ShippingLocationReferences>
        <States><string>Allocated</string><string>ReadyToShip</string></States></ManifestFromQueryRequest>"""
    answer = api.call("POST", "/consignments/manifestFromQuery", sent, {"Content-Type": "application/xml"})
    assert answer.data == {"Message": counted(1), "FailedConsignments": []}


def test_a_range_of_days_that_cannot_be_read_manifests_nothing(api: Api) -> None:
    reference = allocated(api)
    ranges = "<Range><StartDate>2001-01-01</StartDate><EndDate>2001-02-01</EndDate></Range>"
    sent = f"<ManifestFromQueryRequest><ShippingDateRanges>{ranges}</ShippingDateRanges></ManifestFromQueryRequest>"
    answer = api.call("POST", "/consignments/manifestFromQuery", sent, {"Content-Type": "application/xml"})
    assert (answer.status, "ShippingDateRanges" in answer.body) == (400, True), answer.body
    assert api.call("GET", f"/consignments/{reference}").data["ConsignmentState"] == "Allocated"


def test_a_query_names_what_could_not_be_manifested(api: Api) -> None:
    reference = allocated(api)
    api.call("DELETE", f"/consignments/{reference}")
    assert query(api) == {"Message": counted(1, failed=1), "FailedConsignments": [reference]}


def test_a_query_for_a_state_in_which_nothing_can_be_manifested_is_an_error(api: Api) -> None:
    answer = api.call("PUT", "/consignments/manifestFromQuery", {"States": ["Allocated", "Cancelled"]})
    assert (answer.status, answer.data["Code"]) == (400, "InvalidConsignmentStateException")


def test_a_state_on_the_way_is_found_by_itself_and_among_all(api: Api) -> None:
    reference, _ = allocated(api), allocated(api)
    api.call("PUT", "/consignments/manifest", {"ConsignmentReferences": [reference]})
    tracking = api.call("GET", f"/consignments/{reference}").data["ConsignmentLegs"][0]["TrackingReferences"][0]
    event = {"TimeStamp": "2026-11-20T10:00:00+00:00", "Code": "InTransit", "Description": "On its way"}
    packages = [{"PackageReference": None, "TrackingEvents": [event]}]
    told = {"ConsignmentTrackingReference": tracking, "PackageTrackingEvents": packages}
    body = {"CarrierReference": None, "ConsignmentTrackingEvents": [told]}
    answer = api.call("POST", "/tracking/carrierevents", body)
    assert api.call("GET", f"/consignments/{reference}").data["ConsignmentState"] == "InTransit", answer.body
    assert api.call("GET", "/consignments/getConsignmentReferences?State=InTransit").data == [reference]
    assert api.call("GET", "/consignments/getConsignmentReferences?State=Delivered").data == []
    assert api.call("GET", "/consignments/10/0").data["Count"] == 2
