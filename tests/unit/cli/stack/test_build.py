"""A build is repeated when a source or the platform changes, and only then."""

import json
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml

from cli.stack import build
from cli.stack.build import Platform, fingerprint, make_deployable

PLATFORM = Platform("python3.13", "arm64", "macosx-14.0-arm64")


@pytest.fixture(autouse=True)
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(build, "ROOT", tmp_path)
    (tmp_path / "template.yaml").write_text("a")
    (tmp_path / "functions" / "one").mkdir(parents=True)
    (tmp_path / "functions" / "one" / "app.py").write_text("b")
    return tmp_path


def test_nothing_changes_without_a_change(sources: Path) -> None:
    before = fingerprint(PLATFORM)
    (sources / "functions" / "one" / "__pycache__").mkdir()
    (sources / "functions" / "one" / "__pycache__" / "app.pyc").write_text("c")
    (sources / "README.md").write_text("d")
    assert fingerprint(PLATFORM) == before


def test_every_change_of_a_source_or_of_the_platform_is_seen(sources: Path) -> None:
    seen = {fingerprint(PLATFORM), fingerprint(Platform("python3.12", "arm64", PLATFORM.wheel_platform))}
    (sources / "template.yaml").write_text("aa")
    seen.add(fingerprint(PLATFORM))
    (sources / "functions" / "one" / "app.py").rename(sources / "functions" / "one" / "main.py")
    seen.add(fingerprint(PLATFORM))
    (sources / "functions" / "one" / "main.py").unlink()
    seen.add(fingerprint(PLATFORM))
    assert len(seen) == 5


def test_the_wheels_are_for_the_machine_where_it_is_not_linux() -> None:
    assert PLATFORM.build_settings()["BUILD_PLATFORM"] == "macosx_14_0_arm64"
    assert "BUILD_PLATFORM" not in Platform("python3.13", "x86_64", "linux-x86_64").build_settings()


def test_parameters_without_a_value_keep_the_template_s_default() -> None:
    assert build.parameter_overrides({"AllocationMode": "default_rules", "ServiceGroupReference": ""}) == [
        "--parameter-overrides",
        "AllocationMode=default_rules",
    ]


def test_what_is_deployed_is_zipped_and_written_as_json_once_for_all_deployments(
    sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "BUILD", sources)
    monkeypatch.setattr(build, "BUILT_TEMPLATE", sources / "template.json")
    (sources / "OneLayer" / "python").mkdir(parents=True)
    (sources / "OneLayer" / "python" / "one.py").write_text("x = 1")
    (sources / "OneFunction").mkdir()
    layer = {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "OneLayer"}}
    function = {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "OneFunction"}}
    (sources / "template.yaml").write_text(yaml.safe_dump({"Resources": {"OneLayer": layer, "OneFunction": function}}))

    make_deployable()

    zipped = {**layer, "Properties": {"ContentUri": "OneLayer.zip"}}
    deployed = json.loads((sources / "template.json").read_text())
    assert deployed == {"Resources": {"OneLayer": zipped, "OneFunction": function}}
    with ZipFile(sources / "OneLayer.zip") as archive:
        assert archive.read("python/one.py") == b"x = 1"
