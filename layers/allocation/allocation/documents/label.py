"""What stands on the labels of a consignment: one label a package, and of several carriers one each."""

from dataclasses import dataclass

from allocation.consignments.allocatable_consignment import Weight
from allocation.consignments.full_consignment import FullAddress, FullConsignment
from allocation.consignments.strict_values import KILOGRAMS
from allocation.documents.addresses import address_lines
from allocation.documents.errors import LabelDataError, Problem
from allocation.documents.writing import weight_text
from allocation.domain.summary import AllocationSummary, ConsignmentLeg


@dataclass(frozen=True, slots=True)
class Label:
    """The words of one label, as they are in the consignment."""

    tracking_reference: str
    tracking_target: str
    """Where the tracking reference stands in the Allocation Summary."""
    carrier: str
    service: str
    destination: tuple[str, ...]
    sender: tuple[str, ...]
    consignment: str
    customer_reference: str
    weight: str
    package: int
    packages: int
    leg: int
    legs: int


def labels_of(consignment: FullConsignment, summary: AllocationSummary) -> tuple[Label, ...]:
    """The labels, package by package and, within a package, leg by leg; numbers count from 1.

    Raises `LabelDataError` where packages, legs or tracking references are missing: an allocated consignment has them.
    """
    problems = missing_for_labels(consignment, summary)
    if problems:
        raise LabelDataError(problems)
    return tuple(
        label(consignment, summary, package, leg)
        for package in range(len(consignment.packages))
        for leg in range(len(summary.consignment_legs))
    )


def missing_for_labels(consignment: FullConsignment, summary: AllocationSummary) -> list[Problem]:
    """What a label can't do without."""
    problems = []
    if not consignment.packages:
        problems.append(Problem("Packages", "is empty: a label belongs to a package"))
    if consignment.address("Destination") is None:
        problems.append(Problem("Addresses", "has no Destination"))
    if not summary.consignment_legs:
        problems.append(Problem("ConsignmentLegs", "is empty: allocate the consignment first"))
    for at, leg in enumerate(summary.consignment_legs):
        if len(leg.tracking_references) not in {1, len(consignment.packages)}:
            wanted = f"has {len(leg.tracking_references)} members: one for all packages or one for each is needed"
            problems.append(Problem(f"ConsignmentLegs[{at}].TrackingReferences", wanted))
    return problems


def label(consignment: FullConsignment, summary: AllocationSummary, package_at: int, leg_at: int) -> Label:
    """The label of one package on one leg."""
    leg, package = summary.consignment_legs[leg_at], consignment.packages[package_at]
    reference_at = package_at if len(leg.tracking_references) > 1 else 0
    return Label(
        tracking_reference=leg.tracking_references[reference_at],
        tracking_target=f"ConsignmentLegs[{leg_at}].TrackingReferences[{reference_at}]",
        carrier=carrier_of(leg, summary),
        service=summary.carrier_service_name or summary.carrier_service_reference or "",
        destination=address_lines(consignment.address("Destination")),
        sender=address_lines(return_address(consignment)),
        consignment=consignment.reference,
        customer_reference=consignment.consignment_reference_provided_by_customer or "",
        weight=weight_in_kg(package.weight),
        package=package_at + 1,
        packages=len(consignment.packages),
        leg=leg_at + 1,
        legs=len(summary.consignment_legs),
    )


def carrier_of(leg: ConsignmentLeg, summary: AllocationSummary) -> str:
    """Who carries this leg."""
    return leg.carrier_name or leg.carrier_reference or summary.carrier_name or ""


def return_address(consignment: FullConsignment) -> FullAddress | None:
    """Where a package goes that can't be delivered: the address for returns, or else the origin."""
    return consignment.address("Return") or consignment.address("Origin")


def weight_in_kg(weight: Weight) -> str:
    """A weight for people."""
    return weight_text(weight.value * KILOGRAMS[weight.unit])
