"""What the parameters and outputs of a stack say of how it allocates, and of where it reads what it allocates by."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from pydantic.alias_generators import to_pascal

from allocation.aws.file_stores import CATALOGUE_KEY, store_at
from allocation.domain.mode import AllocationMode, ModeName, allocation_mode
from allocation.orders.mapping import OrderMapping, packaged_mapping
from allocation.orders.order_created import ReadingRules
from allocation.settings import event_types
from cli.operations.catalogue_use import Functions
from cli.operations.published_catalogues import PublishedCatalogues
from cli.order_mappings import deployed_mapping
from cli.stack.deploy import ALIAS


def mode_of(parameters: Mapping[str, str]) -> AllocationMode:
    """Return the mode of a stack with these parameters."""
    name = parameters.get("AllocationMode", ModeName.DEFAULT_RULES.value)
    reference = parameters.get(f"{to_pascal(name)}Reference")
    return allocation_mode(name, reference)


def reading_rules(parameters: Mapping[str, str]) -> ReadingRules:
    """Return how a stack with these parameters reads orders, as the composition root sets it up."""
    mapping = parameters.get("OrderMapping", "")
    return ReadingRules(
        event_types(parameters.get("OrderCreatedTypes", "")),
        only_pro_references=parameters.get("Allocator") == "pro",
        creates_in_pro=parameters.get("Allocator") == "pro" and parameters.get("CreateInPro") == "on",
        mapping=packaged_mapping(mapping).applied if mapping else None,
    )


def own_mapping(parameters: Mapping[str, str], client: Callable[[str], Any]) -> Callable[[], OrderMapping] | None:
    """Return what reads the mapping that the stack's parameters name in S3 or AppConfig, or None."""
    for scheme, parameter in (("s3", "OrderMappingObject"), ("appconfig", "OrderMappingConfiguration")):
        if place := parameters.get(parameter):
            return partial(deployed_mapping, f"{scheme}://{place}", client)
    return None


def catalogues_of(
    parameters: Mapping[str, str], outputs: Mapping[str, str], client: Callable[[str], Any]
) -> Callable[[], PublishedCatalogues] | None:
    """Return what makes the catalogues that a stack has in S3, in its own bucket or elsewhere, or None."""
    own = outputs.get("CatalogueBucketName", "")
    bucket, _, key = (parameters.get("CatalogueObject") or (own and f"{own}/{CATALOGUE_KEY}")).partition("/")
    return (lambda: PublishedCatalogues(client("s3"), bucket, key)) if bucket else None


def functions_of(outputs: Mapping[str, str], client: Callable[[str], Any]) -> Callable[[], Functions]:
    """Return what makes the functions that read the catalogue."""
    outputs_by_name = {"allocate-orders": "AllocateOrdersFunctionName", "allocation-api": "AllocationApiFunctionName"}
    names = {name: f"{outputs[output]}:{ALIAS}" for name, output in outputs_by_name.items() if output in outputs}
    return lambda: Functions(names, client("lambda"))


def catalogue_reader(
    parameters: Mapping[str, str], catalogues: Callable[[], PublishedCatalogues] | None, client: Callable[[str], Any]
) -> Callable[[], str | None] | None:
    """Return what reads the compiled catalogue from where the stack has it, or None if it has no place for one."""

    def from_s3() -> str | None:
        current = catalogues().current() if catalogues else None
        return current and current.compiled

    def from_appconfig() -> str:
        found = store_at(f"appconfig://{parameters['CatalogueConfiguration']}", client).changed()
        return found.content.decode() if found and found.content else ""

    return from_appconfig if parameters.get("CatalogueConfiguration") else from_s3 if catalogues else None
