"""Our own client of PRO against our own API: the same outcomes as the engine's, consignment by consignment."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocation.consignments.allocatable_consignment import ProConsignment as ConsignmentDocument
from allocation.domain.consignment import Consignment
from allocation.domain.mode import AllocationMode, CarrierService, DefaultRules, ServiceGroup
from allocation.domain.outcome import Allocated, AllocationFailed, DeferralCause, Deferred
from allocation.engine.allocator import EngineAllocator
from allocation.orders.wrappings import read_event
from allocation.pro.allocator import ProAllocator
from allocation.pro.ports import Claimed
from tests.support.allocation_api import Api, served_api
from tests.support.api_server import KEY, served
from tests.support.consignments import DESTINATION, ENGINE, ORIGIN, consignment, package
from tests.support.ports import FakeDeadline, InMemoryCatalogues, InMemoryLimits
from tests.support.pro_clients import allocator_over, client_at
from tests.support.samples import EVENTS
from tests.support.size import sized

MODES: list[AllocationMode] = [DefaultRules(), ServiceGroup("valuableGoods"), CarrierService("CX_NDS")]
ORDERS = (EVENTS / "sample-orders.jsonl").read_text(encoding="utf-8").splitlines()
DOCUMENTS: list[dict[str, Any]] = [document for line in ORDERS for document in read_event(line)["consignments"]]


class NoClaims:
    """Claims of a world in which nobody else asks."""

    def take(self, _references: object, _seconds: float, _over: object = None, *, takes_back: bool = False) -> Claimed:
        return Claimed(takes_back=takes_back)

    def ever_taken(self, _references: object) -> frozenset[Any]:
        return frozenset()

    def give_back(self, *_: object, is_over: bool = False) -> None:
        """Forgets nothing, for nothing was remembered."""


@dataclass(frozen=True)
class Both:
    """The API behind HTTP with our client before it, and the engine alone."""

    api: Api
    address: str
    pro: ProAllocator

    def agree(self, documents: list[dict[str, Any]], mode: AllocationMode) -> list[str]:
        """Allocates the consignments in both ways; returns the states that both ended with."""
        created = [self.created(document) for document in documents]
        engine = EngineAllocator(
            self.api.engine,
            now=self.api.clock,
            api_base_url=self.address,
            usage=InMemoryLimits(),
            archive=InMemoryCatalogues(),
        )
        expected = engine.outcomes(created, mode)
        found = self.pro.allocate(created, mode, FakeDeadline())
        for each in created:
            ours, theirs = expected[each.reference], found[each.reference]
            assert type(ours) is type(theirs), (ours, theirs)
            if isinstance(ours, Allocated) and isinstance(theirs, Allocated):
                assert theirs.summary == ours.summary
            if isinstance(ours, AllocationFailed) and isinstance(theirs, AllocationFailed):
                assert theirs.failure == ours.failure
        return [outcome.state for outcome in expected.values()]

    def created(self, document: dict[str, Any]) -> Consignment:
        """The consignment under the reference that the API gave to it."""
        answer = self.api.call("POST", "/consignments", {**document, "Reference": None})
        assert answer.status == 201, answer.body
        reference = answer.data[0]["Href"].rpartition("/")[2]
        return ConsignmentDocument.model_validate({**document, "Reference": reference}).to_domain()


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    with served_api() as api, served(api) as address:
        yield Both(api, address, allocator_over(client_at(address, lambda: KEY), NoClaims(), patience_seconds=0))


def creatable(document: dict[str, Any]) -> bool:
    """Whether a sample has what a consignment needs to be created at all."""
    kinds = {address["AddressType"] for address in document.get("Addresses") or ()}
    return bool(document.get("Packages")) and kinds >= {"Origin", "Destination"}


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_every_sample_consignment_has_the_same_outcome(both: Both, mode: AllocationMode) -> None:
    states = both.agree([document for document in DOCUMENTS if creatable(document)], mode)
    assert len(states) >= 12
    assert "Allocated" in states


def test_a_group_or_a_service_that_does_not_exist_fails_in_the_engine_and_waits_for_the_set_up_of_pro(
    both: Both,
) -> None:
    for mode in (ServiceGroup("nowhere"), CarrierService("NOWHERE")):
        created = both.created(DOCUMENTS[0])
        outcome = both.pro.allocate([created], mode, FakeDeadline())[created.reference]
        engine = EngineAllocator(
            both.api.engine,
            now=both.api.clock,
            api_base_url=both.address,
            usage=InMemoryLimits(),
            archive=InMemoryCatalogues(),
        )
        expected = engine.outcomes([created], mode)[created.reference]
        assert outcome == Deferred(DeferralCause.MISCONFIGURED)
        assert isinstance(expected, AllocationFailed)


CENTIMETRES = st.decimals(1, 200, places=1)
PACKAGES = st.builds(
    lambda weight, sides, value: package(
        Weight={"Value": weight, "Unit": "Kg"},
        Dimensions={"Unit": "Cm", **dict(zip(("Width", "Length", "Height"), sides, strict=True))},
        Value={"Amount": value, "Currency": {"IsoCode": "GBP"}},
    ),
    st.decimals(Decimal("0.1"), 40, places=2),
    st.tuples(CENTIMETRES, CENTIMETRES, CENTIMETRES),
    st.decimals(0, 2000, places=2),
)
COUNTRIES = sorted(
    {place for service in ENGINE.catalogue.services for place in service.destinations if len(place) == len("GB")}
)
DESTINATIONS = st.builds(
    lambda country, postcode: DESTINATION | {"Country": {"IsoCode": {"TwoLetterCode": country}}, "Postcode": postcode},
    st.sampled_from([*COUNTRIES, "GB", "AQ"]),
    st.sampled_from(["M1 5WG", "BT1 1AA", "10115", "90210", None]),
)
CONSIGNMENTS = st.builds(
    lambda packages, destination, tags: json.loads(
        json.dumps(consignment(Packages=packages, Addresses=[ORIGIN, destination], Tags=tags), default=float),
        parse_float=Decimal,
    ),
    st.lists(PACKAGES, min_size=1, max_size=3),
    DESTINATIONS,
    st.lists(st.sampled_from(["Alcohol", "Flammables", "Oil"]), unique=True, max_size=2),
)


@settings(max_examples=sized(6, 60), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(documents=st.lists(CONSIGNMENTS, min_size=1, max_size=6), mode=st.sampled_from(MODES))
def test_generated_consignments_have_the_same_outcome(
    both: Both, documents: list[dict[str, Any]], mode: AllocationMode
) -> None:
    both.agree(documents, mode)
