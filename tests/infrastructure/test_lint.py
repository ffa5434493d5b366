"""The translated template is linted: the SAM form hides many mistakes from cfn-lint."""

import json

import pytest
from cfnlint.api import ManualArgs, lint

from tests.infrastructure.stack import Stack, translated


def findings(template: object) -> list[str]:
    return [str(match) for match in lint(json.dumps(template), config=ManualArgs(regions=["eu-west-2", "us-east-1"]))]


def test_cloudformation_template_has_no_finding(stack: Stack) -> None:
    assert findings(stack.template) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("!GetAtt OrderQueue.Arn", "!GetAtt OrderQueues.Arn"),
        ("[ReportBatchItemFailures]", "[ReportBatchItemFailure]"),
        ("MemorySize: 1024", "MemorySize: 64"),
    ],
)
def test_mistake_in_the_template_is_found(template_text: str, right: str, wrong: str) -> None:
    assert findings(translated(template_text.replace(right, wrong)))
