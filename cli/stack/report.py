"""What `carrier run` prints: a row for each consignment, as a table or as JSON Lines, then failures and counts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from cli.output import Column, counted, print_json_lines, print_table, print_text, printable, result_console
from cli.stack.account import Account, Record, Refusal, distinct
from cli.stack.orders import SentOrder

# Mode, legs and tracking references would make a row wider than 80 columns. `--json` has them.
_COLUMNS: Final = (
    Column("Order"),
    Column("Consignment"),
    Column("State"),
    Column("Carrier"),
    Column("Service"),
    Column("Gross", is_number=True),
)
_STATE_STYLES: Final = {"Allocated": "green", "AllocationFailed": "red"}


@dataclass(frozen=True, slots=True)
class Row:
    """A consignment's outcome. `state` is None where it has none."""

    order_reference: str | None
    consignment_reference: str
    mode: str | None = None
    state: str | None = None
    carrier_reference: str | None = None
    carrier_service_reference: str | None = None
    price: dict[str, str] | None = None
    """`net`, `vat` and `gross` as decimal text, and `currency`."""
    legs: int = 0
    tracking_references: tuple[str, ...] = ()
    failure: dict[str, str] | None = None
    """`code` and `message`: why no carrier service takes it or, without a state, why its order is in the DLQ."""

    def to_json(self) -> dict[str, Any]:
        """Return the row as `--json` prints it."""
        return {
            "orderReference": self.order_reference,
            "consignmentReference": self.consignment_reference,
            "mode": self.mode,
            "state": self.state,
            "carrierReference": self.carrier_reference,
            "carrierServiceReference": self.carrier_service_reference,
            "price": self.price,
            "legs": self.legs,
            "trackingReferences": list(self.tracking_references),
            "failure": self.failure,
        }


def rows_of(account: Account) -> list[Row]:
    """Return a row for every consignment that was sent, in the order of the file."""
    refusals = account.refused_consignments
    return [
        _recorded(account.records[reference])
        if reference in account.records
        else Row(order, reference, failure=_refused(refusals.get(reference)))
        for reference, order in account.consignments.items()
    ]


def _refused(refusal: Refusal | None) -> dict[str, str] | None:
    """Return a refusal in the form in which a record has its failure."""
    return {"code": refusal.code, "message": refusal.reason} if refusal else None


def _recorded(record: Record) -> Row:
    """Return the row of a consignment that has a record."""
    legs = (record.get("allocationSummary") or {}).get("ConsignmentLegs") or []
    return Row(
        record["orderReference"],
        record["consignmentReference"],
        mode=record["mode"],
        state=record["state"],
        carrier_reference=record.get("carrierReference"),
        carrier_service_reference=record.get("carrierServiceReference"),
        price=record.get("price"),
        legs=len(legs),
        tracking_references=tuple(tracking for leg in legs for tracking in leg.get("TrackingReferences") or []),
        failure=record.get("failure"),
    )


def report(account: Account, progress: Console, *, as_json: bool) -> None:
    """Print the rows on stdout. The counts follow them, or go to `progress` if stdout is for JSON only."""
    rows = rows_of(account)
    if as_json:
        print_json_lines(row.to_json() for row in rows)
        print_summary(account, rows, progress)
    else:
        console = result_console()
        print_rows(console, rows)
        print_summary(account, rows, console)


def print_rows(console: Console, rows: Sequence[Row]) -> None:
    """Print the table."""
    print_table(_COLUMNS, map(_cells, rows), console)


def _cells(row: Row) -> list[str | Text]:
    return [
        row.order_reference or "-",
        row.consignment_reference,
        Text(printable(row.state or "no outcome"), _STATE_STYLES.get(row.state or "", "yellow")),
        row.carrier_reference or "-",
        row.carrier_service_reference or "-",
        f"{row.price['gross']} {row.price['currency']}" if row.price else "-",
    ]


def print_summary(account: Account, rows: Sequence[Row], console: Console) -> None:
    """Print everything but the rows."""
    for line in summary_lines(account, rows):
        print_text(line or "\n", console)


def summary_lines(account: Account, rows: Sequence[Row]) -> Iterator[str]:
    """Yield what is printed beside the rows, safe to show whatever the messages hold."""
    for part in (_failure_lines(rows), _refusal_lines(account), _missing_lines(account), count_lines(account)):
        lines = list(part)
        if lines:
            yield from ["", *map(printable, lines)]


def _failure_lines(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the consignments that no carrier service takes, each with its reason."""
    failed = [row for row in rows if row.state and row.failure]
    if failed:
        yield "Failures:"
    for row in failed:
        failure = row.failure or {}
        yield f"  {row.consignment_reference}  {failure.get('code')}"
        yield f"    {failure.get('message')}"


def _refusal_lines(account: Account) -> Iterator[str]:
    """Yield the messages in the dead letter queue, each with its reason."""
    if account.refusals:
        yield "Messages in the DLQ:"
    names = {order.message_id: _name_of(order) for order in account.sent}
    for refusal in account.refusals.values():
        yield f"  {names.get(refusal.message_id, refusal.message_id)}  {refusal.code}"
        yield f"    {refusal.reason}"


def _missing_lines(account: Account) -> Iterator[str]:
    """Yield what should be there and is not."""
    if account.without_outcome:
        yield f"Orders without an outcome: {', '.join(map(_name_of, account.without_outcome))}"
    if account.without_event:
        yield f"Consignments without an event: {', '.join(account.without_event)}"


def _name_of(order: SentOrder) -> str:
    """Return an order's reference, or the id of its message if it has none that can be read."""
    return order.message.order_reference or f"message {order.message_id}"


def count_lines(account: Account) -> Iterator[str]:
    """Yield the counts. Each line adds up."""
    states = account.states()
    kinds = Counter(event.kind for event in distinct(account.events).values())
    by_kind = " + ".join(f"{count} {kind.removeprefix('consignment.')}" for kind, count in sorted(kinds.items()))
    repeats = len(account.events) - kinds.total()
    yield (
        f"Orders:        {len(account.sent)} sent = {len(account.done)} done + {len(account.refused)} in the DLQ"
        f" + {len(account.without_outcome)} without outcome"
    )
    yield (
        f"Consignments:  {states.total()} = {states['Allocated']} allocated + {states['AllocationFailed']} failed"
        f" + {states['none']} without outcome"
    )
    yield f"Records:       {len(account.records)}"
    yield f"Events:        {len(account.events)} received = {by_kind or 'none'} + {counted(repeats, 'repeat')}"
    yield f"DLQ:           {counted(len(account.refusals), 'message')}"
