"""The orders that the deployed stack is given: 200 in all wrappings, some sent twice, some that can't be read."""

import json
from collections.abc import Callable
from itertools import cycle, islice
from typing import Any, Final

ORDERS: Final = 200
MALFORMED: Final = 10
REPEATED: Final = 10
"""5% each."""

Event = dict[str, Any]


def consignment(reference: str, *, kilograms: float = 1.5, country: str = "GB", postcode: str = "M1 5WG") -> Event:
    """A consignment with invented contact data."""
    box = {"Unit": "Cm", "Width": 20.0, "Length": 30.0, "Height": 10.0}
    contact = {"FirstName": "Sam", "LastName": "Sample", "Email": "sam.sample@example.com"}
    code = {"Name": country, "IsoCode": {"TwoLetterCode": country}}
    destination = {"AddressType": "Destination", "Contact": contact, "Postcode": postcode, "Country": code}
    return {
        "Reference": reference,
        "Packages": [{"Weight": {"Value": kilograms, "Unit": "Kg"}, "Dimensions": box}],
        "Addresses": [{"AddressType": "Origin", "ShippingLocationReference": "Sorted1"}, destination],
    }


def order(number: int) -> Event:
    """An order of one to three consignments, of which every seventh's first is heavier than any service takes."""
    references = [f"EC-{number:03d}-E2E-{place:03d}" for place in range(1 + number % 3)]
    heavy = number % 7 == 0
    return {
        "eventType": "order-created",
        "eventVersion": 1,
        "eventId": f"event-{number}",
        "occurredAt": "2026-11-23T09:15:00Z",
        "orderReference": f"E2E-{number}",
        "consignments": [
            consignment(reference, kilograms=5000.0 if heavy and place == 0 else 1.5)
            for place, reference in enumerate(references)
        ],
    }


def bare(event: Event) -> Event:
    """The event itself."""
    return event


def from_sns(event: Event) -> Event:
    """As an SNS subscription without raw delivery brings it."""
    return {"Type": "Notification", "MessageId": "m", "TopicArn": "arn:aws:sns:::orders", "Message": json.dumps(event)}


def from_event_bridge(event: Event) -> Event:
    """As an EventBridge rule brings it."""
    return {"version": "0", "id": event["eventId"], "detail-type": "order-created", "source": "shop", "detail": event}


def cloud_event(event: Event) -> Event:
    """As a CloudEvent in JSON."""
    return {
        "specversion": "1.0",
        "id": event["eventId"],
        "type": "order-created",
        "source": "/shop",
        "data": event,
    }


WRAPPINGS: Final[tuple[Callable[[Event], Event], ...]] = (bare, from_sns, from_event_bridge, cloud_event)


def readable_bodies() -> list[str]:
    """The bodies of the orders that can be read, each wrapping as often as the others."""
    wrappings = cycle(WRAPPINGS)
    return [json.dumps(next(wrappings)(order(number))) for number in range(ORDERS - MALFORMED)]


def malformed_bodies() -> dict[str, str]:
    """Bodies that can never be read, with the code that each is refused with."""
    good = order(ORDERS)
    path = {**good, "consignments": [{**consignment("EC-000-BAD-000"), "Reference": "../EC-000-BAD-000"}]}
    twice = {**good, "consignments": [consignment("EC-000-BAD-001"), consignment("EC-000-BAD-001")]}
    text = {**good, "consignments": [{**consignment("EC-000-BAD-002"), "Packages": "one"}]}
    return {
        '{"eventType": "order-created"': "NotJson",
        '["not", "an", "object"]': "NotAnObject",
        json.dumps(from_sns([good])): "NotAnObject",  # type: ignore[arg-type]
        json.dumps({**good, "eventType": "order-deleted"}): "UnknownEventType",
        json.dumps({**good, "eventVersion": 2}): "UnknownEventVersion",
        json.dumps({**good, "consignments": []}): "InvalidMessage",
        json.dumps({name: value for name, value in good.items() if name != "orderReference"}): "InvalidMessage",
        json.dumps(cloud_event(path)): "InvalidMessage",
        json.dumps(from_event_bridge(text)): "InvalidMessage",
        json.dumps(twice): "DuplicateConsignment",
    }


def repeated(bodies: list[str]) -> list[str]:
    """Some of the bodies, spread over all of them, to be sent again."""
    return list(islice(bodies, 3, None, len(bodies) // REPEATED))[:REPEATED]
