"""A frozen class does what `dataclass(frozen=True, slots=True)` makes of the same class."""

import copy
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, astuple, dataclass, field, fields, replace
from typing import Any, ClassVar

import pytest

from allocation.domain.frozen import frozen


def shape_by(decorate: Callable[[type], Any]) -> Any:
    """The same class, made by one of the two."""

    class Shape:
        KIND: ClassVar[str] = "shape"

        name: str
        sides: int = 3
        tags: list[str] = field(default_factory=list, compare=False)
        _known: dict[str, int] = field(default_factory=dict, init=False, repr=False, hash=False)
        # What no argument and no default gives is set by nobody.
        _later: int = field(init=False, repr=False, compare=False)

        def __post_init__(self) -> None:
            if self.sides < 0:
                raise ValueError(self.sides)

        @property
        def corners(self) -> int:
            return self.sides

    return decorate(Shape)


OURS: Any = shape_by(frozen)
THEIRS: Any = shape_by(dataclass(frozen=True, slots=True))


@frozen
class Kept:
    """At the top, where pickle finds it."""

    name: str
    count: int = 0


@frozen
class KeptMore(Kept):
    """One with fields of its own."""

    more: str = "x"


@pytest.mark.parametrize("arguments", [(("a",), {}), ((), {"name": "a", "sides": 4, "tags": ["t"]}), (("a", 0), {})])
def test_instances_are_made_shown_and_read_alike(arguments: Any) -> None:
    positional, named = arguments
    mine, other = OURS(*positional, **named), THEIRS(*positional, **named)
    assert repr(mine) == repr(other)
    assert (mine.name, mine.sides, mine.tags, mine.corners) == (other.name, other.sides, other.tags, other.corners)
    assert mine == OURS(*positional, **named)
    assert mine != other
    assert hash(mine) == hash(OURS(*positional, **named))
    assert OURS.__match_args__ == THEIRS.__match_args__
    assert OURS.__slots__ == THEIRS.__slots__
    assert [each.name for each in fields(OURS)] == [each.name for each in fields(THEIRS)]


@pytest.mark.parametrize("arguments", [(), ("a", 1, [], {})], ids=["too few", "too many"])
def test_wrong_arguments_are_refused_by_both(arguments: Any) -> None:
    for kind in (OURS, THEIRS):
        with pytest.raises(TypeError):
            kind(*arguments)


def test_what_is_left_out_of_comparisons_does_not_count() -> None:
    for kind in (OURS, THEIRS):
        assert kind("a", tags=["t"]) == kind("a")
        assert hash(kind("a", tags=["t"])) == hash(kind("a"))
        assert kind("a").tags is not kind("a").tags
        assert len({kind("a"), kind("a"), kind("b")}) == 2


def test_nothing_changes_it() -> None:
    for kind in (OURS, THEIRS):
        one = kind("a")
        with pytest.raises(FrozenInstanceError):
            one.name = "b"
        with pytest.raises(FrozenInstanceError):
            del one.name
        with pytest.raises(ValueError, match="-1"):
            kind("a", -1)
        with pytest.raises(AttributeError):
            _ = one._later


def test_it_is_replaced_copied_and_kept() -> None:
    one = KeptMore("a", 2)
    assert replace(one, name="b") == KeptMore("b", 2, "x")
    assert astuple(one) == ("a", 2, "x")
    assert copy.deepcopy(one) == copy.copy(one) == pickle.loads(pickle.dumps(one)) == one  # noqa: S301 - our own
    assert one != Kept("a", 2)
    match one:
        case KeptMore(name, count, more=more):
            assert (name, count, more) == ("a", 2, "x")


def test_methods_of_its_own_are_left() -> None:
    @frozen
    class Case:
        text: str

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Case) and self.text.casefold() == other.text.casefold()

        def __hash__(self) -> int:
            return hash(self.text.casefold())

    assert len({Case("a"), Case("A")}) == 1
