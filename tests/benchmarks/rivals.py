"""The other engines, told the same services: karrio's rate-sheet rating, and zen-engine's decision tables."""

import json
from collections.abc import Callable, Sequence
from decimal import Decimal

import karrio.core.models as karrio_models  # type: ignore[import-not-found]
import karrio.lib as lib  # type: ignore[import-not-found]
import zen  # type: ignore[import-not-found]
from karrio.universal.mappers.rating_proxy import RatingMixinProxy  # type: ignore[import-not-found]
from karrio.universal.providers.rating import RatingMixinSettings, parse_rate_response  # type: ignore[import-not-found]

from allocation.domain.consignment import Consignment
from tests.benchmarks.catalogues import BANDS, PlainService

Prices = dict[str, Decimal]
"""What each service that can take a consignment costs."""


def karrio_prices(services: Sequence[PlainService]) -> Callable[[Consignment], Prices]:
    """karrio's rating over its own service and zone models, from request to rates."""
    settings = RatingMixinSettings(carrier_id="bench", account_country_code="GB")
    settings.services = [_karrio_service(service) for service in services]
    proxy = RatingMixinProxy(settings)

    def prices(consignment: Consignment) -> Prices:
        response = proxy.get_rates(lib.Serializable(_karrio_request(consignment)))
        rates, _ = parse_rate_response(response, settings)
        return {rate.service: _penny(rate.total_charge) for rate in rates}

    return prices


def zen_first(services: Sequence[PlainService]) -> Callable[[Consignment], Prices]:
    """A decision table in the order of prices, of which the first row that matches is the cheapest."""
    rows = sorted(_rows(services), key=lambda row: (Decimal(row["price"]), row["service"]))
    decision = _decision("first", rows)
    return lambda consignment: _zen_prices([decision.evaluate(_zen_context(consignment))["result"]])


def zen_collect(services: Sequence[PlainService]) -> Callable[[Consignment], Prices]:
    """A decision table of which all rows that match are collected."""
    decision = _decision("collect", _rows(services))
    return lambda consignment: _zen_prices(decision.evaluate(_zen_context(consignment))["result"])


def _karrio_service(service: PlainService) -> karrio_models.ServiceLevel:
    zones = [
        karrio_models.ServiceZone(rate=float(price), min_weight=low, max_weight=high, country_codes=[country])
        for country, prices in service.prices.items()
        for low, high, price in zip((0, *BANDS), BANDS, prices, strict=False)
    ]
    return karrio_models.ServiceLevel(
        service_name=service.reference,
        service_code=service.reference,
        currency="GBP",
        weight_unit="KG",
        dimension_unit="CM",
        max_weight=30,
        max_length=service.longest,
        max_width=service.longest,
        max_height=service.longest,
        domicile=True,
        international=True,
        zones=zones,
    )


def _karrio_request(consignment: Consignment) -> karrio_models.RateRequest:
    package = consignment.packages[0]
    box, to = package.dimensions, consignment.destination
    if box is None or to is None:
        raise ValueError("the benchmark's consignments are complete")
    parcel = karrio_models.Parcel(
        weight=float(package.weight_kg),
        weight_unit="KG",
        length=float(box.length_cm),
        width=float(box.width_cm),
        height=float(box.height_cm),
        dimension_unit="CM",
    )
    return karrio_models.RateRequest(
        shipper=karrio_models.Address(country_code="GB", postal_code="M2 6LW"),
        recipient=karrio_models.Address(country_code=to.country, postal_code=to.postcode),
        parcels=[parcel],
        services=[],
        options={},
    )


def _rows(services: Sequence[PlainService]) -> list[dict[str, str]]:
    return [
        {
            "_id": f"{service.reference}-{country}-{high}",
            "country": f'"{country}"',
            "weight": f"> {low} and <= {high}",
            "length": f"<= {service.longest}",
            "service": f'"{service.reference}"',
            "price": str(price),
        }
        for service in services
        for country, prices in service.prices.items()
        for low, high, price in zip((0, *BANDS), BANDS, prices, strict=False)
    ]


def _decision(hit_policy: str, rows: list[dict[str, str]]) -> zen.ZenDecision:
    columns = {
        name: {"id": name, "name": name, "field": name} for name in ("country", "weight", "length", "service", "price")
    }
    table = {
        "hitPolicy": hit_policy,
        "inputs": [columns[name] for name in ("country", "weight", "length")],
        "outputs": [columns[name] for name in ("service", "price")],
        "rules": rows,
    }
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode", "position": {"x": 0, "y": 0}},
        {"id": "table", "name": "table", "type": "decisionTableNode", "content": table, "position": {"x": 1, "y": 0}},
        {"id": "out", "name": "out", "type": "outputNode", "position": {"x": 2, "y": 0}},
    ]
    edges = [
        {"id": "1", "type": "edge", "sourceId": "in", "targetId": "table"},
        {"id": "2", "type": "edge", "sourceId": "table", "targetId": "out"},
    ]
    return zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))


def _zen_context(consignment: Consignment) -> dict[str, object]:
    package = consignment.packages[0]
    box, to = package.dimensions, consignment.destination
    if box is None or to is None:
        raise ValueError("the benchmark's consignments are complete")
    longest = max(box.length_cm, box.width_cm, box.height_cm)
    return {"country": to.country, "weight": float(package.weight_kg), "length": float(longest)}


def _zen_prices(rows: list[dict[str, object]] | None) -> Prices:
    return {str(row["service"]): _penny(row["price"]) for row in rows or () if row}


def _penny(value: object) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.01"))
