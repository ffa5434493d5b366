"""Exchange rates: what amounts of different currencies are worth in one of them, on a day."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from allocation.engine.loaded_catalogue import Catalogue


def exchange_rate(catalogue: Catalogue, currency: str, day: date) -> Decimal | None:
    """Return what one unit of `currency` is worth in the catalogue's own on that day, or None without a rate."""
    if currency == catalogue.currency:
        return Decimal(1)
    rates = (rate for rate in catalogue.exchange_rates if rate.currency == currency and rate.validity.covers(day))
    return next((rate.rate for rate in rates), None)


def total_in(catalogue: Catalogue, values: Mapping[str, Decimal], currency: str, day: date) -> Decimal | None:
    """Return the sum of amounts in `currency`, exact where all are in it already; None where a rate is missing."""
    if not values.keys() - {currency}:
        return values.get(currency, Decimal(0))
    own = exchange_rate(catalogue, currency, day)
    if own is None:
        return None
    total = Decimal(0)
    for key, amount in values.items():
        rate = exchange_rate(catalogue, key, day)
        if rate is None:
            return None
        total += amount * rate
    return total / own
