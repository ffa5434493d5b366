"""What AWS decides of a request by a resource's policy: the part of IAM's evaluation that the template's policies use.

Anything else in a policy is an error here, so that no statement is misread.
Rules: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final

from tests.infrastructure.stack import as_list

_ELEMENTS: Final = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}
_ARN_PARTS: Final = 5


@dataclass(frozen=True, slots=True)
class Request:
    """A call of AWS: by whom, for what, and what AWS knows of it."""

    principal: str
    """A service's name, such as `sns.amazonaws.com`, or the ARN of a role."""
    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def allows(policy: Mapping[str, Any], request: Request) -> bool:
    """Return whether a policy allows a request: some statement does, and none denies it."""
    effects = {statement["Effect"] for statement in policy["Statement"] if _applies(statement, request)}
    return effects == {"Allow"}


def _applies(statement: Mapping[str, Any], request: Request) -> bool:
    unknown = statement.keys() - _ELEMENTS
    assert not unknown, f"unknown elements of a statement: {unknown}"
    conditions = statement.get("Condition", {}).items()
    return (
        _is_principal(statement["Principal"], request.principal)
        and any(fnmatchcase(request.action.lower(), action.lower()) for action in as_list(statement["Action"]))
        and any(fnmatchcase(request.resource, resource) for resource in as_list(statement["Resource"]))
        and all(_holds(operator, keys, request.context) for operator, keys in conditions)
    )


def _is_principal(principals: Any, principal: str) -> bool:
    if principals == "*":
        return True
    assert principals.keys() <= {"AWS", "Service"}, f"unknown kind of principal: {principals}"
    assert all(as_list(value) != [] for value in principals.values()), "AWS refuses an empty list of principals"
    account = re.fullmatch(r"arn:aws:iam::([0-9]{12}):.+", principal)
    named = as_list(principals.get("AWS" if account else "Service", []))
    assert all(re.fullmatch("[0-9]{12}|[a-z]+[.]amazonaws[.]com", name) for name in named), f"unreadable: {named}"
    return (account[1] if account else principal) in named


def _holds(operator: str, keys: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    """All keys must match, each with any of its values. A key that the request does not have matches nothing."""
    matches = {"Bool": _same_truth, "StringEquals": str.__eq__, "ArnEquals": _same_arn}[operator]
    return all(
        key in context and any(matches(context[key], value) for value in as_list(values))
        for key, values in keys.items()
    )


def _same_truth(found: str, wanted: str) -> bool:
    return found.lower() == wanted.lower()


def _same_arn(found: str, wanted: str) -> bool:
    """Compare part by part: no wildcard reaches over a colon."""
    parts = list(zip(found.split(":", _ARN_PARTS), wanted.split(":", _ARN_PARTS), strict=False))
    return len(parts) == _ARN_PARTS + 1 and all(fnmatchcase(*pair) for pair in parts)
