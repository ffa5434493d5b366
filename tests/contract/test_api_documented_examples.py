"""Every example of PRO's help, replayed as its page has it, and the reply compared value by value, in JSON and in XML.

What an example's request determines must come back the same. What differs is named in `allowed_differences.py` with
its kind: what is checked of it all the same (`support/documented.py`). In XML, the namespace of each element is
compared; that stands in an earlier version of the pages. What is not replayed in XML says why in `LEFT_OUT_OF_XML`.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.contract.allowed_differences import ALLOWED
from tests.contract.documented_replays import REPLAYED, shop_of
from tests.support.allocation_api import served_api
from tests.support.documented import EXAMPLES, Kind, compared
from tests.support.pro_types import FOLDER

IN_XML: dict[str, list[str]] = json.loads((FOLDER / "documented_xml.json").read_text("utf-8"))
NAMESPACES = "http://electioapp.com/schemas/v1.1/MPD.Electio.SDK.DataTypes."
# One example is of version 1, whose prices are in the namespace of what they are the price of.
OLDER_NAMESPACES = "http://electioapp.com/schemas/v1/MPD.Electio.SDK.DataTypes."
OLDER_PRICES = {"includes/_get_pickup_options.md: PickupOptionsResponse"}
XML = {"Accept": "application/xml"}
# What .NET writes otherwise in XML: times as durations, flags with spaces, a number as a word, or not at all.
WRITTEN_OTHERWISE = ("Start", "End", "ServiceDirection", "MpdCarrierServiceSource", "DayOfWeek")
LEFT_OUT_OF_XML = {
    "includes/_update_orders.md: ArrayOfApiLink": "a later page says that no body comes",
}
# The examples in XML, by those in JSON that are the same.
IN_XML_REPLAYED = {
    "includes/_allocate_with_quote.md: ArrayOfAllocationSummary": (
        "includes/_allocate_with_quote.md: Allocate with Quote"
    ),
    "includes/_create_orders.md: ArrayOfApiLink": "includes/_create_orders.md: Create Order",
    "includes/_get_labels.md: GetLabelsResponse": "help/getting_labels.md: Label Object",
    "includes/_get_quotes_by_con_ref.md: QuoteResult": (
        "includes/_get_quotes_by_con_ref.md: Get Quotes by Consignment Reference"
    ),
    "includes/_getting_delivery_options.md: DeliveryOptionsResponse": (
        "includes/_getting_delivery_options.md: Delivery Options"
    ),
    "includes/_get_pickup_options.md: PickupOptionsResponse": "includes/_get_pickup_options.md: Pickup Options",
    "includes/_manifest_consignments.md: ArrayOfWithMessageOfString": (
        "help/manifesting_consignments.md: Manifest Consignments"
    ),
    "includes/_pack_orders.md: PackOrderResponse": "includes/_pack_orders.md: Pack Order",
    "includes/_select_option.md: AllocationSummary": "includes/_select_option.md: Select Option",
    "includes/_select_option_as_order.md: SelectOrderResponse": "help/selecting_options.md: Select Option As Order",
    "includes/_update_consignments.md: ArrayOfApiLink": "help/updating_existing_consignments.md: Update Consignments",
}


@pytest.mark.parametrize("example", sorted(REPLAYED))
def test_a_documented_example_is_answered_as_its_page_has_it_value_by_value(example: str) -> None:
    status, replay = REPLAYED[example]
    with served_api() as api:
        answer = replay(shop_of(api, example))
    assert answer.status == status, answer.body
    if "reply" not in EXAMPLES[example]:
        return
    found = list(compared(EXAMPLES[example]["reply"], answer.data))
    allowed = ALLOWED.get(example, [])
    others = [str(each) for each in found if not any(one.covers(each) for one in allowed)]
    assert not others, "\n".join(sorted(set(others)))
    unused = [one for one in allowed if not any(one.covers(each) for each in found)]
    assert not unused, "no such difference is found any more"


def test_every_documented_example_is_replayed_or_left_out_for_a_reason() -> None:
    assert EXAMPLES.keys() == REPLAYED.keys()
    assert IN_XML.keys() == IN_XML_REPLAYED.keys() | LEFT_OUT_OF_XML.keys()
    assert ALLOWED.keys() <= REPLAYED.keys()


def paths(element: ElementTree.Element, above: str = "") -> Iterator[str]:
    """The path of each element with the namespace that it is in."""
    namespace, _, name = element.tag.rpartition("}")
    yield f"{above}/{name}@{namespace.lstrip('{').removeprefix(NAMESPACES)}"
    for child in element:
        yield from paths(child, f"{above}/{name}")


def values_of(data: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every value of a reply in JSON by its field, as XML writes it; not those that XML has in a form of its own."""
    if isinstance(data, dict):
        for field, value in data.items():
            yield from values_of(value, field)
    elif isinstance(data, list):
        for value in data:
            yield from values_of(value, name)
    elif data not in (None, "") and name not in WRITTEN_OTHERWISE:
        yield name, str(data).lower() if isinstance(data, bool) else str(data)


@pytest.mark.parametrize("example", sorted(IN_XML_REPLAYED))
def test_a_documented_reply_in_xml_has_the_values_of_json_each_element_in_its_namespace(example: str) -> None:
    status, replay = REPLAYED[IN_XML_REPLAYED[example]]
    answers = []
    for headers in ({}, XML):
        with served_api() as api:
            shop = shop_of(api, IN_XML_REPLAYED[example])
            shop.headers = headers
            answers.append(replay(shop))
    in_json, answer = answers
    assert answer.status == in_json.status == status, answer.body
    root = ElementTree.fromstring(answer.body)  # noqa: S314 - our own
    told = Counter((leaf.tag.rpartition("}")[2], leaf.text) for leaf in root.iter() if leaf.text and not len(leaf))
    expected = Counter(text for _, text in values_of(in_json.data))
    assert Counter(text for name, text in told.elements() if name not in WRITTEN_OTHERWISE) == expected
    ours = dict(path.split("@") for path in paths(root))
    documented = {
        path: space.removeprefix(OLDER_NAMESPACES) for path, space in (each.split("@") for each in IN_XML[example])
    }
    for path in [path for path in documented if "/Price/" in path and example in OLDER_PRICES]:
        del documented[path]
    assert {path: space for path, space in ours.items() if documented.get(path, space) != space} == {}
    assert len(documented.keys() & ours.keys()) >= len(documented) * 0.7, documented.keys() - ours.keys()


@pytest.mark.parametrize(
    ("ours", "difference"),
    [
        ({"A": "x"}, ("$.B", Kind.STRUCTURE)),
        ({"A": "x", "B": [1], "C": 1}, ("$.C", Kind.STRUCTURE)),
        ({"A": 1, "B": [1]}, ("$.A", Kind.STRUCTURE)),
        ({"A": "x", "B": []}, ("$.B", Kind.STRUCTURE)),
        ({"A": "x", "B": [True]}, ("$.B", Kind.STRUCTURE)),
        ({"A": "y", "B": [1]}, ("$.A", Kind.WORDS)),
        ({"A": "x", "B": [2]}, ("$.B", Kind.CATALOGUE)),
        ({"A": None, "B": [1]}, ("$.A", Kind.UNSET)),
        ({"A": "x", "B": [1, 1]}, ("$.B", Kind.ROWS)),
        ([], ("$", Kind.STRUCTURE)),
    ],
)
def test_a_difference_of_any_kind_is_found(ours: Any, difference: tuple[str, Kind]) -> None:
    assert [(each.at, each.kind) for each in compared({"A": "x", "B": [1]}, ours)] == [difference]
