"""The allocation mode that the user asked for, checked before anything starts."""

import re
from dataclasses import dataclass
from typing import Final

from cli.errors import UsageError

DEFAULT_MODE: Final = "default_rules"
REFERENCE_VARIABLES: Final = {"service_group": "GROUP", "carrier_service": "SERVICE"}
"""The modes that need a reference, and the variable of the Makefile that gives it."""
MODES: Final = (DEFAULT_MODE, *REFERENCE_VARIABLES)
REFERENCE_PATTERN: Final = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"


@dataclass(frozen=True, slots=True)
class Mode:
    """An allocation mode with the reference that it needs."""

    name: str = DEFAULT_MODE
    reference: str = ""

    def template_parameters(self) -> dict[str, str]:
        """The parameters of `template.yaml` that set this mode."""
        return {
            "AllocationMode": self.name,
            "ServiceGroupReference": self.reference if self.name == "service_group" else "",
            "CarrierServiceReference": self.reference if self.name == "carrier_service" else "",
        }


def read_mode(name: str, group: str, service: str) -> Mode:
    """The mode of three options, of which empty ones are not given. Raises `UsageError` unless they fit together."""
    name = name or DEFAULT_MODE
    if name not in MODES:
        raise UsageError(f"There is no mode {name!r}: choose MODE={', MODE='.join(MODES)}.")
    given = {"GROUP": group, "SERVICE": service}
    wanted = REFERENCE_VARIABLES.get(name)
    for variable, value in given.items():
        if value and variable != wanted:
            raise UsageError(f"{variable}={value} does not go with MODE={name}: {advice(variable)}.")
    if wanted is None:
        return Mode(name)
    require_reference(name, wanted, given[wanted])
    return Mode(name, given[wanted])


def advice(variable: str) -> str:
    """Which mode a variable belongs to."""
    mode = next(mode for mode, wanted in REFERENCE_VARIABLES.items() if wanted == variable)
    return f"leave it out, or say MODE={mode}"


def require_reference(mode: str, variable: str, reference: str) -> None:
    """Raises `UsageError` unless the reference is there and well formed."""
    if not reference:
        example = "valuableGoods" if variable == "GROUP" else "CX_NDS"
        raise UsageError(f"MODE={mode} needs {variable}, as MODE={mode} {variable}={example}.")
    if not re.fullmatch(REFERENCE_PATTERN, reference):
        raise UsageError(
            f"{variable}={reference[:80]!r} is malformed: use 1 to 64 letters, digits, '_' or '-', "
            "and a letter or a digit first."
        )
