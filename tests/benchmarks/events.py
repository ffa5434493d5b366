"""The events that functions are given: orders in batches, changes of records, a request of the API. All are made up."""

import random
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import count
from json import dumps
from typing import Any, Final

from tests.benchmarks.catalogues import POSTCODES

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_REFERENCE_DIGITS: Final = 9
_COUNTRIES: Final = (("GB", ""), ("GB", ""), ("GB", ""), ("FR", "75001"), ("DE", "10115"), ("IE", ""), ("US", "10001"))
_SENT_AT: Final = "1795425300000"
_STREAM: Final = "2026-11-26T09:15:00.000"
API_KEY: Final = "bench-key"

Event = dict[str, Any]


class Orders:
    """New orders, different in weight, size and destination, and the same in every run."""

    def __init__(self, seed: int = 7) -> None:
        self._chance = random.Random(seed)
        self._numbers = count(1)

    def batch(self, orders: int, consignments: int = 1) -> Event:
        """Return an event of so many messages of SQS, each with an order of so many consignments."""
        return {"Records": [message(body) for body in self.bodies(orders, consignments)]}

    def bodies(self, orders: int, consignments: int = 1) -> Iterator[str]:
        """Yield so many orders as JSON text."""
        for _ in range(orders):
            order = f"WEB-{next(self._numbers):09d}"
            parcels = [self._consignment(f"{order}-{number}") for number in range(consignments)]
            yield dumps(
                {
                    "eventType": "order-created",
                    "eventVersion": 1,
                    "eventId": f"created-{order}",
                    "occurredAt": "2026-11-23T09:15:00Z",
                    "orderReference": order,
                    "consignments": parcels,
                }
            )

    def _consignment(self, customer_reference: str) -> Event:
        country, postcode = self._chance.choice(_COUNTRIES)
        sides = [self._chance.randrange(50, 500) / 10 for _ in range(3)]
        weight = Decimal(self._chance.randrange(110, 1990)) / 100
        return {
            "Reference": _reference(next(self._numbers)),
            "ConsignmentReferenceProvidedByCustomer": customer_reference,
            "Direction": "Outbound",
            "Tags": [],
            "MetaData": [],
            "ShippingDate": None,
            "RequestedDeliveryDate": None,
            "Packages": [
                {
                    "Weight": {"Value": float(weight), "Unit": "Kg"},
                    "Dimensions": {"Unit": "Cm", "Width": sides[0], "Length": sides[1], "Height": sides[2]},
                    "Description": "Socks",
                    "Value": {"Amount": self._chance.randrange(5, 300), "Currency": {"IsoCode": "GBP"}},
                }
            ],
            "Addresses": [
                {"AddressType": "Origin", "ShippingLocationReference": "Depot", "IsCached": False},
                {
                    "AddressType": "Destination",
                    "Contact": {"Title": "Ms", "FirstName": "Ada", "LastName": "Example", "Email": "ada@example.com"},
                    "AddressLine1": "1 Example Street",
                    "Region": "Greater Manchester",
                    "Postcode": postcode or (self._chance.choice(POSTCODES) if country == "GB" else ""),
                    "Country": {"IsoCode": {"TwoLetterCode": country}},
                    "IsCached": False,
                },
            ],
        }


def _reference(number: int) -> str:
    """Return a consignment reference as SortedPRO issues them, as `EC-000-00A-1BC`."""
    written = ""
    for _ in range(_REFERENCE_DIGITS):
        number, digit = divmod(number, len(_DIGITS))
        written = _DIGITS[digit] + written
    return f"EC-{written[:3]}-{written[3:6]}-{written[6:]}"


_MESSAGES = count(1)


def message(body: str) -> Event:
    """Return an order's text as a record of SQS's event."""
    number = next(_MESSAGES)
    return {
        "messageId": f"19dd0b57-b21e-4ac1-bd88-{number:012d}",
        "receiptHandle": f"receipt-{number}",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": _SENT_AT,
            "SenderId": "sender",
            "ApproximateFirstReceiveTimestamp": _SENT_AT,
        },
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-2:000000000000:orders",
        "awsRegion": "eu-west-2",
    }


def changes(items: Sequence[Mapping[str, Any]]) -> Event:
    """Return what the table's stream brings of new records, which are as DynamoDB writes them in JSON."""
    return {"Records": [_change(number, item) for number, item in enumerate(items)]}


def _change(number: int, item: Mapping[str, Any]) -> Event:
    return {
        "eventID": f"{number:032d}",
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-west-2",
        "dynamodb": {
            "ApproximateCreationDateTime": 1795425302,
            "Keys": {"consignmentReference": item["consignmentReference"]},
            "NewImage": item,
            "SequenceNumber": f"{number + 1:021d}",
            "SizeBytes": 1000,
            "StreamViewType": "NEW_IMAGE",
        },
        "eventSourceARN": f"arn:aws:dynamodb:eu-west-2:000000000000:table/AllocationsTable/stream/{_STREAM}",
    }


def api_request(path: str = "/consignments/EC-000-000-001") -> Event:
    """Return a `GET` of API Gateway's, of a consignment that is not there."""
    headers = {"Accept": "application/json", "Host": "api.example.com", "ocp-apim-subscription-key": API_KEY}
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": "GET",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"proxy": path.strip("/")},
        "stageVariables": None,
        "requestContext": {
            "stage": "live",
            "path": f"/live{path}",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "domainName": "api.example.com",
            "httpMethod": "GET",
            "identity": {"sourceIp": "192.0.2.1"},
            "authorizer": {"principalId": "bench", "scopes": "read allocate"},
        },
        "body": None,
        "isBase64Encoded": False,
    }


def authorizer_request() -> Event:
    """Return what API Gateway asks a REQUEST authorizer."""
    request = api_request()
    kept = ("resource", "path", "httpMethod", "headers", "multiValueHeaders", "requestContext")
    arn = "arn:aws:execute-api:eu-west-2:000000000000:api/live/GET/consignments/EC-000-000-001"
    return {"type": "REQUEST", "methodArn": arn, **{name: request[name] for name in kept}}
