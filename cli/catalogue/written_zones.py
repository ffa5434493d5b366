"""Zones as people write them: lists of places, and of lanes from some places to others."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Annotated, Any, Final

from pydantic import Discriminator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, Tag
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_after_validator_function

from allocation.engine.zones import ZONE_SIGN
from cli.catalogue.place_notation import place_to_keys
from cli.catalogue.value_types import Name, Part, Place

# Tags of the two kinds of item. Pydantic puts them into the locations of its errors.
PLACE: Final = "(place)"
LANE: Final = "(lane)"

KeyPair = tuple[frozenset[str], frozenset[str]]
"""The place keys of a lane's origins, and those of its destinations."""


class ZoneLane(Part):
    """From any of some places to any of others."""

    origins: list[Place] = Field(min_length=1)
    destinations: list[Place] = Field(min_length=1)


def _kind_of_item(value: Any) -> str:
    return LANE if isinstance(value, dict | ZoneLane) else PLACE


ZoneItem = Annotated[Annotated[Place, Tag(PLACE)] | Annotated[ZoneLane, Tag(LANE)], Discriminator(_kind_of_item)]


class Zones(dict[str, Sequence[ZoneItem]]):
    """The zones of a catalogue by name. Their place keys are worked out once: a list may have 40,000 places."""

    def __init__(self, zones: Any = ()) -> None:
        super().__init__(zones)
        self._kept: dict[Any, Any] = {}

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read a mapping of lists."""
        return no_info_after_validator_function(cls, handler(dict[Name, list[ZoneItem]]))

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Return the schema of a mapping of lists, each in the catalogue or in a file of its own."""
        written = handler(schema)
        file = {"type": "string", "description": "A CSV file beside the catalogue", "examples": ["remote.csv"]}
        rows = {"type": "string", "description": "Only the rows with this in the column zone", "examples": ["8"]}
        in_file = {
            "type": "object",
            "properties": {"file": file, "zone": rows},
            "required": ["file"],
            "additionalProperties": False,
        }
        names = {pattern: {"anyOf": [items, in_file]} for pattern, items in written["patternProperties"].items()}
        return {**written, "patternProperties": names}

    def keys_of(self, name: str) -> frozenset[str]:
        """Return the place keys of a zone's places, without its lanes. Raises `PlaceNotationError`."""
        return self._once(("keys", name), lambda: frozenset(self._resolved(_places(self[name]))))  # type: ignore[no-any-return]

    def lanes_of(self, name: str) -> Sequence[KeyPair]:
        """Return the lanes of a zone; the zones that they name are resolved. Raises `PlaceNotationError`."""
        return self._once(("lanes", name), lambda: list(self._key_pairs(name)))  # type: ignore[no-any-return]

    def has_lanes(self, name: str) -> bool:
        """Tell whether a name is a zone with lanes."""
        return any(isinstance(item, ZoneLane) for item in self.get(name, ()))

    def shared(self, one: str, other: str) -> str | None:
        """Return a key, or a pair of keys, that two places or zones share. Raises `PlaceNotationError`."""
        first, second = sorted((one, other))
        return self._once(("shared", first, second), lambda: self._shared(first, second))  # type: ignore[no-any-return]

    def _key_pairs(self, name: str) -> Iterator[KeyPair]:
        for item in self[name]:
            if isinstance(item, ZoneLane):
                yield frozenset(self._resolved(item.origins)), frozenset(self._resolved(item.destinations))

    def _resolved(self, places: Iterable[str]) -> Iterator[str]:
        for place in places:
            yield from self.keys_of(place) if place in self else place_to_keys(place)

    def _shared(self, one: str, other: str) -> str | None:
        keys = frozenset(self._resolved([one])) & frozenset(self._resolved([other]))
        if keys:
            return min(keys)
        if one not in self or other not in self:
            return None
        first, second = self._by_origin(one), self._by_origin(other)
        pairs = ((origin, first[origin] & second[origin]) for origin in sorted(first.keys() & second.keys()))
        return next((f"{origin} to {min(destinations)}" for origin, destinations in pairs if destinations), None)

    def _by_origin(self, name: str) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for origins, destinations in self.lanes_of(name):
            for origin in origins:
                found.setdefault(origin, set()).update(destinations)
        return found

    def _once(self, key: Any, work: Callable[[], Any]) -> Any:
        if key not in self._kept:
            self._kept[key] = work()
        return self._kept[key]


def _places(items: Iterable[ZoneItem]) -> list[str]:
    return [item for item in items if isinstance(item, str)]


def resolve(places: Iterable[str], zones: Zones) -> set[str]:
    """Return the engine's keys of places, and the names of zones with their sign. Raises `PlaceNotationError`."""
    found: set[str] = set()
    for place in places:
        found.update((ZONE_SIGN + place,) if place in zones else place_to_keys(place))
    return found
