"""`carrier cost`: what a stack costs a month, by what the code uses and AWS's prices."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import click

from cli.commands.options import ExampleCommand, WholeNumber, json_option
from cli.cost.estimate import Estimate, assumptions, estimates
from cli.cost.prices import AS_OF, PRICES, REGION, Used
from cli.output import Column, print_blank, print_json, print_table, print_text, result_console

# Without --orders.
USUAL_ORDERS: Final = (10_000, 100_000, 1_000_000)
_MAX_ORDERS: Final = 1_000_000_000
_NAMES: Final = {"engine": "engine", "pro": "SortedPRO"}


@click.command(cls=ExampleCommand, examples=["carrier cost", "carrier cost --orders 250000"])
@click.option(
    "--orders",
    type=WholeNumber(0, _MAX_ORDERS),
    default=None,
    metavar="N",
    help=f"Orders a month.  [default: {', '.join(f'{each:,}' for each in USUAL_ORDERS)}]",
)
@json_option
def cost(orders: int | None, *, as_json: bool) -> int:
    """Say what a stack costs a month, in US dollars.

    It runs the deployed code with the sample orders, counts what AWS charges
    for, and multiplies. SortedPRO's own price is not in it.
    """
    months = [estimates(each) for each in ([orders] if orders is not None else USUAL_ORDERS)]
    if as_json:
        found = [_json(each) for month in months for each in month]
        print_json(
            {
                "region": REGION,
                "pricesAsOf": AS_OF,
                "pricesFrom": "memory",
                "estimates": found,
                "assumptions": assumptions(),
            }
        )
        return 0
    if orders is None:
        _print_totals(months)
    else:
        _print_parts(months[0])
    print_blank()
    print_text(
        f"Prices of {REGION} as of {AS_OF}, written down from memory and not read from AWS's pages: check those that "
        "matter (--json names the page of each). They differ by region."
    )
    for sentence in assumptions():
        print_text(sentence)
    return 0


def total_rows(months: Sequence[Sequence[Estimate]]) -> list[list[str]]:
    """Return a row for each number of orders: what a month costs with each allocator."""
    return [[f"{month[0].orders:,}", *(f"{each.total:,}" for each in month)] for month in months]


def _print_totals(months: Sequence[Sequence[Estimate]]) -> None:
    columns = [Column("Orders a month", is_number=True)]
    columns += [Column(f"{_NAMES[each.allocator]}, USD", is_number=True) for each in months[0]]
    print_table(columns, total_rows(months), result_console())


def _print_parts(month: Sequence[Estimate]) -> None:
    columns = [Column("What is used")]
    for each in month:
        columns += [Column(_NAMES[each.allocator], is_number=True), Column("USD", is_number=True)]
    rows = [[used.value, *(cell for each in month for cell in _cells(each, used))] for used in Used]
    totals = ["Total", *(cell for each in month for cell in ("", f"{each.total:,}"))]
    print_table(columns, [*rows, totals], result_console())


def _cells(estimate: Estimate, used: Used) -> tuple[str, str]:
    amount = estimate.used[used]
    return (
        f"{amount:,.2f}" if amount != amount.to_integral() and amount < 100 else f"{amount:,.0f}",
        f"{estimate.dollars[used]:,}",
    )


def _json(estimate: Estimate) -> dict[str, Any]:
    parts = [
        {
            "what": used.value,
            "used": str(_rounded(estimate.used[used])),
            "dollars": str(dollars),
            "price": {"dollars": str(PRICES[used].dollars), "per": PRICES[used].units, "checkAt": PRICES[used].page},
        }
        for used, dollars in estimate.dollars.items()
    ]
    total = {"allocator": estimate.allocator, "orders": estimate.orders, "total": str(estimate.total)}
    return total | {"currency": "USD", "parts": parts}


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.001"))
