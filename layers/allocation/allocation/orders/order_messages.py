"""The order-created and order-updated messages, version 1 (their schemas in `docs/events` are generated from here)."""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, WithJsonSchema

from allocation.consignments.allocatable_consignment import ConsignmentReferenceText, DeliveryOption, ProConsignment
from allocation.orders.event_fields import EventFields
from allocation.orders.event_types import CREATED, UPDATED

MAX_CONSIGNMENTS: Final = 500
# Of all consignments together. With these limits no message of 1 MiB takes more than 100 ms to read.
MAX_PACKAGES_A_MESSAGE: Final = 1000


def _require_few_packages(consignments: list[Any]) -> list[Any]:
    """Return the consignments, which need not be valid. Raises `ValueError` if they have too many packages in all."""
    packages = [each.get("Packages") for each in consignments if isinstance(each, dict)]
    number = sum(len(each) for each in packages if isinstance(each, list))
    if number > MAX_PACKAGES_A_MESSAGE:
        raise ValueError(f"has {number} packages: send at most {MAX_PACKAGES_A_MESSAGE} in one message")
    return consignments


class Envelope(EventFields):
    """An event with consignments to allocate, which are not read yet."""

    event_type: Annotated[str, WithJsonSchema(CREATED.schema("The parameter `OrderCreatedTypes` names more types."))]
    delivery_option: DeliveryOption | None = None
    consignments: Annotated[
        list[Any], Field(min_length=1, max_length=MAX_CONSIGNMENTS), AfterValidator(_require_few_packages)
    ]


class ReferencesEnvelope(Envelope):
    """The same where SortedPRO allocates: packages are not read, so any number may be sent."""

    consignments: Annotated[list[Any], Field(min_length=1, max_length=MAX_CONSIGNMENTS)]


class OrderedConsignment(ProConsignment):
    """A consignment of an order.

    Where it names no `Reference`, one is issued: `CN-` and 26 characters, the same whenever the order comes.
    """

    reference: ConsignmentReferenceText | None = None  # type: ignore[assignment]  # for the schema: it is issued before


class OrderCreated(Envelope):
    """An order was created: allocate its consignments. Unknown fields are ignored."""

    consignments: Annotated[list[OrderedConsignment], Field(min_length=1, max_length=MAX_CONSIGNMENTS)]


class OrderUpdated(OrderCreated):
    """An order was updated: the named consignments take the place of what was said of them. Others stay as they are.

    What is allocated or cancelled already refuses the update. Unknown fields are ignored.
    """

    event_type: Annotated[str, WithJsonSchema(UPDATED.schema())]
