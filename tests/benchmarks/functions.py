"""What is measured: our functions as `sam build` makes them, those of the recipe, and the limit.

All run under the same client of Lambda's, with the same boto3. All have bytecode: what `sam build` makes brings it, the
others write it when they first run, which is not counted.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from cli.paths import BUILD, LOCAL, ROOT, TEMPLATE
from cli.stack.build import build, build_lock, local_platform
from tests.benchmarks.catalogues import BANDS, plain_services
from tests.benchmarks.lambda_process import Function

_RUNTIME_PYTHON: Final = LOCAL / "runtime" / "bin" / "python"
_RECIPE_PACKAGES: Final = LOCAL / "recipe" / "lib"
FOLDER: Final = LOCAL / "bench"
_RECIPE: Final = "tests.benchmarks.recipe"
# By the name that a measurement says, the resource of `template.yaml` and the module of the recipe.
RESOURCES: Final = {
    "orders": "AllocateOrdersFunction",
    "publisher": "PublishAllocationsFunction",
    "api": "AllocationApiFunction",
    "authorizer": "ApiAuthorizerFunction",
}


def build_artifacts(log: Path) -> None:
    """Build the template as `sam build` does, unless nothing has changed."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with build_lock():
        build(local_platform(), log, {**os.environ, "SAM_CLI_TELEMETRY": "0"})


def recipe_packages() -> Path:
    """Return the folder with the packages of the recipe."""
    [folder] = _RECIPE_PACKAGES.glob("python3*/site-packages")
    return folder


def layers_of(name: str) -> tuple[Path, ...]:
    """Return the folders of the layers that one of our functions has. Those that a parameter adds are left out."""
    common = template()["Globals"]["Function"]["Layers"]
    own = template()["Resources"][RESOURCES[name]]["Properties"].get("Layers", ())
    return tuple(BUILD / layer for layer in (*own, *common) if isinstance(layer, str))


def megabytes_of(name: str) -> int:
    """Return the memory of one of our functions."""
    return whole_number(template()["Resources"][RESOURCES[name]]["Properties"]["MemorySize"])


def whole_number(value: Any) -> int:
    """Return a number of the template, or the default of the parameter that it refers to."""
    parameter = template()["Parameters"].get(value) if isinstance(value, str) else None
    return int(parameter["Default"] if parameter else value)


@cache
def template() -> dict[str, Any]:
    """Return the template as it is written, whose tags of CloudFormation are left out."""
    text = TEMPLATE.read_text("utf-8")
    return dict(yaml.load(text, Loader=_TagBlindLoader))  # noqa: S506 - a safe loader


class _TagBlindLoader(yaml.SafeLoader):
    """Reads what stands behind a tag as if it had none."""


def _without_tag(loader: yaml.SafeLoader, _suffix: str, node: yaml.Node) -> Any:
    match node:
        case yaml.ScalarNode():
            return loader.construct_scalar(node)
        case yaml.SequenceNode():
            return loader.construct_sequence(node)
        case yaml.MappingNode():
            return loader.construct_mapping(node)
        case _:
            raise TypeError(f"{node!r} is no YAML node")


_TagBlindLoader.add_multi_constructor("!", _without_tag)


@dataclass(frozen=True, slots=True)
class Setting:
    """How all functions of a measurement are set up."""

    port: int
    """Of the stub."""
    services: int = 66
    """How many carrier services the catalogue in the stack's own bucket has."""
    pro_mode: str = ""
    """The mode in which SortedPRO allocates; empty where the engine does."""
    keeps_consignments: bool = False
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def stub(self) -> str:
        """The address of the stub."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pro(self) -> dict[str, str]:
        """The settings that lead to SortedPRO, empty without it."""
        if not self.pro_mode:
            return {}
        group = {"SERVICE_GROUP_REFERENCE": "economy"} if self.pro_mode == "service_group" else {}
        return {"PRO_BASE_URL": f"{self.stub}/pro", "PRO_SECRET_NAME": "pro-key", **group}

    @property
    def bucket(self) -> str:
        """The bucket that has the catalogue."""
        return f"catalogues-{self.services}"


def product(name: str, setting: Setting) -> Function:
    """Return one of our functions, by its name in `RESOURCES`."""
    resource = RESOURCES[name]
    own = {
        "POWERTOOLS_SERVICE_NAME": name,
        "POWERTOOLS_METRICS_NAMESPACE": "CarrierAllocation/bench",
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "ALLOCATIONS_TABLE": "AllocationsTable",
        "LIMITS_TABLE": "LimitsTable",
        "CANCELLED_ORDERS_TABLE": "CancelledOrdersTable",
        "CATALOGUES_TABLE": "CataloguesTable",
        "CATALOGUE_BUCKET": setting.bucket,
        "API_BASE_URL": "https://api.example.com/live",
        "ALLOCATIONS_TOPIC_ARN": "arn:aws:sns:eu-west-2:000000000000:allocations",
        "STREAM_FAILURE_QUEUE_URL": f"{setting.stub}/000000000000/failures",
        "ORDER_QUEUE_URL": f"{setting.stub}/000000000000/orders",
        "ORDER_DLQ_URL": f"{setting.stub}/000000000000/dlq",
        "ORDER_QUEUE_VISIBILITY_SECONDS": "361",
        "ORDER_QUEUE_MAX_RECEIVES": "105",
        "API_KEYS_SECRET_NAME": "api-keys",
        **({"CONSIGNMENTS_TABLE": "ConsignmentsTable"} if setting.keeps_consignments or name == "api" else {}),
        **(_pro(setting) if setting.pro_mode else {}),
        **setting.more,
    }
    code = (BUILD / resource, *(layer / "python" for layer in layers_of(name)))
    return _function(f"ours-{name}", "app.handler", code, setting, own, megabytes_of(name))


def _pro(setting: Setting) -> dict[str, str]:
    tables = {"PRO_CIRCUITS_TABLE": "ProCircuitsTable", "PRO_CLAIMS_TABLE": "ProClaimsTable"}
    return {"ALLOCATOR": "pro", "ALLOCATION_MODE": setting.pro_mode, **tables, **setting.pro}


def recipe(name: str, setting: Setting) -> Function:
    """Return the recipe's counterpart of one of our functions, with as much memory."""
    own = {
        "POWERTOOLS_SERVICE_NAME": name,
        "POWERTOOLS_METRICS_NAMESPACE": "Recipe",
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "RECORDS_TABLE": "Records",
        "IDEMPOTENCY_TABLE": "Idempotency",
        "ALLOCATIONS_TOPIC_ARN": "arn:aws:sns:eu-west-2:000000000000:allocations",
        "API_KEYS_SECRET_NAME": "api-keys",
        "PRICE_LIST": str(price_list(setting.services)),
        **setting.pro,
    }
    code = (ROOT, recipe_packages())
    return _function(
        f"recipe-{name}", f"{_RECIPE.replace('.', '/')}/{name}.handler", code, setting, own, megabytes_of(name)
    )


def limit(setting: Setting) -> Function:
    """Return the function that only waits, with the memory of the one that takes orders."""
    return _function("limit", "tests/benchmarks/limit.handler", (ROOT,), setting, setting.pro, megabytes_of("orders"))


def _function(
    name: str, handler: str, code: tuple[Path, ...], setting: Setting, own: Mapping[str, str], megabytes: int
) -> Function:
    environment = {"AWS_ENDPOINT_URL": setting.stub, "AWS_EC2_METADATA_DISABLED": "true", **own}
    return Function(name, _RUNTIME_PYTHON, handler, code, environment, megabytes)


def price_list(services: int) -> Path:
    """Write the price list of the recipe, if it is not there. Return where it is."""
    path = FOLDER / f"price-list-{services}.json"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps([_listed(each) for each in plain_services(services)]), "utf-8")
    return path


def _listed(service: Any) -> dict[str, Any]:
    bands = {country: list(zip(BANDS, map(str, prices), strict=True)) for country, prices in service.prices.items()}
    return {"name": service.reference, "carrier": "ACME", "longest": service.longest, "prices": bands}
