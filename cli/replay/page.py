"""The result of a replay as one page: no script, nothing loaded from elsewhere, dark and light, also on a phone."""

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Final

from allocation.domain.currencies import minor_unit
from allocation.replay.result import ReplayResult
from allocation.replay.tally import Difference
from cli.replay.pictures import MAX_FLOWS, key_of_colours, moves_shown, picture_of_cost, picture_of_moves
from cli.replay.tables import matrix_of, shown_service
from cli.replay.words import Modes, compared, conclusion, failing_under_both

_STYLE: Final = Path(__file__).with_name("page.css")

# A cell's text and its classes.
_Cell = tuple[str, str]


def page(result: ReplayResult, modes: Modes) -> str:
    """Return the page as HTML."""
    style = f"\n{_STYLE.read_text('utf-8')}"
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    first, *others = conclusion(result)
    body = "\n".join(_sections(result))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-{digest}'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(first)}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{escape(first)}</h1>
<p>{escape(" ".join(others))}</p>
<p class="quiet">{escape(compared(result, modes))} All prices are net.</p>
{body}
</main>
</body>
</html>
"""


def _sections(result: ReplayResult) -> Iterator[str]:
    yield _numbers(result)
    yield from _cost(result)
    if moves_shown(result):
        yield from _moves(result)
    yield from _changes("dearer", result.dearer)
    yield from _changes("cheaper", result.cheaper)
    if result.failures:
        yield _failures(result)
    if result.full_days:
        yield _limits(result)


def _numbers(result: ReplayResult) -> str:
    failing = failing_under_both(result)
    numbers = {
        "Consignments": result.consignments,
        "Move": result.moved,
        "Keep their service": result.unchanged - failing,
        "Of these, at another price": result.repriced,
        "Newly fail": result.newly_failed,
        "Newly allocated": result.newly_allocated,
        "Fail under both": failing,
    }
    items = [f"<div><dt>{name}</dt><dd>{number:,}</dd></div>" for name, number in numbers.items()]
    return f'<dl class="numbers">{"".join(items)}</dl>'


def _cost(result: ReplayResult) -> Iterator[str]:
    """Yield the cost of all that each side allocates, a picture for each currency."""
    currencies = sorted({*result.cost_before, *result.cost_after})
    if currencies:
        yield "<h2>Cost of all that each catalogue allocates</h2>"
    for currency in currencies:
        before, after = (
            sums.get(currency, minor_unit(currency) * 0) for sums in (result.cost_before, result.cost_after)
        )
        yield f"<h3>{currency} net</h3>{picture_of_cost(currency, before, after)}"


def _moves(result: ReplayResult) -> Iterator[str]:
    yield "<h2>Moves from service to service</h2>"
    moves = [(way, moved) for way, moved in result.ways if way.before != way.after]
    if len(moves) > MAX_FLOWS:
        yield f'<p class="quiet">The picture has the {MAX_FLOWS} most frequent of {len(moves):,} moves.</p>'
    yield key_of_colours(result) + picture_of_moves(result)
    yield "<h3>How many move: from the service of a row to that of a column</h3>" + _matrix(result)
    headings = ["From", "To", "#Consignments", "#Before", "#After", "#Change"]
    rows = [
        [
            (shown_service(way.before), ""),
            (shown_service(way.after), ""),
            (f"{moved.count:,}", "number"),
            (f"{moved.before:,} {way.currency_before}" if way.currency_before else "", "number"),
            (f"{moved.after:,} {way.currency_after}" if way.currency_after else "", "number"),
            (f"{moved.after - moved.before:+,}" if way.currency_before == way.currency_after else "", "number"),
        ]
        for way, moved in moves
    ]
    yield "<h3>What the moves cost</h3>" + _table("What the moves cost", headings, rows)


def _matrix(result: ReplayResult) -> str:
    before_each, after_each, counts = matrix_of(result)
    rows: list[Sequence[_Cell]] = []
    for before in before_each:
        numbers = [(counts.get((before, after), 0), "stays" if before == after else "moves") for after in after_each]
        cells = [(f"{number:,}", f"number {how}") if number else ("", "") for number, how in numbers]
        rows.append([(shown_service(before), "heading"), *cells])
    headings = ["From / to", *(f"#{shown_service(name)}" for name in after_each)]
    return _table("How many move from each service to each", headings, rows)


def _changes(how: str, differences: Sequence[tuple[str, Difference]]) -> Iterator[str]:
    """Yield the largest changes of price one way, a table for each currency."""
    for currency in dict.fromkeys(currency for currency, _ in differences):
        title = f"The largest changes: {how}, {currency} net"
        rows = [
            [
                (each.consignment, ""),
                (shown_service(each.before), ""),
                (shown_service(each.after), ""),
                (f"{each.price_before:,}", "number"),
                (f"{each.price_after:,}", "number"),
                (f"{each.price_after - each.price_before:+,}", "number"),
            ]
            for other, each in differences
            if other == currency
        ]
        headings = ["Consignment", "From", "To", "#Before", "#After", "#Change"]
        yield f"<h2>{title}</h2>{_table(title, headings, rows)}"


def _failures(result: ReplayResult) -> str:
    rows = []
    for code, failures in result.failures:
        named = ", ".join(reference for reference, _ in failures.consignments)
        example = failures.consignments[0][1]
        rows.append([(code, ""), (f"{failures.count:,}", "number"), (example, "wraps"), (named, "wraps")])
    headings = ["Code", "#Consignments", "The first, in words", "Consignments (at most 20)"]
    return f"<h2>New failures</h2>{_table('New failures', headings, rows)}"


def _limits(result: ReplayResult) -> str:
    rows = [
        [
            (day.service, ""),
            (f"{day.day:%a %d %b %Y}", ""),
            (f"{day.limit:,}", "number"),
            (f"{day.turned_away:,}", "number"),
        ]
        for day in result.full_days
    ]
    title = "Daily limits that would be used up"
    return f"<h2>{title}</h2>{_table(title, ['Service', 'Collected on', '#Limit', '#Sent elsewhere'], rows)}"


def _table(name: str, headings: Iterable[str], rows: Iterable[Sequence[_Cell]]) -> str:
    """Return a table that scrolls on its own. A heading with a # is that of numbers."""
    head = "".join(
        f'<th scope="col"{_class("number" if heading.startswith("#") else "")}>{escape(heading.removeprefix("#"))}</th>'
        for heading in headings
    )
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="scroll" role="region" aria-label="{escape(name)}" tabindex="0">{table}</div>'


def _cell(cell: _Cell) -> str:
    text, classes = cell
    if classes == "heading":
        return f'<th scope="row">{escape(text)}</th>'
    return f"<td{_class(classes)}>{escape(text)}</td>"


def _class(classes: str) -> str:
    return f' class="{classes}"' if classes else ""
