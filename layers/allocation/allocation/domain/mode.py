"""The allocation modes, a closed set (`pro-api.md`, Allocation endpoints), and the one reading of a mode from text."""

from enum import StrEnum
from typing import ClassVar, Final, Literal, assert_never, get_args

from allocation.domain.errors import InvalidReferenceError, UnknownModeError
from allocation.domain.frozen import frozen
from allocation.domain.preference import Preference
from allocation.domain.reference import SERVICE_REFERENCE_ADVICE, is_service_reference


class ModeName(StrEnum):
    """The modes as settings, records and events write them."""

    # Kept by their place: new ones at the end.
    DEFAULT_RULES = "default_rules"
    SERVICE_GROUP = "service_group"
    CARRIER_SERVICE = "carrier_service"


# The modes that name a group or a service.
ReferencedMode = Literal[ModeName.SERVICE_GROUP, ModeName.CARRIER_SERVICE]
REFERENCED_MODES: Final[tuple[ReferencedMode, ...]] = get_args(ReferencedMode)


@frozen
class DefaultRules:
    """The preferred one of all carrier services that pass the rules; the catalogue says which unless the mode does."""

    preference: Preference | None = None

    name: ClassVar[Literal[ModeName.DEFAULT_RULES]] = ModeName.DEFAULT_RULES
    reference: ClassVar[None] = None


@frozen
class ServiceGroup:
    """The preferred carrier service of one group. Raises `InvalidReferenceError` for a malformed reference."""

    reference: str
    preference: Preference | None = None
    name: ClassVar[Literal[ModeName.SERVICE_GROUP]] = ModeName.SERVICE_GROUP

    def __post_init__(self) -> None:
        """Refuse a reference that cannot be one path segment."""
        _require_service_reference("service group", self.reference)


@frozen
class CarrierService:
    """One carrier service, if it passes the rules. Raises `InvalidReferenceError` for a malformed reference."""

    reference: str
    name: ClassVar[Literal[ModeName.CARRIER_SERVICE]] = ModeName.CARRIER_SERVICE

    def __post_init__(self) -> None:
        """Refuse a reference that cannot be one path segment."""
        _require_service_reference("carrier service", self.reference)


AllocationMode = DefaultRules | ServiceGroup | CarrierService


def allocation_mode(name: str, reference: str | None = None) -> AllocationMode:
    """Return the mode of this name and reference; the default rules need no reference and ignore one.

    Raises `UnknownModeError` for a name that no mode has, and `InvalidReferenceError` for a reference that is missing
    or malformed.
    """
    if name not in set(ModeName):
        raise UnknownModeError(f"there is no allocation mode {name[:64]!r}: use {', '.join(ModeName)}")
    known = ModeName(name)
    match known:
        case ModeName.DEFAULT_RULES:
            return DefaultRules()
        case ModeName.SERVICE_GROUP:
            return ServiceGroup(_given(known, reference))
        case ModeName.CARRIER_SERVICE:
            return CarrierService(_given(known, reference))
        case _:
            assert_never(known)


def _given(name: ReferencedMode, reference: str | None) -> str:
    if not reference:
        raise InvalidReferenceError(f"the allocation mode {name} needs the reference of a {name.replace('_', ' ')}")
    return reference


def _require_service_reference(kind: str, reference: str) -> None:
    if not is_service_reference(reference):
        raise InvalidReferenceError(f"{kind} reference {reference[:64]!r} is malformed: {SERVICE_REFERENCE_ADVICE}")
