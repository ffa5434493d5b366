"""What changed in a catalogue, in the words of a shipping manager: the thing, its value before and after, the units."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from cli.catalogue.differences import differences
from cli.catalogue.reading import read_catalogue
from tests.properties.engine.test_compiled_mutations import WRITTEN
from tests.support.engines import document, rate, service

Json = dict[str, Any]


def service_of(found: Json, reference: str) -> Json:
    service: Json = found["carriers"]["ACME"]["services"][reference]
    return service


def rate_of(found: Json, number: int = 0) -> Json:
    rate: Json = service_of(found, "S")["rates"][number]
    return rate


def hours_of(found: Json) -> Json:
    hours: Json = found["calendars"]["daily"]["collections"][0]
    return hours


CHANGES: dict[str, Callable[[Json], object]] = {
    "cut-off of daily at Depot: 16:00 -> 15:00": lambda found: hours_of(found).update(cutOff="15:00"),
    "days from cut-off to collection of daily at Depot: 0 days -> 1 day": lambda found: hours_of(found).update(
        cutOffDaysBefore=1
    ),
    "days of daily at Depot: mon, wed, thu -> mon, tue": lambda found: hours_of(found).update(days=["mon", "tue"]),
    "daily limit of S: 7 consignments -> 1 consignment": lambda found: service_of(found, "S").update(dailyLimit=1),
    "handling days of S: 1 day -> 2 days": lambda found: service_of(found, "S").update(handlingDays=2),
    "greatest weight of S: 40 kg -> 50 kg": lambda found: service_of(found, "S").update(weight="50 kg"),
    "greatest length of S: none -> 1 m": lambda found: service_of(found, "S").update(length="1 m"),
    "greatest volume of S: none -> 20 l": lambda found: service_of(found, "S").update(volume="20 l"),
    "greatest packages of consignment of S: none -> 2 packages": lambda found: service_of(found, "S").update(
        consignment={"packages": {"to": 2}}
    ),
    "greatest value of S: 500 GBP -> 1000 EUR": lambda found: service_of(found, "S").update(maximumValue="1000 EUR"),
    "features of S: signed added": lambda found: service_of(found, "S")["features"].append("signed"),
    "excluded of S: FAR removed": lambda found: service_of(found, "S").update(excluded=[]),
    "PO boxes of S: yes -> no": lambda found: service_of(found, "S").update(poBoxes=False),
    "price of the band up to 1 Kg of the rate NORTH of S: 5.00 GBP -> 5.50 GBP": lambda found: rate_of(found)["bands"][
        0
    ].update(price=5.5),
    "transit days of the rate NORTH of S: 1 day -> 2 days": lambda found: rate_of(found).update(transitDays=2),
    "first day of the rate NORTH of S: none -> 2027-01-01": lambda found: rate_of(found).update({"from": "2027-01-01"}),
    "greatest weight of the rate GB of S: 40 Kg -> 39 Kg": lambda found: rate_of(found, 1)["when"].update(
        weight={"to": 39}
    ),
    "added: the band up to 20 Kg of the rate NORTH of S (end 20 Kg, price 9.00 GBP)": lambda found: rate_of(found)[
        "bands"
    ].append({"upTo": 20, "price": 9}),
    "price of the band up to 1000 Kg of the rate GB of T: 5.00 EUR -> 6.00 EUR": lambda found: service_of(found, "T")[
        "rates"
    ][0]["bands"][0].update(price=6),
    "handicap of T: 1.00 GBP -> 2.00 GBP": lambda found: service_of(found, "T").update(handicap=2),
    "window of delivery of T: 08:00 to 18:00 -> 09:00 to 17:00": lambda found: service_of(found, "T")[
        "delivery"
    ].update(window=["09:00", "17:00"]),
    "divisor of chargeable weight of T: 5000 -> 6000": lambda found: service_of(found, "T")["chargeableWeight"].update(
        divisor=6000
    ),
    "step of the sides of chargeable weight of T: 1 cm -> 2 cm": lambda found: service_of(found, "T")[
        "chargeableWeight"
    ].update(roundSides="2 cm"),
    "amount of surcharge Fuel: 10% -> 12.5%": lambda found: found["surcharges"]["Fuel"].update(amount=0.125),
    "amount of surcharge Long: 1.00 GBP -> 2.00 GBP": lambda found: found["surcharges"]["Long"].update(amount=2),
    "length of threshold of surcharge Long: 50 cm -> 60 cm": lambda found: found["surcharges"]["Long"].update(
        over={"length": "60 cm"}
    ),
    "added: surcharge New (type Additive, amount 1.00 GBP)": lambda found: found["surcharges"].update(
        New={"type": "Additive", "amount": 1}
    ),
    "rate of tax VAT: 20% -> 19%": lambda found: found["taxes"]["VAT"].update(rate=0.19),
    "exchange rate of EUR: 0.86 -> 0.87": lambda found: found["exchangeRates"][0].update(rate=0.87),
    "preference: cheapest -> fastest": lambda found: found.update(preference="fastest"),
    "preference of delivery option late: fastestWithin 2 GBP -> cheapest": lambda found: found["routing"]["options"][
        "late"
    ].update(preference="cheapest"),
    "group g: T removed": lambda found: found["groups"].update(g=["S"]),
    "zone NORTH: GB:L added": lambda found: found["zones"]["NORTH"].append("GB:L"),
    "postcode of location Depot: M2 6LW -> M2 7LW": lambda found: found["locations"]["Depot"].update(postcode="M2 7LW"),
    "additional dates of holidays E: 2027-05-05 added": lambda found: found["holidays"]["E"].update(add=["2027-05-05"]),
    "removed: carrier OTHER": lambda found: found["carriers"].pop("OTHER"),
}


@pytest.mark.parametrize("sentence", CHANGES)
def test_a_change_is_a_sentence_with_both_values_and_their_units(sentence: str) -> None:
    before = deepcopy(WRITTEN)
    before["carriers"]["OTHER"] = {"name": "Other"}
    after = deepcopy(before)
    CHANGES[sentence](after)
    old, new = (read_catalogue(json.dumps(each)) for each in (before, after))
    assert list(map(str, differences(old, new))) == [sentence]


def test_a_rate_is_compared_with_that_for_the_same_places_wherever_it_stands() -> None:
    """A rate that is put before others changes none of them."""
    before = document({"S": service(rates=[rate("GB", 5), rate("FR", 7)], destinations=["GB", "FR", "DE"])})
    after = document(
        {"S": service(rates=[rate("DE", 6), rate("FR", 8), rate("GB", 5)], destinations=["GB", "FR", "DE"])}
    )
    told = [str(change) for change in differences(*(read_catalogue(json.dumps(each)) for each in (before, after)))]
    assert len(told) == 2
    assert told[0].startswith("added: the rate DE of S")
    assert told[1] == "price of the band up to 1000 Kg of the rate FR of S: 7.00 GBP -> 8.00 GBP"


def test_a_band_is_compared_with_that_for_the_same_weights() -> None:
    lighter = rate("GB", 5)
    lighter["bands"] = [{"upTo": "0.5 kg", "price": 3}, *rate("GB", 5)["bands"]]
    before, after = document({"S": service()}), document({"S": service(rates=[lighter])})
    told = [str(change) for change in differences(*(read_catalogue(json.dumps(each)) for each in (before, after)))]
    assert len(told) == 1
    assert told[0].startswith("added: the band up to 0.5 kg of the rate GB of S")


def test_a_change_shows_quantities_as_they_are_written() -> None:
    def told(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
        pair = (document({"S": service(**each)}) for each in (before, after))
        return list(map(str, differences(*(read_catalogue(json.dumps(each)) for each in pair))))

    assert told({"weight": "40 lb"}, {"weight": {"to": "1 kg"}}) == ["greatest weight of S: 40 lb -> 1 kg"]
    assert told({"size": "24 x 10 x 8 in"}, {"size": "60 x 40 x 40 cm"}) == [
        "greatest size of S: 24 x 10 x 8 in -> 60 x 40 x 40 cm"
    ]
    assert told({"volume": "1 ft3"}, {}) == ["greatest volume of S: 1 ft3 -> none"]
    assert told({"divisor": "139 in3/lb"}, {"divisor": 5000}) == ["divisor of S: 139 in3/lb -> 5000"]
    pounds = [{"zone": "GB", "transitDays": 1, "bands": [{"upTo": "8 oz", "price": price}]} for price in (4, 5)]
    assert told({"rates": pounds[:1]}, {"rates": pounds[1:]}) == [
        "price of the band up to 8 oz of the rate GB of S: 4.00 GBP -> 5.00 GBP"
    ]
    # The same weight in another unit is no change.
    assert told({"weight": "2 lb"}, {"weight": "32 oz"}) == []


def test_an_item_whose_name_is_a_number_is_told_by_its_name() -> None:
    before, after = (
        document({"24": service(), "48": service()}, groups={"g": each}) for each in (["24"], ["24", "48"])
    )
    assert list(map(str, differences(*(read_catalogue(json.dumps(each)) for each in (before, after))))) == [
        "group g: 48 added"
    ]
