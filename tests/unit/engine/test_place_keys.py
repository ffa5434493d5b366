"""Where an address lies: every spelling that people type, every country, and the territories of other countries."""

from dataclasses import replace

import pytest

from allocation.domain.consignment import Address, Consignment
from allocation.domain.countries import COUNTRIES
from allocation.domain.outcome import Failure
from allocation.domain.territories import postcode_home
from allocation.engine.place_keys import UnknownPlaceError, place_keys
from tests.support.engines import PARCEL, engine_of, rate, service, to, winner

ENGINE = engine_of({"S": service()})

SHARED = {
    home: postcodes.split()
    for home, postcodes in {
        "FR": "75001 97100 97133 97150 97200 97300 97400 97500 97600 98000 98400 98600 98700 98799 98800",
        "FI": "00100 22100",
        "NO": "0150 8099 9170",
        "DK": "2100 3900 100",
        "CH": "8001 9490",
        "IT": "00118 47890 00120",
        "AU": "2000 2899 6798 6799",
        "US": "10001 00601 00901 00802 96910 96799 96950 96940 96941 96960 09012 34001 96201 96898",
    }.items()
}
"""By country, a postcode of each place that shares its postcodes."""


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
        ("RU", "295000", ("UA-43",)),
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


def test_territories_of_the_united_states_lie_there_too() -> None:
    assert place_keys("US", "00901")[-4:] == ("US-PR", "PR", "US", "*")
    assert {"US:006", "PR:006", "US", "PR"} <= set(place_keys("PR", "00601"))


def test_countries_that_the_us_posts_serve_are_found_by_their_zip_codes_only() -> None:
    assert "US:969" in place_keys("PW", "96940")
    assert "US" not in place_keys("US", "96940")


@pytest.mark.parametrize("code", sorted(COUNTRIES))
def test_one_place_has_one_set_of_keys_whatever_code_its_address_says(code: str) -> None:
    """Take every postcode that a table gives to a place, under the codes of all that share its postcodes."""
    home = postcode_home(code)
    sharing = [country for country in sorted(COUNTRIES) if postcode_home(country) == home]
    for postcode in SHARED.get(home, ()):
        keys = {place_keys(country, postcode) for country in sharing if country not in {"HK", "MO"}}
        assert len(keys) == 1, postcode


@pytest.mark.parametrize(
    ("country", "region", "postcode", "same_as"),
    [
        ("CN", "Hong Kong", None, ("HK", None)),
        ("CN", "CN-HK", "999077", ("HK", "999077")),
        ("FR", "La R\u00e9union", None, ("RE", None)),
        ("FR", "974", "", ("RE", None)),
        ("NL", "Cura\u00e7ao", "0000", ("CW", "0000")),
        ("US", "PR", None, ("PR", None)),
        ("US", "PR", "10001", ("US", "10001")),
        ("DK", "F\u00f8royar", "100", ("FO", "100")),
        ("GB", "Northern Ireland", None, ("XI", None)),
    ],
)
def test_a_territory_that_the_address_names_as_a_region_is_found_by_its_own_code(
    country: str, region: str, postcode: str | None, same_as: tuple[str, str | None]
) -> None:
    destination = Address(country=country, postcode=postcode, region=region)
    answer = ENGINE.inquire(replace(PARCEL, destination=destination))
    assert not isinstance(answer, Failure), answer.message
    assert answer.destination == place_keys(*same_as)


@pytest.mark.parametrize(
    ("postcode", "nation"),
    [
        ("EH1 1AA", "GB-SCT"), ("TD12 4AA", "GB-SCT"), ("TD15 1AA", "GB-ENG"), ("DG16 5AA", "GB-SCT"),
        ("CA6 5AA", "GB-ENG"), ("CF10 1AA", "GB-WLS"), ("CH4 0AA", "GB-WLS"), ("CH4 9AA", "GB-ENG"),
        ("CH7 1AA", "GB-WLS"), ("CH65 0AA", "GB-ENG"), ("SY1 1AA", "GB-ENG"), ("SY23 1AA", "GB-WLS"),
        ("LD7 1AA", "GB-WLS"), ("HR3 5AA", "GB-WLS"), ("HR3 6AA", "GB-ENG"), ("NP16 7AA", "GB-ENG"),
        ("SY13 3AA", "GB-WLS"), ("SY13 4AA", "GB-ENG"),
        ("NP25 3AA", "GB-WLS"), ("BT1 1AA", "GB-NIR"), ("EC1A 1BB", "GB-ENG"), ("BFPO 61", None), ("BX1 1AA", None),
    ],
)  # fmt: skip
def test_a_uk_postcode_says_its_nation(postcode: str, nation: str | None) -> None:
    nations = {"GB-ENG", "GB-SCT", "GB-WLS", "GB-NIR"}
    assert [key for key in place_keys("GB", postcode) if key in nations] == ([nation] if nation else [])


@pytest.mark.parametrize(
    ("country", "postcode", "told"),
    [
        ("AU", "12", "postcode is not one of AU, which has four digits"),
        ("DE", "1067", "five digits: a spreadsheet may have dropped a zero that it begins with"),
        ("FR", "7500", "postcode is not one of FR, which has five digits: a spreadsheet"),
        ("FR", "750011", "postcode is not one of FR, which has five digits"),
        ("ES", "2800A", "postcode is not one of ES, which has five digits"),
        ("NL", "1012", None),
        ("NL", "101 AB", "postcode is not one of NL, which has four digits or four digits and two letters"),
        ("CA", "K1A", "postcode is not one of CA, which has the form A1A3A5"),
        ("IE", "D02", None),
        ("TW", "100", None),
        ("TW", "10", "postcode is not one of TW, which has three digits or five digits or six digits"),
        ("PY", "1209", None),
        ("PY", "001012", None),
        ("MM", "0101001", None),
        ("IE", "D02 AF30", None),
        ("IE", "AF30", "postcode is not one of IE"),
        ("PR", "901", "postcode is not a US ZIP code such as 10001"),
        ("US", "100", "postcode is not a US ZIP code such as 10001"),
        ("PT", "1000", None),
        ("NG", "no idea", None),
        ("HK", "000000", None),
    ],
)
def test_a_postcode_that_its_country_can_not_have_is_told_with_what_it_has(
    country: str, postcode: str, told: str | None
) -> None:
    answer = ENGINE.inquire(to(postcode, country))
    if told is None:
        assert not isinstance(answer, Failure)
    else:
        assert isinstance(answer, Failure)
        assert "Destination address: postcode is not" in answer.message
        assert told in answer.message


@pytest.mark.parametrize(
    ("address", "complete"),
    [
        (Address(country="ES"), False),
        (Address(country="ES", region="Canarias"), True),
        (Address(country="ES", region="Madrid"), True),
        (Address(country="ES", region="Calle Mayor"), False),
        (Address(country="IC"), True),
        (Address(country="FR"), False),
        (Address(country="DE"), True),
        (Address(country="XI"), True),
        (Address(country="HK"), True),
        (Address(country="PR"), False),
    ],
)
def test_an_address_without_a_postcode_is_incomplete_where_the_catalogue_names_parts_of_its_country(
    address: Address, complete: bool
) -> None:
    """Without that rule it would have the mainland's price."""
    zones = {"ISLES": ["ES-CN", "FR:20", "US:006..009", "GB:IV", "DE-BY"]}
    engine = engine_of({"S": service(destinations=["*"], excluded=["ISLES"])}, zones=zones)
    answer = engine.inquire(replace(PARCEL, destination=address))
    assert isinstance(answer, Failure) is not complete
    if isinstance(answer, Failure):
        country = "US" if address.country == "PR" else address.country
        assert f"Destination address: postcode is missing: give it, because the catalogue tells parts of {country}" in (
            answer.message
        )


def test_northern_ireland_needs_a_postcode_only_where_parts_of_it_are_named() -> None:
    engine = engine_of({"S": service(excluded=["GB:BT28"])})
    assert isinstance(engine.inquire(replace(PARCEL, destination=Address(country="XI"))), Failure)
    engine = engine_of({"S": service(destinations=["GB:BT"], rates=[rate("GB:BT", 3)])})
    assert winner(engine, replace(PARCEL, destination=Address(country="XI"))) == "S"


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
    assert len(place_keys("HK", "1" * 1000)) <= 13
