"""Weights and sides in Kg and Cm, whatever unit they come in."""

import json
from decimal import Decimal

import pytest

from allocation.domain.consignment import Dimensions, Package
from allocation.orders.order_created import read_order
from tests.support.samples import A, order_event


def package_of(weight: dict[str, object], sides: dict[str, object]) -> Package:
    sent = {"Reference": A, "Packages": [{"Weight": weight, "Dimensions": sides}]}
    (consignment,) = read_order(json.dumps(order_event(consignments=[sent]))).order.consignments
    return consignment.packages[0]


@pytest.mark.parametrize(
    ("value", "unit", "kilograms"),
    [(2, "Kg", "2"), (250, "g", "0.25"), (1, "lb", "0.45359237"), (16, "OZ", "0.45359237"), (0.1, "KG", "0.1")],
)
def test_weights_are_read_in_kilograms(value: float, unit: str, kilograms: str) -> None:
    package = package_of({"Value": value, "Unit": unit}, {"Unit": "cm", "Width": 1, "Length": 1, "Height": 1})
    assert package.weight_kg == Decimal(kilograms)


@pytest.mark.parametrize(
    ("unit", "centimetres"),
    [
        ("Cm", ("1", "2", "12")),
        ("mm", ("0.1", "0.2", "1.2")),
        ("M", ("100", "200", "1200")),
        ("in", ("2.54", "5.08", "30.48")),
    ],
)
def test_sides_are_read_in_centimetres(unit: str, centimetres: tuple[str, str, str]) -> None:
    package = package_of({"Value": 1, "Unit": "kg"}, {"Unit": unit, "Length": 1, "Width": 2, "Height": 12})
    length, width, height = map(Decimal, centimetres)
    assert package.dimensions == Dimensions(length, width, height)
