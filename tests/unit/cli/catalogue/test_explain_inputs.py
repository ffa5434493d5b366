"""What `carrier explain` takes: files, the standard input, catalogues; what to write where it can't be used."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from allocation.consignments.allocatable_consignment import ProConsignment
from cli.catalogue.compilation import SAMPLE, compiled_sample_text
from cli.input_files import FORMS, MAX_FILE_BYTES
from cli.main import main
from tests.support.engines import document, service
from tests.support.explaining import CONSIGNMENT, EXAMPLE, NOW, consignment_file, explained, written

consignment = pytest.fixture(consignment_file)


def test_a_written_and_a_compiled_catalogue_have_the_same_answer(
    consignment: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compiled = tmp_path / "compiled.json"
    compiled.write_text(compiled_sample_text())
    answers = [explained(capsys, consignment, "--catalogue", path, *NOW) for path in (str(SAMPLE), str(compiled))]
    assert answers == [explained(capsys, consignment, *NOW)] * 2


def test_the_standard_input_may_have_the_consignment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(CONSIGNMENT).encode("utf-8-sig"))))
    code, told = explained(capsys, "-", *NOW)
    assert (code, told["consignment"]) == (0, "EC-000-05B-MMA")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--mode", "service_group", "--group", "jewels"], "There is no service group 'jewels'. The catalogue has: "),
        (["--mode", "service_group", "--group", "valuablegood"], "Did you mean 'valuableGoods'?"),
        (["--mode", "carrier_service", "--service", "NONE"], "There is no carrier service 'NONE'. "),
        (["--mode", "service_group"], "needs --group"),
        (["--mode", "carrier_service"], "needs --service"),
        (["--mode", "default_rules", "--group", "valuableGoods"], "--group valuableGoods does not go with"),
        (["--group", "valuablegood"], "Did you mean 'valuableGoods'?"),
        (["--now", "tomorrow"], "'tomorrow' is neither a day nor a timestamp with a UTC offset"),
        (["--now", "2026-12-24T15:59:00"], "is neither a day nor a timestamp with a UTC offset"),
        (["--now", "0001-01-01T00:00:00+14:00"], "is neither a day nor a timestamp with a UTC offset"),
        (["--now", "1600-12-24T15:59:00Z"], "write a year from 1971 to 2249"),
        (["--mode", "cheapest"], "'cheapest' is not one of"),
        (["--catalogue", "/nowhere.yaml"], "Can't read the catalogue /nowhere.yaml: No such file or directory."),
        (["--mapping", "/nowhere.yaml"], "Can't read the mapping /nowhere.yaml: No such file or directory."),
        (["--colour"], "`carrier explain` has no option --colour."),
    ],
)
def test_wrong_usage_is_a_sentence_on_stderr_and_exit_status_2(
    consignment: str, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", consignment, *arguments]) == 2
    output = capsys.readouterr()
    assert told in " ".join(output.err.split())
    assert output.out == ""


def test_a_catalogue_with_problems_is_wrong_usage_and_says_how_to_see_them(
    consignment: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "wrong.yaml", document({"A": service(weight="heavy")}))
    assert main(["explain", consignment, "--catalogue", path]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert f"{path} has 1 problem: see `carrier catalogue check {path}`." in told


def test_a_damaged_compiled_catalogue_is_wrong_usage(
    consignment: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "compiled.json"
    path.write_text(compiled_sample_text()[:-10])
    assert main(["explain", consignment, "--catalogue", str(path)]) == 2
    assert "does not match its digest" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is not JSON (line 1, column 1"),
        (b'{\n"Reference": }', "is not JSON (line 2, column 14"),
        (b"\x00\x01\xff\xfe", "is not text in UTF-8"),
        (b"[" * 200_000, "is not JSON"),
        (b'{"Reference": NaN}', "is not JSON"),
        (b"[" + b" " * 10_000_000 + b"]", "It is a list of 0: write an object"),
        (b"[]", "It is a list of 0: write an object"),
        (b"7", "It is 7: write an object"),
        (b'{"consignments": []}', "is an order that can't be read: consignments: must have 1 or more entries"),
        (b'{"eventType": "order-cancelled", "orderReference": "WEB-1"}', "is an order that was cancelled"),
        (b'{"line_items": []}', "is neither a consignment nor an order of ours: if it is your shop's own order, add"),
        (b'{"Reference": "X/"}', 'Reference is "X/": write text of 1 to 64 letters'),
        (
            b'{"Addresses": [{"AddressType": "Destination", "Country": 44}]}',
            'Addresses[0].Country is 44: write "GB" or {"IsoCode": {"TwoLetterCode": "GB"}}',
        ),
        (
            b'{"Packages": [{"Weight": {"Value": "1", "Unit": "stone"}}]}',
            'Packages[0].Weight.Unit is "stone": write "Kg", "g", "lb" or "oz"',
        ),
        (b'{"Packages": [{}]}', 'Packages[0].Weight is missing: write {"Value": 0.5, "Unit": "Kg"}'),
        (
            b'{"Addresses": [{"AddressType": "Origin"}, {"AddressType": "Origin"}]}',
            "Addresses has more than one Origin: keep one",
        ),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_whatever_the_file_holds_is_wrong_usage_with_what_to_write(
    content: bytes, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "not.json"
    path.write_bytes(content)
    assert main(["explain", str(path)]) == 2
    output = capsys.readouterr()
    assert f"{path} is" in " ".join(output.err.split())
    assert told in " ".join(output.err.split())
    assert output.out == ""


def test_a_folder_or_a_file_without_end_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(tmp_path)]) == 2
    assert f"Can't read {tmp_path}: Is a directory" in " ".join(capsys.readouterr().err.split())
    assert main(["explain", "/dev/zero"]) == 2
    assert f"larger than {MAX_FILE_BYTES // 1024**2} MB" in " ".join(capsys.readouterr().err.split())


def test_a_postcode_is_not_repeated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    address = {"AddressType": "Destination", "Postcode": "M1 5WG, 13 Porter Street"}
    assert main(["explain", written(tmp_path / "not.json", {"Addresses": [address]})]) == 2
    told = capsys.readouterr().err
    assert "Addresses[0].Postcode can't be read" in told
    assert "Porter" not in told


def test_every_field_that_is_read_has_words_for_how_it_is_written() -> None:
    schema = ProConsignment.model_json_schema()

    def fields(part: dict[str, Any], path: str) -> Iterator[str]:
        yield path.lstrip(".")
        if "$ref" in part:
            part = schema["$defs"][part["$ref"].rpartition("/")[2]]
        for choice in part.get("anyOf", ()):
            yield from fields(choice, path)
        for name, inner in part.get("properties", {}).items():
            yield from fields(inner, f"{path}.{name}")
        if "items" in part:
            yield from fields(part["items"], f"{path}[]")

    assert FORMS.keys() == set(fields(schema, ""))


def test_a_consignment_that_pro_has_not_created_yet_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", EXAMPLE, *NOW]) == 0
    assert "EC-000-000-000: 1 package, 0.5 Kg" in capsys.readouterr().out.splitlines()
