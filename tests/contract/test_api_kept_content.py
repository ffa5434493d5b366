"""Consignments that an earlier version took, with values that this one refuses: they are served all the same."""

from dataclasses import replace

from allocation.domain.reference import ConsignmentReference
from tests.support.allocation_api import Api
from tests.support.consignments import InMemoryConsignments


def test_what_is_wrong_in_a_kept_consignment_hides_nothing_else() -> None:
    store = InMemoryConsignments()
    api = Api(store)
    reference = ConsignmentReference(api.create())
    assert api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote").status < 300
    stored = store.kept[reference]
    wrong = {"LatLong": {"Latitude": "53.4"}, "Contact": {"LastName": "Lee", "Reference": 7}}
    addresses = [{**each, **wrong} for each in stored.content["Addresses"]]
    store.kept[reference] = replace(stored, content={**stored.content, "Addresses": addresses})
    told = api.call("GET", f"/consignments/{reference}")
    assert told.status == 200
    assert {each["Contact"]["LastName"] for each in told.data["Addresses"]} == {"Lee"}
    assert api.call("GET", f"/labels/{reference}").status == 200
