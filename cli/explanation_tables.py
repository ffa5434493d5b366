"""An explanation for a person: the conclusion, what the winner costs, who came next, and why the others were left out.

With everything asked for, all offers and all reasons follow as tables.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from rich.table import Table

from allocation.engine.explanation import shortened
from allocation.engine.wording import plain
from cli.explanation import ExcludedService, Explanation, ServiceOffer
from cli.output import counted, print_blank, print_fitted, print_text, printable

# How many runners-up are shown, and how many services are named for a reason.
_RUNNERS_UP: Final = 5
_NAMED: Final = 3


def print_explanation(explanation: Explanation, row: str | None, *, everything: bool) -> None:
    """Print an explanation on stdout. `row` is the routing table's, where the table decided."""
    print_text(_conclusion(explanation))
    assessed = explanation.inputs_digest is not None
    if winner := explanation.winner:
        print_blank()
        print_fitted(_price_table(winner))
        print_text(_when(winner))
    if assessed and everything:
        _print_everything(explanation)
    elif assessed:
        _print_shortly(explanation)
    print_blank()
    for line in _question(explanation, row):
        print_text(line)


def _conclusion(explanation: Explanation) -> str:
    """Return who takes the consignment for how much, or why nobody does."""
    winner, reference = explanation.winner, explanation.consignment.reference
    if winner is None:
        return printable(explanation.failure.message) if explanation.failure else f"No service takes {reference}."
    name = f"{_named(winner.service, winner.name)} of {printable(winner.carrier_name)}"
    return f"{name} takes {reference} for {winner.price.net} {winner.price.currency} net."


def _price_table(offer: ServiceOffer) -> Table:
    """Return what an offer's price is made of."""
    table = _table(header=False)
    table.add_column(overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    for name, amount in [(line.name, line.amount) for line in offer.lines] + [
        ("Net", offer.price.net),
        ("VAT", offer.price.vat),
        ("Gross", offer.price.gross),
    ]:
        table.add_row(f"  {printable(name)}", str(amount))
    return table


def _when(offer: ServiceOffer) -> str:
    times = f"Collected {offer.collected:%a %d %b %H:%M} UTC, delivered by {offer.delivered:%a %d %b}."
    return f"  Charged for {_charged(offer)}. {times}"


def _print_shortly(explanation: Explanation) -> None:
    others, inside = explanation.offers[1:], _inside(explanation)
    if others:
        print_blank()
        print_text(_who_came_next(len(others)))
        print_fitted(_runners_up_table(others[:_RUNNERS_UP], explanation.currency))
    if inside:
        several = ", some for several reasons" if any(len(service.reasons) > 1 for service in inside) else ""
        print_blank()
        print_text(f"{counted(len(inside), 'service')} can't take it{several}:")
        print_fitted(_reasons_table(inside))
    _print_outside(explanation, inside)
    if others or inside:
        print_blank()
        print_text("All offers and all reasons: --all")


def _who_came_next(others: int) -> str:
    could = f"{counted(others, 'more service')} could take it"
    return f"{could}. The next {_RUNNERS_UP}:" if others > _RUNNERS_UP else f"{could}:"


def _print_everything(explanation: Explanation) -> None:
    inside = _inside(explanation)
    if explanation.offers:
        _print_section(_offers_table(explanation))
        _print_section(_prices_table(explanation))
    if inside:
        _print_section(_excluded_table(inside))
    _print_outside(explanation, inside)


def _print_outside(explanation: Explanation, inside: Sequence[ExcludedService]) -> None:
    if outside := len(explanation.excluded) - len(inside):
        print_blank()
        print_text(f"The mode leaves out {counted(outside, 'more service')}.")


def _print_section(table: Table) -> None:
    print_blank()
    print_fitted(table)


def _inside(explanation: Explanation) -> list[ExcludedService]:
    """Return the excluded services that the mode asks for."""
    return [excluded for excluded in explanation.excluded if excluded.in_mode]


def _question(explanation: Explanation, row: str | None) -> Iterator[str]:
    """Yield what was asked, and the digests by which a replay can be compared."""
    packages = explanation.consignment.packages
    weight = plain(sum((package.weight_kg for package in packages), Decimal(0)))
    mode = f"{explanation.mode.name} {explanation.mode.reference or ''}".rstrip()
    yield f"{explanation.consignment.reference}: {counted(len(packages), 'package')}, {weight} Kg"
    if row is not None:
        yield f"Row {printable(row)} of the routing table"
    yield f"Mode {mode}, preference {explanation.preference}"
    yield f"As of {explanation.now:%Y-%m-%d %H:%M:%S}Z"
    yield f"Catalogue {printable(explanation.catalogue_version)}, digest {shortened(explanation.catalogue_digest)}"
    if explanation.inputs_digest is not None:
        yield f"Prices of {explanation.prices_of}, inputs digest {shortened(explanation.inputs_digest)}"


def _runners_up_table(offers: Sequence[ServiceOffer], currency: str) -> Table:
    """Return how much more each of these offers costs than the winner, and when it delivers."""
    table = _table()
    table.add_column("  Service", overflow="fold")
    table.add_column(f"More ({currency})", justify="right", no_wrap=True)
    table.add_column("Delivered", no_wrap=True)
    for offer in offers:
        table.add_row(f"  {_named(offer.service, offer.name)}", _more(offer), f"{offer.delivered:%a %d %b}")
    return table


def _reasons_table(excluded: Sequence[ExcludedService]) -> Table:
    """Return one row a reason, the most frequent first, with the services that have it."""
    table = _table()
    table.add_column("  Reason", no_wrap=True)
    table.add_column("Services", justify="right", no_wrap=True)
    table.add_column("", overflow="fold")
    for code, services in _by_reason(excluded).items():
        more = len(services) - _NAMED
        named = ", ".join(services[:_NAMED]) + (f" and {more} more" if more > 0 else "")
        table.add_row(f"  {code}", str(len(services)), named)
    return table


def _by_reason(excluded: Sequence[ExcludedService]) -> Mapping[str, Sequence[str]]:
    """Return the services that have a reason, by its code, the most frequent first."""
    found: dict[str, list[str]] = defaultdict(list)
    for service in excluded:
        for code in dict.fromkeys(reason.code for reason in service.reasons):
            found[code].append(service.service)
    return dict(sorted(found.items(), key=lambda group: -len(group[1])))


def _offers_table(explanation: Explanation) -> Table:
    table = _table()
    table.add_column("")
    table.add_column("Service", overflow="fold")
    for heading in ("Net", "VAT", "Gross", ""):
        table.add_column(heading, justify="left" if heading == "" else "right", no_wrap=True)
    table.add_column("Collected (UTC)", no_wrap=True)
    table.add_column("Delivered", no_wrap=True)
    for rank, offer in enumerate(explanation.offers, start=1):
        table.add_row(
            "→" if rank == 1 else str(rank),
            _named(offer.service, offer.name),
            str(offer.price.net),
            str(offer.price.vat),
            str(offer.price.gross),
            offer.price.currency,
            f"{offer.collected:%a %d %b %H:%M}",
            f"{offer.delivered:%a %d %b}",
            style="green" if rank == 1 else None,
        )
    return table


def _prices_table(explanation: Explanation) -> Table:
    table = _table()
    table.add_column("Service", overflow="fold")
    table.add_column("Carrier", overflow="fold")
    table.add_column("Charged", justify="right", no_wrap=True)
    table.add_column("Net price", overflow="fold")
    table.add_column(f"More ({explanation.currency})", justify="right", no_wrap=True)
    for rank, offer in enumerate(explanation.offers, start=1):
        table.add_row(
            offer.service,
            printable(offer.carrier_name),
            _charged(offer),
            _made_up_of(offer),
            "" if rank == 1 else _more(offer),
        )
    return table


def _excluded_table(excluded: Sequence[ExcludedService]) -> Table:
    """Return one row a reason of each service; a service is named in its first row."""
    table = _table()
    table.add_column("Left out", overflow="fold")
    table.add_column("Reason", no_wrap=True)
    table.add_column("Wanted", overflow="fold")
    table.add_column("Is", overflow="fold")
    for service in excluded:
        for number, reason in enumerate(service.reasons):
            name = "" if number else _named(service.service, service.name)
            table.add_row(name, reason.code, printable(reason.expected), printable(reason.actual), style="dim")
    return table


def _made_up_of(offer: ServiceOffer) -> str:
    return " + ".join(f"{printable(line.name)} {line.amount}" for line in offer.lines)


def _charged(offer: ServiceOffer) -> str:
    return f"{plain(round(offer.chargeable_weight_kg, 3))} Kg"


def _more(offer: ServiceOffer) -> str:
    """Return how much more than the winner an offer costs; where something else than cost decided, it may be less."""
    return f"{offer.difference:+.2f}"


def _named(reference: str, name: str) -> str:
    return f"{reference} {printable(name)}"


def _table(*, header: bool = True) -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_header=header)
