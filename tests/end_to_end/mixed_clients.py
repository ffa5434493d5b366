"""Many clients at once on the same consignments, and whether what they were told can all be true."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from tests.end_to_end.test_allocation_api import Client, plain
from tests.support.consignments import consignment

ALLOCATED, DEALLOCATED, CANCELLED, MANIFESTED = "allocated", "deallocated", "cancelled", "manifested"
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
        # Each allocation is manifested once, and nothing else comes into a manifest.
        if became[MANIFESTED] > became[ALLOCATED] or (state == "Manifested" and not became[MANIFESTED]):
            yield f"{reference} is {state}, was allocated {became[ALLOCATED]}, manifested {became[MANIFESTED]} times"
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


# How often what is asked, of a consignment and of all.
_OF_ONE: Final = {
    "allocate": 6,
    "deallocate": 4,
    "cancel": 0.4,
    "manifest": 1,
    "setreadytoship": 1,
    "setnotreadytoship": 1,
    "address": 1,
    "addpackage": 0.5,
    "reference": 1,
    "event": 1,
}
_READ_OF_ONE: Final = {
    "/consignments/{}": 2,
    "/consignments/getconsignmentwithmetadata/{}": 1,
    "/consignments/{}/status": 1,
    "/consignments/{}/audit": 1,
    "/labels/{}/PDF": 2,
    "/consignments/docs/{}": 1,
    "/tracking/{}": 1,
    "/quotes/consignment/{}": 1,
}
_READ_OF_ALL: Final = {
    "/consignments/10/0?State=Allocated": 1,
    "/consignments/count?State=Manifested": 1,
    "/consignments/customer/manifests": 0.5,
    "/shippinglocations": 0.5,
}
_NEW: Final = {"/consignments": 2, "/deliveryoptions": 1, "/orders": 1}
_ACTIONS: Final = {**_OF_ONE, **_READ_OF_ONE, **_READ_OF_ALL, **_NEW}


def _step(client: Client, chance: random.Random, reference: str, own: list[str]) -> Told:
    [action] = chance.choices(list(_ACTIONS), list(_ACTIONS.values()))
    if action in _OF_ONE:
        return _change(client, action, reference)
    if action in _NEW:
        answer = client.call("POST", action, plain(consignment()))
        if (action, answer.status_code) == ("/consignments", 201):
            own.append(answer.json()[0]["Href"].rpartition("/")[2])
        return Told(action, answer.status_code, "")
    path = action.format(reference)
    return Told(path, client.call("GET", path).status_code, reference if action in _READ_OF_ONE else "")


def _change(client: Client, action: str, reference: str) -> Told:
    """Ask for a change of a consignment, and tell what has become of it."""
    method, path, body = _asked(action, reference)
    answer = client.call(method, path, body)
    return Told(path, answer.status_code, reference, _become(action, answer))


def _asked(action: str, reference: str) -> tuple[str, str, Any]:
    """The request for a change of a consignment."""
    one, place = {"ConsignmentReferences": [reference]}, f"/consignments/{reference}"
    sent = plain(consignment())
    asked: dict[str, tuple[str, str, Any]] = {
        "allocate": ("PUT", "/allocation/allocate", one),
        "manifest": ("PUT", "/consignments/manifest", one),
        "address": ("POST", f"{place}/updateconsignmentaddress", sent["Addresses"][1]),
        "addpackage": ("POST", f"{place}/addpackage", sent["Packages"][0]),
        "reference": ("PUT", f"{place}/setCustomerProvidedReference", {"Reference": f"WEB-{reference}"}),
        "event": ("POST", "/tracking/carrierevents", {"ConsignmentTrackingEvents": [_event(reference)]}),
        "deallocate": ("PUT", f"{place}/deallocate", None),
        "cancel": ("PUT", f"{place}/cancel", None),
    }
    return asked.get(action, ("PUT", f"/consignments/{action}", [reference]))


def _event(reference: str) -> dict[str, Any]:
    """A carrier's event that moves nothing: its code is none of those that a state follows."""
    event = {"TimeStamp": datetime.now(UTC).isoformat(), "Code": "NOTE", "Description": "Seen"}
    packages = [{"TrackingEvents": [event]}]
    return {"ConsignmentTrackingReference": reference, "PackageTrackingEvents": packages}


def _become(action: str, answer: Any) -> str | None:
    """What a reply says has become of a consignment that was to be changed, or None."""
    if answer.status_code != 200:
        return None
    match action:
        case "allocate":
            return ALLOCATED if answer.json()[0]["StatusCode"] == 200 else None
        case "manifest":
            return MANIFESTED if answer.json()[0]["IsSuccess"] else None
        case _:
            return {"deallocate": DEALLOCATED, "cancel": CANCELLED}.get(action)


def crowd(clients: list[Client], shared: list[str], seconds: float) -> list[Told]:
    """What all clients were told, each asking at the same time as the others."""
    with ThreadPoolExecutor(len(clients)) as pool:
        tasks = [pool.submit(one_client, client, seed, shared, seconds) for seed, client in enumerate(clients)]
        return [told for task in tasks for told in task.result()]
