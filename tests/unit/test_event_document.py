"""`docs/events/README.md` has the codes and limits of the code."""

import re
from pathlib import Path

from allocation.consignments.allocatable_consignment import MAX_ADDRESSES
from allocation.domain.errors import RefusalCode
from allocation.domain.outcome import FailureCode
from allocation.events.allocation_event import UnpublishableReason
from allocation.orders.order_messages import MAX_CONSIGNMENTS, MAX_PACKAGES_A_MESSAGE

EVENTS = (Path(__file__).parents[2] / "docs/events/README.md").read_text("utf-8")


def section(heading: str) -> str:
    """The text between one heading and the next."""
    return EVENTS.partition(heading)[2].partition("\n#")[0]


def test_every_refusal_code_is_in_the_document_for_senders_and_no_other() -> None:
    codes = re.findall(r"^\| `(\w+?)(?:_\.\.\.)?` \|", section("### What can't be read").partition("| code |")[2], re.M)
    assert sorted(codes) == sorted(RefusalCode)


def test_every_failure_code_of_ours_is_in_the_document_for_consumers_and_no_other() -> None:
    codes = re.findall(r"^\| `(\w+)` \|", section("### Failure codes"), re.MULTILINE)
    assert sorted(codes) == sorted(FailureCode)


def test_every_reason_to_set_a_change_aside_is_in_the_document() -> None:
    assert [reason for reason in UnpublishableReason if f"`{reason}`" not in section("## Out: ")] == []


def test_the_limits_of_an_order_are_those_of_the_code() -> None:
    fields = section("## In: ")
    assert f"| 1 to {MAX_CONSIGNMENTS:,}, each reference once" in fields
    assert f"with at most {MAX_PACKAGES_A_MESSAGE:,} packages in all;" in fields
    assert f"(one `Origin`, one `Destination`, at most {MAX_ADDRESSES} in all)" in fields
