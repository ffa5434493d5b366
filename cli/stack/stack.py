"""Deploys the template to the local AWS with the SAM CLI, as it would be deployed to AWS."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, assert_never

from allocation.domain.mode import AllocationMode, CarrierService, DefaultRules, ServiceGroup
from cli.errors import CommandError
from cli.paths import BUILD, SAM, SAM_SETTINGS
from cli.stack.api import api_url, open_api
from cli.stack.build import Target, parameter_overrides
from cli.stack.clients import Clients
from cli.stack.emulator import Emulator
from cli.stack.environment import REGION, TEST_CREDENTIALS, endpoint
from cli.stack.processes import end_of_log, run_logged

STACK_NAME: Final = "carrier-allocation-local"
"""As `samconfig.toml` has it for the environment `local`."""
OUTPUTS: Final = {
    "order_queue_url": "OrderQueueUrl",
    "order_dlq_url": "OrderDlqUrl",
    "allocations_table": "AllocationsTableName",
    "allocations_topic_arn": "AllocationsTopicArn",
}
API_OUTPUTS: Final = ("ApiId", "ApiKeysSecretArn", "AllocationApiFunctionName")
LOCAL: Final = {"Stage": "local", "ProPatienceSeconds": "5"}
"""Parameters of a local stack: its PRO stands beside it, and is done soon with what it was sent."""


@dataclass(frozen=True, slots=True)
class Stack:
    """What a deployed stack is talked to by: the port of the local AWS, and the template's outputs."""

    port: int
    order_queue_url: str
    order_dlq_url: str
    allocations_table: str
    allocations_topic_arn: str
    api_url: str
    api_key: str

    def environment(self) -> dict[str, str]:
        """What `.local/stack.env` tells."""
        return {
            "AWS_ENDPOINT_URL": endpoint(self.port),
            "AWS_DEFAULT_REGION": REGION,
            **TEST_CREDENTIALS,
            "ORDER_QUEUE_URL": self.order_queue_url,
            "ORDER_DLQ_URL": self.order_dlq_url,
            "ALLOCATIONS_TABLE": self.allocations_table,
            "ALLOCATIONS_TOPIC_ARN": self.allocations_topic_arn,
            "API_URL": self.api_url,
            "API_KEY": self.api_key,
        }


def deploy(emulator: Emulator, clients: Clients, target: Target, parameters: Mapping[str, str]) -> Stack:
    """Deploys what was built. Raises `CommandError`, with the log's end, if SAM or the stack fails."""
    overrides = {**LOCAL, **target.template_parameters(), **parameters}
    command = [str(SAM), "deploy", "--config-file", str(SAM_SETTINGS), "--config-env", "local"]
    template = ["--template-file", str(BUILD / "template.yaml")]
    options = [*template, "--no-progressbar", *parameter_overrides(overrides)]
    log = emulator.folder / "deploy.log"
    run_logged([*command, *options], "sam deploy", log, sam_settings(emulator))
    outputs = stack_outputs(clients)
    missing = [output for output in (*OUTPUTS.values(), *API_OUTPUTS) if output not in outputs]
    if missing:
        raise CommandError(f"The deployed stack lacks the output {missing[0]}.\n{end_of_log(log)}")
    url = api_url(emulator.port, outputs["ApiId"])
    return Stack(
        emulator.port,
        **{field: outputs[output] for field, output in OUTPUTS.items()},
        api_url=url,
        api_key=open_api(clients, outputs, url),
    )


def mode_parameters(mode: AllocationMode) -> dict[str, str]:
    """Return the parameters of `template.yaml` that set this mode."""
    match mode:
        case DefaultRules():
            return {"AllocationMode": mode.name}
        case ServiceGroup():
            return {"AllocationMode": mode.name, "ServiceGroupReference": mode.reference}
        case CarrierService():
            return {"AllocationMode": mode.name, "CarrierServiceReference": mode.reference}
        case _:
            assert_never(mode)


def sam_settings(emulator: Emulator) -> dict[str, str]:
    """SAM's environment: it tells nobody, polls often, and keeps its notes out of the user's home."""
    own = {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.2", "__SAM_CLI_APP_DIR": str(emulator.folder / "sam")}
    return {**emulator.environment(), **own}


def stack_outputs(clients: Clients) -> dict[str, str]:
    """The outputs of the deployed stack by name."""
    stacks = clients.cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", [])}
