"""An explanation for a person: the conclusion, what the winner costs, who came next, and why the others were left out.

With everything asked for, all offers and all reasons follow as tables.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from rich.table import Table

from allocation.console.explained_decision import ExcludedService, ExplainedDecision, ServiceOffer
from allocation.engine.explanation import shortened
from allocation.engine.wording import plain
from cli.exclusion_tables import by_reason, excluded_table, reasons_table
from cli.output import counted, plain_table, print_blank, print_fitted, print_text, printable

# How many runners-up are shown, and how many services are named for a reason.
_RUNNERS_UP: Final = 5
_NAMED: Final = 4


def print_explanation(explanation: ExplainedDecision, *, everything: bool, in_short: bool = False) -> None:
    """Print an explanation on stdout: the conclusion and why, then the offers, then the excluded services.

    In short, it has a line of each.
    """
    print_conclusion(explanation)
    if in_short:
        for line in sentences(explanation):
            print_text(f"  {line}")
        return
    if winner := explanation.winner:
        print_blank()
        print_fitted(_price_table(winner))
        print_text(f"  {_charged(winner)}{_when(winner)}")
    if explanation.is_assessed:
        print_others(explanation, everything=everything)
    print_blank()
    for line in _question(explanation):
        print_text(line)


def print_conclusion(explanation: ExplainedDecision) -> None:
    """Print who takes the consignment for how much and why, or why nobody does."""
    winner, reference = explanation.winner, explanation.consignment
    if winner is None:
        failure = explanation.failure
        print_text(printable(failure.message) if failure else f"No service takes {reference}.")
        return
    name = printable(winner.full_name) + (f" of {printable(winner.carrier_name)}" if winner.carrier_name else "")
    price = winner.price
    print_text(f"{name} takes {reference} for {price.net} {price.currency} net, {price.gross} gross.")
    if explanation.why:
        print_text(printable(explanation.why))


def _price_table(offer: ServiceOffer) -> Table:
    """Return what an offer's price is made of."""
    table = plain_table(header=False)
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
    return f"Collected {offer.collected:%a %d %b %H:%M} UTC, delivered by {offer.delivered_on:%a %d %b}."


def print_others(explanation: ExplainedDecision, *, everything: bool) -> None:
    """Print who came next, and why the others were left out: the first few and by reason, or everything."""
    if everything:
        _print_everything(explanation)
    else:
        _print_shortly(explanation)


def _print_shortly(explanation: ExplainedDecision) -> None:
    others, inside = explanation.offers[1:], _inside(explanation)
    if others:
        print_blank()
        print_text(_who_came_next(len(others)))
        print_fitted(_runners_up_table(explanation))
    if inside:
        several = ", some for several reasons" if any(len(service.reasons) > 1 for service in inside) else ""
        print_blank()
        print_text(f"{counted(len(inside), 'service')} can't take it{several}:")
        print_fitted(reasons_table(inside))
    _print_outside(explanation, inside)
    if others or inside:
        print_blank()
        print_text("All offers and all reasons: --all")


def _who_came_next(others: int) -> str:
    could = f"{counted(others, 'more service')} could take it"
    return f"{could}. The next {_RUNNERS_UP}:" if others > _RUNNERS_UP else f"{could}:"


def _print_everything(explanation: ExplainedDecision) -> None:
    inside = _inside(explanation)
    if explanation.offers:
        _print_section(_offers_table(explanation))
        _print_section(_prices_table(explanation))
    if inside:
        _print_section(excluded_table(inside))
    _print_outside(explanation, inside)


def _print_outside(explanation: ExplainedDecision, inside: Sequence[ExcludedService]) -> None:
    if outside := len(explanation.excluded) - len(inside):
        print_blank()
        print_text(f"The mode leaves out {counted(outside, 'more service')}.")


def _print_section(table: Table) -> None:
    print_blank()
    print_fitted(table)


def _inside(explanation: ExplainedDecision) -> list[ExcludedService]:
    """Return the excluded services that the mode asks for."""
    return [excluded for excluded in explanation.excluded if excluded.in_mode]


def _question(explanation: ExplainedDecision) -> Iterator[str]:
    """Yield what was asked, and the digests by which a replay can be compared."""
    mode, by = explanation.mode, explanation.decided_by
    yield f"{explanation.consignment}: {explanation.content}" if explanation.content else explanation.consignment
    if explanation.route:
        yield f"Row {printable(explanation.route.row)} of the routing table"
    if mode:
        yield f"Mode {mode.name} {mode.reference or ''}".rstrip() + f", preference {explanation.preference}"
    yield f"As of {by.at:%Y-%m-%d %H:%M:%S}Z"
    yield f"Catalogue {printable(by.catalogue_version)}, digest {shortened(by.catalogue_digest)}"
    if by.inputs_digest is not None:
        yield f"Prices of {by.prices_of}, inputs digest {shortened(by.inputs_digest)}"


def _runners_up_table(explanation: ExplainedDecision) -> Table:
    """Return the next best offers: what they cost, how much more than the winner, by what else they are preferred."""
    shown = explanation.offers[: _RUNNERS_UP + 1]
    ranks = [name for name in ("priority", "handicap") if any(getattr(offer, name) is not None for offer in shown)]
    table = plain_table()
    table.add_column("  Service", overflow="fold")
    for heading in ("Net", f"More ({explanation.currency})", *(name.capitalize() for name in ranks)):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Delivered", no_wrap=True)
    for offer in shown[1:]:
        table.add_row(
            f"  {printable(offer.full_name)}",
            f"{offer.price.net} {offer.price.currency}",
            _more(offer),
            *(_rank(getattr(offer, name)) for name in ranks),
            f"{offer.delivered_on:%a %d %b}",
        )
    return table


def _rank(value: int | Decimal | None) -> str:
    return "-" if value is None else plain(Decimal(value))


def sentences(explanation: ExplainedDecision) -> Iterator[str]:
    """Yield in a sentence each who came next, and why the others were left out."""
    others, inside = explanation.offers[1:], _inside(explanation)
    if others:
        named = ", ".join(f"{offer.service} {_more(offer)}" for offer in others[:_NAMED])
        more = " ..." if len(others) > _NAMED else ""
        yield f"{counted(len(others), 'more service')} could take it ({explanation.currency}): {named}{more}"
    if inside:
        codes = ", ".join(f"{code} {len(reasons)}" for code, reasons in list(by_reason(inside).items())[:_NAMED])
        yield f"{counted(len(inside), 'service')} can't take it: {codes} ..."


def _offers_table(explanation: ExplainedDecision) -> Table:
    table = plain_table()
    table.add_column("")
    table.add_column("Service", overflow="fold")
    for heading in ("Net", "VAT", "Gross", ""):
        table.add_column(heading, justify="left" if heading == "" else "right", no_wrap=True)
    table.add_column("Collected (UTC)", no_wrap=True)
    table.add_column("Delivered", no_wrap=True)
    for rank, offer in enumerate(explanation.offers, start=1):
        table.add_row(
            "→" if rank == 1 else str(rank),
            printable(offer.full_name),
            str(offer.price.net),
            str(offer.price.vat),
            str(offer.price.gross),
            offer.price.currency,
            f"{offer.collected:%a %d %b %H:%M}",
            f"{offer.delivered_on:%a %d %b}",
            style="green" if rank == 1 else None,
        )
    return table


def _prices_table(explanation: ExplainedDecision) -> Table:
    table = plain_table()
    table.add_column("Service", overflow="fold")
    table.add_column("Carrier", overflow="fold")
    table.add_column("Charged", justify="right", no_wrap=True)
    table.add_column("Net price", overflow="fold")
    table.add_column(f"More ({explanation.currency})", justify="right", no_wrap=True)
    for rank, offer in enumerate(explanation.offers, start=1):
        table.add_row(
            offer.service,
            printable(offer.carrier_name),
            _weight(offer),
            made_up_of(offer),
            "" if rank == 1 else _more(offer),
        )
    return table


def made_up_of(offer: ServiceOffer) -> str:
    """Return the lines of an offer's net price, as `Rate UK 3.05 + Fuel 0.20`."""
    return " + ".join(f"{printable(line.name)} {line.amount}" for line in offer.lines)


def _charged(offer: ServiceOffer) -> str:
    return f"Charged for {_weight(offer)}. " if offer.chargeable_weight_kg is not None else ""


def _weight(offer: ServiceOffer) -> str:
    weight = offer.chargeable_weight_kg
    return "-" if weight is None else f"{plain(round(weight, 3))} Kg"


def _more(offer: ServiceOffer) -> str:
    """Return how much more than the winner an offer costs; where something else than cost decided, it may be less."""
    return f"{offer.difference:+.2f}"
