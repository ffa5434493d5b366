"""What `sam build` makes is for the runtime and the processor that are deployed, and holds nothing but the code."""

import itertools
import os
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
from samtranslator.yaml_helper import yaml_parse

from tests.infrastructure.stack import FUNCTIONS, ROOT, Stack

OWN_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
OTHER_VERSION = "3.11" if OWN_VERSION != "3.11" else "3.12"
UNCHECKED_HASH = 0b01
"""PEP 552: the flags of a `.pyc` that is taken without a look at its source."""
IMPORTING_ALL = """
import pkgutil, sys, allocation
for module in pkgutil.walk_packages(allocation.__path__, "allocation."):
    __import__(module.name)
for module in list(sys.modules.values()):
    print((getattr(module, "__file__", None) or "").rpartition("/site-packages/")[2])
"""
"""Writes the files of all modules that the layer imports, as they lie in a layer."""
LOCKS = sorted([*ROOT.glob("layers/*/requirements.txt"), *ROOT.glob("requirements/*.txt")])


def made(version: str, resource: str, source: Path, artifacts: Path, **environment: str) -> str:
    """Makes one resource as SAM does; returns what was said."""
    makefile = ROOT / "packaging" / f"python{version}-x86_64" / "Makefile"
    result = subprocess.run(  # noqa: S603
        ["make", "--makefile", str(makefile), f"build-{resource}"],  # noqa: S607
        cwd=source,
        env={**os.environ, "ARTIFACTS_DIR": str(artifacts), "BUILD_PYTHON": sys.executable, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stdout + result.stderr


def bytecode(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.pyc"))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The source of a layer, in which tests have left bytecode of their own."""
    package = tmp_path / "source" / "allocation"
    (package / "__pycache__").mkdir(parents=True)
    (package / "__init__.py").write_text('"""A package."""\n')
    (package / "__pycache__" / "left_behind.cpython-310.pyc").write_bytes(b"stale")
    (package.parent / "app.py").write_text("def handler(event, context): ...\n")
    return package.parent


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    folder = tmp_path / "artifacts"
    folder.mkdir()
    return folder


def test_every_runtime_and_processor_that_the_template_takes_can_be_built_for(stack: Stack) -> None:
    taken = itertools.product(*(stack.parameters[name]["AllowedValues"] for name in ("Runtime", "Architecture")))
    found = {makefile.parent.name for makefile in (ROOT / "packaging").glob("*/Makefile")}

    assert found == {f"{runtime}-{architecture}" for runtime, architecture in taken}


def test_every_function_and_layer_is_built_for_the_parameters_of_its_stack(template_text: str) -> None:
    kinds = {"AWS::Serverless::Function", "AWS::Serverless::LayerVersion"}
    resources = yaml_parse(template_text)["Resources"].values()
    built = [resource["Metadata"] for resource in resources if resource.get("Type") in kinds]

    assert len(built) == len(FUNCTIONS) + len([folder for folder in (ROOT / "layers").iterdir() if folder.is_dir()])
    assert all(metadata["BuildMethod"] == "makefile" for metadata in built)
    assert {metadata["ContextPath"]["Fn::Sub"] for metadata in built} == {"packaging/${Runtime}-${Architecture}"}


def test_layer_has_the_package_with_bytecode_that_lambda_takes_as_it_is(source: Path, artifacts: Path) -> None:
    made(OWN_VERSION, "AllocationLayer", source, artifacts)

    (compiled,) = bytecode(artifacts)
    assert (artifacts / "python" / "allocation" / "__init__.py").exists()
    assert compiled.name == f"__init__.cpython-{OWN_VERSION.replace('.', '')}.pyc"
    assert compiled.read_bytes()[4] == UNCHECKED_HASH


def test_function_has_its_handler_with_bytecode(source: Path, artifacts: Path) -> None:
    made(OWN_VERSION, "AllocateOrdersFunction", source, artifacts)

    assert (artifacts / "app.py").exists()
    assert [path.name for path in bytecode(artifacts)] == [f"app.cpython-{OWN_VERSION.replace('.', '')}.pyc"]


def test_build_without_the_very_python_says_so_and_leaves_no_bytecode(
    source: Path, artifacts: Path, tmp_path: Path
) -> None:
    shim = tmp_path / f"python{OTHER_VERSION}"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)

    path = f"{tmp_path}:{os.environ['PATH']}"
    said = made(OTHER_VERSION, "AllocationLayer", source, artifacts, PATH=path, HOME=str(tmp_path))

    assert f"no Python {OTHER_VERSION} here" in said
    assert f"Runtime=python{OWN_VERSION}" in said
    assert bytecode(artifacts) == []
    assert (artifacts / "python" / "allocation" / "__init__.py").exists()


@pytest.mark.parametrize("place", [".pyenv/versions/3.10.1", ".local/share/uv/python/cpython-3.10.1-linux"])
def test_a_python_that_uv_or_pyenv_keeps_compiles(source: Path, artifacts: Path, tmp_path: Path, place: str) -> None:
    kept = tmp_path / place.replace("3.10", OWN_VERSION) / "bin"
    kept.mkdir(parents=True)
    (kept / "python").symlink_to(sys.executable)
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("make", "sh", "cp", "find", "mkdir", "rm"):
        (tools / tool).symlink_to(shutil.which(tool) or tool)

    nothing_else = {"BUILD_PYTHON": "no-such-python", "PATH": str(tools), "HOME": str(tmp_path)}
    made(OWN_VERSION, "AllocationLayer", source, artifacts, **nothing_else)

    assert bytecode(artifacts)


def test_build_python_without_pip_is_told_in_one_line(artifacts: Path) -> None:
    said = made("3.13", "DependenciesLayer", ROOT / "layers" / "dependencies", artifacts, BUILD_PYTHON="no-such-python")

    assert "no-such-python has no pip" in said
    assert not list(artifacts.iterdir())


@pytest.fixture
def python_with_a_package(tmp_path: Path) -> Path:
    """A Python whose pip installs one package, of a module, from nowhere."""
    path = tmp_path / "python"
    path.write_text(f"""#!/bin/sh
case "$*" in
*"pip install"*) while [ "$1" != --target ]; do shift; done; mkdir -p "$2/theirs"; echo "x = 1" > "$2/theirs/it.py" ;;
*pip*) ;;
*) exec {sys.executable} "$@" ;;
esac
""")
    path.chmod(0o755)
    return path


def test_packages_of_others_come_as_bytecode_that_is_imported_without_their_sources(
    artifacts: Path, python_with_a_package: Path
) -> None:
    made(OWN_VERSION, "DependenciesLayer", ROOT, artifacts, BUILD_PYTHON=str(python_with_a_package))

    assert [path.name for path in artifacts.rglob("*.*")] == ["it.pyc"]
    environment = {"PYTHONPATH": str(artifacts / "python")}
    subprocess.run([sys.executable, "-c", "from theirs.it import x"], env=environment, check=True)


def test_packages_of_others_keep_their_sources_where_there_is_no_bytecode(
    artifacts: Path, python_with_a_package: Path, tmp_path: Path
) -> None:
    shim = tmp_path / f"python{OTHER_VERSION}"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)

    without = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    made(OTHER_VERSION, "DependenciesLayer", ROOT, artifacts, BUILD_PYTHON=str(python_with_a_package), **without)

    assert [path.name for path in artifacts.rglob("*.*")] == ["it.py"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.parent.name + "/" + path.name)
def test_lock_file_pins_every_package_by_hash_and_names_no_host(lock: Path) -> None:
    text = lock.read_text("utf-8")
    pins = re.findall(r"^[a-z0-9][^ ]*==[^ ]+(?: ;.*?)? \\$", text, re.MULTILINE)
    packages = re.findall(r"^[a-z0-9].*$", text, re.MULTILINE)

    assert packages
    assert len(pins) == len(packages)
    assert "://" not in text


def test_lock_file_of_the_layer_is_the_same_for_every_python_and_processor() -> None:
    lock = (ROOT / "layers" / "dependencies" / "requirements.txt").read_text("utf-8")

    assert [line for line in lock.splitlines() if re.match(r"[a-z0-9].*;", line)] == []


def test_layer_has_no_boto3_since_the_runtime_brings_it() -> None:
    lock = (ROOT / "layers" / "dependencies" / "requirements.txt").read_text("utf-8")

    assert re.search(r"^boto(3|core)==", lock, re.MULTILINE) is None


def test_nothing_that_the_layers_leave_out_is_imported() -> None:
    makefile = str(ROOT / "packaging" / f"python{OWN_VERSION}-x86_64" / "Makefile")
    told = subprocess.run(  # noqa: S603
        ["make", "--makefile", makefile, "--eval", "told: ; @echo '$(LEFT_OUT)'", "told"],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    )
    left_out = told.stdout.split()
    imported = subprocess.run(  # noqa: S603
        [sys.executable, "-c", IMPORTING_ALL],
        env={**os.environ, "PYTHONPATH": str(ROOT / "layers" / "allocation")},
        capture_output=True,
        text=True,
        check=True,
    )
    files = imported.stdout.split()
    assert any(file.startswith("reportlab/platypus/") for file in files)
    assert [file for file in files for each in left_out if fnmatch(file, f"{each}*")] == []
