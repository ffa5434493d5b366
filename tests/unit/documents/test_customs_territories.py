"""Where goods need a customs declaration: pairs of addresses, by the sources that `customs_territories` names."""

import pytest

from allocation.consignments.full_consignment import FullAddress
from allocation.documents.customs_documents import passes_customs
from allocation.documents.customs_territories import Border, Place, border_between

# Each line: two addresses of `country`, `country postcode` or `country/region postcode`, the same in both directions.
PAIRS = {
    Border.NONE: """
        GB M1 5WG        | UK M2 6LW           the same country under two codes
        UK M1 5WG        | uk EH1 1AA
        GB m1-5wg.       | GB BT1 5GS          Great Britain and Northern Ireland (Windsor Framework)
        GB M1 5WG        | XI BT1 5GS
        GB M1 5WG        | IM IM1 1AA          one customs and VAT area
        UK IM1 1AA       | XI BT1 5GS
        XI BT1 5GS       | IE D02 AF30         Northern Ireland and the Union
        XI               | FR 75001
        GB/NIR           | IE
        XI               | GB/Northern_Ireland
        ES 28001         | ES/Balearic_Islands
        ES/Canarias 28001 | ES 28001           the postcode decides, not the region's name
        CY 99010         | TR 99300
        GB BT1 5GS       | EL 10431
        JE JE2 3AB       | GB JE2 4WS          an island with itself
        GG GY1 1AA       | CQ GY10 1SF         Guernsey and Sark
        DE 10115         | FR 75001
        GR 10431         | EL 54621
        FX 75001         | MC 98000            Monaco belongs to France's territory
        FR 98000         | BE 1000
        PT 1000-001      | PT/PT-30 9000-001   Madeira and the Azores are in both territories
        PT 4000-001      | PT 9500-011
        ES 28001         | ES 07001            so are the Balearic Islands
        CY 1010          | SE 11122
        ES 35001         | IC 38001            the Canary Islands with themselves
        ES/ES-CN         | ES/GC 35001
        EA 51001         | ES 51002
        AX 22100         | FI 22100
        FI/FI-01         | AX AX-22100
        GP 97100         | FR 97200            Guadeloupe and Martinique (CGI, article 294)
        IT 47121         | SM 47890            Italy and San Marino
        IT 47890         | IT 00118
        CH 8001          | LI 9490             one customs territory since 1923
        CH 8238          | DE 78266            Büsingen is in Switzerland's
        DE 78266         | CH 8201
        IT 22061         | CH 6911             Campione, from both sides
        US 10001         | US 99501
        US 10001         | PR 00901            Puerto Rico is in the customs territory
        US/PR 00901      | US 90210
        XK 10000         | XK 10000
        DK 2100          | DK 8000
        """,
    Border.TAX: """
        ES 28001         | ES/Canary_Islands   the region's name decides without a postcode
        ES/Las_Palmas    | ES/Illes_Balears
        FI 00100         | FI/Ahvenanmaa
        FR 75001         | FR/La_Réunion
        IT 20121         | IT/Campione
        GR 10431         | GR/Mount_Athos
        ES 28001         | ES 35001            the Canary Islands: in the customs territory, outside the VAT territory
        PT 1000-001      | IC 38001
        ES 28001         | ES/Canarias 38001
        IC 35001         | XI BT1 5GS          Northern Ireland follows the Union's VAT for goods
        FI 00100         | AX 22100            Åland
        SE 11122         | FI FIN-22100
        FR 75001         | RE 97400            French overseas departments
        FR 75001         | FR 97300
        DE 10115         | FR/FR-971
        GP 97100         | RE 97400
        YT 97600         | MF 97150
        GR 10431         | GR 63086            Mount Athos
        IT 20121         | IT 22061            Campione, since 2020
        AX 22100         | ES 35001
        GB M1 5WG        | JE JE2 3AB          the islands are in the UK's customs union, not in its VAT
        GB M1 5WG        | GB GY1 1AA
        JE JE2 3AB       | GG GY1 1AA
        IM IM1 1AA       | GB JE2 3AB
        GB BT1 5GS       | GG GY1 1AA
        """,
    Border.CUSTOMS: """
        GB M1 5WG        | IE D02 AF30
        UK M1 5WG        | EL 10431
        IM IM1 1AA       | FR 75001
        JE JE2 3AB       | FR 75001
        GB M1 5WG        | GI GX11 1AA
        GB M1 5WG        | GB GX11 1AA         Gibraltar under the UK's code
        ES 11300         | GI GX11 1AA
        GB M1 5WG        | GB FIQQ 1ZZ         the Falkland Islands
        GB M1 5WG        | GB BFPO 61          all forces mail is declared
        GB M1 5WG        | UK BF1 3AA
        GB BFPO 61       | DE 10115
        GB BT1 5GS       | US 10001
        GB BT1 5GS       | CH 8001
        ES 28001         | ES 51001            Ceuta and Melilla
        ES 28001         | EA 52001
        EA 51001         | ES 52001
        EA               | EA
        ES 35001         | ES 51001
        DE 10115         | DE 27498            Heligoland
        DE 10115         | DE/Helgoland
        CH 8001          | CH 7562             Samnaun, a customs exclusion area
        CH 8001          | CH/Samnaun
        IT 20121         | IT/Livigno
        CY 1010          | CY 99010            Northern Cyprus
        CY 1010          | CY/North_Cyprus
        TR 34000         | TR 99300            Northern Cyprus by way of Mersin
        CY 1010          | TR 99300
        CN 100000        | CN/Hong_Kong 999077
        DK 2100          | DK/Føroyar
        NL 1012 AB       | NL/Curaçao 0000
        ES 28001         | ES/Ceuta
        DE 10115         | DE D-78266          Büsingen
        IT 20121         | IT 23041            Livigno
        IT 22061         | CH 6900             Campione is in the Union's customs territory
        FR 75001         | SM 47890            San Marino, but for Italy
        IT 00118         | VA 00120
        FR 75001         | AD AD500
        FR 75001         | NC 98800            overseas countries and territories
        FR 75001         | FR 98714
        FR 75001         | FR 97133            Saint-Barthélemy
        FR 75001         | FR 97500
        FR 75001         | CP
        DK 2100          | FO 100
        DK 2100          | DK 3900             Greenland under Denmark's code
        DK 2100          | DK FO-100
        GL 3900          | FO 100
        NO 0150          | SJ 9170
        NO 0150          | NO 9170             Svalbard
        NO 0150          | NO/NO-21            Svalbard by its region
        NO 0150          | SE 11122
        NL 1012 AB       | CW
        NL 1012 AB       | NL/AW
        NL 1012 AB       | BQ
        FR 75001         | CH 8001
        TR 34000         | DE 10115
        RS 11000         | XK 10000
        CN 100000        | HK
        CN 100000        | CN/CN-TW
        AU 2000          | NF 2899
        AU 2000          | AU 6798             Christmas Island
        US 10001         | CA K1A 0B1
        US 10001         | VI 00802            outside the customs territory (19 CFR 101.1)
        US 10001         | US 00802
        US 10001         | GU 96910
        US 10001         | US/GU 96910
        US 10001         | US 96799            American Samoa
        US 10001         | US 96950-1234       the Northern Marianas
        US 10001         | US 96941            Micronesia
        US 10001         | US 96898            Wake Island
        GU 96910         | MP 96950
        US 10001         | US 34002            military mail: AA, AE, AP
        US 10001         | US 09012-0001
        US 10001         | US 96201
        US 10001         | US 96642
        US 10001         | US 09899
        US 10001         | US/AP
        US 09012         | US 09012
        PR 00901         | VI 00802
        GB M1 5WG        | PR 00901
        YU 11000         | RS 11000            a code that names no country
        """,
}


def place(text: str) -> Place:
    """The place of `country/region postcode`."""
    country, _, postcode = text.strip().partition(" ")
    code, _, region = country.partition("/")
    return Place(code, postcode or None, region.replace("_", " ") or None)


def pairs() -> list[tuple[str, str, Border]]:
    """Each pair with the border between its two addresses."""
    lines = [(line[:46], border) for border, text in PAIRS.items() for line in text.splitlines() if "|" in line]
    return [(*(side.strip() for side in line.split("|")), border) for line, border in lines]  # type: ignore[misc]


@pytest.mark.parametrize(("one", "other", "border"), pairs())
def test_the_border_between_two_addresses(one: str, other: str, border: Border) -> None:
    assert border_between(place(one), place(other)) is border
    assert border_between(place(other), place(one)) is border


@pytest.mark.parametrize(("other", "needed"), [("M2 6LW", False), ("JE2 3AB", True), ("BFPO 61", True)])
def test_any_border_needs_a_declaration(other: str, needed: bool) -> None:
    origin, destination = (
        FullAddress.model_validate({"AddressType": "Origin", "Country": "UK", "Postcode": postcode})
        for postcode in ("M1 5WG", other)
    )
    assert passes_customs(origin, destination) is needed
