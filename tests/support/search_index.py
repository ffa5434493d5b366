"""The search index in a test: its table, records for it, and the recount that its counts must equal."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from allocation.aws.dynamodb.search_index import counted_in, entry_in
from allocation.console.entries import Entry
from allocation.console.tallies import COUNT, NET, tally_changes
from allocation.domain.outcome import Allocated, AllocationFailed, Cancelled, Failure, Price, Standing
from allocation.domain.record import AllocationRecord
from allocation.domain.reference import ConsignmentReference
from allocation.records.items import record_item
from tests.support.samples import NOON, record_of, summary_of
from tests.support.tables import streamed

INDEX = "search-index"


def allocated_to(
    consignment: ConsignmentReference, service: str = "CX_NDS", net: str = "4.95", carrier: str = "CARRIER_X"
) -> Allocated:
    """An allocation with its price."""
    amount = Decimal(net)
    summary = summary_of(consignment, CarrierServiceReference=service, CarrierReference=carrier)
    return Allocated(summary, Price(amount, Decimal(0), amount, "GBP"))


def failed_of(consignment: ConsignmentReference, weight: str = "31.5") -> AllocationFailed:
    """A failure as the engine words it."""
    text = (
        f"No carrier service can take {consignment}: it weighs {weight} Kg and CX_24 takes up to 30 Kg (CX_24). "
        "Checks failed by 2 services: WEIGHT 2."
    )
    return AllocationFailed(Failure("NoCarrierServiceAvailable", text))


def version(
    consignment: ConsignmentReference,
    standing: Standing | None = None,
    number: int = 1,
    at: datetime = NOON,
    **changes: Any,
) -> AllocationRecord:
    """A version of a consignment's record."""
    outcome = standing or allocated_to(consignment)
    return replace(record_of(consignment), outcome=outcome, version=number, allocated_at=at, **changes)


def stream_event(*records: AllocationRecord) -> dict[str, Any]:
    """The records' changes as Lambda gives them to a function."""
    changes = [
        {"SequenceNumber": f"{at:05d}", "Keys": {}, "NewImage": streamed(record_item(record, by_order=True))}
        for at, record in enumerate(records)
    ]
    return {"Records": [{"eventName": "MODIFY", "dynamodb": change} for change in changes]}


def contents(items: Iterable[Mapping[str, Any]]) -> tuple[dict[str, Entry], dict[str, dict[str, Decimal]]]:
    """The entries of the index's items by consignment, and its tallies' numbers by key, but for zeros."""
    entries: dict[str, Entry] = {}
    tallies: dict[str, dict[str, Decimal]] = {}
    for item in items:
        if item["sk"]["S"] == "entry":
            entry = entry_in(item)
            entries[entry.consignment] = entry
        elif item["pk"]["S"] in {"days", "causes"}:
            counted = counted_in(item)
            numbers = {COUNT: Decimal(counted.count), **{f"{NET}{name}": sum_ for name, sum_ in counted.net.items()}}
            kept = {name: number for name, number in numbers.items() if number}
            if kept:
                tallies[f"{counted.tally.of}/{counted.tally.key}"] = kept
    return entries, tallies


def recount(entries: Iterable[Entry]) -> dict[str, dict[str, Decimal]]:
    """The tallies that these entries have, counted from nothing."""
    return {
        f"{tally.of}/{tally.key}": dict(numbers) for tally, numbers in tally_changes((None, e) for e in entries).items()
    }


def later(days: int) -> datetime:
    """Noon, so many days after."""
    return NOON + timedelta(days=days)


CANCELLED = Cancelled()
