"""The counts, failures and refusals that are told after the table, as lines of text."""

from collections import Counter
from collections.abc import Iterator, Sequence

from cli.output import printable
from cli.stack.account import Account, SentOrder, distinct
from cli.stack.rows import Row


def summary_lines(account: Account, rows: Sequence[Row]) -> Iterator[str]:
    """Everything that is told of a run beside its rows, safe to show whatever the messages hold."""
    for part in (failure_lines(rows), refusal_lines(account), missing_lines(account), count_lines(account)):
        lines = list(part)
        if lines:
            yield from ["", *map(printable, lines)]


def failure_lines(rows: Sequence[Row]) -> Iterator[str]:
    """The consignments that no carrier service takes, with the reason."""
    failed = [row for row in rows if row.state and row.failure]
    if failed:
        yield "Failures:"
    for row in failed:
        failure = row.failure or {}
        yield f"  {row.consignment_reference}  {failure.get('code')}: {failure.get('message')}"


def refusal_lines(account: Account) -> Iterator[str]:
    """The messages in the DLQ, with the reason."""
    if account.refusals:
        yield "Messages in the DLQ:"
    names = {order.message_id: name_of(order) for order in account.sent}
    for refusal in account.refusals.values():
        yield f"  {names.get(refusal.message_id, refusal.message_id)}  {refusal.code}: {refusal.reason}"


def name_of(order: SentOrder) -> str:
    """An order's reference, or the id of its message where it has none that can be read."""
    return order.message.order_reference or f"message {order.message_id}"


def missing_lines(account: Account) -> Iterator[str]:
    """What should be there and is not."""
    if account.without_outcome:
        yield f"Orders without an outcome: {', '.join(name_of(order) for order in account.without_outcome)}"
    if account.without_event:
        yield f"Consignments without an event: {', '.join(account.without_event)}"


def count_lines(account: Account) -> Iterator[str]:
    """The counts; each line adds up."""
    states = account.states()
    kinds = Counter(event.kind for event in distinct(account.events).values())
    by_kind = " + ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "none"
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
    yield f"Events:        {len(account.events)} received = {by_kind} + {repeats} repeats"
    yield f"DLQ:           {len(account.refusals)} messages"
