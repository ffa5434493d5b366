"""Every recipe of the catalogue's pages is a right catalogue, and its prices or dates are held by a test."""

from pathlib import Path

import pytest

from tests.support.recipes import recipe_engine, recipes

TESTS = list(Path(__file__).parent.glob("test_*_recipes.py"))


@pytest.mark.parametrize("heading", recipes())
def test_a_recipe_compiles_and_has_a_test(heading: str, tmp_path: Path) -> None:
    assert recipe_engine(heading, tmp_path).catalogue.services
    assert any(heading in path.read_text("utf-8") for path in TESTS)
