"""The translated template is linted: the SAM form hides many mistakes from cfn-lint."""

from typing import Any

from tests.infrastructure.linting import linted
from tests.infrastructure.stack import Stack, translated

# SAM puts the API's own condition around each path of its definition, where it always holds.
OF_SAM = ("W1028", ["Resources", "AllocationApi", "Properties", "Body"])

# Functions say what becomes of their versions, and of what SAM makes for them, only where that is replaced.
BOTH_POLICIES = "W3011"


def findings(template: dict[str, Any]) -> list[str]:
    """What cfn-lint objects to, also where template.yaml leaves a check out."""
    # ToJsonString is left in the template: CloudFormation, not the transform, knows the values in it.
    whole = {**template, "Metadata": {}, "Transform": "AWS::LanguageExtensions"}
    matches = linted(whole, "eu-west-2", "us-east-1")
    return [
        str(match)
        for match in matches
        if (match.rule.id, list(match.path or [])[:4]) != OF_SAM and match.rule.id != BOTH_POLICIES
    ]


def test_cloudformation_template_has_no_finding(stack: Stack) -> None:
    assert findings(stack.template) == []


MISTAKES = {
    "!GetAtt OrderQueue.Arn": "!GetAtt OrderQueues.Arn",
    "[ReportBatchItemFailures]": "[ReportBatchItemFailure]",
    "MemorySize: 512": "MemorySize: 64",
}


def test_mistakes_in_the_template_are_found(template_text: str) -> None:
    """All at once: a look takes seconds."""
    for right, wrong in MISTAKES.items():
        assert right in template_text
        template_text = template_text.replace(right, wrong)
    found = "\n".join(findings(translated(template_text)))
    assert [
        mistake for mistake in ("OrderQueues", "'ReportBatchItemFailure'", "64 is less") if mistake not in found
    ] == []
