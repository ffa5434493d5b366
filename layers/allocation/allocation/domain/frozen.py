"""Classes of values: never changed, compared by their fields, and cheap to define.

`dataclass(frozen=True, slots=True)` writes the source of six methods for each class and compiles them, which is half a
millisecond of every cold start. Here one is, and all classes share the rest.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, Final, TypeVar, dataclass_transform

_Class = TypeVar("_Class", bound=type)
# Stands for a field whose value is made for each instance.
_NOT_GIVEN: Final = object()


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: _Class) -> _Class:
    """Return a class with annotated fields as `dataclass(frozen=True, slots=True)` does.

    `fields`, `replace` and `match` take its instances as they take a dataclass's. A method that the class has itself
    is left as it is.
    """
    made: Any = dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    own = vars(cls)
    methods = {"__repr__": _repr, **_comparison(fields(made))}
    for name, method in methods.items():
        if own.get(name) is None:
            setattr(made, name, method)
    made.__init__ = _initializer(made)
    made.__getstate__, made.__setstate__ = _state, _set_state
    made.__setattr__ = made.__delattr__ = _refuse
    return made  # type: ignore[no-any-return]


def _comparison(of: "tuple[Field[Any], ...]") -> Mapping[str, Callable[..., Any]]:
    """Return the methods that compare instances by these fields."""
    key = _getter([each.name for each in of if each.compare])
    hashed = _getter([each.name for each in of if (each.compare if each.hash is None else each.hash)])

    def equals(self: Any, other: Any) -> Any:
        return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

    return {"__eq__": equals, "__hash__": lambda self: hash(hashed(self))}


def _getter(names: list[str]) -> Callable[[Any], Any]:
    return attrgetter(*names) if names else lambda _: ()


def _initializer(cls: Any) -> Any:
    """Return the method that sets the fields of a class, past `_refuse` by the descriptors of its slots."""
    known: dict[str, Any] = {"_not_given": _NOT_GIVEN}
    parameters, lines = ["self"], []
    for each in fields(cls):
        name = each.name
        known[f"_set_{name}"] = getattr(cls, name).__set__
        known[f"_default_{name}"] = each.default if each.default_factory is MISSING else each.default_factory
        if each.init:
            parameters.append(name + _default(each))
        elif each.default is MISSING and each.default_factory is MISSING:
            continue
        lines.append(f"    _set_{name}(self, {_source(each)})")
    if hasattr(cls, "__post_init__"):
        lines.append("    self.__post_init__()")
    exec(f"def __init__({', '.join(parameters)}):\n" + "\n".join(lines or ["    pass"]), known)  # noqa: S102 - ours
    return known["__init__"]


def _default(each: "Field[Any]") -> str:
    """Return what follows a parameter's name."""
    if each.default_factory is not MISSING:
        return "=_not_given"
    return "" if each.default is MISSING else f"=_default_{each.name}"


def _source(each: "Field[Any]") -> str:
    """Return the expression of the value that a field is set to."""
    made = f"_default_{each.name}()" if each.default_factory is not MISSING else f"_default_{each.name}"
    if not each.init:
        return made
    return f"{made} if {each.name} is _not_given else {each.name}" if each.default_factory is not MISSING else each.name


def _repr(self: Any) -> str:
    shown = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{type(self).__qualname__}({shown})"


def _refuse(self: Any, name: str, *_: object) -> None:
    raise FrozenInstanceError(f"cannot change field {name!r} of {type(self).__qualname__}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for each, found in zip(fields(self), state, strict=True):
        object.__setattr__(self, each.name, found)
