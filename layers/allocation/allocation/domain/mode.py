"""The three allocation modes, a closed set (`pro-api.md`, Allocation endpoints)."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from allocation.domain.errors import InvalidReferenceError
from allocation.domain.reference import is_service_reference

ModeName = Literal["default_rules", "service_group", "carrier_service"]


@dataclass(frozen=True, slots=True)
class DefaultRules:
    """The cheapest of all carrier services that pass the rules."""

    name: ClassVar[ModeName] = "default_rules"
    reference: ClassVar[None] = None


@dataclass(frozen=True, slots=True)
class ServiceGroup:
    """The cheapest carrier service of one group. Raises `InvalidReferenceError` for a malformed reference."""

    reference: str
    name: ClassVar[ModeName] = "service_group"

    def __post_init__(self) -> None:
        """Refuses a reference that could not be one path segment."""
        require_service_reference("service group", self.reference)


@dataclass(frozen=True, slots=True)
class CarrierService:
    """One carrier service, if it passes the rules. Raises `InvalidReferenceError` for a malformed reference."""

    reference: str
    name: ClassVar[ModeName] = "carrier_service"

    def __post_init__(self) -> None:
        """Refuses a reference that could not be one path segment."""
        require_service_reference("carrier service", self.reference)


AllocationMode = DefaultRules | ServiceGroup | CarrierService


def require_service_reference(kind: str, reference: str) -> None:
    """Raises `InvalidReferenceError` unless `reference` has the form of a service or group reference."""
    if not is_service_reference(reference):
        raise InvalidReferenceError(
            f"{kind} reference {reference[:64]!r} is malformed: use 1 to 64 letters, digits, '_' or '-', "
            "and a letter or a digit first"
        )
