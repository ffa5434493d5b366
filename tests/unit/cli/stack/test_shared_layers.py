"""Layers of a local stack: unpacked once, and there for each worker as if it had unpacked them."""

from pathlib import Path
from shutil import rmtree
from zipfile import ZipFile

import pytest

from cli.stack.shared_layers import SharedLayers


@pytest.fixture
def layers(tmp_path: Path) -> SharedLayers:
    folder = tmp_path / "shared"
    folder.mkdir()
    return SharedLayers(folder)


def worker(folder: Path, text: str, archive: str = "layer_0.zip") -> Path:
    """The folder of a worker, with an archive that has one file, and a folder to unpack it in."""
    (folder / "unpacked").mkdir(parents=True)
    with ZipFile(folder / archive, "w") as written:
        written.writestr("python/package/module.py", text)
    return folder


def unpacked(layers: SharedLayers, folder: Path, archive: str = "layer_0.zip") -> Path:
    """The file of the archive, unpacked in the folder as MiniStack does."""
    with layers.open(folder / archive) as opened:
        opened.extractall(folder / "unpacked")
    return folder / "unpacked" / "python" / "package" / "module.py"


def test_workers_of_one_layer_share_its_files(layers: SharedLayers, tmp_path: Path) -> None:
    first, second = (unpacked(layers, worker(tmp_path / name, "one")) for name in ("first", "second"))
    assert first.read_text() == second.read_text() == "one"
    assert first.resolve() == second.resolve()


def test_a_worker_that_ends_leaves_the_others_their_layers(layers: SharedLayers, tmp_path: Path) -> None:
    _, second = (unpacked(layers, worker(tmp_path / name, "one")) for name in ("first", "second"))
    rmtree(tmp_path / "first")
    assert second.read_text() == "one"


def test_another_version_of_a_layer_is_another_one(layers: SharedLayers, tmp_path: Path) -> None:
    old, new = (unpacked(layers, worker(tmp_path / text, text)) for text in ("old", "new"))
    assert (old.read_text(), new.read_text()) == ("old", "new")


def test_the_code_of_a_function_is_its_worker_s_own(layers: SharedLayers, tmp_path: Path) -> None:
    code = unpacked(layers, worker(tmp_path / "first", "one", "code.zip"), "code.zip")
    assert code.resolve() == code


def test_every_name_is_looked_at_before_it_is_unpacked(layers: SharedLayers, tmp_path: Path) -> None:
    archive = worker(tmp_path / "first", "one") / "layer_0.zip"
    with layers.open(archive) as opened:
        assert opened.namelist() == ["python/package/module.py"]
