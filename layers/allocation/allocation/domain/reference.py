"""The forms of the references of orders, consignments and carrier services."""

import re
from typing import Final, NewType

# `EC-XXX-XXX-XXX`, X in `[A-Z0-9]` (`pro-api.md`, Transport).
ConsignmentReference = NewType("ConsignmentReference", str)

# The shop's own order number: 1 to 128 characters, none of them a control character.
OrderReference = NewType("OrderReference", str)

CONSIGNMENT_REFERENCE_PATTERN: Final = r"^EC(-[A-Z0-9]{3}){3}$"
# The form of carrier, carrier service and service group references: safe as one path segment of a URL.
SERVICE_REFERENCE_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
SERVICE_REFERENCE_ADVICE: Final = "use 1 to 64 letters, digits, '_' or '-', and a letter or a digit first"


def is_consignment_reference(text: str) -> bool:
    """Return whether `text` has the form of a consignment reference.

    >>> is_consignment_reference("EC-000-05B-MMA"), is_consignment_reference("EC-000-05B-mma")
    (True, False)
    """
    return re.fullmatch(CONSIGNMENT_REFERENCE_PATTERN, text) is not None


def is_service_reference(text: str) -> bool:
    """Return whether `text` can be the reference of a carrier, a carrier service or a service group."""
    return re.fullmatch(SERVICE_REFERENCE_PATTERN, text) is not None
