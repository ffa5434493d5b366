"""A strict reader of the ZPL II that labels use: whatever it does not know, it refuses."""

import re
from dataclasses import dataclass

COMMAND = re.compile(r"\^(?P<name>A0|[A-Z]{2})(?P<parameters>[^^~]*)")
PARAMETERS = {
    "CI": "28",
    "PW": "812",
    "LL": "1218",
    "LH": "0,0",
    "FO": r"\d{1,4},\d{1,4}",
    "FR": "",
    "GB": r"\d{1,3},\d{1,3},\d{1,3},B,0",
    "A0": r"N,\d{2}",
    "BY": "[2-4]",
    "BC": r"N,\d{2,3},N,N,N,A",
    "FH": "_",
    "FD": r"(?:[A-Za-z0-9 .,:/()'+-]|_[0-9A-F]{2})*",
    "FS": "",
}
HEADER = ["CI", "PW", "LL", "LH"]
FIELDS = (
    ["FO", "GB", "FS"],
    ["FO", "A0", "FH", "FD", "FS"],
    ["FO", "FR", "A0", "FH", "FD", "FS"],
    ["FO", "BY", "BC", "FH", "FD", "FS"],
)


@dataclass
class Format:
    """One label: its lines of text and its barcodes, in order."""

    texts: list[str]
    barcodes: list[str]


def read_zpl(data: bytes) -> list[Format]:
    """The labels of a ZPL text; raises `AssertionError` for anything that a label has no need of."""
    text = data.decode("ascii")
    bodies = re.findall(r"\^XA\n(.*?)\^XZ\n", text, flags=re.DOTALL)
    assert text == "".join(f"^XA\n{body}^XZ\n" for body in bodies)
    return [read_format(body) for body in bodies]


def read_format(body: str) -> Format:
    commands = [(match["name"], match["parameters"].removesuffix("\n")) for match in COMMAND.finditer(body)]
    assert "".join(f"^{name}{parameters}" for name, parameters in commands) == body.replace("\n", "")
    for name, parameters in commands:
        assert re.fullmatch(PARAMETERS[name], parameters), f"^{name}{parameters}"
    assert [name for name, _ in commands[:4]] == HEADER
    label = Format([], [])
    field: list[tuple[str, str]] = []
    for command in commands[4:]:
        field.append(command)
        if command[0] == "FS":
            read_field(field, label)
            field = []
    assert not field
    return label


def read_field(field: list[tuple[str, str]], label: Format) -> None:
    names = [name for name, _ in field]
    assert names in FIELDS
    if "FD" in names:
        data = re.sub("_([0-9A-F]{2})", lambda match: chr(int(match[1], 16)), dict(field)["FD"])
        found = label.barcodes if "BC" in names else label.texts
        found.append(data.encode("latin-1").decode("utf-8"))
