"""Reading replies and states from SortedPRO, whatever bytes arrive: no exception but ours, nothing guessed."""

import json
import tracemalloc
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.domain.outcome import AllocatedBy, Price
from allocation.domain.reference import ConsignmentReference
from allocation.pro.client import MAX_REPLY_BYTES
from allocation.pro.replies import (
    MAX_ITEMS,
    MAX_MESSAGE_CHARACTERS,
    MAX_SUMMARY_CHARACTERS,
    UnreadableReplyError,
    read_error,
    read_items,
)
from allocation.pro.state import read_consignment
from cli.imitation.consignments import Consignment
from tests.support.pro_state import ProState

REFERENCE = ConsignmentReference("EC-000-05B-MMA")
BASE_URL = "https://apisandbox.electioapp.com"
DOCUMENTED: list[dict[str, Any]] = [
    {
        "StatusCode": 200,
        "ApiLinks": [
            {"Rel": "detail", "Href": f"{BASE_URL}/consignments/{REFERENCE}"},
            {"Rel": "label", "Href": f"{BASE_URL}/labels/{REFERENCE}"},
        ],
        "Description": f"Consignment {REFERENCE} has been successfully allocated with Carrier X Next Day Super "
        "for shipping on 14/06/2019 17:00:00 +00:00",
        "ConsignmentLegs": [
            {
                "Leg": 1,
                "TrackingReferences": ["TRK00009823"],
                "CarrierReference": "CARRIER_X",
                "CarrierServiceReference": None,
                "CarrierName": "Carrier X",
            }
        ],
        "CarrierReference": "CARRIER_X",
        "CarrierName": "Carrier X",
        "CarrierServiceReference": "CX_NDS",
        "CarrierServiceName": "Next Day Super",
    }
]
DETAIL = ProState(BASE_URL, consignments={REFERENCE: Consignment("Allocated", "CX_NDS")}).detail(REFERENCE)


def body(document: Any) -> bytes:
    return json.dumps(document).encode()


@pytest.mark.parametrize("document", [DOCUMENTED, DOCUMENTED[0]], ids=["array", "single object"])
def test_the_documented_summary_is_kept_whole(document: Any) -> None:
    item = read_items(body(document))[REFERENCE]

    assert item.status == 200
    assert item.summary is not None
    assert item.summary.to_json() == DOCUMENTED[0]


def test_a_single_tracking_reference_of_the_first_api_is_read_as_a_list() -> None:
    leg = {"Leg": 1, "TrackingReference": "TRK1", "CarrierReference": "CARRIER_X"}

    summary = read_items(body([{**DOCUMENTED[0], "ConsignmentLegs": [leg]}]))[REFERENCE].summary

    assert summary is not None
    assert summary.consignment_legs[0].tracking_references == ("TRK1",)


@pytest.mark.parametrize(
    "href",
    [
        f"{BASE_URL}/consignments/{REFERENCE}/",
        f"{BASE_URL}/consignments/{REFERENCE}?expand=1",
        f"/consignments/{REFERENCE}#top",
        f"{BASE_URL}/consignments/{REFERENCE.replace('-', '%2D')}",
    ],
)
def test_an_item_belongs_to_the_last_segment_of_its_detail_link(href: str) -> None:
    assert list(read_items(body([{**DOCUMENTED[0], "ApiLinks": [{"Rel": "Detail", "Href": href}]}]))) == [REFERENCE]


@pytest.mark.parametrize(
    "odd",
    [
        {**DOCUMENTED[0], "StatusCode": None},
        {**DOCUMENTED[0], "StatusCode": "fine"},
        {**DOCUMENTED[0], "ConsignmentLegs": "none"},
        {**DOCUMENTED[0], "ApiLinks": [{"Rel": "detail"}]},
        {**DOCUMENTED[0], "Surprise": "x" * MAX_SUMMARY_CHARACTERS},
        {"IsSuccess": True},
    ],
)
def test_an_unreadable_item_spoils_no_other(odd: Any) -> None:
    other = {**DOCUMENTED[0], "ApiLinks": [{"Rel": "detail", "Href": "/consignments/EC-000-000-BBB"}]}

    assert list(read_items(body([odd, other]))) == ["EC-000-000-BBB"]


@pytest.mark.parametrize("number", ["1e999", "-1e999"])
def test_a_number_that_no_json_can_hold_is_not_kept(number: str) -> None:
    text = json.dumps([{**DOCUMENTED[0], "Surprise": 0}]).replace('"Surprise": 0', f'"Surprise": {number}')

    assert read_items(text.encode()) == {}


@pytest.mark.parametrize(
    "reply",
    [
        *(b"", b"[", b"<html></html>", b"\xff\xfe", b"5", b"null", b'"x"', b"[1]", b"[[]]", b"NaN", b'["\\ud800"]'),
        *(b"[" * 100_000, b'{"a":' * 50_000, b"1" * 100_000),
    ],
)
def test_anything_but_a_list_of_summaries_is_unreadable(reply: bytes) -> None:
    with pytest.raises(UnreadableReplyError):
        read_items(reply)


def test_the_details_of_an_error_are_part_of_its_message() -> None:
    document = {"Code": "X", "Message": "It is wrong.", "Details": [{"Code": "Y", "Message": "Too heavy."}, {}]}

    failure = read_error(body(document))

    assert failure is not None
    assert (failure.code, failure.message) == ("X", "It is wrong. Too heavy.")


def test_an_error_is_cut_to_a_size_that_can_be_kept() -> None:
    failure = read_error(body({"Code": "X" * 5000, "Message": "y" * 500_000}))

    assert failure is not None
    assert (len(failure.code), len(failure.message)) == (MAX_MESSAGE_CHARACTERS, MAX_MESSAGE_CHARACTERS)


@pytest.mark.parametrize("document", [{}, {"Code": ""}, {"Code": 5}, {"statusCode": 404, "message": "No"}, [], "Code"])
def test_a_document_without_a_code_is_not_an_error_of_pro(document: Any) -> None:
    assert read_error(body(document)) is None


def test_an_allocation_is_rebuilt_from_the_consignment() -> None:
    allocated = read_consignment(body(DETAIL), REFERENCE, BASE_URL).allocated

    assert allocated is not None
    expected = {
        **DOCUMENTED[0],
        "Description": f"Consignment {REFERENCE} has been successfully allocated with Carrier X Next Day Super",
        "ConsignmentLegs": [{**DOCUMENTED[0]["ConsignmentLegs"][0], "TrackingReferences": [f"TRK-{REFERENCE}"]}],
    }
    assert allocated.summary.to_json() == expected
    assert allocated.price == Price(Decimal("5.49"), Decimal("1.10"), Decimal("6.59"), "GBP")
    assert allocated.by == AllocatedBy("pro", BASE_URL, is_adopted=True)


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+00:00", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "tomorrow"]
)
def test_a_delivery_date_that_is_none_is_left_out(moment: str) -> None:
    allocated = read_consignment(body({**DETAIL, "LatestDeliveryDate": moment}), REFERENCE, BASE_URL).allocated
    assert allocated
    assert allocated.delivered_by is None


@pytest.mark.parametrize("currency", ["G", "\u00a3\u00a3\u00a3", "G P"])
def test_a_price_without_a_currency_is_left_out(currency: str) -> None:
    rate = {"Net": 5, "Gross": 6, "Currency": {"IsoCode": currency}}
    allocation = {**DETAIL["Allocation"], "Price": rate}
    allocated = read_consignment(body({**DETAIL, "Allocation": allocation}), REFERENCE, BASE_URL).allocated
    assert allocated
    assert allocated.price is None


def test_a_carriers_name_that_the_services_name_contains_in_capitals_is_not_repeated() -> None:
    allocation = {**DETAIL["Allocation"], "MpdCarrierServiceName": "CARRIER X Next Day"}

    allocated = read_consignment(body({**DETAIL, "Allocation": allocation}), REFERENCE, BASE_URL).allocated

    assert allocated is not None
    assert allocated.summary.description == (
        f"Consignment {REFERENCE} has been successfully allocated with CARRIER X Next Day"
    )


def test_only_the_allocation_of_a_consignment_is_kept() -> None:
    legs = [{**DETAIL["ConsignmentLegs"][0], "To": {"Contact": {"FirstName": "Peter"}}}]

    allocated = read_consignment(body({**DETAIL, "ConsignmentLegs": legs}), REFERENCE, BASE_URL).allocated

    assert allocated is not None
    assert "Peter" not in allocated.summary.model_dump_json()


def test_an_allocation_is_adopted_however_large_its_legs_are() -> None:
    leg = {**DETAIL["ConsignmentLegs"][0], "TrackingReferences": ["x" * MAX_SUMMARY_CHARACTERS]}

    allocated = read_consignment(body({**DETAIL, "ConsignmentLegs": [leg]}), REFERENCE, BASE_URL).allocated

    assert allocated is not None
    assert allocated.summary.carrier_service_reference == DETAIL["Allocation"]["MpdCarrierServiceReference"]


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(sorted({*DOCUMENTED[0], *DETAIL})), inner),
    max_leaves=20,
)
REPLIES = st.one_of(
    st.binary(),
    st.sampled_from(["1e999", "NaN", "Infinity"]).map(str.encode),
    JSON.map(lambda document: json.dumps(document).encode()),
    st.dictionaries(st.sampled_from(sorted(DOCUMENTED[0])), JSON).map(lambda odd: body([{**DOCUMENTED[0], **odd}])),
    st.dictionaries(st.sampled_from(sorted(DETAIL)), JSON).map(lambda odd: body({**DETAIL, **odd})),
    st.integers(0, len(body(DOCUMENTED))).map(lambda cut: body(DOCUMENTED)[:cut]),
)


@given(REPLIES)
def test_any_bytes_are_read_or_an_unreadable_reply_error(reply: bytes) -> None:
    read_error(reply)
    for read in (read_items, lambda text: read_consignment(text, REFERENCE, BASE_URL)):
        try:
            read(reply)
        except UnreadableReplyError:
            continue


@given(st.dictionaries(st.sampled_from([*DOCUMENTED[0], "Surprise"]), JSON))
def test_whatever_is_read_can_be_kept(odd: dict[str, Any]) -> None:
    for item in read_items(body([{**DOCUMENTED[0], **odd}])).values():
        if item.summary:
            json.dumps(item.summary.to_json(), allow_nan=False)


@pytest.mark.parametrize("filler", ["[]", "{}", '{"IsSuccess": true}', '{"ApiLinks": [], "StatusCode": 1}', "0"])
def test_the_largest_reply_that_is_read_takes_bounded_memory(filler: str) -> None:
    reply = ("[" + ",".join([filler] * (MAX_REPLY_BYTES // (len(filler) + 1) - 1)) + "]").encode()
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableReplyError):
            read_items(reply)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 64 * MAX_REPLY_BYTES


def test_a_list_longer_than_any_call_could_ask_for_is_not_read_item_by_item() -> None:
    with pytest.raises(UnreadableReplyError, match="neither a list of Allocation Summaries"):
        read_items(body([{}] * (MAX_ITEMS + 1)))
