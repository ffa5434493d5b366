"""Delivery options over the API: offered by the engine's own dates and prices, and selected once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest

from allocation.domain.errors import RetryableError
from allocation.engine.engine import Engine
from tests.support.allocation_api import Api
from tests.support.consignments import DESTINATION, ENGINE, ORIGIN, consignment, package

SCHEMAS = "{http://electioapp.com/schemas/v1.1/MPD.Electio.SDK.DataTypes."


def offered(api: Api, **changes: Any) -> list[dict[str, Any]]:
    """The options of a consignment."""
    answer = api.call("POST", "/deliveryoptions", consignment(**changes))
    assert answer.status == 201, answer.body
    options: list[dict[str, Any]] = answer.data["DeliveryOptions"]
    return options


def day_of(option: dict[str, Any]) -> str:
    return str(option["EstimatedDeliveryDate"]["Date"][:10])


def consignments(api: Api) -> list[str]:
    """Every consignment that is kept."""
    states = ("Unallocated", "Allocated", "AllocationFailed")
    found = [api.call("GET", f"/consignments/getConsignmentReferences?State={state}").data for state in states]
    return [reference for references in found for reference in references]


def test_each_day_and_window_is_offered_once_at_its_cheapest_service(api: Api) -> None:
    options = offered(api)
    windows = [(day_of(each), each["DeliveryWindow"]["Start"], each["DeliveryWindow"]["End"]) for each in options]
    assert windows == sorted(windows)
    assert len(set(windows)) == len(windows) > 14
    quotes = api.call("POST", "/quotes", consignment()).data["Quotes"]
    prices = {each["MpdCarrierServiceReference"]: each["Price"]["Net"] for each in quotes}
    assert all(option["Price"]["Net"] == prices[option["CarrierServiceReference"]] for option in options)
    cheapest = min(quotes, key=lambda each: each["Price"]["Net"])
    assert cheapest["MpdCarrierServiceReference"] in {each["CarrierServiceReference"] for each in options}
    for option in options:
        told = datetime.fromisoformat(option["EstimatedDeliveryDate"]["Date"])
        assert f"{told:%A}" == option["EstimatedDeliveryDate"]["DayOfWeek"]
        assert datetime.fromisoformat(option["AllocationCutOff"]) >= api.clock.now


def test_options_are_those_of_fourteen_days_or_up_to_the_day_that_is_asked_for(api: Api) -> None:
    last = api.clock.now + timedelta(days=13)
    assert max(map(day_of, offered(api))) <= last.date().isoformat()
    soon = api.clock.now + timedelta(days=2)
    assert max(map(day_of, offered(api, DeliveryDate=soon.isoformat()))) == soon.date().isoformat()
    assert offered(api, DeliveryDate="2026-01-01T00:00:00+00:00") == []
    assert api.call("POST", "/deliveryoptions", consignment(DeliveryDate="soon")).status == 400


def test_nothing_is_created_by_asking(api: Api) -> None:
    offered(api)
    api.call("POST", "/deliveryoptions/summary", consignment())
    assert consignments(api) == []


def test_a_consignment_that_no_service_takes_has_no_options(api: Api) -> None:
    heavy = [package(Weight={"Value": 5000, "Unit": "Kg"})]
    assert offered(api, Packages=heavy) == []
    summary = api.call("POST", "/deliveryoptions/summary", consignment(Packages=heavy)).data
    assert [summary[name] for name in ("DeliveryOptions", "TimeSlots", "PickUp", "DropOff")] == [None] * 4
    assert api.call("POST", "/deliveryoptions", consignment(Addresses=[DESTINATION])).status == 400
    unknown = consignment(Addresses=[{**ORIGIN, "ShippingLocationReference": "nowhere"}, DESTINATION])
    assert api.call("POST", "/deliveryoptions", unknown).status == 400


def test_a_summary_has_the_days_of_the_options(api: Api) -> None:
    summary = api.call("POST", "/deliveryoptions/summary", consignment())
    assert summary.status == 201
    days = list(dict.fromkeys(f"{day_of(option)}T00:00:00" for option in offered(api)))
    assert summary.data["DeliveryOptions"] == days
    assert set(summary.data["TimeSlots"]) <= set(days)


def test_an_option_is_read_again_as_it_was_offered_with_its_consignment(api: Api) -> None:
    option = offered(api)[3]
    details = api.call("GET", f"/deliveryoptions/details/{option['Reference'].lower()}").data
    assert details["DeliveryOption"] == option
    assert details["ConsignmentDetail"]["Addresses"][1]["Postcode"] == DESTINATION["Postcode"]
    assert details["ConsignmentDetail"]["Weight"] == {"Value": Decimal("0.5"), "Unit": "Kg"}
    for unknown in ("EDO-ZZZ-ZZZ-ZZZ", "EPC-000-000-000", "x", option["Reference"][:-2] + "ZZ"):
        assert api.call("GET", f"/deliveryoptions/details/{unknown}").status == 404


def test_selecting_an_option_creates_its_consignment_and_allocates_it_as_promised(api: Api) -> None:
    option = offered(api)[5]
    answer = api.call("POST", f"/deliveryoptions/select/{option['Reference']}")
    assert (answer.status, answer.data["StatusCode"]) == (200, 200)
    assert answer.data["CarrierServiceReference"] == option["CarrierServiceReference"]
    [reference] = consignments(api)
    assert answer.data["ApiLinks"][0]["Href"].endswith(f"/consignments/{reference}")
    told = api.call("GET", f"/consignments/{reference}").data
    assert told["ConsignmentState"] == "Allocated"
    assert told["RequestedDeliveryDate"] == {
        "Date": option["EstimatedDeliveryDate"]["Date"],
        "IsToBeExactlyOnTheDateSpecified": True,
    }
    assert told["EarliestDeliveryDate"] == f"{day_of(option)}T{option['DeliveryWindow']['Start']}+00:00"
    assert told["Allocation"]["Price"]["Net"] == option["Price"]["Net"]


def test_selecting_twice_is_selecting_once(api: Api) -> None:
    option = offered(api)[0]["Reference"]
    first = api.call("POST", f"/deliveryoptions/select/{option}")
    again = api.call("POST", f"/deliveryoptions/select/{option}")
    assert (again.status, again.data) == (200, first.data)
    assert len(consignments(api)) == 1


def test_of_one_offer_only_one_option_is_selected(api: Api) -> None:
    first, second, *_ = offered(api)
    assert api.call("POST", f"/deliveryoptions/select/{first['Reference']}").status == 200
    refused = api.call("POST", f"/deliveryoptions/select/{second['Reference']}")
    assert (refused.status, refused.data["Code"]) == (400, "DeliveryOptionAlreadySelectedException")
    as_order = api.call(
        "POST", "/deliveryoptions/selectorder", {"DeliveryOptions": [{"Reference": first["Reference"]}]}
    )
    assert (as_order.status, as_order.data["SelectOrderResults"][0]["Status"]) == (207, 400)
    assert len(consignments(api)) == 1


def test_an_option_expires_with_the_cut_off_of_its_service(api: Api) -> None:
    option, *_ = offered(api)
    api.clock.now = datetime.fromisoformat(option["AllocationCutOff"]) + timedelta(seconds=1)
    refused = api.call("POST", f"/deliveryoptions/select/{option['Reference']}")
    assert (refused.status, refused.data["Code"]) == (400, "DeliveryOptionExpiredException")
    api.clock.now += timedelta(days=30)
    assert api.call("POST", f"/deliveryoptions/select/{option['Reference']}").status == 404


def test_another_service_keeps_the_promise_where_the_offered_one_no_longer_can(api: Api) -> None:
    option = next(each for each in offered(api) if each["CarrierServiceReference"] == "PH_T24")
    api.engine = without(api, "PH_T24")
    answer = api.call("POST", f"/deliveryoptions/select/{option['Reference']}")
    assert answer.status == 200
    assert answer.data["CarrierServiceReference"] != "PH_T24"
    [reference] = consignments(api)
    told = api.call("GET", f"/consignments/{reference}").data
    assert told["EarliestDeliveryDate"][:10] == day_of(option)
    assert told["LatestDeliveryDate"][11:19] <= option["DeliveryWindow"]["End"]


def without(api: Api, *references: str) -> Engine:
    """The engine with these services switched off."""

    from allocation.engine.engine import Engine

    catalogue = api.engine.catalogue
    services = tuple(
        replace(each, enabled=each.enabled and each.reference not in references) for each in catalogue.services
    )
    return Engine(replace(catalogue, services=services))


def test_where_no_service_keeps_the_promise_the_consignment_is_failed_and_the_client_told(api: Api) -> None:
    option, *_ = offered(api)
    api.engine = without(api, *(each.reference for each in api.engine.catalogue.services))
    answer = api.call("POST", f"/deliveryoptions/select/{option['Reference']}")
    assert (answer.status, answer.data["Code"]) == (400, "NoCarrierServiceAvailable")
    assert len(api.call("GET", "/consignments/getConsignmentReferences?State=AllocationFailed").data) == 1


@pytest.mark.parametrize("broken", ["add", "record", "replace"])
def test_a_selection_that_broke_off_anywhere_is_completed_by_the_same_call(
    api: Api, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    option = offered(api)[0]["Reference"]
    store = api.use_cases.drafts if broken == "replace" else api.store
    real, calls = getattr(type(store), broken), []

    def once(self: Any, *arguments: Any) -> Any:
        done = real(self, *arguments)
        calls.append(done)
        if len(calls) == 1:
            raise RetryableError("the answer was lost")
        return done

    monkeypatch.setattr(type(store), broken, once)
    assert api.call("POST", f"/deliveryoptions/select/{option}").status == 503
    assert api.call("POST", f"/deliveryoptions/select/{option}").status == 200
    [reference] = consignments(api)
    assert api.call("GET", f"/consignments/{reference}/status").data["Status"] == "Allocated"


def test_options_become_orders_each_with_what_was_said_of_it(api: Api) -> None:
    first, second = offered(api)[1]["Reference"], offered(api)[2]["Reference"]
    metadata = [{"KeyValue": "OrderReference", "StringValue": "10045634343"}]
    chosen = [
        {"Reference": first, "OrderReferenceProvidedByCustomer": "MYORDEREF001", "MetaData": metadata},
        {"Reference": "EDO-ZZZ-ZZZ-ZZZ"},
        {"Reference": second},
    ]
    answer = api.call("POST", "/deliveryoptions/selectorder", {"DeliveryOptions": chosen})
    assert answer.status == 207
    results = answer.data["SelectOrderResults"]
    assert [each["Status"] for each in results] == [201, 404, 201]
    order = api.call("GET", f"/orders/{results[0]['OrderReference']}").data
    assert results[0]["Links"][0] == {
        "Rel": "Detail",
        "Href": f"https://api.example.com/orders/{order['OrderReference']}",
    }
    assert (order["OrderReferenceProvidedByCustomer"], order["DeliveryOptionReference"]) == ("MYORDEREF001", first)
    assert order["MetaData"][0]["StringValue"] == "10045634343"
    assert order["RequiredDeliveryDate"]["IsToBeExactlyOnTheDateSpecified"] is True
    again = api.call("POST", "/deliveryoptions/selectorder", {"DeliveryOptions": chosen[:1]})
    assert (again.status, again.data["SelectOrderResults"][0]["OrderReference"]) == (201, order["OrderReference"])


def test_in_xml_times_are_durations_and_every_part_is_in_its_own_namespace(api: Api) -> None:
    answer = api.call("POST", "/deliveryoptions", consignment(), {"Accept": "application/xml"})
    root = ElementTree.fromstring(answer.body)  # noqa: S314 - our own
    assert root.tag == f"{SCHEMAS}DeliveryOptions}}DeliveryOptionsResponse"
    option = root[0][0]
    window = option.find(f"{SCHEMAS}DeliveryOptions}}DeliveryWindow")
    assert window is not None
    assert {child.tag for child in window} == {f"{SCHEMAS}Common}}{name}" for name in ("Start", "End", "UtcOffset")}
    assert str(window[0].text).startswith("PT")
    day = option.find(f"{SCHEMAS}DeliveryOptions}}EstimatedDeliveryDate")
    assert day is not None
    assert [child.tag.rpartition("}")[2] for child in day] == ["Date", "Guaranteed"]
    price = option.find(f"{SCHEMAS}DeliveryOptions}}Price")
    assert price is not None
    assert price[0].tag == f"{SCHEMAS}Rates}}Net"


def test_a_client_of_2016_gets_the_links_of_what_it_selected(api: Api) -> None:
    option = offered(api)[0]["Reference"]
    answer = api.call("POST", f"/deliveryoptions/select/{option}", headers={"electio-api-version": ""})
    assert [link["Rel"] for link in answer.data] == ["Link"]


def test_only_a_timed_service_is_guaranteed_and_only_those_are_offered_to_whoever_wants_that(api: Api) -> None:
    timed = {service.reference for service in ENGINE.catalogue.services if "timed" in service.features}
    every = api.call("POST", "/deliveryoptions", consignment()).data["DeliveryOptions"]
    wanted = api.call("POST", "/deliveryoptions", consignment(GuaranteedOnly=True)).data["DeliveryOptions"]
    for option in every:
        is_timed = option["CarrierServiceReference"] in timed
        assert option["EstimatedDeliveryDate"]["Guaranteed"] is is_timed
    assert 0 < len(wanted) < len(every)
    assert {option["CarrierServiceReference"] for option in wanted} <= timed


def test_times_have_the_offset_of_the_place_and_the_day(api: Api) -> None:
    """British Summer Time begins on 2027-03-28; nothing is known of the clocks abroad."""
    api.clock.now = datetime(2027, 3, 25, 9, tzinfo=UTC)
    options = api.call("POST", "/deliveryoptions", consignment()).data["DeliveryOptions"]
    offsets = {each["EstimatedDeliveryDate"]["Date"][:10]: each["DeliveryWindow"]["UtcOffset"] for each in options}
    assert (offsets["2027-03-27"], offsets["2027-03-30"]) == ("+00:00", "+01:00")
    assert {each["AllocationCutOff"][-6:] for each in options} == {"+00:00", "+01:00"}
    abroad = {**DESTINATION, "Postcode": "75001", "Country": {"IsoCode": {"TwoLetterCode": "FR"}}}
    french = api.call("POST", "/deliveryoptions", consignment(Addresses=[ORIGIN, abroad])).data["DeliveryOptions"]
    assert {each["DeliveryWindow"]["UtcOffset"] for each in french} == {None}


def test_a_large_consignment_has_options_for_sixty_days_and_one_is_selected(api: Api) -> None:
    large = [{"KeyValue": f"key {at}", "StringValue": f"{at} " * 400} for at in range(120)]
    [first, *_] = options = offered(api, MetaData=large, DeliveryDate="2027-01-20")
    assert len(options) > 300
    assert api.call("POST", f"/deliveryoptions/select/{first['Reference']}").status == 200
