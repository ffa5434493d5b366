"""The nested stack that replays millions of records: what its state machine asks for, it may do, and it is complete."""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from allocation.settings import ReplaySettings
from tests.infrastructure.linting import linted
from tests.infrastructure.stack import ROOT, Stack, as_list

FOLDER = ROOT / "replay"
# What a state that does something asks AWS for.
ACTIONS = {
    "aws-sdk:dynamodb:exportTableToPointInTime": {"dynamodb:ExportTableToPointInTime"},
    "aws-sdk:dynamodb:describeExport": {"dynamodb:DescribeExport"},
    "aws-sdk:s3:listObjectsV2": {"s3:ListBucket"},
    "lambda:invoke": {"lambda:InvokeFunction"},
    "s3:listObjectsV2": {"s3:ListBucket"},
    "s3:putObject": {"s3:PutObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"},
}


@pytest.fixture(scope="module")
def nested() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml_parse((FOLDER / "template.yaml").read_text("utf-8"))
    return parsed


@pytest.fixture(scope="module")
def machine(nested: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = nested["Resources"]["StateMachine"]["Properties"]["Definition"]
    return found


def machines(machine: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The state machine, and those inside its maps."""
    yield machine
    for state in machine["States"].values():
        if "ItemProcessor" in state:
            yield from machines(state["ItemProcessor"])


def targets(state: dict[str, Any]) -> set[str]:
    """The states that may follow."""
    following = {state[name] for name in ("Next", "Default") if name in state}
    return following | {choice["Next"] for choice in state.get("Choices", ())}


def resources_of(part: Any) -> Iterator[str]:
    """Each service integration that a definition names."""
    if isinstance(part, list):
        for item in part:
            yield from resources_of(item)
    elif isinstance(part, dict):
        if isinstance(part.get("Resource"), str):
            yield part["Resource"].removeprefix("arn:${Partition}:states:::")
        for item in part.values():
            yield from resources_of(item)


def statements(nested: dict[str, Any], role: str) -> list[dict[str, Any]]:
    policies = [*nested["Resources"][role]["Properties"]["Policies"]]
    if role == "StateMachineRole":
        policies += [each["Properties"] for each in nested["Resources"].values() if each["Type"].endswith("Policy")]
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


def findings(nested: dict[str, Any], machine: dict[str, Any]) -> list[str]:
    """What cfn-lint finds in the stack with this state machine."""
    template = deepcopy(nested)
    for resource in template["Resources"].values():
        if "Code" in resource["Properties"]:  # `sam deploy` uploads it
            resource["Properties"]["Code"] = {"S3Bucket": "bucket", "S3Key": "key"}
        resource.pop("Metadata", None)
    properties = template["Resources"]["StateMachine"]["Properties"]
    properties["Definition"] = json.loads(json.dumps(machine).replace("${Partition}", "aws"))
    return [str(each) for each in linted(template, "eu-west-2")]


def test_the_stack_and_its_state_machine_have_no_finding(nested: dict[str, Any], machine: dict[str, Any]) -> None:
    assert findings(nested, machine) == []


def test_a_state_machine_that_step_functions_would_refuse_is_found(
    nested: dict[str, Any], machine: dict[str, Any]
) -> None:
    wrong = deepcopy(machine)
    wrong["States"]["ReplayFiles"]["ItemProcessor"]["States"]["ReplayFile"]["Type"] = "Tusk"
    assert any("Tusk" in finding for finding in findings(nested, wrong))


def test_every_state_is_reached_and_ends(machine: dict[str, Any]) -> None:
    for part in machines(machine):
        states: dict[str, Any] = part["States"]
        reached, left = set[str](), [part["StartAt"]]
        while left:
            name = left.pop()
            if name not in reached:
                reached.add(name)
                left += targets(states[name])
        assert reached == states.keys()
        ends = [state for state in states.values() if state.get("End") or state["Type"] in {"Fail", "Succeed"}]
        assert ends
        assert all(targets(state) for state in states.values() if state not in ends)


def test_files_of_the_export_are_read_and_each_is_an_item_of_its_own(machine: dict[str, Any]) -> None:
    states = machine["States"]
    files, export = states["ReplayFiles"], states["Export"]
    assert files["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
    assert files["ItemReader"]["Resource"].endswith("s3:listObjectsV2")
    # The reader looks where the export writes, and the handlers get what they read.
    written, read = export["Parameters"]["S3Prefix.$"], files["ItemReader"]["Parameters"]["Prefix.$"]
    assert read.replace("/'", "'").replace("exportOf", "replay") == written
    assert states["NameExport"]["Parameters"]["exportOf.$"] == "$.replay"
    assert files["ItemSelector"].keys() == {"replay.$", "file.$"}
    assert states["AddUp"]["Parameters"]["Payload"].keys() == {"replay.$"}
    assert files["ResultWriter"]["Parameters"]["Bucket"] == "${Bucket}"


def states_of_a_run(machine: dict[str, Any], given: dict[str, str], there: set[str]) -> list[str]:
    """The states that a replay passes, its export done at once. `there` are the folders that have objects already."""
    name, data, passed = machine["StartAt"], dict[str, Any](given), list[str]()
    while name:
        state = machine["States"][name]
        passed.append(name)
        if state.get("Resource", "").endswith("aws-sdk:s3:listObjectsV2"):
            folder = state["Parameters"]["Prefix.$"].partition("{}/")[2].partition("/")[0]
            data[state["ResultPath"].removeprefix("$.")] = {"number": int(folder in there)}
        if name == "DescribeExport":
            data["export"] = {"status": "COMPLETED"}
        taken = (each["Next"] for each in state.get("Choices", ()) if is_chosen(each, data))
        name = next(taken, state.get("Default", state.get("Next", "")))
    return passed


def is_chosen(choice: dict[str, Any], data: dict[str, Any]) -> bool:
    value: Any = data
    for step in choice["Variable"].removeprefix("$.").split("."):
        value = value.get(step) if isinstance(value, dict) else None
    (name,) = choice.keys() - {"Variable", "Next"}
    compared = {"IsPresent": value is not None, "StringEquals": value == choice[name]}
    return bool(value > choice[name] if name == "NumericGreaterThan" else compared[name])


NEW, AGAIN = {"replay": "january"}, {"replay": "february", "exportOf": "january"}


@pytest.mark.parametrize(("given", "there"), [(NEW, {"parts"}), (NEW, {"export"}), (AGAIN, {"parts"})])
def test_a_replay_that_was_run_before_counts_nothing_twice(
    machine: dict[str, Any], given: dict[str, str], there: set[str]
) -> None:
    """A second export beside the first one, or parts of another export, would be added up like one replay."""
    passed = states_of_a_run(machine, given, there)
    assert passed[-1] == "ReplayedBefore"
    assert not {"Export", "ReplayFiles", "AddUp"} & set(passed)


@pytest.mark.parametrize(("given", "there", "exports"), [(NEW, set(), True), (AGAIN, {"export"}, False)])
def test_a_replay_of_a_new_name_is_run_with_its_own_export_or_another_s(
    machine: dict[str, Any], given: dict[str, str], there: set[str], exports: bool
) -> None:
    passed = states_of_a_run(machine, given, there)
    assert passed[-2:] == ["ReplayFiles", "AddUp"]
    assert ("Export" in passed) is exports


def test_the_role_allows_what_the_states_do_and_nothing_else(nested: dict[str, Any], machine: dict[str, Any]) -> None:
    needed = set().union(*(ACTIONS[resource] for resource in resources_of(machine)))
    # A distributed map starts and follows executions of its own; DynamoDB writes an export with the caller's rights.
    needed |= {"states:StartExecution", "states:DescribeExecution", "states:StopExecution", "states:RedriveExecution"}
    needed |= {"s3:PutObjectAcl"}
    allowed = {action for each in statements(nested, "StateMachineRole") for action in as_list(each["Action"])}
    assert allowed == needed
    functions = {each["Fn::GetAtt"][0] for each in resource_of(nested, "StateMachineRole", "lambda:InvokeFunction")}
    assert functions == {"ReplayPartFunction", "MergeReplayFunction"}


def test_the_items_that_may_be_started_are_those_of_the_state_machine_whatever_its_name(nested: dict[str, Any]) -> None:
    (policy,) = (each for each in nested["Resources"].values() if each["Type"] == "AWS::IAM::ManagedPolicy")
    assert policy["Properties"]["Roles"] == [{"Ref": "StateMachineRole"}]
    assert resource_of(nested, "StateMachineRole", "states:StartExecution") == [{"Ref": "StateMachine"}]
    for action in ("states:DescribeExecution", "states:RedriveExecution"):
        (executions,) = resource_of(nested, "StateMachineRole", action)
        assert executions["Fn::Sub"].endswith(":execution:${StateMachine.Name}/*")


def test_the_functions_only_touch_replays_and_the_catalogue_in_use(nested: dict[str, Any]) -> None:
    keys = {each["Fn::Sub"].partition("${Bucket}/")[2] for each in resource_of(nested, "ReplayRole", "s3:GetObject")}
    assert keys == {"replays/*", "catalogue.json"}
    (written,) = resource_of(nested, "ReplayRole", "s3:PutObject")
    assert written["Fn::Sub"].endswith("${Bucket}/replays/*")


def test_every_substitution_is_given_and_used(nested: dict[str, Any], machine: dict[str, Any]) -> None:
    given = nested["Resources"]["StateMachine"]["Properties"]["DefinitionSubstitutions"]
    assert set(re.findall(r"\$\{(\w+)\}", json.dumps(machine))) == given.keys()


def test_every_setting_is_given_and_the_handler_is_there(nested: dict[str, Any]) -> None:
    functions = [each["Properties"] for each in nested["Resources"].values() if each["Type"] == "AWS::Lambda::Function"]
    assert len(functions) == 2
    for function in functions:
        given = {name for name in function["Environment"]["Variables"] if not name.startswith("POWERTOOLS_")}
        assert given == {name.upper() for name in ReplaySettings.model_fields}
        module, name = function["Handler"].split(".")
        assert f"def {name}(" in (FOLDER / function["Code"] / f"{module}.py").read_text("utf-8")


def test_the_stack_gives_what_it_needs_only_where_replays_are_on(stack: Stack, nested: dict[str, Any]) -> None:
    made = stack.resources["ReplayOfRecords"]
    assert made["Condition"] == "HasReplays"
    assert stack.parameters["Replays"]["Default"] == "off"
    assert made["Properties"]["Parameters"].keys() == nested["Parameters"].keys()
    layers = json.dumps(made["Properties"]["Parameters"]["Layers"])
    assert set(re.findall(r'"Ref": "(\w+)"', layers)) == stack.of_type("AWS::Lambda::LayerVersion").keys() - {
        name for name in stack.of_type("AWS::Lambda::LayerVersion") if name.startswith(("Documents", "OpenId"))
    }


def test_replays_need_the_bucket_of_the_stack(stack: Stack) -> None:
    (refusal,) = stack.refusals(Replays="on", CatalogueObject="bucket/key.json")
    assert "own bucket" in refusal
    assert stack.refusals(Replays="on") == []


def resource_of(nested: dict[str, Any], role: str, action: str) -> list[Any]:
    """The resources that a role may do an action to."""
    return [
        resource
        for each in statements(nested, role)
        if action in as_list(each["Action"])
        for resource in as_list(each["Resource"])
    ]
