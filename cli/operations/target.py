"""The stack that a command works on: the one that `carrier up` left running here, or one on AWS by its name."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)

from allocation.aws.dynamodb.catalogue_archive import DynamoDBCatalogueArchive
from allocation.aws.publisher_log import publisher_log
from allocation.domain.mode import AllocationMode, DefaultRules
from allocation.orders.mapping import OrderMapping
from allocation.orders.order_created import USUAL_RULES, ReadingRules
from allocation.records.explanations import Explanations
from cli.errors import UsageError, aws_complaint
from cli.operations.catalogue_use import Functions
from cli.operations.published_catalogues import PublishedCatalogues
from cli.operations.stack_parameters import (
    catalogue_reader,
    catalogues_of,
    functions_of,
    mode_of,
    own_mapping,
    reading_rules,
)
from cli.stack.clients import Clients, local_clients
from cli.stack.deploy import STACK_NAME
from cli.stack.detached import stack_port

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True)
class Target:
    """A deployed stack: clients of where it runs, and what it consists of."""

    name: str
    """What messages call it: the stack's name, and where it is."""
    sqs: "SQSClient"
    dynamodb: "DynamoDBClient"
    sns: "SNSClient"
    order_queue_url: str
    order_dlq_url: str
    stream_failure_queue_url: str
    allocations_table: str
    allocations_topic: str
    logs: Any
    """CloudWatch Logs."""
    publisher_log: str
    """The log group of the function that publishes."""
    explanations: Explanations
    """Reads the explanations that are kept with its records."""
    allocator_log: str = ""
    """The log group of the function that allocates orders."""
    stack: str = ""
    """Its name alone."""
    option: str = ""
    """What a command needs to work on this stack, as ` --stack NAME`; empty for the one on this machine."""
    consignments_table: str = ""
    """The kept consignments; empty for a stack without the API."""
    claims_table: str = ""
    """The claims on consignments; empty for a stack that allocates by the engine."""
    search_index_table: str = ""
    """The index of the console; empty for a stack without one."""
    mode: AllocationMode = field(default_factory=DefaultRules)
    """How its queue function allocates what no routing table has a row for."""
    reading: ReadingRules = USUAL_RULES
    """How its queue function reads orders, apart from an own mapping."""
    own_mapping: Callable[[], OrderMapping] | None = None
    """Reads the mapping of orders that it has of its own; None if it has none. Raises `CommandError`."""
    catalogue: Callable[[], str | None] | None = None
    """Reads the compiled catalogue that its functions use; None where that is the packaged one."""
    catalogues: Callable[[], PublishedCatalogues] | None = None
    """Makes the catalogues that it has in S3; None if its functions read theirs elsewhere."""
    replay_machine: str = ""
    """The state machine that replays all records; empty for a stack without one."""
    state_machines: Callable[[], Any] = lambda: None
    """Makes a client of Step Functions."""
    functions: Callable[[], Functions] = lambda: Functions({}, None)
    """Makes the functions that read its catalogue."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    make: Callable[[str], Any] = lambda service: boto3.client(service)  # type: ignore[call-overload]
    """Makes a client of any other service."""

    def reading_rules(self) -> ReadingRules:
        """Return how its queue function reads orders, with its own mapping. Raises `CommandError`."""
        return replace(self.reading, mapping=self.own_mapping().applied) if self.own_mapping else self.reading


def target(stack: str) -> Target:
    """Return the stack of this name on AWS, or the local one if the name is empty.

    Raises `UsageError` if there is none, or no way to ask for it.
    """
    return _on_aws(stack) if stack else _on_this_machine()


def _on_this_machine() -> Target:
    """Return the stack that `carrier up` left running."""
    port = stack_port()
    if port is None:
        raise UsageError(
            "No stack is up on this machine: `carrier up` starts one. For one on AWS give its name, as "
            "--stack carrier-allocation-dev."
        )
    clients = local_clients(port)
    return described(STACK_NAME, f"{STACK_NAME} on this machine", clients)


def _on_aws(stack: str) -> Target:
    """Return a stack on AWS, by the user's own credentials and region."""
    config = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=5, read_timeout=30)
    try:
        # boto3 is the only SDK of AWS that does not know AWS_REGION.
        session: Any = boto3.Session(region_name=os.environ.get("AWS_REGION") or None)
        services = ("cloudformation", "sqs", "dynamodb", "sns", "logs")
        make = partial(session.client, config=config)
        clients: Any = SimpleNamespace(**{name: make(name) for name in services}, make=make)
        return described(stack, f"{stack} in {session.region_name}", clients, f" --stack {stack}")
    except NoRegionError as error:
        raise UsageError("No AWS region is set: give AWS_REGION, or AWS_PROFILE of a profile that has one.") from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise UsageError(aws_complaint(error)) from error
    except ProfileNotFound as error:
        raise UsageError(f"{error}: give AWS_PROFILE of a profile that `aws configure list-profiles` shows.") from error


def described(stack: str, name: str, clients: Clients, option: str = "") -> Target:
    """Return the target that a stack's outputs describe. `option` is what commands need to work on it."""
    found, parameters = _outputs_and_parameters(clients.cloudformation, stack, name)
    try:
        return _target(stack, name, option, clients, found, parameters)
    except KeyError as error:
        raise UsageError(
            f"{name} has no output {error}: it is not a stack of this project, or its deployment is not complete. "
            "Check --stack."
        ) from error


def _target(
    stack: str, name: str, option: str, clients: Clients, found: dict[str, str], parameters: dict[str, str]
) -> Target:
    """Return the target of a stack's outputs and parameters. Raises `KeyError` for an output that is missing."""
    catalogues = catalogues_of(parameters, found, clients.make)
    return Target(
        name=name,
        sqs=clients.sqs,
        dynamodb=clients.dynamodb,
        sns=clients.sns,
        order_queue_url=found["OrderQueueUrl"],
        order_dlq_url=found["OrderDlqUrl"],
        stream_failure_queue_url=found["StreamFailureQueueUrl"],
        allocations_table=found["AllocationsTableName"],
        allocations_topic=found["AllocationsTopicArn"],
        logs=clients.logs,
        publisher_log=publisher_log(stack),
        allocator_log=allocator_log(stack),
        stack=stack,
        option=option,
        claims_table=found.get("ProClaimsTableName", ""),
        explanations=Explanations(
            DynamoDBCatalogueArchive(clients.dynamodb, found.get("CataloguesTableName", "-"), time.time)
        ),
        consignments_table=found.get("ConsignmentsTableName", ""),
        search_index_table=found.get("SearchIndexTableName", ""),
        replay_machine=found.get("ReplayStateMachineArn", ""),
        state_machines=lambda: clients.make("stepfunctions"),
        mode=mode_of(parameters),
        reading=reading_rules(parameters),
        own_mapping=own_mapping(parameters, clients.make),
        catalogue=catalogue_reader(parameters, catalogues, clients.make),
        catalogues=catalogues,
        functions=functions_of(found, clients.make),
        parameters=parameters,
        outputs=found,
        make=clients.make,
    )


def allocator_log(stack: str) -> str:
    """Return the log group of a stack's queue function, as the template names it."""
    return f"/aws/lambda/{stack}-allocate-orders"


def _outputs_and_parameters(
    cloudformation: "CloudFormationClient", stack: str, name: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the outputs of a stack and its parameters, both by their names."""
    try:
        (described_stack,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            raise UsageError(f"There is no stack {name}: check --stack, the region and the account.") from error
        raise
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described_stack.get("Outputs", [])}
    parameters = described_stack.get("Parameters", [])
    return outputs, {each["ParameterKey"]: each.get("ParameterValue", "") for each in parameters}
