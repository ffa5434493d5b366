"""The forms of the references of orders, consignments and carrier services."""

import hashlib
import re
from base64 import b32encode
from typing import Final, NewType

# The sender's own, one that was issued for it, or PRO's: `EC-XXX-XXX-XXX`, X in `[A-Z0-9]` (`pro-api.md`, Transport).
ConsignmentReference = NewType("ConsignmentReference", str)

# The shop's own order number: 1 to 128 characters, none of them a control character.
OrderReference = NewType("OrderReference", str)

# A letter or a digit is among the characters: `.` and `..` would lead a URL elsewhere.
CONSIGNMENT_REFERENCE_PATTERN: Final = r"^[._-]*[A-Za-z0-9][A-Za-z0-9._-]*$"
MAX_CONSIGNMENT_REFERENCE: Final = 64
CONSIGNMENT_REFERENCE_ADVICE: Final = "use 1 to 64 letters, digits, '-', '_' or '.', a letter or digit among them"
_PRO_REFERENCE: Final = re.compile(r"EC(-[A-Z0-9]{3}){3}")
_ISSUED_PREFIX: Final = "CN-"
# Characters of 5 bits each: 130 bits, for two orders with the same reference would be one.
_ISSUED_CHARACTERS: Final = 26
# The form of carrier, carrier service and service group references, such as `CX_NDS` or `DOM.RP`: safe as one path
# segment of a URL, since `.` and `..` have no letter or digit first.
SERVICE_REFERENCE_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
SERVICE_REFERENCE_ADVICE: Final = "use 1 to 64 letters, digits, '_', '-' or '.', and a letter or a digit first"


def is_consignment_reference(text: str) -> bool:
    """Return whether `text` has the form of a consignment reference.

    >>> is_consignment_reference("WEB-100045_1.a"), is_consignment_reference(".."), is_consignment_reference("a/b")
    (True, False, False)
    """
    return len(text) <= MAX_CONSIGNMENT_REFERENCE and re.fullmatch(CONSIGNMENT_REFERENCE_PATTERN, text) is not None


def is_pro_reference(text: str) -> bool:
    """Tell whether `text` has the form of the references that SortedPRO issues.

    >>> is_pro_reference("EC-000-05B-MMA"), is_pro_reference("EC-000-05B-mma")
    (True, False)
    """
    return _PRO_REFERENCE.fullmatch(text) is not None


def spellings(reference: str) -> list[ConsignmentReference]:
    """Return what a consignment reference may mean: as it is written, and in capitals if that is SortedPRO's form.

    >>> spellings("ec-000-05b-mma"), spellings("web-1")
    (['ec-000-05b-mma', 'EC-000-05B-MMA'], ['web-1'])
    """
    capitals = reference.upper()
    meant = dict.fromkeys([reference, capitals] if is_pro_reference(capitals) else [reference])
    return [ConsignmentReference(each) for each in meant]


def issued_reference(order: OrderReference, position: int) -> ConsignmentReference:
    """Return the reference of a consignment that its order names none for, the same whenever the order comes.

    `position` is the consignment's in the order's list, from 0.

    >>> issued_reference(OrderReference("WEB-100045"), 0)
    'CN-TJ653Z2FFF566RYUNK4FWDUWNI'
    """
    digest = hashlib.sha256(f"{order}\0{position}".encode()).digest()
    return ConsignmentReference(_ISSUED_PREFIX + b32encode(digest).decode()[:_ISSUED_CHARACTERS])


def is_service_reference(text: str) -> bool:
    """Return whether `text` can be the reference of a carrier, a carrier service or a service group.

    >>> is_service_reference("DOM.RP"), is_service_reference("..")
    (True, False)
    """
    return re.fullmatch(SERVICE_REFERENCE_PATTERN, text) is not None
