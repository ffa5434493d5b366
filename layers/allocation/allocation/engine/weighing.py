"""Chargeable weights: actual or volumetric, whichever is more, rounded as the service does."""

from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal

from allocation.engine.conditions import packages_holding
from allocation.engine.loaded_prices import AS_PRICED, Divisor, Weighing
from allocation.engine.measures import Measured, PackageMeasures


def weigh(
    packages: Sequence[PackageMeasures], divisor: Divisor | None, *, by_package: bool, weighing: Weighing = AS_PRICED
) -> list[Decimal]:
    """Return the chargeable Kg of each package, in their order, or one weight for all where they are weighed together.

    `by_package` says whether the service has a price for each package.
    """
    if weighing is AS_PRICED and len(packages) == 1:
        (package,) = packages
        return [package.weight if divisor is None else max(package.weight, divisor.kilograms(package.volume))]
    volumetric = _volumetric(packages, divisor, weighing)
    if len(packages) == 1 or by_package or weighing.by_package:
        return [
            _charged(package.weight, package.volume, part, weighing)
            for package, part in zip(packages, volumetric, strict=True)
        ]
    weight = sum((package.weight for package in packages), Decimal(0))
    volume = sum((package.volume for package in packages), Decimal(0))
    return [_charged(weight, volume, divisor if any(volumetric) else None, weighing)]


def priced_weights(weights: list[Decimal], *, by_package: bool) -> list[Decimal]:
    """Return the Kg that rates are asked for, from those that are weighed."""
    return weights if by_package or len(weights) == 1 else [sum(weights, Decimal(0))]


def _volumetric(
    packages: Sequence[PackageMeasures], divisor: Divisor | None, weighing: Weighing
) -> list[Divisor | None]:
    """Return the divisor for each package, or None for one whose volume does not count."""
    if divisor is None or weighing.volumetric_when is None:
        return [divisor] * len(packages)
    picked = packages_holding(weighing.volumetric_when, Measured(packages))
    return [divisor if holds else None for holds in picked]


def _charged(weight: Decimal, volume: Decimal, divisor: Divisor | None, weighing: Weighing) -> Decimal:
    charged = weight if divisor is None else max(weight, divisor.kilograms(volume))
    if weighing.minimum is not None:
        charged = max(charged, weighing.minimum)
    for up_to, step in weighing.steps:
        if up_to is None or charged <= up_to:
            return (charged / step).to_integral_value(ROUND_CEILING) * step
    return charged
