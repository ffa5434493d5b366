"""The allocation mode that the user asked for, checked before anything starts."""

from dataclasses import dataclass
from typing import Final, assert_never

from allocation.domain.mode import (
    AllocationMode,
    CarrierService,
    DefaultRules,
    ModeName,
    ServiceGroup,
    allocation_mode,
)
from allocation.domain.reference import SERVICE_REFERENCE_ADVICE, is_service_reference
from cli.errors import UsageError

EXAMPLES: Final = {"GROUP": "valuableGoods", "SERVICE": "CX_NDS"}
"""A reference for each variable of the Makefile that gives one."""


@dataclass(frozen=True, slots=True)
class Mode:
    """An allocation mode, as the deployment sets it."""

    allocation: AllocationMode = DefaultRules()  # noqa: RUF009 - frozen and without fields

    @property
    def name(self) -> ModeName:
        """The mode's name."""
        return self.allocation.name

    def template_parameters(self) -> dict[str, str]:
        """Return the parameters of `template.yaml` that set this mode."""
        group = service = ""
        match self.allocation:
            case DefaultRules():
                pass
            case ServiceGroup(reference):
                group = reference
            case CarrierService(reference):
                service = reference
            case _:
                assert_never(self.allocation)
        return {"AllocationMode": self.name, "ServiceGroupReference": group, "CarrierServiceReference": service}


def read_mode(name: str, group: str, service: str) -> Mode:
    """Return the mode of three options; an empty option counts as not given.

    Raises `UsageError` unless the options fit together.
    """
    name = name or ModeName.DEFAULT_RULES
    if name not in set(ModeName):
        raise UsageError(f"There is no mode {name!r}: choose MODE={', MODE='.join(ModeName)}.")
    given = {"GROUP": group, "SERVICE": service}
    wanted = reference_variable(ModeName(name))
    for variable, value in given.items():
        if value and variable != wanted:
            raise UsageError(f"{variable}={value} does not go with MODE={name}: {advice(variable)}.")
    reference = given[wanted] if wanted else None
    if wanted and not reference:
        raise UsageError(f"MODE={name} needs {wanted}, as MODE={name} {wanted}={EXAMPLES[wanted]}.")
    if reference and not is_service_reference(reference):
        raise UsageError(f"{wanted}={reference[:80]!r} is malformed: {SERVICE_REFERENCE_ADVICE}.")
    return Mode(allocation_mode(name, reference))


def reference_variable(name: ModeName) -> str | None:
    """Return the variable of the Makefile that gives the reference of a mode; None where the mode needs none."""
    match name:
        case ModeName.DEFAULT_RULES:
            return None
        case ModeName.SERVICE_GROUP:
            return "GROUP"
        case ModeName.CARRIER_SERVICE:
            return "SERVICE"
        case _:
            assert_never(name)


def advice(variable: str) -> str:
    """Return which mode a variable belongs to."""
    mode = next(mode for mode in ModeName if reference_variable(mode) == variable)
    return f"leave it out, or say MODE={mode}"
