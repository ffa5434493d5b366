"""The whole round of a message in the DLQ, on moto's SQS: find out why, save, correct, send, remove."""

import gzip
import io
import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from allocation.domain.errors import InvalidMessageError
from cli import main
from cli.errors import StoppedError
from cli.operations import message_files
from cli.stack.orders import MAX_BYTES
from tests.integration.test_operations_redrive import ORDER, Stack
from tests.integration.test_operations_redrive import stack as stack_of_queues
from tests.support.samples import text_of

__all__ = ["stack_of_queues"]

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
BAD = text_of("malformed/negative-weight.json")


@pytest.fixture
def stack(stack_of_queues: Stack) -> Stack:
    return stack_of_queues


def dlq(*words: str) -> int:
    return main.main(["dlq", *words])


def put(stack: Stack, body: str, **attributes: Any) -> str:
    """Puts one message with its attributes into the DLQ, and returns its id."""
    return stack.dlq.client.send_message(
        QueueUrl=stack.dlq.url,
        MessageBody=body,
        MessageAttributes=attributes,
        MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": TRACE}},
    )["MessageId"]


def text(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}


def test_a_refused_order_is_understood_saved_corrected_sent_and_removed(
    stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    message = put(stack, BAD, RefusalCode=text("InvalidMessage"), RefusalReason=text("negative"), traceparent=text("t"))
    file, corrected = tmp_path / "order.jsonl", tmp_path / "corrected.jsonl"
    assert dlq("show", message[:8]) == 0
    assert "InvalidMessage: negative" in capsys.readouterr().out
    assert dlq("export", message[:8], "--output", str(file)) == 0
    assert dlq("send", str(file)) == 1
    assert re.search(r"lines 1 to \d+: InvalidMessage: consignments\[", " ".join(capsys.readouterr().out.split()))
    assert stack.bodies(stack.orders) == []

    line = json.loads(file.read_text())
    corrected.write_text(json.dumps(line | {"body": ORDER}) + "\n")
    assert dlq("send", str(corrected)) == 0
    assert f"carrier dlq discard {message}" in " ".join(capsys.readouterr().out.split())
    (sent,) = stack.orders.messages()
    assert (sent["Body"], sent["MessageAttributes"]) == (ORDER, {"traceparent": text("t")})
    assert stack.bodies(stack.dlq) == [BAD]  # sent, and still there until it is discarded

    assert dlq("discard", message[:8], "--yes") == 0
    assert stack.bodies(stack.dlq) == []


@pytest.mark.parametrize(
    "body",
    [ORDER, "not JSON", '{"naïve": "\\u0417 \U0001f600"}', "é" * (MAX_BYTES // 2), "line\nline\r\n\t"],
    ids=["order", "no JSON", "scripts", "full", "lines"],
)
def test_what_is_exported_has_all_that_is_needed_to_send_it_again(stack: Stack, tmp_path: Path, body: str) -> None:
    attributes = {"key": {"DataType": "Binary.raw", "BinaryValue": b"\x00\xff"}} if len(body) < 1000 else {}
    put(stack, body, **attributes)
    assert dlq("export", "--all", "--output", str(tmp_path / "f")) == 0
    (message,) = message_files.read_messages(tmp_path / "f")
    assert (message.body, message.attributes, message.trace_header) == (body, attributes, TRACE)
    assert stack.bodies(stack.dlq) == [body]


def test_an_export_has_one_json_object_a_line_that_says_why(stack: Stack, tmp_path: Path) -> None:
    stack.give_up(ORDER)
    stack.refuse("not JSON")
    assert dlq("export", "--all", "--output", str(tmp_path / "f"), "--json") == 0
    lines = [json.loads(line) for line in (tmp_path / "f").read_text().splitlines()]
    assert {(line["reason"], line["orderReference"], line["body"]) for line in lines} == {
        ("NoSuccess", "WEB-100045", ORDER),
        ("NotJson", None, "not JSON"),
    }
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o600


@pytest.mark.parametrize("body", [ORDER, '{"a": 1.10, "b": "é", "c": []}', "not JSON", '{"a": 1, "a": 2}', "[1]"])
def test_one_message_is_exported_to_be_corrected_in_an_editor(stack: Stack, tmp_path: Path, body: str) -> None:
    message = put(stack, body)
    assert dlq("export", message, "--output", str(tmp_path / "f")) == 0
    written = (tmp_path / "f").read_text("utf-8")
    assert all(len(line) < 200 or "\\n" in line for line in written.splitlines())
    assert written.count('\\"') == 0 or body.startswith('{"a": 1, "a"')
    (saved,) = message_files.read_messages(tmp_path / "f")
    is_object = body.startswith("{") and '"a": 2' not in body
    assert (json.loads(saved.body) == json.loads(body)) if is_object else (saved.body == body)
    assert saved.message_id == message


def test_an_export_never_overwrites_a_file_that_may_be_the_only_copy(
    stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.give_up(ORDER)
    (tmp_path / "f").write_text("saved before")
    assert dlq("export", "--all", "--output", str(tmp_path / "f")) == 2
    assert "exists" in capsys.readouterr().err
    assert (tmp_path / "f").read_text() == "saved before"


def test_an_export_that_is_interrupted_leaves_no_half_of_a_file(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(_: object) -> None:
        raise StoppedError(15)

    stack.give_up(ORDER)
    monkeypatch.setattr(message_files, "exported", stopped)
    assert dlq("export", "--all", "--output", str(tmp_path / "f")) == 143
    assert list(tmp_path.iterdir()) == []
    assert stack.bodies(stack.dlq) == [ORDER]


def test_a_body_that_can_not_be_decompressed_is_exported_as_it_is(stack: Stack, tmp_path: Path) -> None:
    bomb = {"DataType": "Binary", "BinaryValue": gzip.compress(b" " * (MAX_BYTES + 1))}
    put(stack, "see there", CompressedBody=bomb)
    assert dlq("export", "--all", "--output", str(tmp_path / "f")) == 0
    line = json.loads((tmp_path / "f").read_text())
    assert line["body"] is None
    assert line["attributes"].keys() == {"CompressedBody"}


@pytest.mark.usefixtures("stack")
def test_nothing_to_export_makes_no_file(tmp_path: Path) -> None:
    assert dlq("export", "--all", "--output", str(tmp_path / "f")) == 1
    assert not (tmp_path / "f").exists()


def test_a_message_is_shown_with_its_attributes_and_a_line_for_each_value(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    message = put(stack, '{"a":1.10,"a":{"b":[]}}', traceparent=text("00-1-2-01"))
    assert dlq("show", message) == 0
    told = capsys.readouterr().out
    assert "  traceparent (String): 00-1-2-01\n" in told
    assert '\n{\n  "a": 1.10,\n  "a": {\n    "b": []\n  }\n}\n' in told
    assert told.endswith(f"\n  ./carrier dlq export {message} --output order.json\n")


def test_a_message_is_shown_as_json_as_it_is_exported(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    message = put(stack, ORDER)
    assert dlq("show", message, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["messageId"], told["body"], told["traceHeader"]) == (message, ORDER, TRACE)


def test_an_id_is_found_by_its_beginning_if_only_one_has_it(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.refuse(*("not JSON" for _ in range(11)))
    assert dlq("show", "live-10") == 0
    assert dlq("show", "live-1") == 0  # the whole id of one, and the beginning of another
    assert dlq("show", "live-") == 2
    assert "beginning of several ids" in " ".join(capsys.readouterr().err.split())
    assert dlq("show", "other") == 1
    assert dlq("show", "") == 2


def test_discarding_asks_and_takes_no_answer_for_a_no(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.refuse("not JSON")
    for answer, status, left in (("", 1, 1), ("n\n", 1, 1), ("y\n", 0, 0)):
        monkeypatch.setattr("sys.stdin", io.StringIO(answer))
        assert dlq("discard", "--reason", "NotJson") == status
        assert len(stack.bodies(stack.dlq)) == left
        assert "for good?" in capsys.readouterr().err


def test_only_the_messages_of_the_reason_are_discarded(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.refuse(*("not JSON" for _ in range(23)))
    stack.refuse("[]", error=InvalidMessageError("NotAnObject", "no"))
    assert dlq("discard", "--reason", "NotJson", "--dry-run") == 0
    assert "23 messages would be deleted" in " ".join(capsys.readouterr().out.split())
    assert len(stack.bodies(stack.dlq)) == 24
    assert dlq("discard", "--reason", "NotJson", "--yes", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["deleted"], len(told["selected"]), told["failed"]) == (23, 23, [])
    assert stack.bodies(stack.dlq) == ["[]"]
    assert dlq("discard", "--reason", "NotJson", "--yes") == 1


def test_a_message_that_can_not_be_deleted_is_named(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    message = put(stack, "not JSON")
    failed = {"Failed": [{"Id": "0", "Code": "InternalError"}]}
    monkeypatch.setattr(stack.dlq.client, "delete_message_batch", lambda **_: failed)
    assert dlq("discard", message, "--yes") == 1
    assert f"{message} was not deleted: InternalError" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "words",
    [("discard",), ("discard", "m", "--reason", "NotJson"), ("export", "--output", "f"), ("export", "m", "--all")],
    ids=" ".join,
)
def test_what_is_meant_must_be_said_once(stack: Stack, words: tuple[str, ...]) -> None:
    stack.refuse("not JSON")
    assert dlq(*words) == 2
    assert stack.bodies(stack.dlq) == ["not JSON"]


def test_bare_orders_are_sent_one_a_line(stack: Stack, tmp_path: Path) -> None:
    order = json.dumps(json.loads(ORDER))
    (tmp_path / "f").write_text(f"\ufeff{order}\n\n{json.dumps(json.loads(text_of('order-created-v1.sns.json')))}\n")
    assert dlq("send", str(tmp_path / "f")) == 0
    assert len(stack.bodies(stack.orders)) == 2


def test_one_order_written_over_several_lines_is_sent(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "f").write_text(json.dumps(json.loads(ORDER), indent=2))
    assert dlq("send", str(tmp_path / "f")) == 0
    (sent,) = stack.bodies(stack.orders)
    assert json.loads(sent) == json.loads(ORDER)


def test_an_exported_body_may_be_corrected_as_an_object(stack: Stack, tmp_path: Path) -> None:
    line = {"messageId": "m1", "body": json.loads(ORDER)}
    (tmp_path / "f").write_text(json.dumps(line))
    assert dlq("send", str(tmp_path / "f")) == 0
    (sent,) = stack.bodies(stack.orders)
    assert json.loads(sent) == json.loads(ORDER)


def test_of_a_file_with_one_wrong_message_none_is_sent(
    stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order = json.dumps(json.loads(ORDER))
    (tmp_path / "f").write_text(f"{order}\nnot JSON\n{' ' * 10}{'x' * (MAX_BYTES + 1)}\n")
    assert dlq("send", str(tmp_path / "f"), "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert [wrong["place"] for wrong in told["wrong"]] == ["line 2", "line 3"]
    assert told["wrong"][0]["problem"].startswith("NotJson: ")
    assert told["sent"] == 0
    assert stack.bodies(stack.orders) == []


def test_a_dry_run_of_sending_sends_nothing(stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "f").write_text(json.dumps(json.loads(ORDER)))
    assert dlq("send", str(tmp_path / "f"), "--dry-run") == 0
    assert "1 message would be sent" in " ".join(capsys.readouterr().out.split())
    assert stack.bodies(stack.orders) == []


def test_a_message_that_the_queue_does_not_take_is_named_by_its_line(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "f").write_text(json.dumps(json.loads(ORDER)))
    failed = {"Failed": [{"Id": "0", "Code": "InternalError"}]}
    monkeypatch.setattr(stack.orders.client, "send_message_batch", lambda **_: failed)
    assert dlq("send", str(tmp_path / "f")) == 1
    assert "line 1 was not sent: InternalError" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"\xff",
        b'{"messageId": "m", "body": "{}", "attributes": [1]}',
        b'{"messageId": "m", "body": "{}", "attributes": {"a": {"dataType": "Binary", "binaryValue": "?"}}}',
        b'{"messageId": "m", "body": "{}", "attributes": {"a": "text"}}',
    ],
    ids=["missing", "empty", "no text", "attributes", "base64", "attribute"],
)
def test_a_file_that_can_not_be_used_is_named(
    stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "f").write_bytes(content)
    assert dlq("send", str(tmp_path / "f")) == 2
    assert capsys.readouterr().err
    assert stack.bodies(stack.orders) == []


def test_age_and_receives_of_a_message_are_listed(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.give_up(ORDER)
    assert dlq("list") == 0
    assert "old, received 1 time\n" in capsys.readouterr().out
    assert dlq("list", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["receiveCount"], told["ageSeconds"] < 600) == (2, True)


def test_a_refusal_that_left_no_room_for_its_reason_is_listed_with_it(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.refuse("x" * MAX_BYTES)
    assert dlq("list", "--json") == 0
    assert json.loads(capsys.readouterr().out)["reason"] == "NotJson"


def test_a_redrive_keeps_the_attributes_of_the_sender(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    put(stack, ORDER, RefusalCode=text("NotJson"), traceparent=text("00-1-2-01"))
    entries: list[Any] = []

    def send(**request: Any) -> dict[str, Any]:
        entries.extend(request["Entries"])
        return {"Successful": [{"Id": "0", "MessageId": "new"}]}

    monkeypatch.setattr(stack.orders.client, "send_message_batch", send)
    assert stack.redrive("--all") == 0
    assert entries[0]["MessageAttributes"] == {"traceparent": text("00-1-2-01")}
    assert entries[0]["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"] == TRACE
