"""What a stack's orders would come to under a catalogue before it is published."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from allocation.engine.compiled_catalogue import packaged_catalogue, read_compiled
from allocation.engine.compiled_parts import InvalidCatalogueError
from allocation.engine.engine import Engine
from allocation.replay.decisions import Replayable, Side
from allocation.replay.partial import replay
from cli.operations.message_files import read_messages
from cli.operations.target import Target
from cli.output import print_text, printable, progress_console
from cli.paths import shown
from cli.replay.order_files import OrderMessages
from cli.replay.words import conclusion


def shown_outcomes(to: Target, before: str | None, after: str, orders: Path) -> dict[str, Any] | None:
    """Say what orders come to under another catalogue, and return the replay's result; None where nobody can know.

    `before` is the compiled catalogue in use, None for the sample; `orders` is a file of order messages.
    """
    console = progress_console()
    if to.reading.only_pro_references:
        return None
    try:
        current = packaged_catalogue() if before is None else read_compiled(before)
    except InvalidCatalogueError as error:
        print_text(printable(f"The outcomes can't be compared: in the stack, {error}."), console)
        return None
    sides = Side(Engine(current)), Side(Engine(read_compiled(after)))
    result = replay(*sides, _asked(to, orders))
    print_text(f"The orders of {printable(shown(orders))}, under the new catalogue:", console)
    for sentence in conclusion(result):
        print_text(f"  {sentence}", console)
    return result.document()


def _asked(to: Target, orders: Path) -> Iterator[Replayable]:
    """Yield the consignments of orders, each in the stack's mode unless a routing table has another."""
    messages = OrderMessages(read_messages(orders), to.reading, datetime.now(UTC))
    return (replace(each, mode=to.mode) for each in messages.consignments())
