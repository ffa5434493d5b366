"""Where things are: the project's own files, the tools beside them, and what the local run leaves behind."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
LOCAL: Final = ROOT / ".local"
TEMPLATE: Final = ROOT / "template.yaml"
SAM_SETTINGS: Final = ROOT / "samconfig.toml"
SAMPLE_ORDERS: Final = ROOT / "events" / "sample-orders.jsonl"
EXAMPLE_ORDER: Final = ROOT / "events" / "order-created-v1.json"
EXAMPLE_CONSIGNMENT: Final = ROOT / "docs" / "examples" / "consignment.json"
# Orders of consignments that SortedPRO does not have.
SAMPLE_ORDERS_TO_CREATE: Final = ROOT / "events" / "sample-orders-to-create.jsonl"
COMPILED_SAMPLE: Final = ROOT / "layers" / "allocation" / "allocation" / "engine" / "sample.json"
EMULATOR_PYTHON: Final = LOCAL / "emulator" / "bin" / "python"
# A Python with pip, which builds the layers.
BUILD_PYTHON: Final = LOCAL / "uv" / "bin" / "python"
SAM: Final = LOCAL / "sam" / "bin" / "sam"
BUILD: Final = LOCAL / "build"
STACK_LOCK: Final = LOCAL / "stack.lock"
STACK_ENVIRONMENT: Final = LOCAL / "stack.env"


def shown(path: Path) -> str:
    """Return the path as a user types it from the project's root."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def folder_of(port: int) -> Path:
    """Return the folder in which the stack on a port keeps its logs."""
    return LOCAL / f"port-{port}"
