"""Where an address lies: every spelling that people type, every country, and the territories of other countries."""

from dataclasses import replace

import pytest

from allocation.domain.consignment import Address, Consignment
from allocation.domain.outcome import Failure
from allocation.engine.place_keys import UnknownPlaceError, place_keys
from tests.support.engines import PARCEL, engine_of, service, to, winner

ENGINE = engine_of({"S": service()})


@pytest.mark.parametrize(
    "typed", ["m1-5wg", "M1 5WG.", "M1\u200b5WG", "M15WG", " m1  5Wg ", "\uff2d\uff11 5WG", "M1\u00a05WG"]
)
def test_a_uk_postcode_is_read_however_it_is_typed(typed: str) -> None:
    assert place_keys("GB", typed) == place_keys("GB", "M1 5WG")
    assert winner(ENGINE, to(typed)) == "S"


@pytest.mark.parametrize("typed", ["10001", "10001-", "10001 1234", "10001-1234", "100011234", "10001\u2013"])
def test_a_zip_code_is_read_however_it_is_typed(typed: str) -> None:
    assert place_keys("US", typed) == ("US:10001", "US:1000", "US:100", "US:10", "US:1", "US-NY", "US", "*")


@pytest.mark.parametrize(
    ("country", "typed", "plain"),
    [
        ("AX", "AX-22100", "22100"),
        ("DE", "D-10115", "10115"),
        ("LV", "lv-1050", "1050"),
        ("PL", "00-950", "00950"),
        ("NL", "1012 ab", "1012AB"),
    ],
)
def test_other_postcodes_are_read_without_marks_and_the_country_before_them(
    country: str, typed: str, plain: str
) -> None:
    assert place_keys(country, typed) == place_keys(country, plain)
    assert f"{country}:{plain}" in place_keys(country, typed)


@pytest.mark.parametrize(
    ("country", "postcode", "lies_in"),
    [
        ("GB", "JE2 3AB", "JE"),
        ("GB", "GX11 1AA", "GI"),
        ("GB", "FIQQ 1ZZ", "FK"),
        ("GB", "STHL 1ZZ", "SH"),
        ("GB", "ASCN 1ZZ", "SH"),
        ("GB", "TDCU 1ZZ", "SH"),
        ("GB", "SIQQ 1ZZ", "GS"),
        ("GB", "PCRN 1ZZ", "PN"),
        ("GB", "BBND 1ZZ", "IO"),
        ("GB", "BIQQ 1ZZ", "AQ"),
        ("GB", "TKCA 1ZZ", "TC"),
        ("GB", "AI-2640", "AI"),
        ("GB", "VG1110", "VG"),
        ("GB", "MSR-1110", "MS"),
        ("GB", "KY1-1001", "KY"),
        ("UK", "KY1 1AA", "GB"),
        ("IM", "M1 5WG", "GB"),
        ("FR", "97400", "RE"),
        ("FR", "97133", "BL"),
        ("FR", "98000", "MC"),
        ("FI", "22100", "AX"),
        ("NO", "9170", "SJ"),
        ("CH", "FL-9490", "LI"),
        ("AU", "2899", "NF"),
        ("EL", "10431", "GR"),
        ("XI", "BT1 1AA", "GB"),
    ],
)
def test_a_postcode_of_a_territory_lies_there_whatever_country_the_address_says(
    country: str, postcode: str, lies_in: str
) -> None:
    assert place_keys(country, postcode)[-2:] == (lies_in, "*")


@pytest.mark.parametrize(
    ("country", "postcode", "regions"),
    [
        ("ES", "35001", ("ES-GC", "ES-CN")),
        ("ES", "07800", ("ES-PM", "ES-IB")),
        ("ES", "51001", ("ES-CE",)),
        ("IC", None, ("ES-CN",)),
        ("FR", "20137", ("FR-2A", "FR-20R")),
        ("PT", "9000-001", ("PT-30",)),
        ("PT", "9500-321", ("PT-20",)),
        ("GB", "BT1 1AA", ("GB-NIR",)),
        ("CA", "K1A 0B1", ("CA-ON",)),
        ("CA", "X0A 0H0", ("CA-NU",)),
        ("AU", "7000", ("AU-TAS",)),
        ("AU", "2600", ("AU-ACT",)),
        ("US", "99501", ("US-AK",)),
        ("US", "09012", ()),
        ("IT", "09121", ("IT-88",)),
        ("DE", "10115", ()),
    ],
)
def test_a_postcode_says_the_regions_that_tables_know(
    country: str, postcode: str | None, regions: tuple[str, ...]
) -> None:
    assert tuple(key for key in place_keys(country, postcode) if "-" in key) == regions


def test_what_an_address_says_of_its_region_counts_where_the_postcode_says_nothing() -> None:
    assert place_keys("DE", "80331", ("DE-BY",))[-3:] == ("DE-BY", "DE", "*")
    assert place_keys("ES", "28001", ("ES-CN",))[-4:] == ("ES-M", "ES-MD", "ES", "*")


def test_puerto_rico_lies_in_the_united_states_too() -> None:
    assert place_keys("US", "00901")[-4:] == ("US-PR", "PR", "US", "*")
    assert place_keys("PR", "00901")[-3:] == ("US-PR", "PR", "*")


@pytest.mark.parametrize("country", ["ZZ", "YU", "EU", "G", "GBR", "", "Österreich"])
def test_a_country_code_that_is_none_is_told_without_its_value(country: str) -> None:
    with pytest.raises(UnknownPlaceError, match=r"^country is not a two-letter code of ISO 3166-1 such as GB"):
        place_keys(country, "M1 5WG")


@pytest.mark.parametrize("postcode", ["AA1 1AA", "ZZ1 1ZZ", "QX1 1AA", "GX1 1AA", "M1", "", "Jane Doe"])
def test_an_invented_uk_postcode_is_told_without_its_value(postcode: str) -> None:
    answer = ENGINE.inquire(to(postcode))
    assert isinstance(answer, Failure)
    told = answer.message.removeprefix("Consignment EC-000-05B-MMA can't be allocated yet: ")
    assert (answer.code, told) == (
        "ConsignmentIncomplete",
        "Destination address: postcode is not a UK postcode such as M2 6LW.",
    )


def test_a_postcode_outside_the_part_that_its_country_code_names_is_told() -> None:
    with pytest.raises(UnknownPlaceError, match="postcode is of another part"):
        place_keys("XI", "M1 5WG")


@pytest.mark.parametrize(
    ("consignment", "field"),
    [
        (replace(PARCEL, origin=Address(country="ZZ")), "Origin address: country"),
        (to("1000", "XX"), "Destination address: country"),
    ],
)
def test_an_unknown_country_names_the_address(consignment: Consignment, field: str) -> None:
    answer = ENGINE.inquire(consignment)
    assert isinstance(answer, Failure)
    assert f"{field} is not a two-letter code of ISO 3166-1" in answer.message


def test_a_postcode_of_any_length_has_few_keys() -> None:
    assert len(place_keys("FR", "1" * 1000)) <= 13
