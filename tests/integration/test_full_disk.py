"""A function whose disk is full does all that it does: orders, labels, documents and events need no file.

Lambda has 512 MB in `/tmp` for each execution environment, which every invocation shares, and nothing else that can be
written (Lambda Developer Guide, "Configure ephemeral storage"). Here not one byte can be written to any file.
"""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from cli.paths import ROOT

FULL: Final = """
import resource, sys, tempfile
import pytest
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
try:
    with tempfile.TemporaryFile() as file:
        file.write(b"x")
        file.flush()
except OSError:
    sys.exit(pytest.main(["-s", "-q", "--no-cov", "-p", "no:cacheprovider", "-p", "no:xdist", *sys.argv[1:]]))
sys.exit("the disk is not full")
"""


@pytest.mark.parametrize(
    ("file", "expression"),
    [
        ("tests/integration/test_kept_consignments.py", "has_a_label_and_is_seen_whole or changed_and_allocated"),
        ("tests/integration/test_publish_allocations.py", "every_record_is_published"),
        ("tests/contract/test_api_documents.py", "answered"),
    ],
    ids=["orders", "events", "documents"],
)
def test_what_a_function_does_needs_no_disk(file: str, expression: str) -> None:
    command = [sys.executable, "-B", "-c", FULL, file, "-k", expression]
    done = subprocess.run(command, cwd=Path(ROOT), capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-2_000:]
