"""Searches over the API. Examples are those of PRO's help, getting_consignment_data.md."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest

from allocation.aws.dynamodb import listings
from tests.support.allocation_api import Api, served_api
from tests.support.consignments import DESTINATION, ORIGIN, UNKNOWN, package


@pytest.fixture(scope="module")
def shop() -> Iterator[tuple[Api, dict[str, str]]]:
    """An API with a consignment of each kind."""
    with served_api() as api:
        glasgow = {**ORIGIN, "ShippingLocationReference": "Glasgow1"}
        abroad = {
            **DESTINATION,
            "Contact": {"FirstName": "Ann", "LastName": "Lee", "Email": "ann@example.com"},
            "CompanyName": "Acme Ltd",
            "AddressLine1": "1 rue Nord",
            "Town": "Saint Denis",
            "Region": "Ile de France",
            "Postcode": "75001",
            "Country": {"IsoCode": {"TwoLetterCode": "FR"}},
        }
        made = {
            "plain": allocated(api),
            "glasgow": allocated(api, Addresses=[glasgow, DESTINATION]),
            "abroad": allocated(api, Addresses=[ORIGIN, abroad], ConsignmentReferenceProvidedByCustomer="MINE-7"),
            "inbound": allocated(api, Direction="Inbound"),
            "heavy": allocated(api, Packages=[package(Weight={"Value": 5000, "Unit": "Kg"})]),
            "new": api.create(),
            "dear": api.create(Packages=[package(Value={"Amount": 950, "Currency": {"IsoCode": "GBP"}})]),
        }
        yield api, made


def allocated(api: Api, **changes: Any) -> str:
    api.clock.now = api.clock().replace(microsecond=api.clock().microsecond + 1000)
    reference = api.create(**changes)
    api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote")
    return reference


def found(api: Api, terms: str, page: str = "100/0") -> list[str]:
    answer = api.call("GET", f"/consignments/{page}?{terms}")
    assert answer.status == 200, answer.body
    return [each["Reference"] for each in answer.data["ConsignmentSummaries"]]


ALLOCATED = {"plain", "glasgow", "abroad", "inbound"}


@pytest.mark.parametrize(
    ("terms", "wanted"),
    [
        ("State=Allocated", ALLOCATED),
        ("state=allocationfailed", {"heavy"}),
        ("State=Unallocated", {"new", "dear"}),
        ("State=Delivered", set()),
        ("State=Allocated&Direction=Inbound", {"inbound"}),
        ("ShippingLocationReference=Glasgow1", {"glasgow"}),
        ("DestinationCountryCode=fr", {"abroad"}),
        ("ReferenceProvidedByCustomer=MINE-7", {"abroad"}),
        ("PostCode=75001", {"abroad"}),
        ("SearchTerm=mine-7", {"abroad"}),
        ("SearchTerm=75001", {"abroad"}),
        ("SearchTerm=saint%20denis", {"abroad"}),
        ("SearchTerm=ile%20de%20france", {"abroad"}),
        ("SearchTerm=Acme%20Ltd", {"abroad"}),
        ("SearchTerm=1+rue+Nord", {"abroad"}),
        ("SearchTerm=Ann%20Lee", {"abroad"}),
        ("SearchTerm=lee", {"abroad"}),
        ("SearchTerm=ann@example.com", {"abroad"}),
        ("SearchTerm=Nowhere", set()),
        ("WeightInGramsFrom=1000", {"heavy"}),
        ("WeightInKgTo=1&ValueFrom=900", {"dear"}),
        ("CreatedDateTo=2001-01-01", set()),
        ("CreatedDateFrom=2001-01-01&State=Unallocated", {"new", "dear"}),
        ("LabelsPrinted=true", set()),
        ("Source=queue", set()),
        ("", {*ALLOCATED, "heavy", "new", "dear"}),
    ],
)
def test_terms_find_what_meets_all_of_them(shop: tuple[Api, dict[str, str]], terms: str, wanted: set[str]) -> None:
    api, made = shop
    assert set(found(api, terms)) == {made[name] for name in wanted}


def test_a_reference_a_service_and_a_tracking_reference_find_their_consignment(
    shop: tuple[Api, dict[str, str]],
) -> None:
    api, made = shop
    told = api.call("GET", f"/consignments/{made['abroad']}").data
    tracking = told["ConsignmentLegs"][0]["TrackingReferences"][0]
    service = told["Allocation"]["MpdCarrierServiceReference"]
    assert found(api, f"Reference={made['plain'].lower()}") == [made["plain"]]
    assert found(api, f"Reference={UNKNOWN}") == []
    assert found(api, f"TrackingReference={tracking}") == [made["abroad"]]
    assert found(api, f"CarrierService={service}") == [made["abroad"]]
    assert found(api, f"Reference={made['plain']}&CarrierService={service}") == []


def test_a_page_is_the_newest_first_with_the_count_of_all(shop: tuple[Api, dict[str, str]]) -> None:
    api, made = shop
    newest_first = [made[name] for name in ("inbound", "abroad", "glasgow", "plain")]
    assert found(api, "State=Allocated") == newest_first
    assert found(api, "State=Allocated", "2/1") == newest_first[1:3]
    answer = api.call("GET", "/consignments/2/3/?State=Allocated")
    assert (answer.data["Count"], len(answer.data["ConsignmentSummaries"])) == (4, 1)
    assert api.call("GET", "/consignments/0/0?State=Allocated").data["Count"] == 4


def test_a_summary_is_as_the_documented_one(shop: tuple[Api, dict[str, str]]) -> None:
    api, made = shop
    (told,) = api.call("GET", "/consignments/100/0/?State=Allocated&Direction=Inbound").data["ConsignmentSummaries"]
    assert told["ApiLink"] == {"Rel": "detail", "Href": f"https://api.example.com/consignments/{made['inbound']}"}
    assert told["Weight"] == {"Value": told["Weight"]["Value"], "Unit": "Kg"}
    assert (told["State"], told["Source"], told["LabelsPrinted"], told["IsLate"]) == ("Allocated", "Api", False, False)
    assert told["DestinationAddressCountry"] == "GB"
    assert (told["DestinationAddressPostcode"], told["DestinationAddressLine1"]) == ("M1 5WG", "13 Porter Street")
    assert None not in (told["AllocationDate"], told["EstimatedDeliveryDate"], told["ShippingDate"])


def test_a_failure_is_told(shop: tuple[Api, dict[str, str]]) -> None:
    api, _ = shop
    (told,) = api.call("GET", "/consignments/100/0?State=AllocationFailed").data["ConsignmentSummaries"]
    assert told["FailedAllocationMessage"]
    assert told["MpdCarrierServiceReference"] is None


@pytest.mark.parametrize(
    "path",
    ["501/0", "10/10001", "10/0?Colour=red", "10/0?LabelsPrinted=maybe", "10/0?ValueTo=x", "10/0?EndAt=9999-12-31"],
)
def test_what_can_t_be_searched_is_refused(shop: tuple[Api, dict[str, str]], path: str) -> None:
    api, _ = shop
    answer = api.call("GET", f"/consignments/{path}")
    assert (answer.status, answer.data["Code"]) == (400, "ValidationException")


def test_a_search_that_can_not_tell_the_newest_of_too_many_is_refused_and_not_answered_in_part(
    shop: tuple[Api, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    api, made = shop
    monkeypatch.setattr(listings, "_MAX_NEVER_ALLOCATED", 2)
    assert set(found(api, "State=Unallocated")) == {made["new"], made["dear"]}
    monkeypatch.setattr(listings, "_MAX_NEVER_ALLOCATED", 1)
    refused = api.call("GET", "/consignments/100/0?State=Unallocated")
    assert (refused.status, refused.data["Code"]) == (400, "SearchTooBroadException")
    assert set(found(api, "State=Allocated")) == {made[name] for name in ALLOCATED}


def test_references_are_paged(shop: tuple[Api, dict[str, str]]) -> None:
    api, made = shop
    newest_first = [made[name] for name in ("inbound", "abroad", "glasgow", "plain")]
    path = "/consignments/getConsignmentReferences?State=Allocated"
    assert api.call("GET", path).data == newest_first
    assert api.call("GET", f"{path}&PageSize=3&StartPage=2").data == newest_first[3:]


def test_a_page_is_that_of_the_path_where_a_client_sends_pro_s_page_terms_too(shop: tuple[Api, dict[str, str]]) -> None:
    api, made = shop
    assert found(api, "State=Allocated&pageSize=2&startPage=1", "2/1") == [made["abroad"], made["glasgow"]]


def test_a_search_answers_in_xml(shop: tuple[Api, dict[str, str]]) -> None:
    api, made = shop
    path = "/consignments/100/0?State=Allocated&Direction=Inbound"
    root = ElementTree.fromstring(api.call("GET", path, None, {"Accept": "application/xml"}).body)  # noqa: S314 - ours
    of = "{http://electioapp.com/schemas/v1.1/MPD.Electio.SDK.DataTypes.Consignments}"
    assert (root.tag, root.findtext(f"{of}Count")) == (f"{of}MatchingConsignmentsResponse", "1")
    assert root.findtext(f"{of}ConsignmentSummaries/{of}ConsignmentSummary/{of}Reference") == made["inbound"]


def test_consignments_are_counted(shop: tuple[Api, dict[str, str]]) -> None:
    api, _ = shop
    assert api.call("GET", "/consignments/count?State=Allocated").data == 4
    summary = api.call("GET", "/consignments/summary").data
    wanted = {"Allocated": 4, "AllocationFailed": 1, "Unallocated": 2}
    assert {each["Key"]: each["Value"] for each in summary["Summary"]} == wanted
    assert summary["NumberOfConsignments"] == sum(wanted.values())
    answer = api.call("GET", "/consignments/summary?EndAt=2001-01-01").data
    assert {each["Key"] for each in answer["Summary"]} <= {"Unallocated"}, "what was never allocated has no time"
    assert api.call("GET", "/consignments/summary?EndAt=soon").status == 400


def test_what_should_have_been_delivered_is_late(shop: tuple[Api, dict[str, str]]) -> None:
    api, made = shop
    assert api.call("GET", "/consignments/late").data["TotalNumberOfLateConsignments"] == 0
    before = api.clock.now
    api.clock.now += timedelta(days=60)
    late = api.call("GET", "/consignments/late").data
    abroad = api.call("GET", f"/consignments/late?reference={made['abroad']}").data
    none = api.call("GET", "/consignments/late?State=Delivered,Cancelled").data
    second = api.call("GET", "/consignments/late?pageSize=3&startPage=2").data
    refused = api.call("GET", "/consignments/late?Colour=red")
    api.clock.now = before
    assert [each["Reference"] for each in abroad["ConsignmentSummaries"]] == [made["abroad"]]
    assert none == {"TotalNumberOfLateConsignments": 0, "ConsignmentSummaries": []}
    assert second["ConsignmentSummaries"] == late["ConsignmentSummaries"][3:]
    assert second["TotalNumberOfLateConsignments"] == len(late["ConsignmentSummaries"]) == 4
    assert refused.status == 400
    assert {each["Reference"] for each in late["ConsignmentSummaries"]} == {made[name] for name in ALLOCATED}
    assert all(each["IsLate"] for each in late["ConsignmentSummaries"])
