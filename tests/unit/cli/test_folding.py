"""Messages fit the terminal, and what a reader copies from them stays whole."""

import pytest

from cli.folding import folded


@pytest.mark.parametrize("copied", ["`./carrier catalogue publish my.yaml`", "--since 2026-11-25T10:00:00Z"])
def test_a_command_is_not_torn_apart(copied: str) -> None:
    text = f"Seventy characters come first, so that nothing of what follows fits in: {copied} and more words."
    lines = list(folded(text, 80))
    assert any(copied in line for line in lines)
    assert " ".join(lines) == text


def test_what_is_indented_stays_so() -> None:
    assert list(folded("  one two three", 9)) == ["  one two", "  three"]
