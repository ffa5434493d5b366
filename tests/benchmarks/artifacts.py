"""The rows about what is deployed: how large the layers are, and whether they hold bytecode."""

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from cli.paths import BUILD_PYTHON, ROOT
from tests.benchmarks.figures import Findings, Row, exactly
from tests.benchmarks.functions import RESOURCES, layers_of, template

_MEGABYTE: Final = 1_000_000
# What a machine has that nobody installed a Python on, but its own.
_PLAIN_PATH: Final = "/usr/bin:/bin"


def measure_artifacts(findings: Findings) -> None:
    """Measure the layers that were built."""
    deployed = {layer for name in RESOURCES for layer in layers_of(name)}
    sizes = {layer.name: _megabytes(layer) for layer in sorted(deployed)}
    told = ", ".join(f"{name.removesuffix('Layer')} {size:.1f}" for name, size in sizes.items())
    findings.rows.append(Row("unzipped size, all layers", exactly(sum(sizes.values())), "MB", 35, note=f"{told}."))
    for name in ("orders", "publisher"):
        layers = layers_of(name)
        told = f"Its layers: {', '.join(layer.name.removesuffix('Layer') for layer in layers)}."
        findings.rows.append(
            Row(f"of these in {name}", exactly(sum(sizes[each.name] for each in layers)), "MB", note=told)
        )
    findings.rows.append(_bytecode_row())


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / _MEGABYTE


def _bytecode_row() -> Row:
    """Return how much of our package has bytecode that is built by the README, on a machine with one plain Python."""
    parameters = template()["Parameters"]
    runtime, architecture = parameters["Runtime"]["Default"], parameters["Architecture"]["Default"]
    makefile = ROOT / "packaging" / f"{runtime}-{architecture}" / "Makefile"
    with tempfile.TemporaryDirectory() as folder:
        settings = {**os.environ, "PATH": _PLAIN_PATH, "BUILD_PYTHON": str(BUILD_PYTHON), "ARTIFACTS_DIR": folder}
        command = ["make", "--makefile", str(makefile), "build-AllocationLayer"]
        subprocess.run(  # noqa: S603 - ours
            command, cwd=ROOT / "layers" / "allocation", env=settings, check=True, capture_output=True
        )
        modules, compiled = (len(list(Path(folder).rglob(kind))) for kind in ("*.py", "*.pyc"))
    own = subprocess.run([str(BUILD_PYTHON), "-V"], capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
    told = f"Built for {runtime} and {architecture} where the only Python is {own}."
    return Row("modules with bytecode, built by the README", exactly(100 * compiled / modules), "%", 100, "more", told)
