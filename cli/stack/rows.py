"""One row a consignment: what the table shows and what `--json` prints."""

from dataclasses import dataclass
from typing import Any

from cli.stack.account import Account, Record, Refusal


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
    """`code` and `message`: why no carrier service takes it or, without a state, why its order is in the DLQ."""

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
    refusals = account.refused_consignments
    return [
        recorded(account.records[reference])
        if reference in account.records
        else Row(order, reference, failure=refused(refusals.get(reference)))
        for reference, order in account.consignments.items()
    ]


def refused(refusal: Refusal | None) -> dict[str, str] | None:
    """A refusal in the form that a record has its failure in."""
    return {"code": refusal.code, "message": refusal.reason} if refusal else None


def recorded(record: Record) -> Row:
    """The row of a consignment that has a record."""
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
