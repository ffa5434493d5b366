"""Collection calendars, and what earlier clients look up by the sender's own reference."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.support.allocation_api import Api, served_api
from tests.support.consignments import ENGINE


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with served_api() as api:
        yield api


def calendar_of(api: Api, location: str, carrier: str) -> Any:
    answer = api.call("GET", f"/collectioncalendar/{location}/{carrier}")
    assert answer.status == 200, answer.body
    return answer.data


def test_a_calendar_tells_the_collections_by_which_offers_are_dated(api: Api) -> None:
    """Each quote's collection is one of the rules of its carrier's calendar."""
    reference = api.create()
    quotes = api.call("GET", f"/quotes/consignment/{reference}").data["Quotes"]
    assert quotes
    for quote in quotes:
        told = calendar_of(api, "Sorted1", quote["CarrierReference"])
        service = quote["MpdCarrierServiceReference"]
        leaves = {
            rule["CalendarOperationTimes"]["ManifestTime"]
            for rule in [*told["CalendarRules"], *told["CalendarExceptions"]]
            if service in rule["MpdCarrierServiceReferences"] and rule["CalendarOperationTimes"]
        }
        assert service in told["ApplicableMpdCarrierServices"]
        assert quote["CollectionDate"][11:19] in leaves
    assert len({rule["Id"] for rule in told["CalendarRules"]}) == len(told["CalendarRules"])


def test_a_calendar_names_the_days_to_come_on_which_nothing_is_collected(api: Api) -> None:
    carrier = next(iter(ENGINE.catalogue.carriers))
    cancelled = [
        each["Date"][:10]
        for each in calendar_of(api, "Sorted1", carrier)["CalendarExceptions"]
        if each["CalendarExceptionType"] == "Cancelled"
    ]
    assert "2026-12-25" in cancelled
    assert cancelled == sorted(cancelled)
    assert cancelled[0] >= "2026-11-23"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/collectioncalendar/Nowhere/CARRIER_X", "ShippingLocationNotFoundException"),
        ("/collectioncalendar/Sorted1/NOBODY", "CarrierNotFoundException"),
        ("/consignments/clientReference/nobody", "ConsignmentNotFoundException"),
        ("/consignments/clientReference/nobody/status", "ConsignmentNotFoundException"),
        ("/tracking/clientreference/nobody", "ConsignmentNotFoundException"),
    ],
)
def test_what_is_not_known_is_named_with_404(api: Api, path: str, code: str) -> None:
    answer = api.call("GET", path)
    assert (answer.status, answer.data["Code"]) == (404, code), answer.body


def test_the_senders_reference_finds_the_consignment_that_was_created_last(api: Api) -> None:
    own = "Order 17/ä"
    api.create(ConsignmentReferenceProvidedByCustomer=own)
    api.clock.now += timedelta(seconds=1)
    last = api.create(ConsignmentReferenceProvidedByCustomer=own)
    path = "/consignments/clientReference/Order%2017%2F%C3%A4"
    assert api.call("GET", path).data["Reference"] == last
    status = api.call("GET", f"{path}/status").data
    assert status["ConsignmentReferenceForAllLegsAssignedByMpd"] == last
    tracked = api.call("GET", "/tracking/clientreference/Order%2017%2F%C3%A4").data
    assert tracked["ConsignmentReferenceForAllLegsAssignedByMpd"] == last
    only = api.call("GET", f"/consignments/getconsignmentonly/{last}").data
    assert (only["Reference"], only["Packages"], only["Addresses"]) == (last, [], [])


def test_countries_and_currencies_are_told_by_their_codes(api: Api) -> None:
    countries = {
        each["IsoCode"]["TwoLetterCode"]: each["Name"] for each in api.call("GET", "/staticdata/countries").data
    }
    assert countries["DE"] == "Germany"
    assert {"Name": "Pound Sterling", "IsoCode": "GBP"} in api.call("GET", "/staticdata/currencies").data
    carriers = api.call("GET", "/carriers/getcarriers").data
    assert api.call("GET", "/carrieraccounts/getcarriers").data == carriers
