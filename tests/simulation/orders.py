"""The orders of a history: some sent twice or sharing a consignment, some of hundreds, unreadable or left out."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random
from typing import Any

MANY = (101, 260)
"""How many consignments a large order has: more than one wave."""

OPTIONS = ("next-day", "economy", "click-and-collect")
"""The delivery options that customers choose. A routing table may have no row for one."""


@dataclass(frozen=True, slots=True)
class Order:
    """A message to send. Its consignments are those to allocate; `refused` if not all of it can be read."""

    name: str
    consignments: tuple[str, ...]
    body: str
    sent_at: float
    refused: bool
    left_out: bool = False
    """Whether a mapping has left the order out: the message is done, and nothing is recorded."""


@dataclass(frozen=True, slots=True)
class Update:
    """A message that gives consignments of an order new content."""

    name: str
    event_id: str
    order_reference: str
    consignments: tuple[str, ...]
    sent_at: float

    @property
    def body(self) -> str:
        """The order-updated message."""
        consignments = [content(self.event_id, reference) for reference in self.consignments]
        event = {"eventType": "order-updated", "eventVersion": 1, "eventId": self.event_id}
        return json.dumps({**event, "orderReference": self.order_reference, "consignments": consignments})


@dataclass(frozen=True, slots=True)
class Cancellation:
    """A message that cancels an order, or only the consignments that it names."""

    name: str
    order_reference: str
    consignments: tuple[str, ...] | None
    sent_at: float

    def names(self, reference: str) -> bool:
        """Whether it cancels a consignment of its order."""
        return self.consignments is None or reference in self.consignments

    @property
    def body(self) -> str:
        """The order-cancelled message."""
        event = {"eventType": "order-cancelled", "eventVersion": 1, "eventId": self.name}
        return json.dumps({**event, "orderReference": self.order_reference, "consignments": self.consignments})


def draw_updates(draw: Random, orders: Sequence[Order], chance: float | None) -> list[Update]:
    """In some histories orders are updated, some twice: before they come, after, or meanwhile."""
    updates: list[Update] = []
    drawn = 0.5 if draw.random() < 0.4 else 0.0
    for at, order in enumerate(orders):
        for number in range(draw.choice((1, 1, 2)) if order.consignments else 0):
            if draw.random() < (drawn if chance is None else chance):
                named = tuple(draw.sample(order.consignments, min(draw.randint(1, 4), len(order.consignments))))
            else:
                named = ()
            if named:
                event_id, reference = f"update-{at}-{number}", json.loads(order.body)["orderReference"]
                updates += [
                    Update(f"{event_id}-{copy}", event_id, reference, named, draw_moment(draw, order))
                    for copy in range(2 if draw.random() < 0.2 else 1)
                ]
    return updates


def draw_cancellations(draw: Random, orders: Sequence[Order], chance: float | None) -> list[Cancellation]:
    """In some histories orders are cancelled, or some of their consignments: before they come, after, or meanwhile."""
    cancellations: list[Cancellation] = []
    drawn = 0.6 if draw.random() < 0.3 else 0.0
    for at, order in enumerate(orders):
        if order.consignments and draw.random() < (drawn if chance is None else chance):
            named = draw.random() < 0.3
            few = tuple(draw.sample(order.consignments, min(draw.randint(1, 3), len(order.consignments))))
            sent_at, reference = draw_moment(draw, order), json.loads(order.body)["orderReference"]
            cancellations.append(Cancellation(f"cancellation-{at}", reference, few if named else None, sent_at))
    return cancellations


def draw_moment(draw: Random, order: Order) -> float:
    """When something else is said of an order: mostly soon after it was sent."""
    soon = order.sent_at + draw.choice((draw.uniform(0, 2), draw.uniform(0, 20)))
    return draw.choice((0.0, soon, soon, draw.uniform(0, 900), 4000.0))


def draw_orders(draw: Random, *, large: bool, unkind: bool) -> list[Order]:
    """A handful of orders; consignments may stand in several, and orders in several messages.

    In an `unkind` history some consignments arrive in PRO after their orders.
    """
    orders: list[Order] = []
    kinds = {**KINDS, "LAT": 10} if unkind else KINDS
    # Two may be drawn alike, and an order that names one twice is refused.
    references = list(dict.fromkeys(reference(draw, kinds) for _ in range(draw.randint(1, 16))))
    for number in range(draw.randint(1, 8)):
        consignments = tuple(draw.sample(references, min(draw.randint(1, 6), len(references))))
        if draw.random() < 0.002 and large:
            consignments = tuple({reference(draw): None for _ in range(draw.randint(*MANY))})
        what = draw.choices(("whole", "partly", "nothing"), weights=(8, 1, 1))[0]
        body = order_body(number, consignments, whole=what == "whole")
        if what == "nothing":
            what, body = ("left out", left_out_body(body)) if number % 2 else (what, '{"not": "an order"')
        for copy in range(2 if draw.random() < 0.2 else 1):
            known = consignments if what in {"whole", "partly"} else ()
            sent_at = draw.choice((0.0, draw.uniform(0, 600)))
            refused, left_out = what in {"partly", "nothing"}, what == "left out"
            orders.append(Order(f"message-{number}-{copy}", known, body, sent_at, refused, left_out))
    return orders


def under_own_references(order: Order) -> Order:
    """The order, with some of its consignments under references that are not PRO's: PRO is to create those."""
    own = {each: OWN_PREFIX + each[7:] for each in order.consignments if each.startswith("EC-AAA") and each[7] < "E"}
    if not own:
        return order
    event = json.loads(order.body)
    sent = event["consignments"]
    named = [own.get(each["Reference"], each["Reference"]) for each in sent]
    contents = [
        content(event["eventId"], name) if name in own.values() else each
        for name, each in zip(named, sent, strict=True)
    ]
    body = json.dumps(event | {"consignments": contents})
    return replace(order, consignments=tuple(own.get(each, each) for each in order.consignments), body=body)


def left_out_body(body: str) -> str:
    """What a mapping makes of an order that is not paid."""
    return json.dumps(json.loads(body) | {"eventType": "order-left-out"})


OWN_PREFIX = "WEB-"
"""What references of senders' own begin with, of consignments that PRO is to create."""

KINDS = {"AAA": 80, "NOF": 10, "404": 10, "SPO": 3, "BIG": 2, "ONE": 5, "OLD": 5}
"""How often consignments of each kind are."""


def reference(draw: Random, kinds: Mapping[str, int] = KINDS) -> str:
    """A consignment reference, which says what is special about the consignment.

    404 is unknown to PRO, NOF fits no service, ONE fits none when it is first asked for, OLD fitted none before, SPO
    spoils a whole call, of BIG PRO says far too much, and LAT arrives there late.
    """
    letters = "".join(draw.choices("ABCDEFGH0123", k=6))
    first = draw.choices(list(kinds), weights=list(kinds.values()))[0]
    return f"EC-{first}-{letters[:3]}-{letters[3:]}"


def order_body(number: int, consignments: Sequence[str], *, whole: bool) -> str:
    """An order-created message of these consignments, and of one that can't be read unless it is `whole`."""
    return json.dumps(
        {
            "eventType": "order-created",
            "eventVersion": 1,
            "eventId": f"event-{number}",
            "occurredAt": "2026-11-23T09:00:00Z",
            "orderReference": f"ORDER-{number}",
            "consignments": [content(f"event-{number}", reference) for reference in consignments]
            + ([] if whole else [{"Reference": 1}]),
        }
    )


def content(event_id: str, reference: str) -> dict[str, Any]:
    """A consignment as an event describes it: its own reference tells by which."""
    named = {"ConsignmentReferenceProvidedByCustomer": event_id, "deliveryOption": option(event_id, reference)}
    return consignment(reference) | named


@lru_cache(4096)
def option(event_id: str, reference: str) -> str | None:
    """The delivery option of a consignment in an event; another event may have another."""
    return Random(f"{event_id}/{reference}").choice((None, *OPTIONS))


def consignment(reference: str) -> dict[str, Any]:
    """What PRO needs of a consignment, and our engine; one that fits no service is too heavy for any."""
    kilograms = 5000 if reference.startswith("EC-NOF") else 2
    country = {"Name": "United Kingdom", "IsoCode": {"TwoLetterCode": "GB"}}
    return {
        "Reference": reference,
        "Packages": [
            {
                "Weight": {"Value": kilograms, "Unit": "Kg"},
                "Dimensions": {"Unit": "Cm", "Width": 20, "Length": 30, "Height": 10},
            }
        ],
        "Addresses": [
            {"AddressType": "Origin", "ShippingLocationReference": "Sorted1"},
            {"AddressType": "Destination", "Postcode": "M1 5WG", "Country": country},
        ],
    }
