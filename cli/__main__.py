"""Starts the program from the executable `carrier`, which runs this folder in any working directory."""

import sys
from io import TextIOWrapper
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

if __name__ == "__main__":
    # Python puts this folder first, where `catalogue` and `stack` would be packages of their own.
    # The environment variable PYTHONPATH would do as well, but `sam build` would inherit it.
    sys.path[0:1] = [str(ROOT), str(ROOT / "layers" / "allocation")]
    from cli.main import main

    # A name that the terminal's encoding lacks is shown with escapes. It ends no command.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")

    sys.exit(main(sys.argv[1:]))
