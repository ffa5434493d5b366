"""Labels and customs documents are bounded in number and in bytes, and what is refused says how to get it."""

from datetime import date

import pytest

from allocation.documents.customs_documents import CustomsPapers
from allocation.documents.label_files import label_file
from allocation.documents.results import DocumentTooLargeError
from tests.support.document_samples import ITEM, PACKAGE, consignment, summary

ON = date(2026, 11, 27)


@pytest.mark.parametrize(("label_format", "most"), [("PNG", 60), ("PDF", 1000), ("ZPL", 1000), ("zplii", 1000)])
def test_the_labels_of_all_legs_count_together(label_format: str, most: int) -> None:
    packages = most // 2 + 1
    with pytest.raises(DocumentTooLargeError, match=f"{2 * packages} labels .* up to {most}.*/labels/package/"):
        label_file(consignment(Packages=[PACKAGE] * packages), summary(("TRK1",), ("TRK2",)), label_format)


def test_a_file_of_labels_is_no_larger_than_a_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    small = label_file(consignment(), summary(), "PDF")["File"]
    monkeypatch.setattr("allocation.documents.label_files.MAX_FILE", len(small))
    assert label_file(consignment(), summary(), "PDF")["File"] == small
    with pytest.raises(DocumentTooLargeError, match=r"characters of base64.*/labels/package/"):
        label_file(consignment(Packages=[PACKAGE] * 2), summary(), "PDF")


def test_customs_documents_together_are_no_larger_than_a_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    papers = CustomsPapers(consignment(), summary(), ON, {})
    monkeypatch.setattr("allocation.documents.customs_documents.MAX_FILE", 50_000)
    with pytest.raises(DocumentTooLargeError, match=r"characters of base64.*Get them one by one"):
        papers.all()
    assert papers.commercial_invoice()


def test_customs_documents_list_so_many_kinds_of_goods_together() -> None:
    papers = CustomsPapers(
        consignment(Packages=[{**PACKAGE, "Items": [ITEM] * 1000}] * 2 + [PACKAGE]), summary(), ON, {}
    )
    for drawn in (papers.all, papers.commercial_invoice):
        with pytest.raises(DocumentTooLargeError, match=r"2001 kinds of goods .* up to 2000"):
            drawn()
