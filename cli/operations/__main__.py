"""`python -m operations redrive|trace`."""

import sys

from cli.operations.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
