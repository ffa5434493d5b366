"""The calls of each mode, exactly as SortedPRO documents them."""

import json

from allocation.domain.mode import CarrierService, DefaultRules, ServiceGroup
from allocation.domain.reference import ConsignmentReference
from allocation.pro.calls import allocation_calls

REFERENCES = [ConsignmentReference(f"EC-000-000-00{number}") for number in range(5)]


def test_default_rules_go_in_bulk_of_the_stated_size() -> None:
    calls = allocation_calls(DefaultRules(), REFERENCES, bulk_size=2)

    assert [call.path for call in calls] == ["/allocation/allocate"] * 3
    assert [json.loads(call.body) for call in calls] == [
        {"ConsignmentReferences": REFERENCES[:2]},
        {"ConsignmentReferences": REFERENCES[2:4]},
        {"ConsignmentReferences": REFERENCES[4:]},
    ]


def test_a_carrier_service_goes_in_bulk_with_its_reference() -> None:
    [call] = allocation_calls(CarrierService("CX_NDS"), REFERENCES, bulk_size=5)

    assert call.path == "/allocation/allocatewithcarrierservice"
    assert json.loads(call.body) == {"MpdCarrierServiceReference": "CX_NDS", "ConsignmentReferences": REFERENCES}


def test_a_service_group_goes_one_by_one_without_a_body() -> None:
    calls = allocation_calls(ServiceGroup("valuableGoods"), REFERENCES[:2], bulk_size=5)

    assert [call.path for call in calls] == [
        "/allocation/EC-000-000-000/allocatewithservicegroup/valuableGoods",
        "/allocation/EC-000-000-001/allocatewithservicegroup/valuableGoods",
    ]
    assert {call.body for call in calls} == {b""}


def test_a_reference_never_leaves_its_path_segment() -> None:
    [call] = allocation_calls(ServiceGroup("g"), [ConsignmentReference("../labels?x#y%2f ")], bulk_size=5)

    assert call.path == "/allocation/..%2Flabels%3Fx%23y%252f%20/allocatewithservicegroup/g"
