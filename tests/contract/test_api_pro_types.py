"""Every reply is of PRO's type: the client of all these tests refuses one that is not (`Api.call`)."""

import re
from decimal import Decimal
from typing import Any

import pytest

from allocation.api import consignment_routes
from allocation.api.pro_routes import form_of
from allocation.api.resolver import OPERATIONS
from tests.contract.test_api_pro_routes import OWN
from tests.support.allocation_api import Api
from tests.support.consignments import package
from tests.support.pro_types import READERS, full_name, operation_facts, problems, types
from tests.support.pro_xml import unread_xml


def test_every_operation_of_pro_that_is_served_has_the_type_of_its_reply() -> None:
    known = {fact.form: fact for fact in operation_facts()}
    served = {each: (each.method, *form_of(each.path)) for each in OPERATIONS if (each.method, each.path) not in OWN}
    assert {operation.name for operation, form in served.items() if form not in known} == set()
    untyped = {operation.name for operation, form in served.items() if operation.gives and not known[form].reply}
    assert untyped == set()


def test_every_type_that_a_type_names_is_known() -> None:
    homes = [
        (told, full) for full, kind in types().items() if kind["kind"] == "Class" for told in kind["members"].values()
    ]
    homes += [(fact.reply, "") for fact in operation_facts() if fact.reply]
    for told, home in homes:
        for word in re.findall(r"[\w.]+(?:\[\])?", told):
            assert word in READERS or word in {"List", "HashSet", "IList", "KeyValuePair"} or full_name(word, home)
    assert len(types()) > 120
    assert full_name("Package", "DataTypes.Orders.Order.Order") == "DataTypes.Orders.OrderPackage.Package"
    assert full_name("Item", "DataTypes.Consignments.Package") == "DataTypes.Consignments.Item"


STATUS: dict[str, Any] = {
    "ConsignmentReferenceForAllLegsAssignedByMpd": "EC-000-087-01A",
    "Status": "Allocated",
    "ExpectedDeliveryDate": "2020-06-02T14:20:11.4370803+01:00",
    "ApiLink": {"Rel": "Link", "Href": "https://api.example.com/consignments/EC-000-087-01A"},
}
PRICE = {"Net": Decimal("5.49"), "Currency": {"Name": "Pound Sterling", "IsoCode": "GBP"}}


@pytest.mark.parametrize(
    ("kind", "data", "place"),
    [
        ("ConsignmentStatusResponse", {**STATUS, "Carrier": "X"}, "$: Carrier"),
        ("ConsignmentStatusResponse", {**STATUS, "status": "Allocated"}, "$: status"),
        ("ConsignmentStatusResponse", {**STATUS, "Status": 3}, "$.Status"),
        ("ConsignmentStatusResponse", {**STATUS, "ExpectedDeliveryDate": "2020-06-02"}, "$.ExpectedDeliveryDate"),
        ("ConsignmentStatusResponse", {**STATUS, "ApiLink": [STATUS["ApiLink"]]}, "$.ApiLink"),
        ("ConsignmentStatusResponse", {**STATUS, "ApiLink": {"rel": "Link"}}, "$.ApiLink: rel"),
        ("List<ApiLink>", STATUS["ApiLink"], "$: no list"),
        ("List<ApiLink>", [STATUS["ApiLink"], {"Href": 1}], "$[1].Href"),
        ("Rate", {**PRICE, "Net": "5.49"}, "$.Net"),
        ("Rate", {**PRICE, "TaxRate": {"Rate": None}}, "$.TaxRate.Rate: null"),
        ("Consignment", {"ConsignmentState": "allocated"}, "$.ConsignmentState"),
        ("Consignment", {"IsLate": None}, "$.IsLate: null"),
        ("Consignment", {"LabelCount": Decimal("1.5")}, "$.LabelCount"),
        ("Consignment", {"CustomerReference": "me"}, "$.CustomerReference"),
        ("Consignment", {"Addresses": [{"AddressType": "Hub"}]}, "$.Addresses[0].AddressType"),
        ("Package", {"Charges": [{"Key": "Duty"}]}, "$.Charges[0]"),
        ("GetLabelsResponse", {"File": "no base 64!"}, "$.File"),
        ("Quote", {"ServiceDirection": "Inbound, Sideways"}, "$.ServiceDirection"),
        ("DeliveryWindow", {"Start": "9:00"}, "$.Start"),
        ("ShippingLocation", {"Id": 1}, "$: CustomerReference is missing"),
    ],
)
def test_a_fault_of_any_kind_is_found(kind: str, data: Any, place: str) -> None:
    found = list(problems(kind, data))
    assert found
    assert found[0].startswith(place)


def test_what_is_as_documented_has_no_fault() -> None:
    assert list(problems("ConsignmentStatusResponse", STATUS)) == []
    assert list(problems("Rate", PRICE)) == []


def test_a_field_of_the_sender_s_own_is_no_fault_but_one_in_another_case_than_pro_s_is() -> None:
    assert list(problems("Consignment", {"Mine": 1}, own={"Mine"})) == []
    assert list(problems("Consignment", {"direction": 1}, own={"direction"})) != []


SPACES = 'xmlns="http://electioapp.com/schemas/v1.1/MPD.Electio.SDK.DataTypes.'
READ = f'<ArrayOfCarrier><Carrier><Name {SPACES}Common">X</Name></Carrier></ArrayOfCarrier>'
SUMMED = f"""<ConsignmentStateSummaryResponse {SPACES}Consignments"><Summary><KeyValuePairOfStringInt32/></Summary>
    </ConsignmentStateSummaryResponse>"""
DATED = f"""<Order {SPACES}Orders"><RequiredDeliveryDate>
    <Date {SPACES}Consignments">2026-12-01T00:00:00Z</Date></RequiredDeliveryDate></Order>"""
OFFERED = f'<Quote {SPACES}Quotes"><ServiceDirection>Inbound Outbound</ServiceDirection></Quote>'


@pytest.mark.parametrize(
    ("kind", "text", "read", "unread"),
    [
        ("List<Carrier>", READ, "Common", "Consignments"),
        ("List<Carrier>", READ, "ArrayOfCarrier", "ArrayOfCarriers"),
        ("List<Carrier>", READ, "Name", "Names"),
        ("ConsignmentStateSummaryResponse", SUMMED, "KeyValuePairOfStringInt32", "string"),
        ("ConsignmentStateSummaryResponse", SUMMED, "DataTypes.Consignments", "DataTypes.Common"),
        ("DataTypes.Orders.Order.Order", DATED, "Consignments", "Orders"),
        ("Quote", OFFERED, "Inbound Outbound", "Inbound, Outbound"),
    ],
)
def test_what_a_net_client_does_not_read_of_xml_is_found(kind: str, text: str, read: str, unread: str) -> None:
    assert unread_xml(kind, text) == []
    assert unread_xml(kind, text.replace(read, unread)) != []


def test_the_client_of_these_tests_refuses_a_reply_with_a_fault(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = api.create()
    assert api.call("GET", f"/consignments/{reference}/status").status == 200
    monkeypatch.setattr(consignment_routes, "_status_view", lambda *_: {**STATUS, "state": "Allocated"})
    with pytest.raises(AssertionError, match="state is no member"):
        api.call("GET", f"/consignments/{reference}/status")


CUSTOMS = {"CategoryType": None, "ShippingTerms": "dap", "DeclarationDate": "2026-11-24", "InvoiceDate": None}


@pytest.mark.parametrize("details", ["Alcohol,Batteries", "alcohol batteries"])
def test_what_a_sender_wrote_comes_back_as_typed_clients_read_it(api: Api, details: str) -> None:
    barcode = {"Code": "1", "BarcodeType": "code39"}
    item = {"ContentClassification": "anything", "ContentClassificationDetails": details, "Quantity": 1}
    goods = package(Barcode=barcode, Items=[item])
    told = api.call("GET", "/consignments/" + api.create(CustomsDocumentation=CUSTOMS, Packages=[goods])).data
    customs = {"ShippingTerms": "DAP", "DeclarationDate": "2026-11-24T00:00:00+00:00"}
    assert told["CustomsDocumentation"] == customs
    assert told["Packages"][0]["Barcode"] == {"Code": "1", "BarcodeType": "Code39"}
    [shown] = told["Packages"][0]["Items"]
    assert shown.pop("Reference").startswith("EP-")
    assert shown == {"ContentClassificationDetails": "Alcohol, Batteries", "Quantity": 1}
