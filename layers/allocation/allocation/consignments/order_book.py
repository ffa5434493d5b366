"""PRO's orders: kept until they are packed into consignments (PRO's help, "Managing Orders").

An order is a consignment's description whose items need not ship together. It is neither allocated nor published; the
consignments packed from it are.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from allocation.consignments.changes import MAX_ATTEMPTS
from allocation.consignments.drafts import Draft, DraftStore, change
from allocation.consignments.errors import NOT_FOUND, Problem, RequestError
from allocation.consignments.intake import issued, taken_in
from allocation.consignments.older_forms import consignment_in_current_form
from allocation.consignments.packing import packed
from allocation.consignments.register import Register
from allocation.consignments.store import ConsignmentJson
from allocation.domain.errors import RetryableError
from allocation.domain.frozen import frozen
from allocation.domain.reference import ConsignmentReference

_PREFIX: Final = "EO"
_KEY: Final = "order#"
_MAX_CUSTOMER_REFERENCE: Final = 256
# Stands in for the reference of a consignment, which an order's description has not.
NO_CONSIGNMENT: Final = ConsignmentReference("EC-000-000-000")
# What only an order has, beside a consignment's fields.
_OF_ORDERS: Final = ("OrderReference", "OrderReferenceProvidedByCustomer", "DeliveryOptionReference", "DateCreated")
# What an update never changes, and what it changes only to something (PRO's help, "Managing Existing Orders").
_FIXED: Final = frozenset({"OrderReference", "Source", "Packages", "DeliveryOptionReference", "DateCreated"})
_KEPT_WHERE_EMPTY: Final = frozenset({"Addresses", "Direction", "Tags"})
_REPLACED: Final = (
    "OrderReferenceProvidedByCustomer",
    "RequestedDeliveryDate",
    "ShippingDate",
    "CustomsDocumentation",
    "MetaData",
)


@frozen
class OrderBook:
    """Keeps orders, and packs them."""

    drafts: DraftStore
    register: Register

    def create(self, sent: ConsignmentJson, option: str | None = None, reference: str | None = None) -> str:
        """Keep a new order and return its reference. `option` is the delivery option that it was selected by.

        With a `reference` that was issued before, the order is kept once, however often this is called. Raises
        `RequestError` for invalid fields.
        """
        now = self.register.changes.now()
        for _ in range(MAX_ATTEMPTS):
            name = reference or self.issued_reference()
            content = {**self._checked(sent, name), "DeliveryOptionReference": option, "Source": "Api"}
            content["DateCreated"] = now.isoformat()
            if self.drafts.add(Draft(_KEY + name, content, now + self.register.retention)) or reference:
                return name
        raise RetryableError(f"all {MAX_ATTEMPTS} references that were tried are taken")

    def issued_reference(self) -> str:
        """Return a new order reference in PRO's form: `EO-XXX-XXX-XXX`."""
        return issued(_PREFIX, self.register.random_characters)

    def order(self, reference: str) -> Mapping[str, Any]:
        """Return an order's content. Raises `RequestError` where it is unknown or its time is over."""
        return self._found(reference).content

    def update(self, reference: str, sent: ConsignmentJson) -> None:
        """Replace an order's details. What is left out is deleted, but for addresses, direction and tags.

        Raises `RequestError` for an unknown order and for invalid fields.
        """
        named = sent.get("OrderReference")
        if named and str(named).upper() != reference.upper():
            problem = Problem("Mismatch", "OrderReference", "must be that of the address")
            raise RequestError("ValidationException", "The body names another order.", problems=[problem])
        given = {
            name: value
            for name, value in consignment_in_current_form(sent).items()
            if name not in _FIXED and (value or name not in _KEPT_WHERE_EMPTY)
        }
        self._change(reference, lambda before: {**before, **dict.fromkeys(_REPLACED), **given})

    def set_address(self, reference: str, address: ConsignmentJson, *, is_new: bool) -> None:
        """Add an address of a type that the order has not, or replace one that it has. Raises `RequestError`."""
        kind = address.get("AddressType")

        def decide(before: Mapping[str, Any]) -> Mapping[str, Any]:
            others = [each for each in before["Addresses"] if each["AddressType"] != kind]
            if (len(others) == len(before["Addresses"])) != is_new:
                text = f"Order {before['OrderReference']} has {'already an' if is_new else 'no'} address of this type."
                raise RequestError("ValidationException", text, problems=[Problem("AddressType", "AddressType", text)])
            return {**before, "Addresses": [*others, address]}

        self._change(reference, decide)

    def pack(self, reference: str, request: Mapping[str, Any]) -> list[ConsignmentReference]:
        """Create a consignment of some of an order's items, and its return where one is asked for.

        `request` has PRO's names. Returns their references. Raises `RequestError` for an unknown order or item.
        """
        consignments = packed(self.order(reference), request)
        for content in consignments:  # all are checked before one is kept
            taken_in(content, NO_CONSIGNMENT, self.register.random_characters)
        return [self.register.create(content) for content in consignments]

    def _change(self, reference: str, decide: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
        def checked(before: Mapping[str, Any]) -> Mapping[str, Any]:
            after = self._checked(decide(before), before["OrderReference"])
            return {**after, **{name: before[name] for name in _FIXED if name in before}}

        change(self.drafts, lambda: self._found(reference), checked)

    def _found(self, reference: str) -> Draft:
        draft = self.drafts.find(_KEY + reference.strip().upper()[:64])
        if draft is None or draft.expires_at <= self.register.changes.now():
            raise RequestError("OrderNotFoundException", f"Order {reference[:64]} was not found.", NOT_FOUND)
        return draft

    def _checked(self, sent: ConsignmentJson, reference: str) -> dict[str, Any]:
        """Return an order's content, checked like a consignment's. Raises `RequestError`."""
        own = sent.get("OrderReferenceProvidedByCustomer")
        if own is not None and not (isinstance(own, str) and len(own) <= _MAX_CUSTOMER_REFERENCE):
            text = f"must be text of up to {_MAX_CUSTOMER_REFERENCE} characters"
            problem = Problem("Invalid", "OrderReferenceProvidedByCustomer", text)
            raise RequestError("ValidationException", "The order has invalid fields: see Details.", problems=[problem])
        described = {name: value for name, value in sent.items() if name not in _OF_ORDERS}
        content = taken_in(described, NO_CONSIGNMENT, self.register.random_characters)
        return {
            **{name: value for name, value in content.items() if name != "Reference"},
            "Packages": [_with_item_references(package, reference) for package in content["Packages"]],
            "OrderReference": reference,
            "OrderReferenceProvidedByCustomer": own or None,
        }


def _with_item_references(package: Mapping[str, Any], order: str) -> dict[str, Any]:
    """Return a package whose items all have a reference, by which packing may name them."""
    items: Sequence[Mapping[str, Any]] = package.get("Items") or ()
    named = [
        {**item, "Reference": item.get("Reference") or _item_reference(f"{order}/{package['Reference']}/{at}")}
        for at, item in enumerate(items)
    ]
    return {**package, "Items": named}


def _item_reference(text: str) -> str:
    """Return 32 hexadecimal digits, the same for the same text."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]
