"""Where goods pass customs: the countries, the two Irelands, the islands."""

from itertools import chain, permutations

import pytest

from allocation.consignments.full_consignment import FullAddress
from allocation.documents.customs_documents import passes_customs


def address(place: str) -> FullAddress:
    """The address of `country` or `country postcode`."""
    country, _, postcode = place.partition(" ")
    codes = {"IsoCode": {"TwoLetterCode": country}}
    return FullAddress.model_validate({"AddressType": "Origin", "Country": codes, "Postcode": postcode or None})


WITHOUT = [
    ("GB M1 5WG", "GB EH1 1AA", "GB BT1 5GS", "IM IM1 1AA", "GB IM1 1AA"),
    ("GB BT1 5GS", "IE", "FR", "GR", "MC"),
    ("JE JE2 3AB", "GB JE2 3AB"),
    ("GG GY1 1AA", "GB gy1 1aa"),
    ("US", "US"),
]
WITH = [
    ("GB M1 5WG", "IE"),
    ("GB M1 5WG", "DE"),
    ("GB BT1 5GS", "US"),
    ("GB BT1 5GS", "CH"),
    ("GB M1 5WG", "JE JE2 3AB"),
    ("GB M1 5WG", "GB GY1 1AA"),
    ("GB JE2 3AB", "GB GY1 1AA"),
    ("GB BT1 5GS", "JE JE2 3AB"),
    ("IM IM1 1AA", "GG GY1 1AA"),
    ("IM IM1 1AA", "IE"),
    ("FR", "CH"),
    ("US", "CA"),
]


@pytest.mark.parametrize("places", [*chain.from_iterable(permutations(group, 2) for group in WITHOUT)])
def test_goods_move_freely_within_a_customs_territory(places: tuple[str, str]) -> None:
    assert not passes_customs(*map(address, places))


@pytest.mark.parametrize("places", [*chain.from_iterable(permutations(pair) for pair in WITH)])
def test_goods_pass_customs_between_territories(places: tuple[str, str]) -> None:
    assert passes_customs(*map(address, places))
