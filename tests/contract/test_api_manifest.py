"""Manifesting over the API: every example of PRO's help, and what the states allow.

The examples are those of the help's page manifesting_consignments.md, with our references.
"""

from base64 import b64decode
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.support.allocation_api import Api
from tests.support.consignments import ORIGIN, UNKNOWN, consignment, package

SCHEMA = "{http://electioapp.com/schemas/v1.1/MPD.Electio.SDK.DataTypes."


def allocated(api: Api, **changes: Any) -> str:
    reference = api.create(**changes)
    assert api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote").status == 200
    return reference


def manifest(api: Api, *references: str) -> Any:
    answer = api.call("PUT", "/consignments/manifest", {"ConsignmentReferences": list(references)})
    assert answer.status == 200, answer.body
    return answer.data


def state(api: Api, reference: str) -> str:
    return str(api.call("GET", f"/consignments/{reference}").data["ConsignmentState"])


def test_a_manifest_answers_as_the_documented_one(api: Api) -> None:
    references = [allocated(api) for _ in range(3)]
    assert manifest(api, *references) == [
        {
            "IsSuccess": True,
            "Message": f"Consignment {reference} has been manifested successfully.",
            "Data": reference,
            "ApiLinks": [{"Rel": "Link", "Href": f"https://api.example.com/consignments/{reference}"}],
        }
        for reference in references
    ]
    assert [state(api, reference) for reference in references] == ["Manifested"] * 3


def test_a_manifest_is_asked_and_answered_in_xml_as_the_documented_one(api: Api) -> None:
    reference = allocated(api)
    body = f"""<?xml version="1.0" encoding="utf-8"?>
        <ManifestConsignmentsRequest xmlns="http://electioapp.com/schemas/v1.1/MPD.Electio.SDK.DataTypes.Consignments">
          <ConsignmentReferences><string>{reference}</string></ConsignmentReferences>
        </ManifestConsignmentsRequest>"""
    headers = {"Content-Type": "application/xml", "Accept": "application/xml"}
    root = ElementTree.fromstring(api.call("PUT", "/consignments/manifest", body, headers).body)  # noqa: S314 - ours
    of = f"{SCHEMA}Consignments}}"
    assert root.tag == "ArrayOfWithMessageOfString"
    assert root.findtext(f"WithMessageOfString/{of}Message") == (
        f"Consignment {reference} has been manifested successfully."
    )
    assert root.findtext(f"WithMessageOfString/{of}IsSuccess") == "true"
    assert root.findtext(f"WithMessageOfString/{of}ApiLinks/{of}ApiLink/{SCHEMA}Common}}Rel") == "Link"


def test_ready_to_ship_and_back_answer_as_the_documented_ones(api: Api) -> None:
    reference = allocated(api)
    links = [{"Rel": "detail", "Href": f"https://api.example.com/consignments/{reference}"}]
    ready = api.call("PUT", "/consignments/setreadytoship", [reference])
    assert (ready.status, state(api, reference)) == (200, "ReadyToShip")
    assert ready.data == [
        {
            "IsSuccess": True,
            "Message": "Consignment marked as Ready To Ship completed successfully",
            "Data": reference,
            "ApiLinks": links,
        }
    ]
    back = api.call("PUT", "/consignments/setnotreadytoship", [reference])
    assert (back.status, state(api, reference)) == (200, "Allocated")
    assert back.data == [
        {
            "IsSuccess": True,
            "Message": "Consignment set back to Allocated from Ready To Ship completed successfully",
            "Data": reference,
            "ApiLinks": links,
        }
    ]


def test_dispatch_says_what_became_of_each(api: Api) -> None:
    reference, other = allocated(api), allocated(api)
    manifest(api, reference)
    body = {"ConsignmentReferences": [reference, other, UNKNOWN]}
    answer = api.call("PUT", "/consignments/Dispatch", body)
    assert answer.status == 200
    done, refused, unknown = answer.data
    assert done == {
        "Status": "Success",
        "Message": f"Consignment {reference} has been dispatched successfully.",
        "ConsignmentReferenceForAllLegsAssignedByMpd": reference,
        "HttpStatusCode": 200,
        "ApiLinks": [{"Rel": "Link", "Href": f"https://api.example.com/consignments/{reference}"}],
    }
    assert (refused["Status"], refused["HttpStatusCode"]) == ("Failed", 400)
    assert "in the state Allocated" in refused["Message"]
    assert (unknown["Status"], unknown["HttpStatusCode"]) == ("NotFound", 404)
    assert state(api, reference) == "Dispatched"


@pytest.mark.parametrize("path", ["manifest", "Dispatch", "setreadytoship", "setnotreadytoship"])
def test_a_list_of_which_nothing_is_known_is_a_404(api: Api, path: str) -> None:
    references = [UNKNOWN, "not a reference"]
    body = references if path.startswith("set") else {"ConsignmentReferences": references}
    answer = api.call("PUT", f"/consignments/{path}", body)
    assert (answer.status, answer.data["Code"]) == (404, "ConsignmentNotFoundException")


def test_a_reference_that_comes_twice_is_manifested_once(api: Api) -> None:
    reference = allocated(api)
    first, again, unknown = manifest(api, reference, reference.lower(), UNKNOWN)
    assert (first["IsSuccess"], again["IsSuccess"], unknown["IsSuccess"]) == (True, False, False)
    assert f"Consignment {reference} is in the state Manifested" in again["Message"]
    assert unknown["Message"] == f"Consignment {UNKNOWN} was not found."
    (repeated,) = manifest(api, reference)
    assert not repeated["IsSuccess"]


# PRO's help, consignment_states.md; manifesting_consignments.md for ReadyToShip.
ALLOWED = {
    "Unallocated": {"allocate", "edit", "cancel"},
    "AllocationFailed": {"allocate", "edit", "cancel"},
    "Allocated": {"deallocate", "labels", "manifest", "cancel", "ready"},
    "ReadyToShip": {"labels", "manifest", "not ready"},
    "Manifested": {"deallocate", "labels", "cancel", "dispatch"},
    "ManifestFailed": {"deallocate", "cancel", "manifest"},
    "Dispatched": {"labels", "cancel"},
    "Cancelled": set(),
}


def in_state(api: Api, wanted: str) -> str:
    heavy = {"Packages": [package(Weight={"Value": 5000, "Unit": "Kg"})]}
    reference = api.create(**heavy if wanted == "AllocationFailed" else {})
    if wanted not in {"Unallocated", "Cancelled"}:
        api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote")
    if wanted == "Cancelled":
        api.call("PUT", f"/consignments/{reference}/cancel")
    if wanted == "ReadyToShip":
        api.call("PUT", "/consignments/setreadytoship", [reference])
    if wanted == "ManifestFailed":
        api.call("DELETE", f"/consignments/{reference}")
    if wanted in {"Manifested", "Dispatched", "ManifestFailed"}:
        api.call("PUT", "/consignments/manifest", {"ConsignmentReferences": [reference]})
    if wanted == "Dispatched":
        api.call("PUT", "/consignments/Dispatch", {"ConsignmentReferences": [reference]})
    assert state(api, reference) == wanted
    return reference


def is_done(api: Api, action: str, reference: str) -> bool:
    """Tries an action, and tells whether the API did it."""
    listed = {"ConsignmentReferences": [reference]}
    method, path, body = {
        "allocate": ("PUT", f"/allocation/{reference}/allocatewithcheapestquote", None),
        "edit": ("PUT", "/consignments", {"Reference": reference, "Packages": [package(Description="Hats")]}),
        "deallocate": ("PUT", f"/consignments/{reference}/deallocate", None),
        "labels": ("GET", f"/labels/{reference}", None),
        "manifest": ("PUT", "/consignments/manifest", listed),
        "cancel": ("PUT", f"/consignments/{reference}/cancel", None),
        "ready": ("PUT", "/consignments/setreadytoship", [reference]),
        "not ready": ("PUT", "/consignments/setnotreadytoship", [reference]),
        "dispatch": ("PUT", "/consignments/Dispatch", listed),
    }[action]
    answer = api.call(method, path, body)
    if answer.status != 200 or not isinstance(answer.data if answer.body else None, list):
        return answer.status == 200
    (result,) = answer.data
    if "ManifestFailed" in state(api, reference) and action == "manifest":
        return "description was deleted" in result["Message"]  # it was tried again
    return bool(result.keys() & {"Rel", "StatusCode"} or result.get("IsSuccess") or result.get("Status") == "Success")


@pytest.mark.parametrize("action", sorted(set().union(*ALLOWED.values())))
def test_a_state_allows_what_pro_says(api: Api, action: str) -> None:
    done = {each for each in ALLOWED if is_done(api, action, in_state(api, each))}
    assert done == {each for each, actions in ALLOWED.items() if action in actions}


def test_a_consignment_keeps_its_allocation_on_its_way(api: Api) -> None:
    reference = allocated(api)
    before = api.call("GET", f"/consignments/{reference}").data
    manifest(api, reference)
    api.call("PUT", "/consignments/Dispatch", {"ConsignmentReferences": [reference]})
    after = api.call("GET", f"/consignments/{reference}").data
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"ConsignmentState", "DateShipped"}
    assert after["DateShipped"]


def test_manifests_are_by_carrier_and_location_and_listed_newest_first(api: Api) -> None:
    here, there = (
        {**ORIGIN, "ShippingLocationReference": "Sorted1"},
        {**ORIGIN, "ShippingLocationReference": "Glasgow1"},
    )
    destination = consignment()["Addresses"][1]
    first, second = allocated(api, Addresses=[here, destination]), allocated(api, Addresses=[there, destination])
    manifest(api, first, second)
    listed = api.call("GET", "/consignments/customer/manifests").data
    assert {each["ShippingLocationReference"] for each in listed} == {"Sorted1", "Glasgow1"}
    (only,) = api.call("GET", "/consignments/customer/manifests?shippingLocationReference=Sorted1").data
    reference = only["ManifestReference"]
    assert only == {
        "ManifestReference": reference,
        "ManifestFileStorageContainer": "manifests",
        "ManifestFileName": f"Sorted1-{reference}.pdf",
        "ShippingLocationReference": "Sorted1",
        "ShippingLocationName": only["ShippingLocationName"],
        "Created": only["Created"],
        "CarrierName": only["CarrierName"],
        "BookingsCount": 1,
        "ManifestFileNameSentToCarrier": None,
    }
    assert len(reference) == 32
    assert api.call("GET", "/consignmentcustomers/manifests").data == listed


def test_a_manifest_has_its_list_as_pdf_and_csv(api: Api) -> None:
    reference, gone = allocated(api), allocated(api)
    manifest(api, reference, gone)
    (listed,) = api.call("GET", "/consignments/customer/manifests").data
    api.call("PUT", f"/consignments/{gone}/cancel")
    path = f"/consignments/customer/manifest/{listed['ManifestReference']}"
    whole = api.call("GET", path).data
    assert [each["ConsignmentReferenceForAllLegsAssignedByMpd"] for each in whole["ManifestItems"]] == [reference]
    assert (whole["TotalRecords"], whole["ManifestReference"]) == (1, listed["ManifestReference"])
    assert "M1 5WG" in whole["ManifestItems"][0]["DestinationAddress"]
    pdf = api.call("GET", f"{path}/PDF").data
    assert pdf["ContentType"] == "application/pdf"
    assert b64decode(pdf["File"]).startswith(b"%PDF-")
    csv = api.call("GET", f"{path}/csv").data
    titles, row, *rest = b64decode(csv["File"]).decode("utf-8-sig").splitlines()
    assert (csv["ContentType"], rest) == ("text/csv", [])
    assert titles.startswith("Consignment,Your reference,")
    assert row.startswith(f"{reference},WEB-100045-1,")


@pytest.mark.parametrize("unknown", ["0" * 32, "f" * 32, "nonsense", f"0{'a' * 31}"])
def test_an_unknown_manifest_is_a_404(api: Api, unknown: str) -> None:
    answer = api.call("GET", f"/consignments/customer/manifest/{unknown}")
    assert (answer.status, answer.data["Code"]) == (404, "ManifestNotFoundException")
