"""A wrong command line is told in the program's words, not in those of the library that reads it."""

import pytest

from allocation.domain.mode import ModeName
from cli.main import main

UP = "See `carrier up --help`."


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("nope", "`carrier` has no command 'nope'. See `carrier --help`."),
        ("exlain", "`carrier` has no command 'exlain'. Did you mean 'explain'? See `carrier --help`."),
        ("dlq lst", "`carrier dlq` has no command 'lst'. Did you mean 'list'? See `carrier dlq --help`."),
        ("--nope", "`carrier` has no option --nope. See `carrier --help`."),
        ("up --prot 4566", "`carrier up` has no option --prot. Did you mean --port? See `carrier up --help`."),
        ("up -x", "`carrier up` has no option -x. See `carrier up --help`."),
        ("up --port", "--port needs a value."),
        (
            "up --port=",
            "--port '' is not a whole number from 1024 to 65535: write --port 4566. See `carrier up --help`.",
        ),
        ("run --json=yes", "--json takes no value: write only --json."),
        ("explain", "`carrier explain` needs FILE|REFERENCE. See `carrier explain --help`."),
        ("dlq export x", "`carrier dlq export` needs --output. See `carrier dlq export --help`."),
        ("down now", "`carrier down` takes fewer arguments: leave out now. See `carrier down --help`."),
        ("down right now", "`carrier down` takes fewer arguments: leave out right now. See `carrier down --help`."),
        ("up --mode cheap", f"--mode 'cheap' is not one of {', '.join(map(repr, map(str, ModeName)))}. {UP}"),
    ],
)
def test_a_wrong_command_line_is_told_in_plain_words(line: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(line.split()) == 2
    output = capsys.readouterr()
    assert (output.out, " ".join(output.err.split())) == ("", told)
