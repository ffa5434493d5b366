"""What is printed: results on stdout as plain lines, which other programs can read too; the rest on stderr."""

from collections.abc import Callable, Sequence
from typing import Final

from allocation.domain.outcome import Explanation
from allocation.engine.explanation import shortened
from allocation.records.stored_record import explanation_of
from cli.operations.dead_letters import DeadLetter
from cli.operations.published import Record, event_ids
from cli.operations.redrive import Redriven, Selection
from cli.operations.target import Target
from cli.operations.trace import KEY, Life
from cli.printable import printable

Tell = Callable[[str], None]

HOW_TO_MOVE: Final = (
    "Nothing was moved. To send messages to the order queue again: REASON=<reason>, MESSAGE=<id> or ALL=1."
)


def tell_letters(letters: Sequence[DeadLetter], tell: Tell) -> None:
    """One line a message: its id, since when it is there, its reason and its order."""
    for letter in letters:
        tell(
            f"{letter.message_id}  {letter.sent_at:%Y-%m-%d %H:%M:%S}Z  "
            f"{printable(letter.reason):<20}  {printable(letter.order_reference) or '-'}"
        )


def tell_redriven(result: Redriven, selection: Selection, target: Target, tell: Tell, *, dry_run: bool) -> None:
    """What was found and what became of it."""
    total = sum(result.found.values())
    by_reason = ", ".join(f"{times} {printable(reason)}" for reason, times in result.found.most_common())
    tell(f"In the order DLQ of {target.name}: {counted(total)}{f' ({by_reason})' if total else ''}.")
    for message_id, cause in result.failed.items():
        tell(f"{message_id} was not sent and is still in the DLQ: {cause}")
    if not total:
        return
    if not selection:
        tell(HOW_TO_MOVE)
    elif not result.selected:
        tell("None of them is selected: nothing was moved.")
    elif dry_run:
        tell(f"A dry run: {counted(result.selected)} would be sent to the order queue again.")
    else:
        tell(f"{counted(len(result.sent))} sent to the order queue again; {total - len(result.sent)} left in the DLQ.")
    if result.came_back:
        tell(f"Already back in the DLQ, refused as before: {counted(result.came_back)}.")


def tell_life(order: str, life: Life, target: Target, tell: Tell) -> None:
    """What is known of an order."""
    if not life.records:
        tell(f"{target.name} has no record of order {printable(order)}.")
    for record in life.records:
        tell_record(record, tell)
        tell_events(record, life, tell)
    for letter in life.dead_letters:
        tell(
            f"In the DLQ since {letter.sent_at:%Y-%m-%d %H:%M:%S}Z: message {letter.message_id}, "
            f"{printable(letter.reason)}"
        )
    tell(
        f"Order queue: {counted(life.waiting)} waiting, {life.in_work} in work or held back, of whatever order. "
        f"Stream failure queue: {life.unpublished}."
    )
    if life.log_trouble:
        tell(
            f"Which events were published can't be told ({printable(life.log_trouble)}). CloudWatch Logs Insights over "
            f'{target.publisher_log}: filter message = "published" and @message like "<event id>"'
        )


def tell_record(record: Record, tell: Tell) -> None:
    """A record: how it stands, where it comes from, its version."""
    failure = record.get("failure") or {}
    outcome = record.get("carrierServiceReference") or failure.get("code")
    mode = " ".join(filter(None, (record.get("mode"), record.get("modeReference"))))
    tell(f"{record[KEY]}  {record['state']}{f' {outcome}' if outcome else ''}  {record['allocatedAt']}")
    tell(f"  asked for by event {printable(str(record.get('eventId', '-')))}{f', mode {mode}' if mode else ''}")
    tell(f"  version {record['version']}")
    if "explanation" in record:
        tell_decision(explanation_of(record["explanation"]), tell)


def tell_events(record: Record, life: Life, tell: Tell) -> None:
    """One line for each version: its event, and whether the log tells that it was published."""
    for event_id in event_ids(record):
        if moment := life.published.get(event_id):
            tell(f"  event {event_id} published {moment:%Y-%m-%d %H:%M:%S}Z")
        else:
            tell(f"  event {event_id}" + ("" if life.log_trouble else " not in the publisher's log"))


def tell_decision(explanation: Explanation, tell: Tell) -> None:
    """What a decision of the engine was made by: enough to replay it."""
    tell(
        f"  decided {explanation['decidedAt']} by catalogue {explanation['catalogueVersion']}; digests: "
        f"catalogue {shortened(explanation['catalogueDigest'])}, inputs {shortened(explanation['inputsDigest'])}"
    )


def counted(number: int) -> str:
    """`1 message`, `2 messages`."""
    return f"{number} message{'' if number == 1 else 's'}"
