"""The guarantee, checked on a history that has come to rest: each function yields what is broken, in words."""

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from allocation.aws.dynamodb.catalogue_archive import DynamoDBCatalogueArchive
from allocation.domain.errors import RefusalCode, UnreadableExplanationError
from allocation.domain.outcome import DeferralCause, Failure
from allocation.domain.routing import way_of
from allocation.domain.state import CARRIED
from allocation.engine.compiled_catalogue import read_compiled
from allocation.engine.engine import Engine
from allocation.pro.by_sender import marker
from allocation.records import explanations as kept_explanations
from allocation.records.canary import CANARY_KEY, CANARY_TYPE, is_canary
from allocation.records.explanations import Explanations, asked_of
from allocation.records.stored_record import StoredRecord
from tests.simulation import earlier
from tests.simulation.answers import answered, answered_truly
from tests.simulation.aws import KEY
from tests.simulation.history import History
from tests.simulation.orders import OWN_PREFIX, Order, option
from tests.simulation.replacing import replaced
from tests.simulation.search_index import indexed
from tests.simulation.shipping import REQUEST
from tests.simulation.stream import EARLIER, FOREIGN, LATER, sequence_number


def broken(history: History) -> list[str]:
    """Everything that is not as guaranteed; empty for a history as it should be."""
    checks = (
        allocated_once,
        created_once,
        cancelled_where_it_was_created,
        asked_once,
        recorded_as_allocated,
        allocated_if_possible,
        routed,
        written_once,
        tried_again,
        changed_for_a_reason,
        cancelled_for_good,
        in_its_manifest,
        answered,
        answered_truly,
        taken_or_refused,
        updates_stand,
        content_of_its_event,
        content_at_pro_of_its_event,
        within_limits,
        published,
        given_up,
        accounted_for,
        left_out,
        canaries_are_no_orders,
        explained,
        indexed,
    )
    return [violation for check in checks for violation in check(history)]


def is_engines(record: dict[str, Any]) -> bool:
    """Whether the engine has allocated a consignment."""
    return bool(record.get("allocatedBy") == "engine")


@lru_cache(maxsize=1)
def records(history: History) -> dict[str, dict[str, Any]]:
    """The records as plain data, by consignment, of a history that has come to rest. All checks share them."""
    return {reference: history.decoded.document(item) for reference, item in history.table.items.items()}


def explained(history: History) -> Iterator[str]:
    """Whatever the engine decided says why, readable by who comes later, and about the services of its catalogue."""
    if history.with_engine:
        # The engine is made of what `read_compiled` gives: here, of the text.
        with replaced((kept_explanations, "read_compiled", str), (kept_explanations, "Engine", _engine)):
            yield from unexplained(history)


@cache
def _engine(compiled: str) -> Engine:
    """The engine over a compiled catalogue: histories share a few."""
    return Engine(read_compiled(compiled))


def unexplained(history: History) -> Iterator[str]:
    """What does not say why, or says something else."""
    client: Any = history.catalogues.at_rest
    explanations = Explanations(DynamoDBCatalogueArchive(client, "catalogues", lambda: 0.0))
    for reference, record in records(history).items():
        stored = StoredRecord.model_validate(record)
        tried = stored.failure is None or stored.failure.code == "NoCarrierServiceAvailable"
        if stored.state not in {*CARRIED, "AllocationFailed"} or not tried:
            continue
        try:
            told = explanations.of(stored)
        except UnreadableExplanationError as error:
            yield f"{reference} has an explanation that can't be read: {error}"
            continue
        if told is None or asked_of(stored) is None:
            yield f"{reference} was decided, and does not say why"
        elif (told["winner"] or {}).get("service") != stored.carrier_service_reference:
            yield f"{reference} is on {stored.carrier_service_reference}, and is explained as {told['winner']}"
        elif len(told["runnersUp"]) + bool(told["winner"]) + len(told["excluded"]) != told["services"]["all"]:
            yield f"{reference} is explained without some services"


def allocated_once(history: History) -> Iterator[str]:
    """PRO allocated no consignment twice without a deallocation between."""
    for reference, allocations in history.pro.state.allocations.items():
        count = allocations - history.pro.state.deallocations[reference]
        if count > 1:
            yield f"{reference} was allocated {count} times"


def created_once(history: History) -> Iterator[str]:
    """PRO created no consignment twice, and each record names the one that it has for its reference."""
    for reference, count in history.pro.state.creations.items():
        if count > 1:
            yield f"{reference} was created {count} times"
    for reference, record in records(history).items():
        there = record.get("proReference")
        if there and history.pro.state.senders(there) != reference:
            yield f"{reference} names {there}, which PRO has for {history.pro.state.senders(there)}"
        if not there and record["state"] == "Allocated" and reference.startswith(OWN_PREFIX) and not is_engines(record):
            yield f"{reference} is allocated, and its record does not say what it is at PRO"


def cancelled_where_it_was_created(history: History) -> Iterator[str]:
    """What PRO has by a sender's reference is cancelled there with its record, where PRO can be asked."""
    if history.plan.switches:
        return
    kept = records(history)
    for there, consignment in history.pro.state.consignments.items():
        reference = history.pro.state.senders(there)
        state = kept[reference]["state"] if reference in kept else None
        if state == "Cancelled" and consignment.state != "Cancelled":
            yield f"{reference} is recorded as Cancelled, and PRO has it as {consignment.state}"


def asked_once(history: History) -> Iterator[str]:
    """PRO was never asked for what it had allocated, nor for what it could still be at, where that can be known."""
    for reference, count in history.pro.asked_again.items():
        if count and history.plan.prompt:
            yield f"{reference} was asked for {count} times after it was allocated"
    for reference, count in history.pro.asked_in_haste.items():
        if count and history.plan.prompt:
            yield f"{reference} was asked for {count} times while PRO could still be at it"


def recorded_as_allocated(history: History) -> Iterator[str]:
    """Every allocation of PRO's has a record with that very allocation, and no record claims another."""
    if history.with_engine:
        return
    kept = records(history)
    for there, consignment in history.pro.state.consignments.items():
        reference = history.pro.state.senders(there) or there
        record = kept.get(reference)
        if consignment.state == "Allocated" and record and is_engines(record):
            yield f"{reference} is allocated at PRO, and the engine has allocated it"
        elif consignment.state == "Allocated" and (record is None or record["state"] != "Allocated"):
            yield f"{reference} is allocated at PRO and recorded as {record and record['state']}"
        elif (
            consignment.state == "Allocated" and record and record.get("carrierServiceReference") != consignment.service
        ):
            yield f"{reference} is on {consignment.service} and recorded on {record['carrierServiceReference']}"
    for reference, record in kept.items():
        known = history.pro.state.consignments.get(record.get("proReference", reference))
        is_pros = record["state"] == "Allocated" and not is_engines(record)
        if is_pros and (known is None or known.state != "Allocated"):
            yield f"{reference} is recorded as allocated, and is not at PRO"


def allocated_if_possible(history: History) -> Iterator[str]:
    """What PRO can allocate is allocated, whatever failed on the way, but for what it says of the service itself."""
    if history.with_engine or history.plan.switches:
        return
    for reference, record in records(history).items():
        failed = "failure" in record and record["failure"]["code"] not in (
            "MpdCarrierServiceNotFoundException",
            "DeliveryOptionUnknown",
        )
        # What failed before is tried again by whoever asks (`tried_again`).
        failed = failed and record["eventId"] != earlier.EVENT
        if failed and reference.startswith(("EC-AAA", "EC-BIG", "EC-OLD", "EC-LAT", OWN_PREFIX)):
            yield f"{reference} could have been allocated, and failed with {record['failure']['code']}"


def routed(history: History) -> Iterator[str]:
    """Each record has the mode and the row that the delivery option of its event leads to."""
    for reference, record in records(history).items():
        if not record["eventId"].startswith(("event-", "update-")):
            continue
        way = way_of(history.routing, history.mode, option(record["eventId"], reference))
        mode = None if isinstance(way.mode, Failure) else way.mode
        if (record.get("mode"), record.get("modeReference")) != (mode and mode.name, mode and mode.reference):
            yield f"{reference} was allocated by {record.get('mode')}, and its way is {way}"
        if record.get("route", {}).get("row") != (way.route and way.route.row):
            yield f"{reference} has the route {record.get('route')}, and its way is {way}"


def written_once(history: History) -> Iterator[str]:
    """No record was overwritten, but a failure by an allocation that PRO made in the end."""
    versions = {reference: int(record["version"]) for reference, record in records(history).items()}
    for reference, count in history.table.writes.items():
        if count > versions[reference]:
            yield f"the record of {reference} was written {count} times"


def tried_again(history: History) -> Iterator[str]:
    """Every event about a consignment that failed has tried it, but for those of orders that are cancelled.

    Once an update was taken, only updates try a consignment (`taken_or_refused`). What the API has changed, an event
    may have found deallocated, and passed by.
    """
    by_request = {reference for reference, record in versions(history) if record["eventId"].startswith(REQUEST)}
    kept = {reference: record for reference, record in records(history).items() if reference not in by_request}
    for order, event in sent(history):
        for reference in order.consignments if order.name not in history.killers else ():
            record, event_id = kept.get(reference), event["eventId"]
            if _is_cancelled(history, event.get("orderReference"), reference):
                continue
            failed = record and record["state"] == "AllocationFailed" and "updatedBy" not in record
            if record and failed and event_id not in tried_ids(record):
                yield f"{reference} failed, and {event_id} did not try it again"


def changed_for_a_reason(history: History) -> Iterator[str]:
    """No allocation was overwritten, no failure tried again by an event that had tried it, and none forgotten."""
    before: dict[str, dict[str, Any]] = {}
    for item in history.table.streamed:
        if is_canary(item):
            continue
        record = history.decoded.document(item)
        reference = record[KEY]
        if reference in before:
            yield from wrong_changes(reference, before[reference], record)
        before[reference] = record


AT_PRO = ("imitation-", "sortedpro-", "reconcile-")
"""What the ids of events begin with that bring a record in line with PRO."""
NEXT = {
    "Allocated": {"Cancelled", "ReadyToShip", "Manifested"},
    "ReadyToShip": {"Cancelled", "Allocated", "Manifested"},
    "Manifested": {"Cancelled", "Dispatched"},
    "Dispatched": {"Cancelled"},
    "Unallocated": {"Cancelled"},
    "Cancelled": set(),
}
"""What a consignment may come to from a state that it does not leave by itself."""
BY_REQUEST = {
    "Allocated": {"Unallocated"},
    "Manifested": {"Unallocated"},
    "Unallocated": {"Allocated", "AllocationFailed"},
}
"""What else, where the API is asked for it. An order leaves alone what was deallocated."""


def in_its_manifest(history: History) -> Iterator[str]:
    """Whatever was manifested stands in the manifest that its record names, and in no other that counts it."""
    kept = history.shipping.manifests.kept
    for reference, record in versions(history):
        named = record.get("manifestReference")
        if named and (named not in kept or reference not in kept[named].consignments):
            yield f"{reference} is in manifest {named}, which does not have it"


def wrong_changes(reference: str, before: dict[str, Any], record: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a change of a record."""
    if "refusedUpdate" in record:
        if without_refusal(record) != without_refusal(before):
            yield f"{reference} refused {record['refusedUpdate']['eventId']}, and was changed all the same"
        if before["state"] == "AllocationFailed":
            yield f"{reference} refused {record['refusedUpdate']['eventId']}, though it had failed"
        return
    was_done_at_pro, was_asked_for = record["eventId"].startswith(AT_PRO), record["eventId"].startswith(REQUEST)
    may_come = NEXT.get(before["state"], {record["state"]})
    may_come = may_come | BY_REQUEST.get(before["state"], set()) if was_asked_for else may_come
    if record["state"] not in may_come and not was_done_at_pro:
        yield f"{reference} was {before['state']}, and that was overwritten"
    if "movedAt" in record and record.get("carrierServiceReference") != before.get("carrierServiceReference"):
        yield f"{reference} took a step, and changed its carrier service"
    if before["state"] == "AllocationFailed" and "pastFailure" not in record:
        yield f"{reference} has forgotten that it failed"
    was_tried = set(tried_ids(record)) <= set(tried_ids(before))
    if record["state"] == "AllocationFailed" and was_tried and not was_asked_for:
        yield f"{reference} was tried again for {record['eventId']}, which had tried it"


def cancelled_for_good(history: History) -> Iterator[str]:
    """What is recorded with the order of a cancellation is cancelled, whatever came first: all, or what is named."""
    kept = records(history)
    for message in history.cancellations:
        for reference, record in kept.items():
            is_meant = message.order_reference == record["orderReference"] and message.names(reference)
            if is_meant and record["state"] != "Cancelled":
                yield f"{message.name} cancels {reference}, which is {record['state']}"
        for reference in set(message.consignments or ()) - kept.keys():
            yield f"{message.name} cancels {reference}, which has no record"


def _is_cancelled(history: History, order: str | None, reference: str) -> bool:
    """Whether an order, or the consignment of it, is cancelled at any time."""
    return any(message.order_reference == order and message.names(reference) for message in history.cancellations)


def without_refusal(record: dict[str, Any]) -> dict[str, Any]:
    """What the refusal of an update leaves as it is."""
    return {name: value for name, value in record.items() if name not in ("version", "eventIds", "refusedUpdate")}


def taken_or_refused(history: History) -> Iterator[str]:
    """Each update was taken or refused, never both, and refused once."""
    taken, refused = set[tuple[str, str]](), Counter[tuple[str, str]]()
    for reference, record in versions(history):
        if "refusedUpdate" in record:
            refused[reference, record["refusedUpdate"]["eventId"]] += 1
        elif record["eventId"].startswith("update-"):
            taken.add((reference, record["eventId"]))
    for update in history.updates:
        for key in ((reference, update.event_id) for reference in update.consignments):
            settled = refused[key] + (key in taken)
            may_be_idle = _is_cancelled(history, update.order_reference, key[0])
            if settled > 1 or (settled == 0 and not may_be_idle):
                yield f"{key[0]} took {key[1]} {int(key in taken)} times and refused it {refused[key]} times"


def updates_stand(history: History) -> Iterator[str]:
    """After an update no order-created event decides: its content may be older."""
    updated: dict[str, str] = {}
    for reference, record in versions(history):
        if "refusedUpdate" in record:
            continue
        if reference in updated and record["eventId"].startswith("event-"):
            yield f"{record['eventId']} took the place of {updated[reference]} for {reference}"
        if "updatedBy" in record:
            updated[reference] = record["updatedBy"]


def content_of_its_event(history: History) -> Iterator[str]:
    """Each record, and what is kept for its label, has the content of the event that it names."""
    for reference, record in records(history).items():
        event_id = record["eventId"]
        if not event_id.startswith(("event-", "update-")):
            continue
        if record.get("customerReference") != event_id:
            yield f"{reference} names {event_id}, and has the content of {record.get('customerReference')}"
        kept = history.contents.event_of(reference) if history.contents else event_id
        if kept is None or (kept != event_id and "update-" in event_id + kept):
            yield f"{reference} names {event_id}, and its label has the content of {kept}"


def content_at_pro_of_its_event(history: History) -> Iterator[str]:
    """What PRO has by a sender's reference ships with the content of the update that its record names, or of none."""
    for reference, record in records(history).items():
        found = history.pro.state.consignments.get(record.get("proReference", ""))
        if found is None or record["state"] != "Allocated" or is_engines(record):
            continue
        marked = {each["KeyValue"]: each["StringValue"] for each in found.content.get("MetaData", [])}
        at_pro = marked.get(marker("", is_update=True)["KeyValue"])
        if at_pro != record.get("updatedBy"):
            yield f"{reference} names {record.get('updatedBy')}, and PRO ships the content of {at_pro}"


@lru_cache(maxsize=1)
def versions(history: History) -> list[tuple[str, dict[str, Any]]]:
    """Every version of every record of ours, as plain data, in the order in which they were written.

    The history has come to rest.
    """
    streamed = ((item[KEY]["S"], item) for item in history.table.streamed)
    return [(each, history.decoded.document(item)) for each, item in streamed if each in history.table.items]


@lru_cache(maxsize=1)
def events(history: History) -> dict[str, Any]:
    """Every event of a consignment that was published, as plain data, by its id; of one that came twice the last."""
    return {event["id"]: event for event in map(json.loads, history.topic.published) if event["type"] != CANARY_TYPE}


@lru_cache(maxsize=1)
def sent(history: History) -> list[tuple[Order, dict[str, Any]]]:
    """Every order with its message as plain data, but those that can't be read at all."""
    return [(order, json.loads(order.body)) for order in history.orders if order.consignments or order.left_out]


def tried_ids(record: dict[str, Any]) -> list[str]:
    """The ids of the events that have tried a consignment."""
    return list(record.get("eventIds", [record.get("eventId")]))


def within_limits(history: History) -> Iterator[str]:
    """No service has more allocations for a day than it takes, and each is counted once."""
    kept = [record for record in records(history).values() if "limitedDay" in record]
    allocated = Counter(f"{record['carrierServiceReference']}#{record['limitedDay']}" for record in kept)
    limits = history.table.limits
    if limits.allocated() != allocated:
        yield f"the limits count {dict(limits.allocated())}, the records {dict(allocated)}"
    yield from (f"the count {key} is below zero" for key in limits.wrong())
    for day, taken in limits.taken().items():
        if history.daily_limit is None or taken > history.daily_limit:
            yield f"{day} has {taken} places taken, and there are {history.daily_limit}"
    for day, count in allocated.items():
        if history.daily_limit is None or count > history.daily_limit:
            yield f"{day} has {count} allocations, and takes {history.daily_limit}"


def published(history: History) -> Iterator[str]:
    """Every version of a record has an event, and the last one says the same."""
    told = events(history)
    for reference, record in records(history).items():
        for version in range(1, int(record["version"])):
            if f"{reference}#{version}" not in told:
                yield f"version {version} of the record of {reference} has no event"
        event = told.get(f"{reference}#{record['version']}")
        if event is None:
            yield f"the record of {reference} has no event"
        elif event["data"]["state"] != record["state"]:
            yield f"{reference} was published as {event['data']['state']} and recorded as {record['state']}"
    for reference, record in versions(history):
        event = told.get(f"{reference}#{record['version']}")
        if event and (event["type"] == "consignment.update_refused") != ("refusedUpdate" in record):
            yield f"version {record['version']} of {reference} was published as {event['type']}"


def given_up(history: History) -> Iterator[str]:
    """What is no record of ours is set aside, and that alone; an earlier version's record has its event."""
    told = {event["data"]["consignmentReference"] for event in events(history).values()}
    for change in history.table.stream:
        reference = change["dynamodb"]["NewImage"]["consignmentReference"]["S"]
        if is_canary(change["dynamodb"]["NewImage"]) and reference not in history.stream.set_aside.references:
            continue
        was_set_aside = reference in history.stream.set_aside.references
        if sequence_number(change) in history.stream.given_up:
            yield f"the stream gave up on the record of {reference}"
        elif was_set_aside != (reference in (FOREIGN, LATER)):
            yield f"the record of {reference} was set aside" if was_set_aside else f"{reference} vanished"
        if reference == EARLIER and reference not in told:
            yield f"{reference}, of an earlier schema, has no event"


def accounted_for(history: History) -> Iterator[str]:
    """Every message is off the queue, and has all its outcomes or stands in the DLQ with the reason."""
    refused = {message.message_id for message in history.queue.dead if "RefusalCode" in message.attributes}
    yield from killers(history)
    for message in (each for each in history.queue.dead if each.message_id not in history.killers):
        if not message.attributes:
            yield f"{message.message_id} ended in the DLQ after {message.receives} receives, without a reason"
        elif message.attributes["RefusalCode"]["StringValue"].startswith(f"{RefusalCode.GIVEN_UP}_"):
            yield f"{message.message_id} was given up: {message.attributes['RefusalReason']['StringValue']}"
    for message_id in history.queue.messages:
        yield f"{message_id} is still on the queue"
    kept = history.table.items.keys()
    for order in (each for each in history.orders if each.name not in history.killers):
        if order.consignments and not set(order.consignments) <= kept:
            yield f"{order.name} lacks outcomes for {sorted(set(order.consignments) - kept)}"
        if order.refused and order.name not in refused:
            yield f"{order.name} can't be read and is not in the DLQ with a reason"
        if not order.refused and order.name in refused:
            yield f"{order.name} can be read and is in the DLQ"


def canaries_are_no_orders(history: History) -> Iterator[str]:
    """A canary has an event of its own type or none. It is no record, and neither in the DLQ nor on the queue."""
    found = [event for event in map(json.loads, history.topic.published) if event["type"] == CANARY_TYPE]
    for event in found:
        if event["time"] not in history.canaries or "data" in event:
            yield f"{event['id']} is of no canary that was sent"
    aside = [*history.queue.dead, *history.queue.messages.values()]
    if CANARY_KEY in history.table.items or any(each.message_id.startswith("canary") for each in aside):
        yield "a canary was taken for an order"


def killers(history: History) -> Iterator[str]:
    """What ended the function each time is in the DLQ with that reason."""
    codes = {
        message.message_id: message.attributes.get("RefusalCode", {}).get("StringValue")
        for message in history.queue.dead
    }
    for name in history.killers:
        if codes.get(name) != f"{RefusalCode.GIVEN_UP}_{DeferralCause.KILLED}":
            yield f"{name} kills the function, and is in the DLQ as {codes.get(name)}"


def left_out(history: History) -> Iterator[str]:
    """No version of a record names the event of an order that a mapping has left out."""
    left = {event["eventId"] for order, event in sent(history) if order.left_out}
    for reference, record in versions(history):
        for event_id in left.intersection(tried_ids(record)):
            yield f"{event_id} was left out, and is recorded for {reference}"
