"""The project's template, translated once."""

import pytest

from tests.infrastructure.stack import ROOT, Stack, translated


@pytest.fixture(scope="session")
def template_text() -> str:
    return (ROOT / "template.yaml").read_text("utf-8")


@pytest.fixture(scope="session")
def stack(template_text: str) -> Stack:
    return Stack(translated(template_text))
