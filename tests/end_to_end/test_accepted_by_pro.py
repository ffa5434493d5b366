"""Fifty orders that SortedPRO accepts with 202 and allocates 15 s later, on a deployed stack, and orders beside them.

Only in the long size: it takes a minute. `docs/pro-client.md` has the times that were measured so.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Final

import pytest
from rich.console import Console

from cli.imitation.consignments import LATER_PREFIXES
from cli.output import Progress
from cli.stack.deploy import deployed
from cli.stack.observer import Observer, follow, read_record
from cli.stack.orders import send_orders
from tests.end_to_end.conftest import free_port, order_message
from tests.end_to_end.pro_chaos import SECRET, pro_parameters
from tests.support.pro_server import KEY, ProServer
from tests.support.size import IS_LONG

pytestmark = pytest.mark.skipif(not IS_LONG, reason="it takes a minute: make test-long")

PATIENCE_SECONDS: Final = 240.0
MAX_LOOKS: Final = 10
"""How often PRO's state is read for an order until it is done: deliveries after some seconds, and longer each time."""
ACCEPTED: Final = [f"{prefix}AAA-{number:03d}" for number in range(25) for prefix in LATER_PREFIXES]
OTHERS: Final = [f"EC-000-AAB-{number:03d}" for number in range(20)]


def order_of(reference: str) -> str:
    event = {"eventType": "order-created", "eventVersion": 1, "eventId": "1", "orderReference": f"ORDER-{reference}"}
    return json.dumps({**event, "consignments": [{"Reference": reference}]})


def test_what_pro_accepts_is_followed_until_it_is_allocated_and_holds_up_no_other_order(tmp_path: Path) -> None:
    named = [each for pair in zip(ACCEPTED[::2], OTHERS, strict=False) for each in pair]
    references = list(dict.fromkeys([*named, *ACCEPTED, *OTHERS]))
    bodies = [order_message(order_of(each)) for each in references]
    with (
        ProServer() as pro,
        deployed(free_port(), pro_parameters(pro.url), tmp_path, Progress(Console(stderr=True))) as up,
    ):
        up.clients.secretsmanager.create_secret(Name=SECRET, SecretString=KEY)
        observer = Observer(up.clients, up.stack)
        sent = list(send_orders(up.clients.sqs, up.stack.order_queue_url, bodies))
        follow(lambda: observer.look(sent), lambda _: None, PATIENCE_SECONDS)
        items = up.clients.dynamodb.scan(TableName=up.stack.allocations_table)["Items"]
    at = {str(kept["consignmentReference"]): str(kept["allocatedAt"]) for kept in map(read_record, items)}
    assert at.keys() == set(references)
    assert max(at[each] for each in OTHERS) < min(at[each] for each in ACCEPTED)
    assert {each: pro.state.allocations[each] for each in references} == dict.fromkeys(references, 1)
    assert pro.state.asked_again == {}, "what PRO has accepted is looked at, and not asked for"
    looks = Counter(path for method, path in pro.requests if method == "GET")
    assert max(looks.values()) <= MAX_LOOKS, looks.most_common(3)
