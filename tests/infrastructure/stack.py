"""The stack as CloudFormation sees it: `template.yaml` after its transforms, and what tests ask of it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from pydantic.alias_generators import to_pascal
from samtranslator.yaml_helper import yaml_parse

from cli.stack.deploy import ALIAS

ROOT: Final = Path(__file__).parents[2]
# Each folder of `functions/` is a function: `allocate_orders` has the resources `AllocateOrdersFunction` and `...Role`.
FUNCTIONS: Final = sorted(to_pascal(app.parent.name) for app in (ROOT / "functions").glob("*/app.py"))
Properties = dict[str, Any]
NO_VALUE: Final = {"Ref": "AWS::NoValue"}


def translated(text: str, **code: str) -> dict[str, Any]:
    """Return the CloudFormation template that CloudFormation makes of `text`, its code taken as uploaded already.

    `code` says where that of a function or a layer is, by their names.

    The steps are CloudFormation's: included files, then the loops, then SAM.
    SAM asks boto3 for the region: whose AWS profile is in use here must not matter.
    """
    # Only here: most workers run no test of this folder, and all of them collect it.
    from samtranslator.translator.transform import transform

    template = expanded(included(yaml_parse(text)))
    for name, resource in template["Resources"].items():
        for place in {"CodeUri", "ContentUri"} & resource["Properties"].keys():
            resource["Properties"][place] = code.get(name, "s3://bucket/key")
        if "Location" in resource["Properties"]:
            resource["Properties"]["Location"] = "https://bucket.s3.eu-west-2.amazonaws.com/key"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_DEFAULT_REGION", "eu-west-2")
        environment.delenv("AWS_PROFILE", raising=False)
        translation: dict[str, Any] = transform(template, {}, None)
    return translation


def included(value: Any) -> Any:
    """Return a part of a template with its `AWS::Include`s replaced by the files that they name."""
    if isinstance(value, list):
        return [included(part) for part in value]
    if not isinstance(value, dict):
        return value
    whole = {key: included(part) for key, part in value.items() if key != "Fn::Transform"}
    if "Fn::Transform" in value:
        location = value["Fn::Transform"]["Parameters"]["Location"]
        # Short forms such as !Ref are an error here, as they are in CloudFormation.
        whole |= yaml.safe_load((ROOT / location).read_text("utf-8"))
    return whole


def expanded(template: dict[str, Any]) -> dict[str, Any]:
    """Return a template with the loops and lookups of `AWS::LanguageExtensions` carried out."""
    from cfnlint.template import Template  # takes a second to import

    transforms = template.pop("Transform")
    assert transforms == ["AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"], "the loops come first"
    # Where a parameter decides a lookup, cfn-lint takes any of its values.
    rollout = template["Mappings"]["Rollouts"][template["Parameters"]["GradualDeployment"]["Default"]]
    for resource in (found for found in template["Resources"].values() if isinstance(found, dict)):
        if "DeploymentPreference" in resource["Properties"]:
            resource["Properties"]["DeploymentPreference"]["Enabled"] = rollout["IsGradual"]
    loops = Template("template.yaml", {**template, "Transform": transforms[0]}, ["eu-west-2"])
    assert [str(match) for match in loops.transform()] == []
    whole: dict[str, Any] = {**loops.template, "Transform": transforms[1]}
    del whole["Mappings"]  # every lookup has its value
    return whole


def alias_of(function: str) -> str:
    """The resource that SAM makes of a function's `AutoPublishAlias`: what calls the function calls it."""
    return f"{function}Alias{ALIAS}"


class Stack:
    """A translated template."""

    def __init__(self, template: dict[str, Any]) -> None:
        self.template = template
        self.resources: dict[str, dict[str, Any]] = template["Resources"]
        self.parameters: dict[str, dict[str, Any]] = template["Parameters"]

    def properties(self, name: str) -> Properties:
        """The properties of a resource."""
        properties: Properties = self.resources[name]["Properties"]
        return properties

    def of_type(self, kind: str) -> dict[str, Properties]:
        """The resources of a CloudFormation type, by their names: their properties."""
        return {name: found["Properties"] for name, found in self.resources.items() if found["Type"] == kind}

    def mapping(self, function: str) -> Properties:
        """The event source mapping that calls a function; there must be one."""
        mappings = self.of_type("AWS::Lambda::EventSourceMapping").values()
        (mapping,) = (found for found in mappings if found["FunctionName"] == {"Ref": alias_of(function)})
        return mapping

    def statements(self, role: str, **parameters: str) -> list[dict[str, Any]]:
        """The statements that a role has with these parameters: its own, and those of the stack's policies it names."""
        properties = self.resolved(self.properties(role), parameters)
        policies = properties.get("ManagedPolicyArns", [])
        named = [self.resolved(self.properties(policy["Ref"]), parameters) for policy in policies]
        return [
            statement
            for policy in [*properties["Policies"], *named]
            for statement in policy["PolicyDocument"]["Statement"]
        ]

    def resolved(self, value: Any, parameters: Mapping[str, str]) -> Any:
        """Return a value with each `Fn::If` decided by these parameters, and what has no value left out."""
        if isinstance(value, list):
            parts = (self.resolved(part, parameters) for part in value)
            return [part for part in parts if part != NO_VALUE]
        if not isinstance(value, dict):
            return value
        if "Fn::If" in value:
            condition, then, otherwise = value["Fn::If"]
            taken = then if self.holds(self.template["Conditions"][condition], parameters) else otherwise
            return self.resolved(taken, parameters)
        members = {key: self.resolved(part, parameters) for key, part in value.items()}
        return {key: part for key, part in members.items() if part != NO_VALUE}

    def holds(self, condition: Any, parameters: Mapping[str, str]) -> bool:
        """Evaluate a condition. Lists are texts with commas.

        A parameter that is not given has its default, or equals nothing.
        """
        if "Condition" in condition:
            return self.holds(self.template["Conditions"][condition["Condition"]], parameters)
        if "Fn::Not" in condition:
            return not self.holds(condition["Fn::Not"][0], parameters)
        if "Fn::And" in condition:
            return all(self.holds(part, parameters) for part in condition["Fn::And"])
        if "Fn::Or" in condition:
            return any(self.holds(part, parameters) for part in condition["Fn::Or"])
        left, right = (self._value(side, parameters) for side in condition["Fn::Equals"])
        return bool(left == right)

    def _value(self, side: Any, parameters: Mapping[str, str]) -> Any:
        if not isinstance(side, dict):
            return side
        if "Fn::Join" in side:
            separator, values = side["Fn::Join"]
            return self._value(values, parameters).replace(",", separator)
        name = side["Ref"]
        return parameters.get(name, self.parameters.get(name, {}).get("Default", name))

    def deployed(self, **parameters: str) -> "Stack":
        """The stack as these parameters make it: only the resources that there are, with the values that they get."""
        whole = {
            name: self._given(self.resolved(resource, parameters), parameters)
            for name, resource in self.resources.items()
            if "Condition" not in resource or self.holds({"Condition": resource["Condition"]}, parameters)
        }
        return Stack({**self.template, "Resources": whole})

    def _given(self, value: Any, parameters: Mapping[str, str]) -> Any:
        """Return a value with each `Ref` of a parameter replaced by what was given, a list's by a list."""
        if isinstance(value, list):
            return [self._given(part, parameters) for part in value]
        if not isinstance(value, dict):
            return value
        name = value.get("Ref")
        if isinstance(name, str) and name in self.parameters:
            given = parameters.get(name, self.parameters[name].get("Default", ""))
            return given.split(",") if self.parameters[name]["Type"] == "CommaDelimitedList" else given
        return {key: self._given(part, parameters) for key, part in value.items()}

    def refusals(self, **parameters: str) -> list[str]:
        """What the template's rules say against these parameters."""
        return [
            assertion["AssertDescription"]
            for rule in self.template["Rules"].values()
            if "RuleCondition" not in rule or self.holds(rule["RuleCondition"], parameters)
            for assertion in rule["Assertions"]
            if not self.holds(assertion["Assert"], parameters)
        ]


def as_list(value: Any) -> list[Any]:
    """A policy's `Action` or `Resource`, which may be one or a list."""
    return value if isinstance(value, list) else [value]


def texts(value: Any) -> Iterator[str]:
    """Every text within a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)
