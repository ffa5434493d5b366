"""What holds of every preference: one order, the oracle's, however the catalogue is written."""

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from allocation.engine.offers import Offer
from tests.support.engines import WORKING_DAYS, assessed, engine_of, rate, service
from tests.support.size import sized

PREFERENCES: list[Any] = ["cheapest", "fastest", "earliestDelivery", "prioritised", {"fastestWithin": "1.50 GBP"}]
LATER = {"collections": [{"days": WORKING_DAYS, "cutOff": "16:00", "collection": "19:00"}]}
DAILY = {"collections": [{"days": WORKING_DAYS, "cutOff": "16:00", "collection": "17:00"}]}

services = st.dictionaries(
    st.sampled_from("ABCDEFG"),
    st.builds(
        lambda price, days, until, priority, handicap: service(
            rates=[rate("GB", price, days=days)],
            delivery={"window": ["08:00", until]},
            handicap=handicap,
            **({} if priority is None else {"priority": priority}),
        ),
        st.sampled_from(["4", "5", "6"]),
        st.integers(1, 2),
        st.sampled_from(["12:00", "18:00"]),
        st.sampled_from([None, 1, 2]),
        st.sampled_from([0, 0, "0.50", "-1"]),
    ),
    min_size=2,
    max_size=7,
)


def rank(
    name: str, offer: Offer, written: dict[str, Any], offers: dict[str, Offer], preference: Any
) -> tuple[Any, ...]:
    """What the guide says is compared, in its order."""

    def cost(key: str) -> Decimal:
        return offers[key].net + Decimal(str(written[key]["handicap"]))

    day, end = offer.dates.delivery_day, offer.dates.window[1]
    rest = (cost(name), offer.dates.collected_at, day, end, name)
    if preference == "cheapest":
        return rest
    if preference == "fastest":
        return (day, *rest)
    if preference == "earliestDelivery":
        return (day, end, *rest)
    if preference == "prioritised":
        return (written[name].get("priority", 99), *rest)
    return (cost(name) > min(map(cost, offers)) + Decimal("1.50"), day, *rest)


@settings(max_examples=sized(25, 1000))
@given(services, st.sampled_from(PREFERENCES), st.sets(st.sampled_from("ABCDEFG")), st.randoms(use_true_random=False))
def test_offers_are_in_the_order_of_the_guide(
    written: dict[str, Any], preference: Any, late: set[str], random: Any
) -> None:
    written = {"H": service(rates=[rate("GB", 50)], priority=9, handicap=0), **written}
    names = list(written)
    random.shuffle(names)
    by_service = dict.fromkeys(sorted(late & written.keys()), "later")
    location = {"country": "GB", "postcode": "M2 6LW", "collections": {"default": "daily", "services": by_service}}
    engine = engine_of(
        {name: written[name] for name in names},
        preference=preference,
        locations={"Depot": location},
        calendars={"daily": DAILY, "later": LATER},
    )
    found = {engine.index.services[offer.position].reference: offer for offer in assessed(engine).offers}
    assert list(found) == sorted(found, key=lambda name: rank(name, found[name], written, found, preference))
