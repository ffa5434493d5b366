"""What is wrong with a text that is no YAML, or no catalogue, and what to write."""

import re
from typing import Any, Final

import yaml

# What PyYAML says, and what it means to whoever wrote the text. Groups of the pattern fill the braces.
_WORDS: Final = (
    (
        r"mapping values are not allowed here",
        "has a colon where none belongs: put text with one in quotes, or align the line",
    ),
    (r"found character '\\t' .*", "is indented with a tab: use spaces"),
    (r"found character (.*) that cannot start any token", "begins with {}: put the text in quotes"),
    (r"could not find expected ':'", "is a key without its colon: write name: value"),
    (r"block sequence entries are not allowed here", "has a list on the line of its key: begin a new line with '- '"),
    (r"sequence entries are not allowed here", "has a list on the line of its key: begin a new line with '- '"),
    (r"found unexpected (?:end of stream|document separator)", "ends inside quotation marks: close them"),
    (r"found unknown escape character .*", "has a backslash in double quotes: use single quotes"),
    (r"expected ',' or '([\]}])', but got .*", "ends inside brackets, or lacks a comma in them: close them with {}"),
    (r"expected <block end>, but found .*", "is not indented like the lines around it: align it with them"),
    (r"expected '<document start>', but found .*", "is not part of what stands before it: write name: value"),
    (r"expected the node content, but found .*", "has a sign without a value: write the value, or quotes around it"),
    (r"expected alphabetic or numeric character, but found .*", "begins with a sign of YAML's: put it in quotes"),
    (r"found undefined alias '?(.*?)'?", "refers to *{}, which is not marked with & before: mark it, or write it out"),
    (r"second occurrence", "marks with & what is marked before: give each mark a name of its own"),
    (r"expected chomping or indentation .*", "has text on the line of its | or >: begin a new line"),
    (r"but found another document", "begins a second document (---): write one"),
    (r"special characters are not allowed", "has a control character: remove it"),
)
_NO_CATALOGUE: Final = 'is no catalogue: give a YAML or JSON file with lines such as version: "2026-11-23"'


def yaml_problem(error: yaml.YAMLError, text: str, names: list[str]) -> str:
    """Return what is wrong with a text that YAML can't read; `names` are the keys that a catalogue may have."""
    said = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    if ": " in said:  # says what to do
        return said
    if not re.search(rf"""^[\s{{]*["']?(?:{"|".join(names)})["']?\s*:""", text, re.MULTILINE):
        return _NO_CATALOGUE
    for pattern, words in _WORDS:
        if found := re.fullmatch(pattern, said):
            return words.format(*found.groups())
    return f"is not YAML ({said}): correct it, or put text with signs in quotes"


def is_no_catalogue(content: Any, names: list[str]) -> str | None:
    """Return what to say of YAML or JSON that has nothing of a catalogue, or None for anything else."""
    if content is None or (isinstance(content, dict) and (not content or not content.keys().isdisjoint(names))):
        return None
    return _NO_CATALOGUE
