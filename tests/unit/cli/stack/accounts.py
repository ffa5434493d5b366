"""Accounts made to measure."""

from typing import Any

from cli.stack.account import Account, Event, Refusal
from cli.stack.orders import OrderMessage, SentOrder


def sent(message_id: str, order: str | None, *references: str) -> SentOrder:
    """An order that was sent."""
    return SentOrder(OrderMessage("{}", order, references), message_id)


def record(reference: str, order: str = "WEB-1", **fields: Any) -> dict[str, dict[str, Any]]:
    """A record as the table has it, by its key."""
    basis = {"consignmentReference": reference, "orderReference": order, "state": "Allocated", "mode": "default_rules"}
    return {reference: {**basis, **fields}}


def event(reference: str, version: int = 1, kind: str = "consignment.allocated") -> Event:
    """An event of a consignment."""
    return Event(f"{reference}#{version}", kind, reference)


def refusal(message_id: str, code: str = "NotJson", reason: str = "the body is not JSON") -> Refusal:
    """A message in the DLQ."""
    return Refusal(message_id, code, reason)


def account(
    orders: list[SentOrder], records: dict[str, dict[str, Any]], events: list[Event], *refusals: Refusal
) -> Account:
    """What became of orders."""
    return Account(orders, records, {each.message_id: each for each in refusals}, events)
