"""Which labels of a consignment were given out: what PRO shows as LabelsPrinted, with its date and its count."""

from datetime import datetime

from allocation.domain.frozen import frozen


@frozen
class LabelsGiven:
    """The first time that labels of an allocation were given out, in aware UTC.

    `tracking_reference` is the first of the allocation: another allocation has labels of its own. `count` is how many
    labels the consignment has, one for each package and leg.
    """

    tracking_reference: str
    at: datetime
    count: int
