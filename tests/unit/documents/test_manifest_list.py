"""A manifest's list opens in a spreadsheet as what it says, whatever a sender wrote."""

import csv
from io import StringIO

import pytest

from allocation.documents.manifest_list import manifest_csv
from allocation.documents.results import ManifestLine


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_no_cell_is_a_formula(start: str) -> None:
    line = ManifestLine("EC-000-000-000", f'{start}cmd|"/c calc"!A0', "X", "1", "1", "Leeds", "", "", "")
    _, row = csv.reader(StringIO(manifest_csv([line]).decode("utf-8-sig"), newline=""))

    assert row[1] == f'\'{start}cmd|"/c calc"!A0'
