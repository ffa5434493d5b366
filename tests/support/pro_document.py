"""Reads `docs/pro-client.md`, which tests hold to the code."""

from pathlib import Path
from typing import Final

PRO_DOCUMENT: Final = (Path(__file__).parents[2] / "docs" / "pro-client.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """The rows of the table under a heading, without the heading row and the rule: the text of each cell."""
    section = PRO_DOCUMENT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
