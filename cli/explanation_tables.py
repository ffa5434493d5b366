"""An assessment as tables that a shipping manager understands: winner first, runners-up, the excluded with reasons."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from rich.console import Console, JustifyMethod
from rich.table import Table

from allocation.engine.assessment import Assessment, Exclusion
from allocation.engine.checks import NOT_IN_GROUP, NOT_REQUESTED
from allocation.engine.engine import Engine, Offer
from allocation.engine.explanation import inputs_digest, shortened
from allocation.engine.pricing import Breakdown
from allocation.engine.wording import actual, expected, plain

PIPED_WIDTH: Final = 160
ALL_COLUMNS_WIDTH: Final = 110
HEADINGS: Final = (
    "",
    "Service",
    "Carrier",
    "Net",
    "VAT",
    "Gross",
    "More",
    "Collected (UTC)",
    "Delivered",
    "Made up of",
)
LEFT_OUT_WHEN_NARROW: Final = {"Carrier", "VAT"}


def print_assessment(console: Console, engine: Engine, assessment: Assessment) -> None:
    """Prints what was asked, the offers and the excluded services."""
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    inquiry = assessment.question.inquiry
    weight = ", ".join(f"{plain(package.weight)} Kg" for package in inquiry.packages)
    console.print(
        f"{inquiry.consignment.reference}: {len(inquiry.packages)} package(s) of {weight}, catalogue "
        f"{engine.catalogue.version}, prices of {date.fromordinal(assessment.question.day)}",
        markup=False,
    )
    console.print(
        f"As of {datetime.fromtimestamp(assessment.question.moment, UTC):%Y-%m-%d %H:%M:%S}Z; digests: "
        f"catalogue {shortened(engine.catalogue.digest)}, inputs {shortened(inputs_digest(inquiry))}",
        markup=False,
    )
    narrow = console.width < ALL_COLUMNS_WIDTH
    offers = offers_table(engine, assessment, narrow=narrow) if assessment.offers else "No carrier service can take it."
    console.print(offers)
    outside = [item for item in assessment.excluded if {NOT_IN_GROUP, NOT_REQUESTED} & set(item.failed)]
    inside = [item for item in assessment.excluded if item not in outside]
    if inside:
        console.print(excluded_table(engine, assessment, inside))
    if outside:
        console.print(f"{len(outside)} more services were not asked for.")


def offers_table(engine: Engine, assessment: Assessment, *, narrow: bool) -> Table:
    """The offers, best first; a narrow table has fewer columns."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", title_justify="left")
    shown = [heading for heading in HEADINGS if not narrow or heading not in LEFT_OUT_WHEN_NARROW]
    for heading in shown:
        justify: JustifyMethod = "right" if heading in {"Net", "VAT", "Gross", "More"} else "left"
        table.add_column(heading, justify=justify, no_wrap=heading == "Service")
    for rank, offer in enumerate(assessment.offers, start=1):
        cells = dict(zip(HEADINGS, offer_cells(engine, assessment, offer, rank), strict=True))
        table.add_row(*(cells[heading] for heading in shown), style="green" if rank == 1 else None)
    return table


def offer_cells(engine: Engine, assessment: Assessment, offer: Offer, rank: int) -> Iterator[str]:
    """The cells of one offer."""
    service = engine.index.services[offer.position]
    breakdown = engine.breakdown(assessment.question, offer.position)
    collected = datetime.fromtimestamp(offer.dates.collected_at, UTC)
    yield "→" if rank == 1 else str(rank)
    yield f"{service.reference} {service.name}"
    yield service.carrier.name
    yield from price_cells(breakdown)
    yield "" if rank == 1 else f"+{offer.cost - assessment.offers[0].cost:.2f} {engine.catalogue.currency}"
    yield f"{collected:%a %d %b %H:%M}"
    yield f"{date.fromordinal(offer.dates.delivery_day):%a %d %b}"
    yield made_up_of(engine, assessment, offer, breakdown) if breakdown else ""


def made_up_of(engine: Engine, assessment: Assessment, offer: Offer, breakdown: Breakdown) -> str:
    """The lines of a price, with the weight that was charged where it is not the one on the scales."""
    question = assessment.question
    charged = sum(engine.book.chargeable_weights(question.pricing, offer.position), Decimal(0))
    on_the_scales = sum((package.weight for package in question.inquiry.packages), Decimal(0))
    rate, *surcharges = (f"{line.name} {line.amount}" for line in breakdown.lines)
    weighed = rate if charged == on_the_scales else f"{rate} ({plain(charged)} Kg)"
    return " + ".join([weighed, *surcharges])


def price_cells(breakdown: Breakdown | None) -> tuple[str, str, str]:
    """Net, VAT and gross."""
    if breakdown is None:
        return ("", "", "")
    price = breakdown.price
    return (f"{price.net} {price.currency}", str(price.vat), str(price.gross))


def excluded_table(engine: Engine, assessment: Assessment, excluded: list[Exclusion]) -> Table:
    """The services that can't take the consignment, one line a reason."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("Left out", "Reason", "Wanted", "Is"):
        table.add_column(heading, no_wrap=heading == "Left out")
    for exclusion in excluded:
        service = engine.index.services[exclusion.position]
        name = f"{service.reference} {service.name}"
        for number, check in enumerate(exclusion.failed):
            wanted = expected(check, engine, assessment.question, exclusion.position)
            is_ = actual(check, assessment.question.inquiry)
            table.add_row("" if number else name, check.code, wanted, is_, style="dim")
    return table
