"""What carrier services offer for a consignment, and how one of them is chosen."""

from dataclasses import replace
from datetime import timedelta

import pytest

from allocation.api.quote_views import QuoteWriter
from allocation.consignments.allocatable_consignment import ProConsignment
from allocation.consignments.errors import RequestError
from allocation.consignments.market import Market
from allocation.domain.consignment import Consignment, Direction
from allocation.domain.mode import CarrierService, DefaultRules, ServiceGroup
from allocation.domain.outcome import Allocated, AllocationFailed
from allocation.domain.preference import Preference, PreferenceName
from allocation.engine.engine import Engine
from allocation.engine.question import ServiceFilters
from tests.support.consignments import HEAVY, ORIGIN, Consignments, consignment, package
from tests.support.samples import A


@pytest.fixture
def shop() -> Consignments:
    return Consignments()


def asked(**changes: object) -> Consignment:
    return ProConsignment.model_validate(consignment(Reference=A, **changes)).to_domain()


def market(shop: Consignments) -> Market:
    return Market(shop.engine, shop.store.limits)


def quotes(shop: Consignments, consignment: Consignment) -> list[str]:
    offered = market(shop)
    return [offered.quote_reference(offer) for offer in offered.assess(consignment, shop.clock()).offers]


def test_every_service_has_an_offer_or_the_checks_it_failed(shop: Consignments) -> None:
    assessment = market(shop).assess(asked(), shop.clock())
    assert len(assessment.offers) + len(assessment.excluded) == len(shop.engine.catalogue.services)
    assert assessment.offers
    assert all(exclusion.failed for exclusion in assessment.excluded)


def test_a_group_is_assessed_by_its_own_services(shop: Consignments) -> None:
    offered = market(shop)
    assessment = offered.assess(asked(), shop.clock(), ServiceGroup("valuableGoods"))
    members = set(shop.engine.catalogue.groups["valuableGoods"])
    assert {offered.service(offer).reference for offer in assessment.offers} <= members


def test_a_service_whose_daily_limit_is_used_up_has_no_offer(shop: Consignments) -> None:
    shop.limit_to(1)
    shop.allocate(shop.create(), CarrierService("CX_NDS"))
    offered = market(shop)
    services = {offered.service(offer).reference for offer in offered.assess(asked(), shop.clock()).offers}
    assert "CX_NDS" not in services
    assert services


def test_an_unknown_group_and_an_incomplete_consignment_are_refused(shop: Consignments) -> None:
    with pytest.raises(RequestError) as refused:
        market(shop).assess(asked(), shop.clock(), ServiceGroup("nowhere"))
    assert refused.value.code == "ServiceGroupNotFoundException"
    with pytest.raises(RequestError) as refused:
        market(shop).assess(asked(Addresses=[ORIGIN]), shop.clock())
    assert refused.value.code == "ConsignmentIncomplete"


def test_quotes_have_references_of_their_own_that_last_as_long_as_the_offer(shop: Consignments) -> None:
    first = quotes(shop, asked())
    assert len(set(first)) == len(first)
    shop.clock.now += timedelta(minutes=1)
    assert quotes(shop, asked()) == first
    shop.clock.now += timedelta(days=30)
    assert set(quotes(shop, asked())).isdisjoint(first)


def test_another_price_is_another_quote(shop: Consignments) -> None:
    offered = market(shop)
    light, heavier = (
        {
            offered.service(offer).reference: (offer.net, offered.quote_reference(offer))
            for offer in offered.assess(asked(Packages=[package(Weight=weight)]), shop.clock()).offers
        }
        for weight in ({"Value": 1, "Unit": "Kg"}, {"Value": 12, "Unit": "Kg"})
    )
    both = [(light[service], heavier[service]) for service in light.keys() & heavier.keys()]
    assert any(one[0] != other[0] for one, other in both)
    assert all((one[0] == other[0]) == (one[1] == other[1]) for one, other in both)


def test_a_quote_that_stands_is_allocated_whatever_its_case(shop: Consignments) -> None:
    reference = shop.create()
    offered = market(shop)
    dearer = offered.assess(asked(), shop.clock()).offers[1]
    quote = offered.quote_reference(dearer)
    outcome = shop.allocations.allocate(reference, shop.choices.by_quote(f" {quote.upper()} "), "request")
    assert isinstance(outcome, Allocated)
    service = offered.service(dearer).reference
    assert outcome.summary.carrier_service_reference == service
    assert shop.store.written[-1].mode == CarrierService(service)
    assert outcome.price is not None
    assert outcome.price.net == dearer.net


@pytest.mark.parametrize("later", [timedelta(days=1), timedelta(days=7)])
def test_a_quote_that_no_longer_stands_is_refused_and_nothing_is_recorded(shop: Consignments, later: timedelta) -> None:
    reference = shop.create()
    quote = quotes(shop, asked())[0]
    shop.clock.now += later
    for wrong in (quote, "none"):
        with pytest.raises(RequestError) as refused:
            shop.allocations.allocate(reference, shop.choices.by_quote(wrong), "request")
        assert refused.value.code == "QuoteNotFoundException"
    assert shop.state(reference) == "Unallocated"


def test_filters_choose_the_cheapest_service_that_passes_them(shop: Consignments) -> None:
    reference = shop.create()
    choose = shop.choices.by_filters(ServiceFilters(Direction.OUTBOUND, drop_off=True))
    outcome = shop.allocations.allocate(reference, choose, "request")
    assert isinstance(outcome, Allocated)
    features = {service.reference: service.features for service in shop.engine.catalogue.services}
    assert "dropOff" in features[str(outcome.summary.carrier_service_reference)]
    assert shop.store.written[-1].mode == DefaultRules()


def test_quotes_are_cheapest_first_and_the_cheapest_is_allocated_whatever_the_catalogue_prefers(
    shop: Consignments,
) -> None:
    """So does PRO. Its other ways of allocation follow the catalogue."""
    catalogue = shop.engine.catalogue
    cheap = market(shop).service(min(market(shop).assess(asked(), shop.clock()).offers)).reference
    services = tuple(
        replace(service, priority=None if service.reference == cheap else 1) for service in catalogue.services
    )
    shop.engine = Engine(replace(catalogue, services=services, preference=Preference(PreferenceName.PRIORITISED)))
    assessment = market(shop).assess(asked(), shop.clock())
    written = QuoteWriter(market(shop), consignment(), [], "", "request", shop.clock()).result(assessment)["Quotes"]
    prices = [quote["Price"]["Net"] for quote in written]
    assert (written[0]["MpdCarrierServiceReference"], prices) == (cheap, sorted(prices))
    reference = shop.create()
    by_quote = shop.allocations.allocate(reference, shop.choices.by_cheapest_quote(), "request")
    assert isinstance(by_quote, Allocated)
    assert (by_quote.summary.carrier_service_reference, shop.store.written[-1].mode) == (cheap, DefaultRules())
    by_rules = shop.allocate(shop.create())
    assert isinstance(by_rules, Allocated)
    assert by_rules.summary.carrier_service_reference != cheap


def test_filters_that_no_service_passes_are_a_recorded_failure(shop: Consignments) -> None:
    for wanted, changes in (
        (ServiceFilters(Direction.INBOUND), {}),
        (ServiceFilters(), {"Packages": [HEAVY]}),
    ):
        reference = shop.create(**changes)
        outcome = shop.allocations.allocate(reference, shop.choices.by_filters(wanted), "request")
        assert isinstance(outcome, AllocationFailed)
        assert outcome.failure.code == "NoCarrierServiceAvailable"
        assert shop.state(reference) == "AllocationFailed"


def test_the_links_of_a_summary_begin_with_the_address_of_the_api(shop: Consignments) -> None:
    reference = shop.create()
    outcome = shop.allocate(reference)
    assert isinstance(outcome, Allocated)
    assert outcome.summary.api_links[0].href == f"https://api.example.com/consignments/{reference}"
