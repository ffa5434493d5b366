"""`python -m local run|up|down`."""

import sys

from cli.stack.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
