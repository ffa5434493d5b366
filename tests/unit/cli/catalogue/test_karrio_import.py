"""`carrier catalogue import --karrio`: services, zones and prices of karrio's rate sheets become a catalogue."""

from dataclasses import replace
from pathlib import Path

import pytest

from allocation.domain.consignment import Address, Consignment
from allocation.engine.compiled_catalogue import read_compiled
from allocation.engine.engine import Engine
from cli.catalogue.compilation import compile_text
from cli.main import main
from cli.paths import ROOT
from tests.support.engines import PARCEL, assessed, net, package, reasons

SHEET = str(ROOT / "docs" / "examples" / "karrio-rate-sheet.json")
ROWS = """\
service_code,service_name,zone_label,country_codes,min_weight,max_weight,max_length,max_width,max_height,rate,currency,transit_days,domicile,international
V01PAK,Paket,Germany,DE,0.01,2.0,120,60,60,7.50,EUR,1-2,true,false
V01PAK,Paket,Germany,DE,2.0,5.0,120,60,60,8.50,EUR,1-2,true,false
V53WPAK,Paket International,EU,"AT,FR",0.01,5.0,120,60,60,15.90,EUR,3-6,false,true
V53WPAK,Paket International,World,,0.01,5.0,120,60,60,39.90,EUR,8,false,true
FREE,No prices yet,Germany,DE,0.01,5.0,,,,0.0,EUR,,true,false
"""


def imported(source: str, tmp_path: Path) -> Engine:
    output = str(tmp_path / "imported.yaml")
    assert main(["catalogue", "import", "--karrio", source, "--origin", "DE", "--output", output]) == 0
    return Engine(read_compiled(compile_text(Path(output).read_text())))


def parcel(country: str, weight: str, sides: tuple[str, str, str] = ("10", "10", "10")) -> Consignment:
    return replace(
        PARCEL,
        packages=(package(weight, sides),),
        origin=Address(shipping_location_reference="Warehouse"),
        destination=Address(country=country, postcode="1010" if country == "AT" else "10115"),
    )


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return imported(SHEET, tmp_path)


def test_a_parcel_costs_what_the_sheet_says_with_its_surcharges(engine: Engine) -> None:
    # 6.00, fuel 7.5% of it, toll 0.20; the peak surcharge is not active.
    assert net(engine, parcel("DE", "3")) == "6.65"


def test_the_end_of_a_price_is_in_it_as_price_lists_have_it(engine: Engine) -> None:
    assert net(engine, parcel("DE", "2")) == "4.50"


def test_a_zone_of_several_countries_is_kept(engine: Engine) -> None:
    assert net(engine, parcel("AT", "5")) == "10.41"


def test_a_weight_or_a_country_without_a_price_has_none(engine: Engine) -> None:
    assert reasons(assessed(engine, parcel("DE", "11")), engine) == {"acme.parcel": ["PriceNotConfigured"]}
    assert reasons(assessed(engine, parcel("FR", "1")), engine) == {"acme.parcel": ["DestinationNotServed"]}


def test_a_box_that_is_too_long_is_refused(engine: Engine) -> None:
    found = reasons(assessed(engine, parcel("DE", "1", ("121", "10", "10"))), engine)
    assert found == {"acme.parcel": ["LengthOutOfRange"]}


def test_what_can_not_be_written_is_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imported(SHEET, tmp_path)
    told = " ".join(capsys.readouterr().err.split())
    assert "Left out: ACME_POST acme letter: it has no prices." in told
    assert "Left out: ACME_POST acme.parcel, Same day: cities can't be written, only postcodes." in told


def test_the_files_of_installed_packages_are_found_below_a_folder(tmp_path: Path) -> None:
    for carrier in ("dhl", "other"):
        folder = tmp_path / "karrio" / "providers" / carrier
        folder.mkdir(parents=True)
        (folder / "services.csv").write_text(ROWS)
    engine = imported(str(tmp_path / "karrio"), tmp_path)
    offers = [engine.index.services[offer.position].reference for offer in assessed(engine, parcel("DE", "5")).offers]
    assert offers == ["OTHER_V01PAK", "V01PAK"]
    assert net(engine, parcel("DE", "5")) == "8.50"
    assert net(engine, parcel("AT", "5")) == "15.90"
    assert net(engine, parcel("US", "5")) == "39.90"


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("sheet.json", "[]", "has no services"),
        ("sheet.json", '{"services": [{"service_name": "A"}]}', "services.0.service_code"),
        ("sheet.json", '{"services": [{"service_code": "A", "active": "perhaps"}]}', ": write true or false. Name"),
        (
            "sheet.json",
            '{"services": [{"service_code": "A", "zones": [{"rate": "dear"}]}]}',
            "'dear' is no number. Name",
        ),
        ("sheet.yaml", "a: 1\n b: 2", "sheet.yaml is not YAML or JSON (line 2, column 3). Name an export"),
        ("sheet.json", "{", "is not YAML or JSON"),
        ("services.csv", "a,b\n1,2\n", "has no column service_code"),
    ],
)
def test_another_file_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, what: str
) -> None:
    (tmp_path / name).write_text(text)
    assert main(["catalogue", "import", "--karrio", str(tmp_path / name), "--origin", "DE"]) == 2
    assert what in " ".join(capsys.readouterr().err.split())


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert main(["catalogue", "import", "--karrio", str(tmp_path / "none.json"), "--origin", "DE"]) == 2
    assert main(["catalogue", "import", "--karrio", str(tmp_path), "--origin", "DE"]) == 2
