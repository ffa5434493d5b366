"""Brings a stack up on a port: the emulator, the build, and the template deployed with the SAM CLI as on AWS."""

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic.alias_generators import to_pascal

from allocation.aws.file_stores import CATALOGUE_KEY
from allocation.domain.mode import AllocationMode
from cli.errors import CommandError
from cli.operations.publications import Candidate
from cli.operations.published_catalogues import PublishedCatalogues
from cli.output import Progress
from cli.paths import COMPILED_SAMPLE, SAM, SAM_SETTINGS, TEMPLATE
from cli.stack.build import BUILT_TEMPLATE, Platform, build, build_lock, local_platform, parameter_overrides
from cli.stack.clients import HOST, REGION, TEST_CREDENTIALS, Clients, endpoint, local_clients
from cli.stack.emulator import Emulator, running_emulator
from cli.stack.local_pro import LocalPro
from cli.stack.processes import end_of_log, run_logged

# As `samconfig.toml` has it for the environment `local`.
STACK_NAME: Final = "carrier-allocation-local"

OUTPUTS: Final = {
    "order_queue_url": "OrderQueueUrl",
    "order_dlq_url": "OrderDlqUrl",
    "allocations_table": "AllocationsTableName",
    "allocations_topic_arn": "AllocationsTopicArn",
}
API_OUTPUTS: Final = ("ApiId", "ApiKeysSecretArn", "AllocationApiFunctionName")
# Parameters of every local stack.
_LOCAL_PARAMETERS: Final = {"Stage": "local"}
# Parameters that the program sets itself, each with the option that does; none where the machine does.
OPTIONS: Final = {
    "Stage": "",
    "Runtime": "",
    "Architecture": "",
    "AllocationMode": "--mode",
    "ServiceGroupReference": "--group",
    "CarrierServiceReference": "--service",
    "Allocator": "--allocator",
    "ProBaseUrl": "--pro-url",
    "ProSecretName": "--pro-key",
}
# The template's parameters that say where the catalogue is: `bucket/key` in S3, or a profile of AppConfig.
CATALOGUE_OBJECT: Final = "CatalogueObject"
CATALOGUE_PROFILE: Final = "CatalogueConfiguration"
_API_STAGE: Final = "live"
# The alias of every function, which all that calls it calls.
ALIAS: Final = "live"
_KEY_NAME: Final = "local"


@dataclass(frozen=True, slots=True)
class Stack:
    """A deployed stack: the port of the local AWS, and the template's outputs."""

    port: int
    order_queue_url: str
    order_dlq_url: str
    allocations_table: str
    allocations_topic_arn: str
    api_url: str = ""
    """Empty for a stack without the API."""
    api_key: str = ""
    pro: LocalPro | None = None
    """The SortedPRO that allocates for it; None where the engine does."""

    def environment(self) -> dict[str, str]:
        """Return the variables of `.local/stack.env`."""
        api = {"API_URL": self.api_url, "API_KEY": self.api_key} if self.api_url else {}
        return {
            "AWS_ENDPOINT_URL": endpoint(self.port),
            "AWS_DEFAULT_REGION": REGION,
            **TEST_CREDENTIALS,
            "ORDER_QUEUE_URL": self.order_queue_url,
            "ORDER_DLQ_URL": self.order_dlq_url,
            "ALLOCATIONS_TABLE": self.allocations_table,
            "ALLOCATIONS_TOPIC_ARN": self.allocations_topic_arn,
            **api,
            **(self.pro.shown if self.pro else {}),
        }


@dataclass(frozen=True, slots=True)
class Deployment:
    """A stack that takes orders, and what it runs on."""

    emulator: Emulator
    clients: Clients
    stack: Stack


@contextmanager
def deployed(
    port: int,
    parameters: Mapping[str, str],
    folder: Path,
    progress: Progress,
    kept_open: tuple[int, ...] = (),
    catalogue: Candidate | None = None,
    pro: LocalPro | None = None,
) -> Iterator[Deployment]:
    """Deploy a stack on a free port. It ends with the block unless its emulator is told to `keep`.

    `parameters` are those of `template.yaml`; `folder` gets the logs and the temporary files. A `catalogue` is
    published to the stack. `pro` allocates for it, instead of the engine. Raises `CommandError` if a step fails.
    """
    parameters = {**parameters, **(pro.parameters if pro else {})}
    with running_emulator(port, folder, kept_open, pro) as emulator:
        progress.print(f"The local AWS runs on {HOST}:{port}")
        if pro:
            progress.print(f"{'An imitation of SortedPRO' if pro.listening else 'SortedPRO'} allocates at {pro.url}")
            pro.keep_key(local_clients(port))
        platform, clients = local_platform(), local_clients(port)
        with build_lock():
            with progress.step("Building the functions with sam build") as step:
                if not build(platform, folder / "build.log", _sam_settings(emulator)):
                    step.update("Nothing to build: no source has changed")
            with progress.step("Deploying template.yaml with sam deploy"):
                _provide_buckets(clients, parameters)
                stack = deploy(emulator, clients, platform, parameters)
            if catalogue is not None:
                _publish(clients, parameters, catalogue)
        yield Deployment(emulator, clients, replace(stack, pro=pro))


def _provide_buckets(clients: Clients, parameters: Mapping[str, str]) -> None:
    """Make the buckets that parameters name, the catalogue's with the sample: nothing is in a local AWS yet."""
    for name in (CATALOGUE_OBJECT, "ExistingCatalogueBucket", "OrderMappingObject"):
        bucket, _, key = parameters.get(name, "").partition("/")
        if bucket:
            clients.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
            clients.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        if name == CATALOGUE_OBJECT and key:
            clients.s3.put_object(Bucket=bucket, Key=key, Body=COMPILED_SAMPLE.read_bytes())


def _publish(clients: Clients, parameters: Mapping[str, str], catalogue: Candidate) -> None:
    """Put a catalogue where the stack reads it. No function has run yet, so the first order finds it."""
    own = f"{stack_outputs(clients).get('CatalogueBucketName')}/{CATALOGUE_KEY}"
    bucket, _, key = (parameters.get(CATALOGUE_OBJECT) or own).partition("/")
    place = PublishedCatalogues(clients.s3, bucket, key)
    put = place.put(catalogue.compiled, place.current())
    place.describe(put, catalogue.written, catalogue.publication(datetime.now(UTC)))


def mode_parameters(mode: AllocationMode) -> dict[str, str]:
    """Return the parameters of `template.yaml` that set this mode."""
    parameters = {"AllocationMode": mode.name.value}
    if mode.reference is not None:
        # The template's parameter has the mode's name: `ServiceGroupReference` for `service_group`.
        parameters[to_pascal(f"{mode.name}_reference")] = mode.reference
    return parameters


def settable_parameters() -> frozenset[str]:
    """Return the template's parameters that a person may set for a local stack: what decides how it is built is ours.

    The mode has options of its own.
    """
    template: Any = yaml.compose(TEMPLATE.read_text("utf-8"), Loader=yaml.SafeLoader)
    sections = {name.value: section for name, section in template.value}
    return frozenset(name.value for name, _ in sections["Parameters"].value) - OPTIONS.keys()


def stack_outputs(clients: Clients) -> dict[str, str]:
    """Return the outputs of the deployed stack by name."""
    stacks = clients.cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", [])}


def deploy(emulator: Emulator, clients: Clients, platform: Platform, parameters: Mapping[str, str]) -> Stack:
    """Deploy what was built. Raises `CommandError`, with the log's end, if SAM or the stack fails."""
    overrides = {**_LOCAL_PARAMETERS, **platform.template_parameters(), **parameters}
    command = [str(SAM), "deploy", "--config-file", str(SAM_SETTINGS), "--config-env", "local"]
    template = ["--template-file", str(BUILT_TEMPLATE), "--use-json"]
    options = [*template, "--no-progressbar", *parameter_overrides(overrides)]
    log = emulator.folder / "deploy.log"
    run_logged([*command, *options], "sam deploy", log, _sam_settings(emulator))
    outputs = stack_outputs(clients)
    has_api = API_OUTPUTS[0] in outputs
    missing = [each for each in (*OUTPUTS.values(), *(API_OUTPUTS if has_api else ())) if each not in outputs]
    if missing:
        raise CommandError(f"The deployed stack lacks the output {missing[0]}.\n{end_of_log(log)}")
    named: dict[str, Any] = {field: outputs[output] for field, output in OUTPUTS.items()}
    stack = Stack(emulator.port, **named)
    if not has_api:
        return stack
    url = f"{endpoint(emulator.port)}/_aws/execute-api/{outputs['ApiId']}/{_API_STAGE}"
    return replace(stack, api_url=url, api_key=_open_api(clients, outputs, url))


def _sam_settings(emulator: Emulator) -> dict[str, str]:
    """Return SAM's environment: no telemetry, frequent polls, and its notes not in the user's home."""
    own = {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.2", "__SAM_CLI_APP_DIR": str(emulator.folder / "sam")}
    return {**emulator.environment(), **own}


def _open_api(clients: Clients, outputs: Mapping[str, str], url: str) -> str:
    """Give the API at `url` a new key, and return the key."""
    key = secrets.token_urlsafe(24)
    hashes = {_KEY_NAME: hashlib.sha256(key.encode()).hexdigest()}
    clients.secretsmanager.put_secret_value(SecretId=outputs["ApiKeysSecretArn"], SecretString=json.dumps(hashes))
    for function in ("AllocationApiFunctionName", "AllocateOrdersFunctionName"):
        _set_api_address(clients, outputs[function], url)
    return key


def _set_api_address(clients: Clients, function: str, url: str) -> None:
    """Tell a function where the API is: MiniStack serves it below a path of its own, which is in no event."""
    environment = clients.functions.get_function_configuration(FunctionName=function)["Environment"]
    variables = {**environment["Variables"], "API_BASE_URL": url}
    clients.functions.update_function_configuration(FunctionName=function, Environment={"Variables": variables})
    version = clients.functions.publish_version(FunctionName=function)["Version"]
    clients.functions.update_alias(FunctionName=function, Name=ALIAS, FunctionVersion=version)
