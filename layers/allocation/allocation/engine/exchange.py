"""Exchange rates: what amounts of different currencies are worth in one of them, on a day."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from allocation.engine.loaded_catalogue import Catalogue


def exchange_rate(catalogue: Catalogue, currency: str, day: date) -> Decimal | None:
    """Return what one unit of `currency` is worth in the catalogue's own on that day, or None without a rate."""
    if currency == catalogue.currency:
        return Decimal(1)
    rates = (rate for rate in catalogue.exchange_rates if rate.currency == currency and rate.validity.covers(day))
    return next((rate.rate for rate in rates), None)


def total_in(rate_of: Callable[[str], Decimal | None], values: Mapping[str, Decimal], currency: str) -> Decimal | None:
    """Return the sum of amounts in `currency`, exact where all are in it already; None where a rate is missing.

    `rate_of` returns what one unit of a currency is worth in the catalogue's own.
    """
    if len(values) == 1 and currency in values:
        return values[currency]
    own, total = rate_of(currency), Decimal(0)
    for key, amount in values.items():
        rate = rate_of(key)
        if rate is None or own is None:
            return None
        total += amount * rate
    return total / own if own else total
