"""What was found of each service of a catalogue, in bytes: the rules that it failed, or its offer.

A part of the explanation that records keep (`kept_explanation.py`).
"""

from collections.abc import Sequence
from decimal import Decimal
from operator import itemgetter, sub
from typing import Final, NamedTuple

from allocation.engine.calendars import DAY_SECONDS, EPOCH_DAY
from allocation.engine.compact_bytes import Reader, UnreadableBytesError, Writer, as_unsigned
from allocation.engine.masks import Mask, positions_of
from allocation.engine.offers import Offer
from allocation.engine.promises import Dates
from allocation.engine.question import Question
from allocation.engine.rule import Rule, RuleCode
from allocation.engine.rules import RULES

# Form 1 has the offers best first, each with the step to its service; only earlier versions wrote it.
_STEPS: Final = 1
_COLUMNS: Final = 2
_NAME: Final = "what was found of the services"
# Rules are kept by their code's place here: a new code comes at the end.
_CODES: Final = tuple(RuleCode)
_NUMBERS: Final = {rule: _CODES.index(rule.code) for rule in RULES}
_RULES: Final = {number: rule for rule, number in _NUMBERS.items()}

_POSITION: Final = Offer._fields.index("position")

_Failures = Sequence[tuple[Rule, Mask]]


def services_bytes(size: int, failures: _Failures, offers: Sequence[Offer], factors: Sequence[Decimal]) -> bytes:
    """Return what was found of a catalogue's services: those that failed each rule, and the offers, best first.

    Each of so many services has an offer or failed a rule. `factors` are those of `factors_of` where the offers are in
    their own order, else none.
    """
    writer = Writer(_COLUMNS)
    writer.number(size)
    writer.number(len(failures))
    for rule, failing in failures:
        writer.number(_NUMBERS[rule])
        _write_mask(writer, failing, _octets(size))
    if offers:
        _write_offers(writer, offers, factors)
    return writer.done()


def read_services(octets: bytes, question: Question, winning: Dates | None) -> tuple[_Failures, Sequence[Offer]]:
    """Return the rules with the services that failed them, and the offers, best first.

    `winning` are the dates of the first offer, or None if there is no offer: of the others only what explanations tell
    is kept. Raises `UnreadableBytesError` for bytes that are not about the services of the question's catalogue.
    """
    in_steps, size = octets[:1] == bytes((_STEPS,)), question.index.size
    reader = Reader(octets, _STEPS if in_steps else _COLUMNS, _NAME)
    if reader.number() != size:
        raise UnreadableBytesError(f"{_NAME} is not about the {size} services of its catalogue")
    failures: list[tuple[Rule, Mask]] = []
    passing = question.index.everything
    for _ in range(reader.number()):
        rule = _rule(reader.number())
        failing = int.from_bytes(reader.raw(_octets(size)), "little") if in_steps else _read_mask(reader, size)
        failures.append((rule, failing))
        passing &= ~failing
    positions, found = list(positions_of(passing)), []
    if winning:
        found = _read_steps(reader) if in_steps else _read_columns(reader, question, positions)
    if not reader.is_done or sorted(each.position for each in found) != positions:
        raise UnreadableBytesError(f"{_NAME} is damaged")
    return failures, [_offer(question, each, None if place else winning) for place, each in enumerate(found)]


class _KeptOffer(NamedTuple):
    """An offer as it is kept."""

    position: int
    net: Decimal
    dates: Dates


def _offer(question: Question, found: _KeptOffer, winning: Dates | None) -> Offer:
    """Return the offer. The winner has dates of its own."""
    factor = question.pricing.pricer_of(found.position).factor(question.service(found.position).currency)
    dates = winning or found.dates
    return Offer(found.net * (factor or 1), dates.earliest_first, found.position, found.net, dates)


def _octets(size: int) -> int:
    return (size + 7) // 8


def _rule(number: int) -> Rule:
    rule = _RULES.get(number)
    if rule is None:
        raise UnreadableBytesError(f"{_NAME} has the rule {number}, which this version does not know")
    return rule


def _write_mask(writer: Writer, mask: Mask, octets: int) -> None:
    """Write 0 and a bit for each service or, if they are few, their number and the steps from one to the next."""
    count = mask.bit_count()
    if count >= octets:
        writer.number(0)
        writer.raw(mask.to_bytes(octets, "little"))
        return
    positions = list(positions_of(mask))
    writer.number(count)
    writer.numbers(map(sub, positions, [0, *positions]))


def _read_mask(reader: Reader, size: int) -> Mask:
    count = reader.number()
    if not count:
        return int.from_bytes(reader.raw(_octets(size)), "little")
    mask = position = 0
    for _ in range(count):
        position += reader.number()
        if position >= size:
            raise UnreadableBytesError(f"{_NAME} has the service {position}, which its catalogue does not have")
        mask |= 1 << position
    return mask


def _write_offers(writer: Writer, offers: Sequence[Offer], factors: Sequence[Decimal]) -> None:
    """Write the dates, the prices and the numbers of dates in the order of the services, and then which are better.

    By `factors` a reader compares the prices; without any, the place of each offer is written.
    """
    first = offers[0].net
    # Most have as many decimal places as the first.
    digits = max(
        [_decimal_places(each.net) for each in offers if each.net is first or not each.net.same_quantum(first)]
    )
    dates = dict(sorted({each.earliest: each.dates for each in offers}.items()))
    number_of = {earliest: number for number, earliest in enumerate(dates)}
    by_service = sorted(offers, key=itemgetter(_POSITION))
    writer.number(digits)
    _write_dates(writer, [(each.collected_at, each.delivery_day) for each in dates.values()])
    writer.column([int(each.net.scaleb(digits)) for each in by_service])
    writer.column([number_of[each.earliest] for each in by_service])
    writer.number(len(factors))
    if not factors:
        place_of = {each.position: place for place, each in enumerate(offers)}
        writer.column([place_of[each.position] for each in by_service])
    elif len(factors) > 1:
        for factor in factors:
            writer.decimal(factor)


def factors_of(question: Question, winner: Offer) -> Sequence[Decimal]:
    """Return what one unit of each currency of the catalogue is worth, in the order of the currencies.

    Nothing where that is not the same for all services, as some collect on a day with other exchange rates.
    """
    if len(question.pricing.by_exchange()) > 1:
        return ()
    pricer = question.pricing.pricer_of(winner.position)
    return [pricer.factor(each) or Decimal(1) for each in question.index.currencies]


def _read_columns(reader: Reader, question: Question, positions: Sequence[int]) -> list[_KeptOffer]:
    """Return the offers of these services, best first."""
    digits, dates = reader.number(), _read_dates(reader)
    amounts, numbers = reader.column(len(positions)), reader.column(len(positions))
    found = [
        _KeptOffer(position, Decimal(amount).scaleb(-digits), dates[number])
        for position, amount, number in zip(positions, amounts, numbers, strict=True)
    ]
    count = reader.number()
    if not count:
        places = reader.column(len(positions))
        return [each for _, each in sorted(zip(places, found, strict=True))]
    currencies = question.index.currencies
    if count != len(currencies):
        raise UnreadableBytesError(f"{_NAME} has {count} currencies, and its catalogue {len(currencies)}")
    factors = [reader.decimal() for _ in range(count)] if count > 1 else [Decimal(1)]
    factor_of = dict(zip(currencies, factors, strict=True))
    costs = [each.net * factor_of[question.service(each.position).currency] for each in found]
    return [each for _, _, _, each in sorted(zip(costs, numbers, positions, found, strict=True))]


def _decimal_places(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _write_dates(writer: Writer, dates: Sequence[tuple[int, int]]) -> None:
    """Write the dates that offers have: the step in seconds from the collection before, and the days to delivery."""
    writer.number(len(dates))
    written: list[int] = []
    before = 0
    for collected_at, delivery_day in dates:
        written += (as_unsigned(collected_at - before), as_unsigned(delivery_day - utc_day(collected_at)))
        before = collected_at
    writer.numbers(written)


def _read_dates(reader: Reader) -> list[Dates]:
    """Return the dates of offers, as far as an explanation tells them of services that did not win."""
    found: list[Dates] = []
    collected_at = 0
    for _ in range(reader.number()):
        collected_at += reader.signed()
        day = utc_day(collected_at)
        found.append(Dates(collected_at, collected_at, day, day + reader.signed(), (0, 0)))
    return found


def _read_steps(reader: Reader) -> list[_KeptOffer]:
    """Return the offers as form 1 has them, best first."""
    count, digits = reader.number(), reader.number()
    dates = _read_dates(reader)
    found: list[_KeptOffer] = []
    position = amount = 0
    for _ in range(count):
        position += reader.signed()
        amount += reader.signed()
        number = reader.number() if len(dates) > 1 else 0
        found.append(_KeptOffer(position, Decimal(amount).scaleb(-digits), dates[number]))
    return found


def utc_day(moment: int) -> int:
    """Return the ordinal of the day, in UTC, on which a moment lies, in seconds since 1970."""
    return moment // DAY_SECONDS + EPOCH_DAY
