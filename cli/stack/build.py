"""Builds the template for the Python and the processor that run it locally, unless nothing changed since last time."""

import fcntl
import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from cli.paths import BUILD, BUILD_PYTHON, EMULATOR_PYTHON, LOCAL, ROOT, SAM, TEMPLATE
from cli.stack.processes import run_logged

_SOURCES: Final = (
    "template.yaml",
    "monitoring",
    "samconfig.toml",
    "functions",
    "replay",
    "layers",
    "packaging",
    "cli/stack/build.py",
)
# What `sam deploy` is given.
BUILT_TEMPLATE: Final = BUILD / "template.json"
_FINGERPRINT: Final = BUILD / "sources.sha256"
_LAYER: Final = "AWS::Serverless::LayerVersion"
_ARCHITECTURES: Final = {"x86_64": "x86_64", "amd64": "x86_64", "arm64": "arm64", "aarch64": "arm64"}
_ASK_PYTHON: Final = """
import json, platform, sys, sysconfig
print(json.dumps({"version": "%d.%d" % sys.version_info[:2], "machine": platform.machine().lower(),
                  "platform": sysconfig.get_platform()}))
"""


@dataclass(frozen=True, slots=True)
class Platform:
    """What the functions run on: the emulator's own Python, since MiniStack ignores `Runtime`."""

    runtime: str
    """Lambda's name of the Python, as `python3.13`."""
    architecture: str
    """Lambda's name of the processor: `x86_64` or `arm64`."""
    wheel_platform: str
    """The machine's platform as `sysconfig` names it."""

    def template_parameters(self) -> dict[str, str]:
        """Return the parameters of `template.yaml` that set this platform."""
        return {"Runtime": self.runtime, "Architecture": self.architecture}

    def build_settings(self) -> dict[str, str]:
        """Return the variables that `packaging/recipes.mk` reads."""
        settings = {"BUILD_PYTHON": str(BUILD_PYTHON)}
        if not self.wheel_platform.startswith("linux"):
            settings["BUILD_PLATFORM"] = self.wheel_platform.replace("-", "_").replace(".", "_")
        return settings


def local_platform() -> Platform:
    """Ask the emulator's Python what it is."""
    answer = subprocess.run([str(EMULATOR_PYTHON), "-c", _ASK_PYTHON], capture_output=True, check=True)  # noqa: S603
    python = json.loads(answer.stdout)
    machine = python["machine"]
    return Platform(f"python{python['version']}", _ARCHITECTURES.get(machine, machine), python["platform"])


@contextmanager
def build_lock() -> Iterator[None]:
    """Wait for its turn: two runs at once must not build, or deploy what is being built."""
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fingerprint(platform: Platform) -> str:
    """Return a digest of the platform and of every file that a build reads."""
    digest = hashlib.sha256(repr(platform).encode())
    for path in _source_files():
        digest.update(f"\0{path.relative_to(ROOT)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _source_files() -> list[Path]:
    """Return the files that a build reads, in a stable order."""
    places = [ROOT / source for source in _SOURCES]
    found = [path for place in places for path in (place.rglob("*") if place.is_dir() else [place])]
    return sorted(path for path in found if path.is_file() and "__pycache__" not in path.parts)


def build(platform: Platform, log: Path, environment: Mapping[str, str]) -> bool:
    """Build into `.local/build`. Return whether there was anything to do. Raises `CommandError` if SAM fails."""
    wanted = fingerprint(platform)
    if _FINGERPRINT.exists() and _FINGERPRINT.read_text() == wanted:
        return False
    _FINGERPRINT.unlink(missing_ok=True)
    command = [str(SAM), "build", "--config-env", "local", "--template-file", str(TEMPLATE), "--build-dir", str(BUILD)]
    overrides = parameter_overrides(platform.template_parameters())
    run_logged([*command, *overrides], "sam build", log, {**environment, **platform.build_settings()})
    make_deployable()
    _FINGERPRINT.write_text(wanted)
    return True


def make_deployable() -> None:
    """Zip the layers that were built, and write the built template as JSON, pointed at the archives.

    `sam deploy` would zip the folders at every deployment, and reads the template ten times: YAML, which it parses in
    Python, takes half of its time.
    """
    template = yaml.safe_load((BUILD / "template.yaml").read_text("utf-8"))
    for name, resource in template["Resources"].items():
        if (BUILD / name).is_dir() and resource["Type"] == _LAYER:
            archive = shutil.make_archive(str(BUILD / name), "zip", BUILD / name)
            resource["Properties"]["ContentUri"] = Path(archive).name
    BUILT_TEMPLATE.write_text(json.dumps(template), "utf-8")


def parameter_overrides(parameters: Mapping[str, str]) -> list[str]:
    """Return the arguments that give SAM template parameters. Those without a value keep their default."""
    return ["--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items() if value)]
