"""Fields of consignments as clients send them: units, codes, types and names; what is taken, and what is refused."""

from decimal import Decimal
from typing import Any

import pytest

from tests.support.allocation_api import Api
from tests.support.consignments import DESTINATION, ORIGIN, consignment, package


def test_units_are_taken_in_any_case_and_written_as_kg_and_cm(api: Api) -> None:
    sides = {"Unit": "MM", "Width": 100, "Length": 100, "Height": 100}
    told = api.call(
        "GET", "/consignments/" + api.create(Packages=[package(Weight={"Value": 500, "Unit": "g"}, Dimensions=sides)])
    ).data
    assert told["Packages"][0]["Weight"] == {"Value": Decimal("0.5"), "Unit": "Kg"}
    assert told["Packages"][0]["Dimensions"] == {"Unit": "Cm", "Width": 10, "Length": 10, "Height": 10}
    assert told["Weight"] == {"Value": Decimal("0.5"), "Unit": "Kg"}


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"Packages": []}, "Packages"),
        ({"Packages": None}, "Packages"),
        ({"Addresses": [ORIGIN]}, "Addresses"),
        ({"Addresses": [DESTINATION]}, "Addresses"),
        ({"Packages": [package(Weight={"Value": "1", "Unit": "Kg"})]}, "Packages[0].Weight.Value"),
        ({"Packages": [package(Weight={"Value": 1, "Unit": "stone"})]}, "Packages[0].Weight.Unit"),
        ({"Packages": [package(Weight={"Value": -1, "Unit": "Kg"})]}, "Packages[0].Weight.Value"),
        ({"ShippingDate": "soon"}, "ShippingDate"),
        ({"Direction": "Sideways"}, "Direction"),
    ],
)
def test_a_field_that_can_not_be_used_is_named_by_its_path_and_not_repeated(
    api: Api, changes: dict[str, object], target: str
) -> None:
    answer = api.call("POST", "/consignments", consignment(**changes))
    assert (answer.status, answer.data["Code"]) == (400, "ValidationException")
    assert target in [detail["Target"] for detail in answer.data["Details"]]
    assert "McPetersson" not in answer.body


def with_everything() -> dict[str, Any]:
    """A consignment with each field that PRO's types have and allocation does not need."""
    money: dict[str, Any] = {"Amount": Decimal("5.99"), "Currency": {"Name": "Pound", "IsoCode": "GBP"}}
    item: dict[str, Any] = {"Reference": "r", "CountryOfOrigin": {"Name": "x", "IsoCode": {"TwoLetterCode": "GB"}}}
    item["Value"] = {**money, "Currency": dict(money["Currency"])}
    placed = {
        **DESTINATION,
        "CustomerName": "c",
        "RegionCode": "r",
        "IsCached": False,
        "LatLong": {"Latitude": Decimal("53.1"), "Longitude": -2},
        "ShopLocationReference": None,
    }
    placed["Contact"] = {"FirstName": "Peter", "Reference": "00000000-0000-0000-0000-000000000000"}
    return consignment(
        Packages=[package(Value=money, Charges=[], Items=[item])],
        Addresses=[ORIGIN, placed],
        CustomsDocumentation={"ReceiversShippingCost": Decimal("3.5"), "ImportersCode": "x"},
        LocationInformation={"ShopReference": None, "ReservationReference": None},
    )


WRONG_TYPES = [
    *((("Addresses", 1, name), value) for name in ("CustomerName", "RegionCode", "LatLong") for value in ([1], 7)),
    *(
        (("Addresses", 1, "LatLong", name), value)
        for name in ("Latitude", "Longitude")
        for value in ("53.1", [1], True)
    ),
    *((("Addresses", 1, name), value) for name, value in (("IsCached", "maybe"), ("ShopLocationReference", {"a": 1}))),
    (("Addresses", 1, "Contact", "Reference"), 7),
    (("LocationInformation",), "LK-LEEDS"),
    (("LocationInformation", "ShopReference"), 7),
    (("LocationInformation", "ReservationReference"), [1]),
    (("CustomsDocumentation", "ReceiversShippingCost"), "much"),
    (("CustomsDocumentation", "ImportersCode"), 7),
    (("Packages", 0, "Charges"), "none"),
    (("Packages", 0, "Value", "Currency", "Name"), {"a": 1}),
    (("Packages", 0, "Items", 0, "Reference"), 7),
    (("Packages", 0, "Items", 0, "Value", "Currency", "Name"), 7),
    (("Packages", 0, "Items", 0, "CountryOfOrigin", "Name"), 7),
]


@pytest.mark.parametrize(("place", "value"), WRONG_TYPES)
def test_a_value_of_another_type_than_pro_s_is_refused_by_its_path_wherever_it_is_sent(
    api: Api, place: tuple[str | int, ...], value: Any
) -> None:
    whole = with_everything()
    reference = api.create(**whole)
    part: Any = whole
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = value
    target = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).lstrip(".")
    answers = [
        api.call("POST", "/consignments", whole),
        api.call("PUT", "/consignments", {"Reference": reference, place[0]: whole[str(place[0])]}),
        api.call("POST", "/quotes", whole),
    ]
    if place[0] == "Addresses":
        answers.append(api.call("POST", f"/consignments/{reference}/updateconsignmentaddress", whole["Addresses"][1]))
    if place[0] == "Packages":
        answers.append(api.call("POST", f"/consignments/{reference}/addpackage", whole["Packages"][0]))
    assert [answer.status for answer in answers] == [400] * len(answers)
    assert [answer.data["Details"][0]["Target"] for answer in answers[:3]] == [target] * 3


def test_what_a_typed_client_writes_for_what_it_does_not_set_is_taken(api: Api) -> None:
    whole = with_everything()
    placed = whole["Addresses"][1]
    placed |= dict.fromkeys(("CustomerName", "RegionCode", "IsCached", "LatLong", "ShopLocationReference"))
    placed["Contact"]["Reference"] = None
    whole |= {"LocationInformation": None, "CustomsDocumentation": {"ReceiversShippingCost": None}}
    whole["Packages"][0] |= {"Charges": None}
    api.create(**whole)
    api.create(**{**whole, "Addresses": [ORIGIN, {**placed, "LatLong": {"Latitude": None, "Longitude": None}}]})


def test_empty_texts_count_as_absent(api: Api) -> None:
    reference = api.create(Packages=[package(PackageSizeReference="")], ShippingDate="")
    assert api.call("GET", f"/consignments/{reference}").data["ShippingDate"] is None


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            '{"Packages": [{"Weight": {"Value": 1, "Unit": "kg", "Value": 2}}]}',
            '"Value" stands twice in Packages[0].Weight',
        ),
        ('{"Tags": ["a\\u0000b"]}', "Tags[0] has a null character"),
    ],
)
def test_a_key_that_stands_twice_or_a_null_character_is_a_bad_request(api: Api, body: str, told: str) -> None:
    answer = api.call("POST", "/consignments", body)
    assert answer.status == 400
    assert told in answer.data["Message"]


@pytest.mark.parametrize(
    ("value", "unit", "kilograms"),
    [(2, "LBS", "0.90718"), (500, "Grams", "0.5"), (3, "kgs", "3"), ("0.30000000000000004", "kilograms", "0.3")],
)
def test_the_api_reads_numbers_and_units_as_the_queue_does(api: Api, value: object, unit: str, kilograms: str) -> None:
    reference = api.create(Packages=[package(Weight={"Value": Decimal(str(value)), "Unit": unit})])
    weight = api.call("GET", f"/consignments/{reference}").data["Packages"][0]["Weight"]
    assert (Decimal(weight["Value"]), weight["Unit"]) == (Decimal(kilograms), "Kg")


def test_a_country_and_a_currency_sent_as_codes_are_shown_as_objects(api: Api) -> None:
    sent = package(Value={"Amount": 5, "Currency": "GBP"})
    reference = api.create(Addresses=[ORIGIN, DESTINATION | {"Country": "GB"}], Packages=[sent])
    shown = api.call("GET", f"/consignments/{reference}").data
    assert shown["Addresses"][1]["Country"]["IsoCode"]["TwoLetterCode"] == "GB"
    assert shown["Packages"][0]["Value"]["Currency"]["IsoCode"] == "GBP"


def test_dates_that_were_sent_without_a_time_or_an_offset_are_told_with_both(api: Api) -> None:
    reference = api.create(ShippingDate="2026-12-01", RequestedDeliveryDate={"Date": "2026-12-03T08:00:00"})
    told = api.call("GET", f"/consignments/{reference}").data
    assert told["ShippingDate"] == "2026-12-01T00:00:00+00:00"
    assert told["RequestedDeliveryDate"]["Date"] == "2026-12-03T08:00:00+00:00"


def test_countries_and_currencies_have_their_names_whatever_the_sender_called_them(api: Api) -> None:
    worth = {"Amount": 5, "Currency": {"IsoCode": "CHF"}}
    to = DESTINATION | {"Country": {"Name": "UK", "IsoCode": {"TwoLetterCode": "UK"}}}
    told = api.call("GET", f"/consignments/{api.create(Addresses=[ORIGIN, to], Packages=[package(Value=worth)])}").data
    assert told["Addresses"][1]["Country"]["Name"] == "United Kingdom"
    assert (
        told["Value"]["Currency"]
        == told["Packages"][0]["Value"]["Currency"]
        == {"Name": "Swiss Franc", "IsoCode": "CHF"}
    )


def in_camel_case(value: Any) -> Any:
    if isinstance(value, dict):
        return {name[0].lower() + name[1:]: in_camel_case(item) for name, item in value.items()}
    return [in_camel_case(item) for item in value] if isinstance(value, list) else value


def test_names_of_requests_are_read_in_any_case_however_deep(api: Api) -> None:
    """As .NET reads them: Java's and JavaScript's typed clients write camelCase."""
    own = {"myField": {"description": "mine"}}
    placed = {**DESTINATION, "LatLong": {"Latitude": 53, "Longitude": -2}}
    changes = {"Tags": ["Alcohol"], "Addresses": [ORIGIN, placed], "MetaData": [{"KeyValue": "a", "IntValue": 1}]}
    sent = in_camel_case(consignment(**changes)) | own
    answer = api.call("POST", "/consignments", sent)
    assert answer.status == 201, answer.body
    told = api.call("GET", f"/consignments/{answer.data[0]['Href'].rpartition('/')[2]}").data
    expected = api.call("GET", f"/consignments/{api.create(**changes)}").data
    for name in ("Addresses", "Tags", "Weight", "Value", "MetaData"):
        assert told[name] == expected[name]
    assert told["myField"] == own["myField"]
    for path in ("/quotes", "/deliveryoptions", "/orders"):
        assert api.call("POST", path, sent).status == 201
    unknown = in_camel_case(consignment(Addresses=[{**ORIGIN, "ShippingLocationReference": "Nowhere"}, DESTINATION]))
    assert api.call("POST", "/consignments", unknown).data["Code"] == "ShippingLocationNotFoundException"


@pytest.mark.parametrize("parts", [-1, True, "text", {"a": 1}, [1], [None]])
@pytest.mark.parametrize("name", ["Addresses", "Packages"])
def test_parts_that_are_no_list_of_objects_are_refused(api: Api, name: str, parts: Any) -> None:
    for method, path in (("POST", "/consignments"), ("POST", "/quotes"), ("POST", "/deliveryoptions")):
        assert api.call(method, path, consignment() | {name: parts}).status == 400
