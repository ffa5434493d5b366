"""What the goods of a consignment are, as far as carriers ask."""

from enum import StrEnum
from typing import Final


class Content(StrEnum):
    """A flag of an item's contents, by PRO's name.

    The flags are those of `ContentClassification` and `ContentClassificationDetails` in PRO's .NET SDK
    (`MPD.Electio.SDK.DataTypes.Common.Enums`), where `NotSpecified` and `Unrestricted` say that there is none. Records
    keep a flag by its place: a new one comes at the end.
    """

    DANGEROUS = "Dangerous"
    RESTRICTED = "Restricted"
    LIQUID = "Liquid"
    EXPLOSIVE = "Explosive"
    FLAMMABLE = "Flammable"
    TOXIC = "Toxic"
    AEROSOLS = "Aerosols"
    ALCOHOL = "Alcohol"
    BATTERIES = "Batteries"
    ELECTRONICS = "Electronics"
    GUNS = "Guns"
    LIGHTERS = "Lighters"
    NAIL_VARNISH = "NailVarnish"
    PERFUME_OR_AFTERSHAVE = "PerfumeOrAftershave"
    MEDICINE = "Medicine"
    LIVE_ANIMALS = "LiveAnimals"
    # Not PRO's: stands for a word that PRO does not have, so that it is not taken for harmless.
    UNKNOWN = "Unknown"


# Contents that a carrier service takes only if it says so, or if it says so of every detail of the item.
CONTROLLED_CONTENTS: Final = frozenset({Content.DANGEROUS, Content.RESTRICTED, Content.UNKNOWN})
# The details of an item. The other flags classify it.
CONTENT_DETAILS: Final = frozenset(Content) - CONTROLLED_CONTENTS - {Content.LIQUID}

# The flags of one item.
Contents = frozenset[Content]
