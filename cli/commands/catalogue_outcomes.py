"""What a stack's orders would come to under a catalogue before it is published."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.engine.compiled_catalogue import packaged_catalogue, read_compiled
from allocation.engine.compiled_parts import InvalidCatalogueError
from allocation.engine.engine import Engine
from allocation.engine.loaded_catalogue import Catalogue
from allocation.replay.decisions import Replayable, Side
from allocation.replay.partial import replay
from cli.errors import aws_text
from cli.operations.message_files import read_messages
from cli.operations.records import MAX_SCANNED
from cli.operations.target import Target
from cli.output import print_text, printable, progress_console
from cli.paths import SAMPLE_ORDERS, shown
from cli.replay.order_files import OrderMessages
from cli.replay.stack_records import StackRecords
from cli.replay.words import conclusion

# What is replayed of a stack's records: enough to show a difference, and decided in seconds.
_SINCE: Final = timedelta(days=1)
_MAX_REPLAYED: Final = 2_000


def shown_outcomes(to: Target, before: str | None, after: str, orders: Path | None) -> dict[str, Any] | None:
    """Say what orders come to under another catalogue, and return the replay's result; None where nobody can know.

    `before` is the compiled catalogue in use, None for the sample. `orders` is a file of order messages, None for what
    the stack has decided in the last day or, where it has not, the sample orders.
    """
    console = progress_console()
    if to.reading.only_pro_references:
        return None
    try:
        current = packaged_catalogue() if before is None else read_compiled(before)
    except InvalidCatalogueError as error:
        print_text(printable(f"The outcomes can't be compared: in the stack, {error}."), console)
        return None
    decided = _decided(to, current) if orders is None else []
    file = orders or SAMPLE_ORDERS
    read = "" if to.search_index_table else f", in the first {MAX_SCANNED:,} records of its table"
    what = f"What {to.name} decided in the last day{read}" if decided else f"The orders of {shown(file)}"
    result = replay(Side(Engine(current)), Side(Engine(read_compiled(after))), decided or _asked(to, file))
    print_text(f"{printable(what)}, under the new catalogue:", console)
    for sentence in conclusion(result):
        print_text(f"  {sentence}", console)
    return result.document()


def _decided(to: Target, current: Catalogue) -> list[Replayable]:
    """Return what a stack has decided in the last day, at most `_MAX_REPLAYED`; nothing if it can't be read."""
    records = StackRecords(to, datetime.now(UTC) - _SINCE, current, most=_MAX_REPLAYED)
    try:
        return list(islice(records.consignments(), _MAX_REPLAYED))
    except (ClientError, BotoCoreError) as error:  # whoever publishes need not be allowed to read records
        print_text(f"The records of {to.name} can't be read: {aws_text(error)}", progress_console())
        return []


def _asked(to: Target, orders: Path) -> Iterator[Replayable]:
    """Yield the consignments of orders, each in the stack's mode unless a routing table has another."""
    messages = OrderMessages(read_messages(orders), to.reading, datetime.now(UTC))
    return (replace(each, mode=to.mode) for each in messages.consignments())
