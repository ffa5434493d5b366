"""Regions of ISO 3166-2 as people type them into addresses."""

import unicodedata


def region_name(text: str) -> str:
    """Return the letters and digits of a region's code or name, without accents and case.

    >>> region_name("ES-CN"), region_name("Québec"), region_name("N.S.W.")
    ('escn', 'quebec', 'nsw')
    """
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", text).casefold()))
