"""One row a consignment: what the table shows and what `--json` prints."""

from dataclasses import dataclass
from typing import Any

from local.account import Account


@dataclass(frozen=True, slots=True)
class Row:
    """A consignment's outcome; `state` is None where it has none."""

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

    def to_json(self) -> dict[str, Any]:
        """The row as `--json` prints it."""
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
    """A row for every consignment that was sent, in the order of the file."""
    return [row_of(order, reference, account) for reference, order in account.consignments.items()]


def row_of(order: str | None, reference: str, account: Account) -> Row:
    """The row of one consignment."""
    record = account.records.get(reference)
    if record is None:
        return Row(order, reference)
    legs = (record.get("allocationSummary") or {}).get("ConsignmentLegs") or []
    return Row(
        record["orderReference"],
        reference,
        mode=record["mode"],
        state=record["state"],
        carrier_reference=record.get("carrierReference"),
        carrier_service_reference=record.get("carrierServiceReference"),
        price=record.get("price"),
        legs=len(legs),
        tracking_references=tuple(tracking for leg in legs for tracking in leg.get("TrackingReferences") or []),
        failure=record.get("failure"),
    )
