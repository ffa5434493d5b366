"""What the smoke test looks at beside orders: whether an alarm reaches its topic, and what protects production."""

import json
import uuid
from typing import Any, Final

from cli.errors import CommandError
from cli.operations.smoke_checks import SkippedError, awaited
from cli.operations.target import Target
from cli.stack.observer import subscribed, take_all

# The alarm that is rung: its reader is told in the reason that nothing is wrong.
_ALARM: Final = "OrderDlqAlarm"
_REASON: Final = "Smoke test of `carrier smoke`: nothing is wrong."
_PRODUCTION: Final = "prod"


def alarm_is_heard(target: Target, patience_seconds: float, *, may: bool) -> str:
    """Ring an alarm if that `may` be, and wait until its topic delivers it. Return what was heard."""
    topic = target.parameters.get("AlarmTopicArn", "")
    if not topic:
        told = "AlarmTopicArn is empty: an alarm would reach nobody"
        raise CommandError(told) if _is_production(target) else SkippedError(told)
    if not may:
        raise SkippedError("who is on call would be called: add --all to ring one")
    stack = _stack(target)["StackName"]
    resource = target.make("cloudformation").describe_stack_resource(StackName=stack, LogicalResourceId=_ALARM)
    alarm = resource["StackResourceDetail"]["PhysicalResourceId"]
    cloudwatch = target.make("cloudwatch")

    def rings(queue: str) -> bool | None:
        heard = [json.loads(message["Body"]) for message in take_all(target.sqs, queue)]
        return any(each.get("AlarmName") == alarm for each in heard) or None

    with subscribed(target, topic, f"smoke-alarms-{uuid.uuid4()}") as queue:
        cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason=_REASON)
        try:
            failing = f"{topic} delivered no alarm: its policy or its key may refuse CloudWatch (docs/operations.md)"
            awaited(lambda: rings(queue), patience_seconds, failing)
        finally:
            cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason=_REASON)
    return f"{topic} delivered {alarm}"


def is_protected(target: Target) -> str:
    """Return how a stack in production is protected. Raises `CommandError` with the command for what is missing."""
    if not _is_production(target):
        raise SkippedError(f"Stage is {target.parameters.get('Stage')}: only prod protects itself")
    stack = _stack(target)
    if not stack.get("EnableTerminationProtection"):
        command = f"aws cloudformation update-termination-protection --stack-name {stack['StackName']}"
        raise CommandError(f"anybody may delete the stack: run `{command} --enable-termination-protection`")
    table = target.dynamodb.describe_table(TableName=target.allocations_table)["Table"]
    if not table.get("DeletionProtectionEnabled"):
        command = f"aws dynamodb update-table --table-name {target.allocations_table} --deletion-protection-enabled"
        raise CommandError(f"anybody may delete the table: run `{command}`")
    backups = target.dynamodb.describe_continuous_backups(TableName=target.allocations_table)
    recovery = backups["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
    if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
        raise CommandError(f"{target.allocations_table} can't be restored to a point in time (docs/backup.md)")
    return "the stack and its records are protected against deletion, and can be restored to any second"


def _is_production(target: Target) -> bool:
    return target.parameters.get("Stage") == _PRODUCTION


def _stack(target: Target) -> dict[str, Any]:
    (stack,) = target.make("cloudformation").describe_stacks(StackName=target.stack)["Stacks"]
    return dict(stack)
