"""Small catalogues and consignments for the engine's tests: each test changes only what it is about."""

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from allocation.domain.consignment import Address, Consignment, Dimensions, Package
from allocation.domain.currencies import Money
from allocation.domain.mode import AllocationMode, DefaultRules
from allocation.domain.outcome import Explanation, Failure, Outcome
from allocation.domain.reference import ConsignmentReference
from allocation.engine.asked import asked_consignment
from allocation.engine.compiled_catalogue import read_compiled
from allocation.engine.engine import Assessment, Engine
from allocation.engine.kept_explanation import explanation_of
from allocation.engine.offers import Offer
from allocation.engine.question import NO_FILTERS, ServiceFilters
from allocation.ports import LimitUsage
from cli.catalogue.catalogue_problems import CatalogueProblemsError
from cli.catalogue.compilation import compile_text
from tests.support.ports import InMemoryLimits

NOW = datetime(2027, 6, 9, 10, 0, tzinfo=UTC)
"""A Wednesday in summer time."""

EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WORKING_DAYS = EVERY_DAY[:5]

DOCUMENT: dict[str, Any] = {
    "version": "test",
    "currency": "GBP",
    "timeZone": "Europe/London",
    "years": {"first": 2026, "last": 2029},
    "taxes": {"VAT": {"rate": 0.2, "destinations": ["GB"]}, "NONE": {"rate": 0, "destinations": ["*"]}},
    "calendars": {"daily": {"collections": [{"days": WORKING_DAYS, "cutOff": "16:00", "collection": "17:00"}]}},
    "locations": {"Depot": {"country": "GB", "postcode": "M2 6LW", "collections": {"default": "daily"}}},
    "carriers": {"ACME": {"name": "Acme", "calendar": "daily", "services": {}}},
}


def service(**changes: Any) -> dict[str, Any]:
    """A service that takes nearly everything within GB for 5.00."""
    plain = {
        "name": "Plain",
        "origins": ["GB"],
        "destinations": ["GB"],
        "rates": [rate("GB", 5)],
    }
    return plain | changes


def rate(zone: str, *prices: object, days: int = 1, limit: int = 1000) -> dict[str, Any]:
    """A rate whose bands end at 1, 2, 3 ... Kg; the last one at `limit`."""
    limits = [*range(1, len(prices)), limit]
    bands = [{"upTo": up_to, "price": price} for up_to, price in zip(limits, prices, strict=True)]
    return {"zone": zone, "transitDays": days, "bands": bands}


def document(services: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """A catalogue of these services, all of one carrier."""
    made = deepcopy(DOCUMENT) | changes
    made["carriers"]["ACME"]["services"] = dict(services)
    return made


def engine_of(services: Mapping[str, Any], **changes: Any) -> Engine:
    """The engine over a catalogue of these services."""
    return Engine(read_compiled(compile_text(json.dumps(document(services, **changes)))))


def package(weight: str = "0.5", sides: tuple[str, str, str] = ("10", "10", "10"), value: str | None = None) -> Package:
    """A box: Kg, Cm, GBP."""
    money = None if value is None else Money(Decimal(value), "GBP")
    return Package(Decimal(weight), Dimensions(*map(Decimal, sides)), value=money)


PARCEL = Consignment(
    reference=ConsignmentReference("EC-000-05B-MMA"),
    packages=(package(),),
    origin=Address(shipping_location_reference="Depot"),
    destination=Address(country="GB", postcode="M1 5WG"),
)


def to(postcode: str, country: str = "GB", consignment: Consignment = PARCEL) -> Consignment:
    """The consignment, sent elsewhere."""
    return replace(consignment, destination=Address(country=country, postcode=postcode))


def assessed(
    engine: Engine,
    consignment: Consignment = PARCEL,
    mode: AllocationMode | None = None,
    now: datetime = NOW,
    filters: ServiceFilters = NO_FILTERS,
    limits: LimitUsage | None = None,
) -> Assessment:
    """The engine's answer; the consignment is complete and the mode's reference is known."""
    inquiry = engine.inquire(consignment)
    scope = engine.scope(mode or DefaultRules())
    assert not isinstance(inquiry, Failure), inquiry.message
    assert not isinstance(scope, Failure), scope.message
    return engine.assess(inquiry, scope, now, filters, (limits or InMemoryLimits()).used)


def winner(engine: Engine, consignment: Consignment = PARCEL, now: datetime = NOW) -> str | None:
    """The reference of the service that wins."""
    best = assessed(engine, consignment, now=now).winner
    return best and engine.index.services[best.position].reference


def eligible(assessment: Assessment, engine: Engine) -> set[str]:
    """The references of the services that have an offer."""
    return {engine.index.services[offer.position].reference for offer in assessment.offers}


def offered(assessment: Assessment) -> list[Offer]:
    """The offers, best first."""
    return list(assessment.offers)


def reasons(assessment: Assessment, engine: Engine) -> dict[str, list[str]]:
    """The codes of the failed rules by service."""
    return {
        engine.index.services[item.position].reference: [rule.code for rule in item.failed]
        for item in assessment.excluded
    }


def net(engine: Engine, consignment: Consignment = PARCEL, now: datetime = NOW) -> str:
    """The net price of the winner."""
    assessment = assessed(engine, consignment, now=now)
    assert assessment.winner is not None, reasons(assessment, engine)
    return str(assessment.winner.net)


def explained_outcome(engine: Engine, outcome: Outcome) -> Explanation:
    """The explanation that an outcome keeps, read as readers of its record do."""
    assert outcome.decision is not None
    assert outcome.decision.explanation is not None
    return explanation_of(outcome.decision.explanation, engine, asked_consignment(outcome.decision.asked))


def problems(text: str) -> list[str]:
    """What is wrong with a catalogue, which must have something wrong."""
    with pytest.raises(CatalogueProblemsError) as caught:
        compile_text(text)
    return [str(problem) for problem in caught.value.problems]


def written(path: Path, services: dict[str, Any], **changes: Any) -> str:
    """Writes a catalogue of these services into a file, a part a line; returns its path."""
    path.write_text(json.dumps(document(services, **changes), indent=1))
    return str(path)
