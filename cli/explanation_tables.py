"""An explanation as tables: the winner first, then the other offers, then the excluded services with their reasons."""

from collections.abc import Sequence
from decimal import Decimal

from rich.table import Table

from allocation.engine.explanation import shortened
from allocation.engine.wording import plain
from cli.explanation import ExcludedService, Explanation, ServiceOffer
from cli.output import counted, print_text, printable, result_console


def print_explanation(explanation: Explanation) -> None:
    """Print what was asked, the offers and the excluded services."""
    console = result_console()
    for line in _question(explanation):
        print_text(line)
    console.print()
    if explanation.failure:
        print_text(printable(explanation.failure.message))
    if explanation.inputs_digest is None:
        return
    if explanation.winner:
        print_text(_winner(explanation.winner))
        console.print()
        console.print(_offers_table(explanation))
        console.print()
        console.print(_prices_table(explanation))
    inside = [excluded for excluded in explanation.excluded if excluded.in_mode]
    if inside:
        console.print()
        console.print(_excluded_table(inside))
    if outside := len(explanation.excluded) - len(inside):
        console.print()
        print_text(f"The mode leaves out {counted(outside, 'more service')}.")


def _question(explanation: Explanation) -> list[str]:
    """Return what was asked, and the digests by which a replay can be compared."""
    packages = explanation.consignment.packages
    weight = plain(sum((package.weight_kg for package in packages), Decimal(0)))
    mode = f"{explanation.mode.name} {explanation.mode.reference or ''}".rstrip()
    lines = [
        f"{explanation.consignment.reference}: {counted(len(packages), 'package')}, {weight} Kg",
        f"Mode {mode}, preference {explanation.preference}, as of {explanation.now:%Y-%m-%d %H:%M:%S}Z",
        f"Catalogue {printable(explanation.catalogue_version)}, digest {shortened(explanation.catalogue_digest)}",
    ]
    if explanation.inputs_digest is not None:
        lines.append(f"Prices of {explanation.prices_of}, inputs digest {shortened(explanation.inputs_digest)}")
    return lines


def _winner(offer: ServiceOffer) -> str:
    name = f"{_named(offer.service, offer.name)} of {printable(offer.carrier_name)}"
    return f"{name} takes it for {offer.price.net} {offer.price.currency} net."


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
            f"{plain(round(offer.chargeable_weight_kg, 3))} Kg",
            _made_up_of(offer),
            "" if rank == 1 else f"{offer.difference:+.2f}",
        )
    return table


def _made_up_of(offer: ServiceOffer) -> str:
    return " + ".join(f"{printable(line.name)} {line.amount}" for line in offer.lines)


def _excluded_table(excluded: Sequence[ExcludedService]) -> Table:
    """Return one row a reason; a service is named in its first row."""
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


def _named(reference: str, name: str) -> str:
    return f"{reference} {printable(name)}"


def _table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
