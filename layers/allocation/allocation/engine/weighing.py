"""Chargeable weights: actual or volumetric, whichever is more, rounded as the service does."""

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from allocation.engine.conditions import packages_holding, packages_picked
from allocation.engine.loaded_prices import AS_PRICED, Divisor, Weighing
from allocation.engine.measures import LOADING_METRE, Measured, PackageMeasures


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
    volumes = [_volume(package, weighing.side_step) for package in packages]
    least = _least(packages, weighing)
    if weighing.per_loading_metre is not None:
        footprints = [package.footprint for package in packages]
        if not (len(packages) == 1 or by_package or weighing.by_package):
            footprints = [sum(footprints, Decimal(0))] * len(packages)
        room = [footprint * weighing.per_loading_metre / LOADING_METRE for footprint in footprints]
        least = [max(pair) for pair in zip(least, room, strict=True)]
    if len(packages) == 1 or by_package or weighing.by_package:
        return [
            _charged(max(package.weight, bound), volume, part, weighing)
            for package, volume, part, bound in zip(packages, volumes, volumetric, least, strict=True)
        ]
    weight = max(sum((package.weight for package in packages), Decimal(0)), *least)
    return [_charged(weight, sum(volumes, Decimal(0)), divisor if any(volumetric) else None, weighing)]


def priced_weights(weights: Sequence[Decimal], *, by_package: bool) -> Sequence[Decimal]:
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


def _volume(package: PackageMeasures, step: Decimal | None) -> Decimal:
    """Return the cubic Cm of a package, or of its sides as they are rounded."""
    if step is None:
        return package.volume
    sides = (package.length, package.width, package.height)
    length, width, height = ((side / step).to_integral_value(ROUND_HALF_UP) * step for side in sides)
    return length * width * height


def _least(packages: Sequence[PackageMeasures], weighing: Weighing) -> list[Decimal]:
    """Return what each package counts at least: the most of what it is concerned by, or 0."""
    bounds = [Decimal(0)] * len(packages)
    for least in weighing.least:
        picked = packages_picked(least.over, least.when, Measured(packages))
        bounds = [max(bound, least.weight) if holds else bound for bound, holds in zip(bounds, picked, strict=True)]
    return bounds


def _charged(weight: Decimal, volume: Decimal, divisor: Divisor | None, weighing: Weighing) -> Decimal:
    charged = weight if divisor is None else max(weight, divisor.kilograms(volume))
    if weighing.minimum is not None:
        charged = max(charged, weighing.minimum)
    for up_to, step in weighing.steps:
        if up_to is None or charged <= up_to:
            return (charged / step).to_integral_value(ROUND_CEILING) * step
    return charged
