"""The stack as CloudFormation sees it: `template.yaml` after SAM's transform, and what tests ask of it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

ROOT: Final = Path(__file__).parents[2]
Properties = dict[str, Any]


def translated(text: str) -> dict[str, Any]:
    """The CloudFormation template that SAM makes of `text`; the code is taken as uploaded already.

    SAM asks boto3 for the region: whose AWS profile is in use here must not matter.
    """
    template = yaml_parse(text)
    for resource in template["Resources"].values():
        for code in {"CodeUri", "ContentUri"} & resource["Properties"].keys():
            resource["Properties"][code] = "s3://bucket/key"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_DEFAULT_REGION", "eu-west-2")
        environment.delenv("AWS_PROFILE", raising=False)
        translation: dict[str, Any] = transform(template, {}, None)
    return translation


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
        (mapping,) = (found for found in mappings if found["FunctionName"] == {"Ref": function})
        return mapping

    def statements(self, role: str, **parameters: str) -> list[dict[str, Any]]:
        """The statements of a role's own policies, as they are with these parameters."""
        policies = (self.resolved(policy, parameters) for policy in self.properties(role)["Policies"])
        return [
            statement
            for policy in policies
            if policy != {"Ref": "AWS::NoValue"}
            for statement in policy["PolicyDocument"]["Statement"]
        ]

    def resolved(self, value: Any, parameters: Mapping[str, str]) -> Any:
        """The branch that an `Fn::If` takes with these parameters, or the value itself."""
        if isinstance(value, dict) and "Fn::If" in value:
            condition, then, otherwise = value["Fn::If"]
            return then if self.holds(self.template["Conditions"][condition], parameters) else otherwise
        return value

    def holds(self, condition: Any, parameters: Mapping[str, str]) -> bool:
        """Evaluates a condition of `Fn::Equals` and `Fn::Not`; a parameter that is not given has its default."""
        if "Fn::Not" in condition:
            return not self.holds(condition["Fn::Not"][0], parameters)
        left, right = (self._value(side, parameters) for side in condition["Fn::Equals"])
        return bool(left == right)

    def _value(self, side: Any, parameters: Mapping[str, str]) -> Any:
        if isinstance(side, dict):
            return parameters.get(side["Ref"], self.parameters[side["Ref"]]["Default"])
        return side

    def refusals(self, **parameters: str) -> list[str]:
        """What the template's rules say against these parameters."""
        return [
            assertion["AssertDescription"]
            for rule in self.template["Rules"].values()
            if self.holds(rule["RuleCondition"], parameters)
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
