"""Three weeks of a shop for the console: made by the engine from the sample catalogue, the same in every run."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

from allocation.consignments.allocatable_consignment import ProConsignment
from allocation.console.rate_card import rate_card
from allocation.console.trial import Trial, tried
from allocation.domain.consignment import Consignment
from allocation.domain.mode import DefaultRules
from allocation.domain.outcome import Allocated, AllocationFailed, Explanation, Outcome
from allocation.domain.reference import ConsignmentReference
from allocation.engine.compiled_catalogue import packaged_catalogue, read_compiled
from allocation.engine.engine import Engine
from allocation.exact_json import parsed
from allocation.replay.decisions import Replayable, Side
from allocation.replay.partial import replay
from cli.catalogue.compilation import compile_text
from cli.paths import ROOT
from tests.support.kept_decisions import decided, worded
from tests.support.ports import InMemoryCatalogues, InMemoryLimits

NOW = datetime(2026, 11, 26, 14, 20, tzinfo=UTC)
COUNT = 160
_WRITTEN = ROOT / "cli" / "catalogue" / "sample.yaml"
_PLACES = (
    ("GB", "M1 5WG"),
    ("GB", "SW1A 1AA"),
    ("GB", "EH3 9QN"),
    ("GB", "IV1 1HY"),
    ("GB", "BT1 5GS"),
    ("GB", "CF10 1BH"),
    ("GB", "LS1 4DY"),
    ("FR", "75002"),
    ("DE", "10115"),
    ("IE", "D02 X285"),
    ("US", "10001"),
    ("RU", "101000"),
)
_WEIGHTS = (0.3, 0.5, 0.9, 1.8, 2.4, 4.1, 7.5, 12, 28, 1200)
# Consignments of a day that a sample stands for.
_A_SAMPLE = 97
_LIMITED = ("CX_48", "LK_HOME")
_CHARACTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def explained(engine: Engine, written: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What the console's API answers to who tries a consignment."""
    return tried(Trial(parsed(json.dumps(written))), lambda: engine, DefaultRules(), now)


def domain(written: Mapping[str, Any]) -> Consignment:
    exact = parsed(json.dumps({"Reference": "EC-000-000-000", **written}))
    return ProConsignment.model_validate(exact).to_domain()


@dataclass(frozen=True)
class Sample:
    """A consignment with what was decided."""

    reference: ConsignmentReference
    order: str
    written: Mapping[str, Any]
    at: datetime
    outcome: Outcome
    kept: Explanation | None

    @property
    def item(self) -> dict[str, Any]:
        """The consignment as the console's list has it."""
        outcome = self.outcome
        common = {
            "consignment": self.reference,
            "order": self.order,
            "customerReference": f"{self.order}-1",
            "mode": "default_rules",
            "allocatedAt": text(self.at + timedelta(seconds=2.3)),
            "version": 1,
            "state": outcome.state,
        }
        if isinstance(outcome, AllocationFailed):
            unknown = dict.fromkeys(("carrier", "service", "price", "collectedAt", "deliveredBy"))
            return {**common, **unknown, "failureCode": outcome.failure.code, "trackingReferences": []}
        summary, price = outcome.summary, outcome.price
        winner = (self.kept or {})["winner"]
        assert price
        assert outcome.delivered_by
        return {
            **common,
            "carrier": summary.carrier_reference,
            "service": summary.carrier_service_reference,
            "price": {
                "net": str(price.net),
                "vat": str(price.vat),
                "gross": str(price.gross),
                "currency": price.currency,
            },
            "collectedAt": winner["collectedAt"],
            "deliveredBy": text(outcome.delivered_by),
            "failureCode": None,
            "trackingReferences": [f"TRK{int(self.reference[3:].replace('-', ''), 36) % 10**9:09}"],
        }


class Shop:
    """All that the console's API tells of the shop."""

    archive = InMemoryCatalogues()

    @cached_property
    def engine(self) -> Engine:
        return Engine(packaged_catalogue())

    @cached_property
    def samples(self) -> list[Sample]:
        """The newest first."""
        return sorted(self._made(), key=lambda each: each.at, reverse=True)

    def _made(self) -> Iterator[Sample]:
        random = Random(7)
        for number in range(COUNT):
            at = NOW - timedelta(minutes=random.randrange(3, 20 * 1440), seconds=random.randrange(60))
            written = _consignment(random)
            letters = "".join(random.choice(_CHARACTERS) for _ in range(6))
            reference = ConsignmentReference(f"EC-000-{letters[:3]}-{letters[3:]}")
            consignment = replace(domain(written), reference=reference)
            outcome = decided(self.engine, consignment, DefaultRules(), at, self.archive)
            kept = worded(self.engine, consignment, DefaultRules(), at, InMemoryLimits())
            assert isinstance(outcome, Allocated | AllocationFailed)
            yield Sample(reference, f"WEB-{100100 + number}", written, at, outcome, kept)

    @cached_property
    def days(self) -> list[dict[str, Any]]:
        """The last three weeks; a sample stands for a hundred consignments."""
        return [self._day((NOW - timedelta(days=back)).date().isoformat()) for back in range(20, -1, -1)]

    def _day(self, day: str) -> dict[str, Any]:
        items = [each.item for each in self.samples if each.item["allocatedAt"].startswith(day)]
        services: dict[tuple[str, str, str], dict[str, Any]] = {}
        for item in items:
            if item["price"]:
                key = (item["carrier"], item["service"], item["price"]["currency"])
                row = services.setdefault(key, {"count": 0, "net": Decimal(0)})
                row["count"] += _A_SAMPLE
                row["net"] += _A_SAMPLE * Decimal(item["price"]["net"])
        states = Counter(each["state"] for each in items)
        limit = {each.reference: each.daily_limit for each in self.engine.catalogue.services}
        return {
            "day": day,
            "states": {
                "Allocated": _A_SAMPLE * states["Allocated"],
                "AllocationFailed": 4 * states["AllocationFailed"],
            },
            "services": [
                {
                    "carrier": carrier,
                    "service": service,
                    "count": row["count"],
                    "net": str(row["net"]),
                    "currency": currency,
                    "limit": 400 if service in _LIMITED else limit[service],
                    "used": row["count"] if service in _LIMITED or limit[service] else None,
                }
                for (carrier, service, currency), row in sorted(services.items())
            ],
        }

    @cached_property
    def replay(self) -> dict[str, Any]:
        """The samples under a catalogue whose cheapest service costs more."""
        changed = _WRITTEN.read_text("utf-8").replace('version: "2026-11-23"', 'version: "2026-12-01"')
        changed = changed.replace("amount: 0.065", "amount: 0.22").replace("price: 3.15", "price: 2.85")
        after = Engine(read_compiled(compile_text(changed, Path(_WRITTEN.parent))))
        asked = [
            Replayable(replace(domain(each.written), reference=each.reference), DefaultRules(), each.at)
            for each in self.samples
        ]
        return replay(Side(self.engine), Side(after), asked).document()

    @cached_property
    def catalogue(self) -> dict[str, Any]:
        """The sample catalogue in words, with two versions."""
        outcomes = {**self.replay, "id": "2026-11-23"}
        return {
            **rate_card(self.engine),
            "publications": [
                {
                    "publishedAt": "2026-11-23T07:30:00Z",
                    "version": self.engine.catalogue.version,
                    "digest": self.engine.catalogue.digest,
                    "warnings": ["PR_BETA is disabled: no consignment goes by it."],
                    "changes": ["cut-off of Carrier X at Sorted1: 16:30 -> 16:00", "CX_ECO, UK: 2.95 GBP -> 3.05 GBP"],
                    "outcomes": outcomes,
                    "current": True,
                },
                {
                    "publishedAt": "2026-11-02T09:05:00Z",
                    "version": "2026-11-02",
                    "digest": "0d7e6f1c55aa",
                    "warnings": [],
                    "changes": [],
                    "outcomes": None,
                    "current": False,
                },
            ],
        }


def text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _consignment(random: Random) -> dict[str, Any]:
    country, postcode = random.choices(_PLACES, (9, 7, 4, 2, 2, 4, 6, 3, 3, 2, 2, 2))[0]
    weight = random.choices(_WEIGHTS, (5, 9, 8, 8, 7, 5, 4, 3, 2, 2))[0]
    side = min(90, 8 + round(weight**0.5 * 7))
    return {
        "Packages": [
            {
                "Weight": {"Value": weight, "Unit": "Kg"},
                "Dimensions": {"Unit": "Cm", "Width": side, "Length": side + 10, "Height": side},
                "Value": {"Amount": 20 + random.randrange(200), "Currency": {"IsoCode": "GBP"}},
            }
        ],
        "Addresses": [
            {"AddressType": "Origin", "ShippingLocationReference": "Sorted1"},
            {
                "AddressType": "Destination",
                "AddressLine1": "1 Example Street",
                "Postcode": postcode,
                "Country": {"IsoCode": {"TwoLetterCode": country}},
            },
        ],
    }
