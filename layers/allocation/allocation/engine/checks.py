"""The checks a carrier service must pass, and the words for having failed one.

Codes are ours and stable. PRO's texts are used where PRO has one (`pro-api.md`, How a carrier service is chosen); the
`ex_` codes are those of PRO's successor product.
"""

from dataclasses import dataclass
from typing import Final

_ADDRESSES: Final = "This service is not available between the selected addresses."
_SIZE: Final = "This service is not available for the given package dimensions/weight."


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that can keep a service from taking a consignment."""

    code: str
    text: str
    """PRO's text, or ours where PRO has none."""
    exclusion: str
    """The successor product's code."""


NOT_IN_GROUP = Check("NotInServiceGroup", "This service is not in the requested service group.", "ex_other")
NOT_REQUESTED = Check("NotTheRequestedService", "Another carrier service was requested.", "ex_other")
DISABLED = Check("ServiceDisabled", "This service is disabled.", "ex_inactive")
DIRECTION = Check("DirectionNotServed", "This service does not ship in the consignment's direction.", "ex_availability")
PICK_UP = Check("NoPickUp", "This service does not pick up.", "ex_other")
DROP_OFF = Check("NoDropOff", "This service does not take drop-offs.", "ex_other")
ORIGIN = Check("OriginNotServed", _ADDRESSES, "ex_availability")
DESTINATION = Check("DestinationNotServed", _ADDRESSES, "ex_availability")
EXCLUDED_COUNTRY = Check("CountryExcluded", "This service excludes the destination country.", "ex_rules")
EXCLUDED_POSTCODE = Check("PostcodeExcluded", "This service excludes the destination postcode.", "ex_rules")
WEIGHT = Check("WeightOutOfRange", _SIZE, "ex_weight")
LENGTH = Check("LengthOutOfRange", _SIZE, "ex_dims")
GIRTH = Check("GirthOutOfRange", _SIZE, "ex_dims")
VALUE = Check("ValueTooHigh", "The consignment is worth more than this service carries.", "ex_rules")
LIMIT = Check("LimitReached", "This service has reached its allocation limit for the day.", "ex_rules")
TAGS = Check("TagsNotAllowed", "This service does not carry every allocation tag of the consignment.", "ex_tag")
NO_CALENDAR = Check("CollectionNotConfigured", "Service availability data not configured", "ex_availability")
DATES = Check(
    "DatesNotMet",
    "This service is not available for the selected collection/delivery dates.",
    "ex_availability",
)
NO_PRICE = Check("PriceNotConfigured", "No cost and/or pricing data configured", "ex_rates")
CURRENCY = Check(
    "CurrencyNotComparable", "The catalogue has no exchange rate for this service's currency on that day.", "ex_rates"
)
