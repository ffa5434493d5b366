"""What is preferred among the carrier services that can take a consignment: a closed set of orders."""

from enum import StrEnum
from typing import Final

from allocation.domain.currencies import Money
from allocation.domain.frozen import frozen


class PreferenceName(StrEnum):
    """The preferences as catalogues, records and explanations write them. Kept by their place: new ones at the end."""

    CHEAPEST = "cheapest"
    FASTEST = "fastest"
    EARLIEST_DELIVERY = "earliestDelivery"
    PRIORITISED = "prioritised"
    FASTEST_WITHIN = "fastestWithin"


@frozen
class Preference:
    """What comes first. `within` is how much more than the cheapest the fastest may cost, in the catalogue's currency.

    Raises `ValueError` unless `within` is given with `fastestWithin`, and only then.
    """

    name: PreferenceName
    within: Money | None = None

    def __post_init__(self) -> None:
        """Refuse an amount where it means nothing, and its absence where it is needed."""
        if (self.within is not None) != (self.name is PreferenceName.FASTEST_WITHIN):
            raise ValueError(f"the preference {self.name} goes with an amount only if it is fastestWithin")

    def __str__(self) -> str:
        return f"{self.name} {self.within.amount} {self.within.currency}" if self.within else self.name.value


CHEAPEST: Final = Preference(PreferenceName.CHEAPEST)
