"""Every allocation endpoint, asked as PRO's clients ask and answered as PRO answers (`pro-api.md`)."""

import json
from dataclasses import replace
from typing import Any

import pytest

from allocation.engine.engine import Engine
from tests.support.allocation_api import Api, served_api
from tests.support.consignments import DESTINATION, ENGINE, ORIGIN, UNKNOWN, consignment, package
from tests.support.engines import engine_of, service

SUMMARY_NAMES = [
    "StatusCode",
    "ApiLinks",
    "Description",
    "ConsignmentLegs",
    "CarrierReference",
    "CarrierName",
    "CarrierServiceReference",
    "CarrierServiceName",
]
LEG_NAMES = ["Leg", "TrackingReferences", "CarrierReference", "CarrierServiceReference", "CarrierName"]
HEAVY = package(Weight={"Value": 5000, "Unit": "Kg"})


def allocated(answer: Any) -> dict[str, Any]:
    """The one summary of an answer, which has to be of an allocation."""
    assert answer.status == 200, answer.body
    [summary] = answer.data
    assert summary["StatusCode"] == 200, summary
    return dict(summary)


def test_default_rules_answer_a_summary_with_every_name_of_pro(api: Api) -> None:
    reference = api.create()
    summary = allocated(api.call("PUT", "/allocation/allocate", {"ConsignmentReferences": [reference]}))
    assert list(summary) == SUMMARY_NAMES
    assert [list(leg) for leg in summary["ConsignmentLegs"]] == [LEG_NAMES]
    assert summary["ApiLinks"] == [
        {"Rel": "detail", "Href": f"https://api.example.com/consignments/{reference}"},
        {"Rel": "label", "Href": f"https://api.example.com/labels/{reference}"},
    ]
    assert summary["Description"].startswith(f"Consignment {reference} has been successfully allocated with ")
    assert summary["Description"].endswith(" +00:00")
    assert summary["ConsignmentLegs"][0]["CarrierServiceReference"] is None


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/allocation/allocate", {"ConsignmentReferences": ["{}"]}),
        ("/allocation/{}/allocatewithcheapestquote", None),
        ("/allocation/{}/allocatewithservicegroup/valuableGoods", None),
        (
            "/allocation/allocatewithservicegroup",
            {"MpdCarrierServiceGroupReference": "valuableGoods", "ConsignmentReferences": ["{}"]},
        ),
        (
            "/allocation/allocatewithcarrierservice",
            {"MpdCarrierServiceReference": "CX_NDS", "ConsignmentReferences": ["{}"]},
        ),
        (
            "/allocation/allocateConsignmentsWithServiceFilters",
            {
                "ConsignmentReferences": ["{}"],
                "Filters": {"ServiceDirection": "Outbound", "IsPickup": False, "IsDropOff": True},
            },
        ),
    ],
)
def test_every_endpoint_answers_an_array_and_leaves_the_consignment_allocated(
    api: Api, path: str, body: dict[str, Any] | None
) -> None:
    reference = api.create()
    sent = json.loads(json.dumps(body).replace("{}", reference)) if body else None
    summary = allocated(api.call("PUT", path.format(reference), sent))
    told = api.call("GET", f"/consignments/{reference}").data
    assert told["ConsignmentState"] == "Allocated"
    assert told["Allocation"]["MpdCarrierServiceReference"] == summary["CarrierServiceReference"]
    assert told["ConsignmentLegs"] == summary["ConsignmentLegs"]


def test_a_quote_is_allocated_as_quoted(api: Api) -> None:
    reference = api.create()
    quote = api.call("GET", f"/quotes/consignment/{reference}").data["Quotes"][1]
    summary = allocated(api.call("PUT", f"/allocation/{reference}/allocatewithquote/{quote['QuoteReference']}"))
    assert summary["CarrierServiceReference"] == quote["MpdCarrierServiceReference"]
    assert api.call("GET", f"/consignments/{reference}").data["Allocation"]["Price"] == quote["Price"]


def test_a_quote_of_a_price_that_no_longer_holds_is_refused(api: Api) -> None:
    reference = api.create()
    quote = api.call("GET", f"/quotes/consignment/{reference}").data["Quotes"][0]
    changed = consignment(Reference=reference, Packages=[package(Weight={"Value": 12, "Unit": "Kg"})])
    assert api.call("PUT", "/consignments", changed).status == 200
    answer = api.call("PUT", f"/allocation/{reference}/allocatewithquote/{quote['QuoteReference']}")
    assert (answer.status, answer.data["Code"]) == (400, "QuoteNotFoundException")
    assert api.call("GET", f"/consignments/{reference}/status").data["Status"] == "Unallocated"


def test_a_bulk_reply_has_an_item_for_each_reference_in_its_place(api: Api) -> None:
    first, heavy, second = api.create(), api.create(Packages=[HEAVY]), api.create()
    body = {"ConsignmentReferences": [first, UNKNOWN, heavy, first, second]}
    answer = api.call("PUT", "/allocation/allocate", body)
    assert answer.status == 200
    assert [item["StatusCode"] for item in answer.data] == [200, 404, 400, 400, 200]
    assert [item["ApiLinks"][0]["Href"].rpartition("/")[2] for item in answer.data] == body["ConsignmentReferences"]
    for item in answer.data[1:4]:
        assert item["Description"]
        carrier = ("CarrierReference", "CarrierName", "CarrierServiceReference", "CarrierServiceName")
        assert [item[name] for name in carrier] == [None] * 4


def test_no_service_fits_leaves_the_consignment_failed_and_to_be_allocated_again(api: Api) -> None:
    reference = api.create(Packages=[HEAVY])
    path = f"/allocation/{reference}/allocatewithcheapestquote"
    answer = api.call("PUT", path)
    assert (answer.status, answer.data[0]["StatusCode"]) == (200, 400)
    told = api.call("GET", f"/consignments/{reference}").data
    assert told["ConsignmentState"] == "AllocationFailed"
    assert told["FailedAllocation"]["Message"] == answer.data[0]["Description"]
    assert api.call("PUT", "/consignments", consignment(Reference=reference, Packages=[package()])).status == 200
    allocated(api.call("PUT", path))
    told = api.call("GET", f"/consignments/{reference}").data
    assert told["FailedAllocation"]["Message"] == answer.data[0]["Description"], "a success does not clear it"


def test_references_with_dots_stay_whole_in_urls_and_labels(api: Api) -> None:
    api.engine = engine_of({"DOM.RP": service()}, groups={"next.day": ["DOM.RP"]})
    depot = ORIGIN | {"ShippingLocationReference": "Depot"}
    reference = api.create(Addresses=[depot, DESTINATION], Packages=[package()])
    summary = allocated(api.call("PUT", f"/allocation/{reference}/allocatewithservicegroup/next.day"))
    assert summary["CarrierServiceReference"] == "DOM.RP"
    assert api.call("GET", f"/labels/{reference}/PDF").status == 200


def test_an_unknown_group_or_service_is_an_error_of_the_whole_call_and_changes_nothing(api: Api) -> None:
    reference = api.create()
    for path, body, code in (
        (f"/allocation/{reference}/allocatewithservicegroup/nowhere", None, "ServiceGroupNotFoundException"),
        (f"/allocation/{reference}/allocatewithservicegroup/no where", None, "ServiceGroupNotFoundException"),
        (
            "/allocation/allocatewithservicegroup",
            {"MpdCarrierServiceGroupReference": "nowhere", "ConsignmentReferences": [reference]},
            "ServiceGroupNotFoundException",
        ),
        (
            "/allocation/allocatewithcarrierservice",
            {"MpdCarrierServiceReference": "NOWHERE", "ConsignmentReferences": [reference]},
            "MpdCarrierServiceNotFoundException",
        ),
    ):
        answer = api.call("PUT", path, body)
        assert (answer.status, answer.data["Code"]) == (400, code), path
    assert api.call("GET", f"/consignments/{reference}/status").data["Status"] == "Unallocated"


def test_a_call_for_one_consignment_says_400_where_it_is_unknown_or_allocated(api: Api) -> None:
    reference = api.create()
    path = f"/allocation/{reference}/allocatewithcheapestquote"
    assert api.call("PUT", f"/allocation/{UNKNOWN}/allocatewithcheapestquote").status == 400
    allocated(api.call("PUT", path))
    answer = api.call("PUT", path)
    assert answer.status == 400
    assert list(answer.data) == ["Code", "Message", "CorrelationId", "Details"]


def test_a_consignment_at_an_unknown_location_is_not_created(api: Api) -> None:
    nowhere = consignment(Addresses=[ORIGIN | {"ShippingLocationReference": "Sorted2"}, DESTINATION])
    answer = api.call("POST", "/consignments", nowhere)
    assert (answer.status, answer.data["Code"]) == (400, "ShippingLocationNotFoundException")
    [detail] = answer.data["Details"]
    assert detail["Target"] == "Addresses[0].ShippingLocationReference"
    assert "'Sorted1'" in detail["Message"]
    moved = {**nowhere, "Reference": api.create()}
    assert api.call("PUT", "/consignments", moved).data["Code"] == "ShippingLocationNotFoundException"


def test_uk_is_gb_to_engine_customs_and_label_and_stays_as_it_was_sent(api: Api) -> None:
    reference = api.create(Addresses=[ORIGIN, DESTINATION | {"Country": {"IsoCode": {"TwoLetterCode": "UK"}}}])
    uk, gb = (
        allocated(api.call("PUT", f"/allocation/{created}/allocatewithcheapestquote"))
        for created in (reference, api.create())
    )
    assert uk["CarrierServiceReference"] == gb["CarrierServiceReference"]
    documents = api.call("GET", f"/consignments/docs/{reference}")
    assert (documents.status, set(map(len, documents.data.values()))) == (200, {0})
    assert api.call("GET", f"/labels/{reference}").status == 200
    [_, sent] = api.call("GET", f"/consignments/{reference}").data["Addresses"]
    assert sent["Country"]["IsoCode"]["TwoLetterCode"] == "UK"


@pytest.mark.parametrize("code", ["YU", "EU", "ZZ"])
def test_a_code_that_names_no_country_is_not_priced_as_the_rest_of_the_world(api: Api, code: str) -> None:
    reference = api.create(Addresses=[ORIGIN, DESTINATION | {"Country": code}])
    answer = api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote")
    assert (answer.status, answer.data["Code"]) == (400, "ConsignmentIncomplete")
    assert "Destination address: country" in answer.data["Message"]


def test_deallocation_erases_the_allocation_and_lets_it_be_allocated_again(api: Api) -> None:
    reference = api.create()
    path = f"/allocation/{reference}/allocatewithservicegroup/valuableGoods"
    allocated(api.call("PUT", path))
    answer = api.call("PUT", f"/consignments/{reference}/deallocate")
    assert (answer.status, answer.body) == (200, "")
    told = api.call("GET", f"/consignments/{reference}").data
    assert (told["ConsignmentState"], told["Allocation"], told["ConsignmentLegs"]) == ("Unallocated", None, [])
    assert api.call("PUT", f"/consignments/{reference}/deallocate").status == 400
    allocated(api.call("PUT", path))


def test_a_list_is_deallocated_one_by_one(api: Api) -> None:
    allocated_one, unallocated = api.create(), api.create()
    allocated(api.call("PUT", f"/allocation/{allocated_one}/allocatewithcheapestquote"))
    answer = api.call("PUT", "/consignments/deallocatelist", [allocated_one, unallocated, UNKNOWN])
    assert answer.status == 200
    assert answer.data[0] == {
        "IsSuccess": True,
        "Message": "Consignment deallocation completed successfully",
        "Data": allocated_one,
        "ApiLinks": None,
    }
    assert [item["IsSuccess"] for item in answer.data] == [True, False, False]
    assert [item["Data"] for item in answer.data] == [allocated_one, unallocated, UNKNOWN]


def test_an_unknown_consignment_can_not_be_deallocated(api: Api) -> None:
    answer = api.call("PUT", f"/consignments/{UNKNOWN}/deallocate")
    assert (answer.status, answer.data["Code"]) == (404, "ConsignmentNotFoundException")


@pytest.mark.parametrize(
    "body",
    [
        None,
        "",
        "{",
        "[]",
        "{}",
        '{"ConsignmentReferences": []}',
        '{"ConsignmentReferences": "EC-000-000-001"}',
        '{"ConsignmentReferences": [1]}',
        '{"ConsignmentReferences": null}',
        '{"ConsignmentReferences": [' + ",".join(['"EC-000-000-001"'] * 201) + "]}",
        "NaN",
        "\ufeff",
        "[" * 100_000,
    ],
)
def test_a_body_that_can_not_be_used_is_a_400_with_pro_s_error(api: Api, body: str | None) -> None:
    answer = api.call("PUT", "/allocation/allocate", body)
    assert answer.status == 400
    assert answer.data["Code"] in ("UnreadableRequestException", "ValidationException")
    assert answer.data["CorrelationId"] == "request-1"


def test_names_of_a_request_are_taken_in_any_case(api: Api) -> None:
    reference = api.create()
    allocated(api.call("PUT", "/allocation/allocate", {"consignmentReferences": [reference.lower()]}))


def test_filters_leave_services_out_and_never_let_one_in(api: Api) -> None:
    reference = api.create()
    body = {"ConsignmentReferences": [reference], "Filters": {"ServiceDirection": "Outbound", "IsDropOff": True}}
    summary = allocated(api.call("PUT", "/allocation/allocateConsignmentsWithServiceFilters", body))
    services = {each["Reference"]: each for each in api.call("GET", "/carrierservices").data["MpdCarrierServices"]}
    assert "DropOff" in services[summary["CarrierServiceReference"]]["Type"]
    heavy = api.create(Packages=[HEAVY])
    answer = api.call("PUT", "/allocation/allocateConsignmentsWithServiceFilters", {"ConsignmentReferences": [heavy]})
    assert answer.data[0]["StatusCode"] == 400


def test_a_deallocation_and_a_cancellation_free_the_limit_that_was_used() -> None:
    """One consignment a day: the second is refused, until the first gives its place back."""
    cheapest, catalogue = "CX_NDS", ENGINE.catalogue
    services = [replace(item, daily_limit=1) if item.reference == cheapest else item for item in catalogue.services]
    with served_api() as api:
        api.engine = Engine(replace(catalogue, services=tuple(services)))
        first, second = api.create(), api.create()

        def status(reference: str) -> int:
            body = {"MpdCarrierServiceReference": cheapest, "ConsignmentReferences": [reference]}
            return int(api.call("PUT", "/allocation/allocatewithcarrierservice", body).data[0]["StatusCode"])

        assert (status(first), status(second)) == (200, 400)
        assert quoted(api, second).isdisjoint({cheapest})
        assert api.call("PUT", f"/consignments/{first}/deallocate").status == 200
        assert quoted(api, second) >= {cheapest}
        assert (status(second), status(first)) == (200, 400)
        assert api.call("PUT", f"/consignments/{second}/cancel").status == 200
        assert status(first) == 200


def quoted(api: Api, reference: str) -> set[str]:
    quotes = api.call("GET", f"/quotes/consignment/{reference}").data["Quotes"]
    return {quote["MpdCarrierServiceReference"] for quote in quotes}
