"""The whole answer to a question: every service of the catalogue either has an offer or has failed some checks."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from allocation.engine import checks
from allocation.engine.checks import Check
from allocation.engine.engine import Engine, Offer, Question
from allocation.engine.masks import Mask, positions_of
from allocation.engine.prices import PriceCell


class Exclusion(NamedTuple):
    """A service that can't take the consignment, and every check it failed."""

    position: int
    failed: tuple[Check, ...]


class Assessment(NamedTuple):
    """All services: the offers, best first, and the others in the order of their references."""

    question: Question
    offers: Sequence[Offer]
    excluded: Sequence[Exclusion]

    @property
    def winner(self) -> Offer | None:
        """The offer that an allocation takes."""
        return self.offers[0] if self.offers else None


def assess(engine: Engine, question: Question) -> Assessment:
    """Looks at every service of the catalogue."""
    cells = engine.book.cells(question.pricing)
    failures = [(check, mask) for check, mask in (*question.failures, *_price_failures(question, cells)) if mask]
    excluded = [
        Exclusion(position, failed)
        for group, failed in _alike(failures, engine.index.everything)
        for position in positions_of(group)
    ]
    excluded.sort()
    return Assessment(question, engine.offers(question, cells), excluded)


def _price_failures(question: Question, cells: Sequence[PriceCell]) -> Iterator[tuple[Check, Mask]]:
    """The services that go there and have no price, or none that can be compared."""
    elsewhere = next((mask for check, mask in question.failures if check is checks.DESTINATION), 0)
    unpriced = incomparable = 0
    for cell in cells:
        unpriced |= cell.unpriced
        incomparable |= cell.incomparable
    yield checks.NO_PRICE, unpriced & ~elsewhere
    yield checks.CURRENCY, incomparable & ~elsewhere


def _alike(failures: Sequence[tuple[Check, Mask]], everything: Mask) -> list[tuple[Mask, tuple[Check, ...]]]:
    """The services in groups that failed the same checks; those that failed none are left out."""
    groups: list[tuple[Mask, tuple[Check, ...]]] = [(everything, ())]
    for check, failing in failures:
        parts = []
        for group, failed in groups:
            if inside := group & failing:
                parts.append((inside, (*failed, check)))
            if outside := group & ~failing:
                parts.append((outside, failed))
        groups = parts
    return [(group, failed) for group, failed in groups if failed]
