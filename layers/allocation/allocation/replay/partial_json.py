"""A part of a replay as JSON text, which functions write and read: everything exact, nothing rounded."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from allocation.domain.currencies import Money
from allocation.domain.errors import AllocationError
from allocation.domain.limit import AllocationLimit, LimitedDay
from allocation.domain.outcome import Failure
from allocation.replay.decisions import Choice, Decision
from allocation.replay.partial import OpenConsignment, Partial
from allocation.replay.result import CatalogueName
from allocation.replay.tally import Difference, FromTo, Moved, NewFailures, Tally

_FORMAT: Final = 2


class UnreadablePartError(AllocationError):
    """A text is no part of a replay of this version."""


def part_text(part: Partial) -> str:
    """Return a part as JSON text. What is decided alike stands there once."""
    tally = part.tally
    numbers: dict[Decision, int] = {}
    for item in part.open:
        for decision in (item.before, item.after):
            numbers.setdefault(decision, len(numbers))
    return json.dumps(
        {
            "format": _FORMAT,
            "from": part.before,
            "to": part.after,
            "ways": [[*way, moved.count, str(moved.before), str(moved.after)] for way, moved in tally.ways.items()],
            "repriced": tally.repriced,
            "dearer": {currency: [*map(_difference, found)] for currency, found in tally.dearer.items()},
            "cheaper": {currency: [*map(_difference, found)] for currency, found in tally.cheaper.items()},
            "failures": {code: [found.count, found.consignments] for code, found in tally.failures.items()},
            "decisions": [*map(_decision, numbers)],
            "open": [
                [item.decided_at.isoformat(), item.consignment, numbers[item.before], numbers[item.after]]
                for item in part.open
            ],
        },
        separators=(",", ":"),
    )


def read_part(text: str) -> Partial:
    """Return the part that a text has. Raises `UnreadablePartError`."""
    try:
        content = json.loads(text)
        if content["format"] != _FORMAT:
            raise UnreadablePartError(f"a part of a replay has format {content['format']}: replay it with one version")
        decisions = [*map(_read_decision, content["decisions"])]
        return Partial(
            CatalogueName(*content["from"]),
            CatalogueName(*content["to"]),
            _read_tally(content),
            [
                OpenConsignment(datetime.fromisoformat(at), reference, decisions[before], decisions[after])
                for at, reference, before, after in content["open"]
            ],
        )
    except (LookupError, TypeError, ValueError, ArithmeticError) as error:
        raise UnreadablePartError(f"a part of a replay is damaged ({type(error).__name__}): replay it again") from error


def _read_tally(content: Any) -> Tally:
    return Tally(
        ways={
            FromTo(*way): Moved(count, Decimal(before), Decimal(after))
            for *way, count, before, after in content["ways"]
        },
        repriced=content["repriced"],
        dearer={currency: [*map(_read_difference, found)] for currency, found in content["dearer"].items()},
        cheaper={currency: [*map(_read_difference, found)] for currency, found in content["cheaper"].items()},
        failures={
            code: NewFailures(count, [(reference, text) for reference, text in named])
            for code, (count, named) in content["failures"].items()
        },
    )


def _difference(found: Difference) -> list[str]:
    return [str(value) for value in found]


def _read_difference(found: list[str]) -> Difference:
    rank, consignment, before, after, price_before, price_after = found
    return Difference(Decimal(rank), consignment, before, after, Decimal(price_before), Decimal(price_after))


def _decision(decision: Decision) -> list[Any]:
    within = None if decision.within is None else str(decision.within)
    failure = decision.failure
    return [[*map(_choice, decision.choices)], within, failure.code, failure.message]


def _read_decision(found: Any) -> Decision:
    choices, within, code, message = found
    amount = None if within is None else Decimal(within)
    return Decision(tuple(map(_read_choice, choices)), amount, Failure(code, message))


def _choice(choice: Choice) -> list[Any]:
    limit = choice.limit and [choice.limit.on.day.isoformat(), choice.limit.most]
    return [choice.service, str(choice.net.amount), choice.net.currency, str(choice.compared), limit]


def _read_choice(found: Any) -> Choice:
    service, amount, currency, compared, limit = found
    counted = limit and AllocationLimit(LimitedDay(service, date.fromisoformat(limit[0])), limit[1])
    return Choice(service, Money(Decimal(amount), currency), counted, Decimal(compared))
