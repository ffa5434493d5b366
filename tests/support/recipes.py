"""The recipes of the catalogue's pages: each fragment put into the guide's smallest catalogue, ready to be asked."""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from allocation.domain.consignment import Address
from allocation.engine.compiled_catalogue import read_compiled
from allocation.engine.engine import Engine
from cli.catalogue.compilation import compile_text
from cli.paths import ROOT
from tests.support.engines import PARCEL, assessed

_GUIDE = (ROOT / "docs" / "catalogue.md").read_text("utf-8")
_MORE = (ROOT / "docs" / "catalogue" / "recipes.md").read_text("utf-8")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@cache
def recipes() -> dict[str, str]:
    """The text of each recipe by its heading."""
    parts = [page.partition("\n## Recipes\n")[2].partition("\n## ")[0] for page in (_GUIDE, _MORE)]
    found = [recipe.partition("\n") for part in parts for recipe in part.split("\n### ")[1:]]
    return {heading: text for heading, _, text in found}


def recipe_engine(heading: str, folder: Path) -> Engine:
    """The engine over a recipe's catalogue. Its CSV, if it has one, is `remote.csv` in the folder."""
    smallest = next(text for language, text in _FENCE.findall(_GUIDE) if language == "yaml")
    catalogue = yaml.load(smallest, yaml.BaseLoader)  # noqa: S506 - makes texts only
    for language, text in _FENCE.findall(recipes()[heading]):
        if language == "csv":
            (folder / "remote.csv").write_text(text, "utf-8")
        else:
            _put_into(catalogue, yaml.load(text, yaml.BaseLoader))  # noqa: S506
    return Engine(read_compiled(compile_text(yaml.dump(catalogue), folder)))


def price_from_to(engine: Engine, origin: str, destination: str, weight: str = "0.5") -> str | None:
    """What the cheapest service costs between addresses such as `DE 10115`; from `Sorted1`, the catalogue's."""
    begin = Address(origin) if origin in engine.catalogue.locations else _address(origin)
    box = replace(PARCEL.packages[0], weight_kg=type(PARCEL.packages[0].weight_kg)(weight))
    consignment = replace(PARCEL, packages=(box,), origin=begin, destination=_address(destination))
    best = assessed(engine, consignment).winner
    return best and str(best.net)


def _address(text: str) -> Address:
    country, _, postcode = text.partition(" ")
    return Address(country=country, postcode=postcode or None)


def _put_into(catalogue: dict[str, Any], fragment: dict[str, Any]) -> None:
    for key, value in fragment.items():
        if isinstance(value, dict) and isinstance(catalogue.get(key), dict):
            _put_into(catalogue[key], value)
        else:
            catalogue[key] = value
