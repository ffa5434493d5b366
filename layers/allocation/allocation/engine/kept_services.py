"""What was found of each service of a catalogue, in bytes: the rules that it failed, or its offer.

A part of the explanation that records keep (`kept_explanation.py`).
"""

from collections.abc import Sequence
from decimal import Decimal
from operator import sub
from typing import Final

from allocation.engine.calendars import DAY_SECONDS, EPOCH_DAY
from allocation.engine.compact_bytes import Reader, UnreadableBytesError, Writer, as_unsigned
from allocation.engine.masks import Mask, positions_of
from allocation.engine.offers import Offer
from allocation.engine.promises import Dates
from allocation.engine.question import Question
from allocation.engine.rule import Rule, RuleCode
from allocation.engine.rules import RULES

_FORM: Final = 1
_NAME: Final = "what was found of the services"
# Rules are kept by their code's place here: a new code comes at the end.
_CODES: Final = tuple(RuleCode)
_NUMBERS: Final = {rule: _CODES.index(rule.code) for rule in RULES}
_RULES: Final = {number: rule for rule, number in _NUMBERS.items()}

_Failures = Sequence[tuple[Rule, Mask]]


def services_bytes(failures: _Failures, offers: Sequence[Offer], size: int) -> bytes:
    """Return what was found of a catalogue's `size` services: a bit for each service and rule, and the offers."""
    writer = Writer(_FORM)
    writer.number(size)
    writer.number(len(failures))
    for rule, failing in failures:
        writer.number(_NUMBERS[rule])
        writer.raw(failing.to_bytes(_octets(size), "little"))
    if offers:
        _write_offers(writer, offers)
    return writer.done()


def read_services(octets: bytes, question: Question, winning: Dates | None) -> tuple[_Failures, Sequence[Offer]]:
    """Return the rules with the services that failed them, and the offers, best first.

    `winning` are the dates of the first offer, or None if there is no offer: of the others only what explanations tell
    is kept. Raises `UnreadableBytesError` for bytes that are not about the services of the question's catalogue.
    """
    reader, size = Reader(octets, _FORM, _NAME), question.index.size
    if reader.number() != size:
        raise UnreadableBytesError(f"{_NAME} is not about the {size} services of its catalogue")
    failures: list[tuple[Rule, Mask]] = []
    passing = question.index.everything
    for _ in range(reader.number()):
        rule, failing = _rule(reader.number()), int.from_bytes(reader.raw(_octets(size)), "little")
        failures.append((rule, failing))
        passing &= ~failing
    offers = _read_offers(reader, question, winning) if winning else []
    if not reader.is_done or {offer.position for offer in offers} != set(positions_of(passing)):
        raise UnreadableBytesError(f"{_NAME} is damaged")
    return failures, offers


def _octets(size: int) -> int:
    return (size + 7) // 8


def _rule(number: int) -> Rule:
    rule = _RULES.get(number)
    if rule is None:
        raise UnreadableBytesError(f"{_NAME} has the rule {number}, which this version does not know")
    return rule


def _write_offers(writer: Writer, offers: Sequence[Offer]) -> None:
    """Write the offers, best first: the step from one service to the next, the dates, and the step in price."""
    first, nets = offers[0].net, [offer.net for offer in offers]
    # Most have as many decimal places as the first.
    digits = max(_decimal_places(net) for net in nets if net is first or not net.same_quantum(first))
    dates: dict[tuple[int, int], int] = {}
    numbers = [dates.setdefault((each.dates.collected_at, each.dates.delivery_day), len(dates)) for each in offers]
    writer.number(len(offers))
    writer.number(digits)
    _write_dates(writer, list(dates))
    cents = [int(net.scaleb(digits)) for net in nets]
    positions = [offer.position for offer in offers]
    steps = zip(map(sub, positions, [0, *positions]), map(sub, cents, [0, *cents]), strict=True)
    if len(dates) > 1:
        written = [
            each for pair, number in zip(steps, numbers, strict=True) for each in (*map(as_unsigned, pair), number)
        ]
    else:
        written = [as_unsigned(each) for pair in steps for each in pair]
    writer.numbers(written)


def _decimal_places(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _write_dates(writer: Writer, dates: Sequence[tuple[int, int]]) -> None:
    """Write the dates that offers have: the step in seconds from the collection before, and the days to delivery."""
    writer.number(len(dates))
    before = 0
    for collected_at, delivery_day in dates:
        writer.signed(collected_at - before)
        writer.signed(delivery_day - utc_day(collected_at))
        before = collected_at


def _read_dates(reader: Reader) -> list[Dates]:
    """Return the dates of offers, as far as an explanation tells them of services that did not win."""
    found: list[Dates] = []
    collected_at = 0
    for _ in range(reader.number()):
        collected_at += reader.signed()
        day = utc_day(collected_at)
        found.append(Dates(collected_at, collected_at, day, day + reader.signed(), (0, 0)))
    return found


def _read_offers(reader: Reader, question: Question, winning: Dates) -> list[Offer]:
    count, digits = reader.number(), reader.number()
    dates = _read_dates(reader)
    offers: list[Offer] = []
    position = amount = 0
    for place in range(count):
        position += reader.signed()
        amount += reader.signed()
        number = reader.number() if len(dates) > 1 else 0
        if not 0 <= position < question.index.size:
            raise UnreadableBytesError(f"{_NAME} has the service {position}, which its catalogue does not have")
        net, when = Decimal(amount).scaleb(-digits), dates[number] if place else winning
        factor = question.pricing.pricer_of(position).factor(question.service(position).currency)
        offers.append(Offer(net * (factor or 1), when.earliest_first, position, net, when))
    return offers


def utc_day(moment: int) -> int:
    """Return the ordinal of the day, in UTC, on which a moment lies, in seconds since 1970."""
    return moment // DAY_SECONDS + EPOCH_DAY
