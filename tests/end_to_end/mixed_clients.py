"""Many clients at once on the same consignments, and whether what they were told can all be true."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from tests.end_to_end.test_allocation_api import Client, plain
from tests.support.consignments import consignment

ALLOCATED, DEALLOCATED, CANCELLED = "allocated", "deallocated", "cancelled"
# What each state says of the allocation that a consignment has.
WITH_ALLOCATION: Final = frozenset({"Allocated", "ReadyToShip", "Manifesting", "Manifested", "Dispatched"})
WITHOUT: Final = frozenset({"Unallocated", "Cancelled", "AllocationFailed"})


@dataclass(frozen=True)
class Told:
    """One reply: its HTTP status, and what it says has become of a consignment, if anything."""

    path: str
    status: int
    reference: str
    became: str | None = None


def inconsistencies(replies: list[Told], consignments: dict[str, dict[str, Any]]) -> Iterator[str]:
    """What can't be true of replies together with what is told of each consignment afterwards."""
    yield from (f"{each.path} answered {each.status}" for each in replies if each.status >= 500)
    for reference, told in consignments.items():
        became = Counter(each.became for each in replies if each.reference == reference and each.became)
        state, has_allocation = told["ConsignmentState"], told["Allocation"] is not None
        if has_allocation != (state in WITH_ALLOCATION) or state not in WITH_ALLOCATION | WITHOUT:
            yield f"{reference} is {state} with{'' if has_allocation else 'out'} an allocation"
        if bool(told["ConsignmentLegs"]) != has_allocation:
            yield f"{reference} is {state} with the legs {told['ConsignmentLegs']}"
        if became[CANCELLED] > 1 or (became[CANCELLED] == 1) != (state == "Cancelled"):
            yield f"{reference} was cancelled {became[CANCELLED]} times and is {state}"
        standing = became[ALLOCATED] - became[DEALLOCATED]
        if not (standing in (0, 1) if became[CANCELLED] else standing == has_allocation):
            yield f"{reference} was allocated {became[ALLOCATED]} times, deallocated {became[DEALLOCATED]} times"


def one_client(client: Client, seed: int, shared: list[str], seconds: float) -> list[Told]:
    """Ask at random for some seconds, half of it of consignments that all clients share."""
    chance, own, replies = random.Random(seed), [client.create()], []
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        replies.append(_step(client, chance, chance.choice(shared if chance.random() < 0.5 else own), own))
    return replies


def _step(client: Client, chance: random.Random, reference: str, own: list[str]) -> Told:
    action = chance.choices(
        ("allocate", "deallocate", "read", "create", "options", "label", "cancel"), (6, 4, 3, 2, 1, 2, 0.4)
    )[0]
    match action:
        case "allocate":
            path = "/allocation/allocate"
            answer = client.call("PUT", path, {"ConsignmentReferences": [reference]})
            done = answer.status_code == 200 and answer.json()[0]["StatusCode"] == 200
            return Told(path, answer.status_code, reference, ALLOCATED if done else None)
        case "deallocate" | "cancel":
            path = f"/consignments/{reference}/{action}"
            answer = client.call("PUT", path)
            became = {"deallocate": DEALLOCATED, "cancel": CANCELLED}[action]
            return Told(path, answer.status_code, reference, became if answer.status_code == 200 else None)
        case "create":
            answer = client.call("POST", "/consignments", plain(consignment()))
            if answer.status_code == 201:
                own.append(answer.json()[0]["Href"].rpartition("/")[2])
            return Told("/consignments", answer.status_code, "")
        case "options":
            answer = client.call("POST", "/deliveryoptions", plain(consignment()))
            return Told("/deliveryoptions", answer.status_code, "")
        case _:
            path = f"/labels/{reference}/PDF" if action == "label" else f"/consignments/{reference}"
            return Told(path, client.call("GET", path).status_code, reference)


def crowd(clients: list[Client], shared: list[str], seconds: float) -> list[Told]:
    """What all clients were told, each asking at the same time as the others."""
    with ThreadPoolExecutor(len(clients)) as pool:
        tasks = [pool.submit(one_client, client, seed, shared, seconds) for seed, client in enumerate(clients)]
        return [told for task in tasks for told in task.result()]
