"""The limit for each client: a web ACL that the stack makes where `ClientRequestsPerMinute` is given."""

import json
import re
from typing import Any

import botocore.session
import pytest

from allocation.api.authorizer import HEADER
from tests.infrastructure.stack import Properties, Stack

ACL = "arn:aws:wafv2:eu-west-2:111111111111:regional/webacl/shop/0123abcd-0123-0123-0123-0123456789ab"
LIMITED = {"Stage": "dev", "ClientRequestsPerMinute": "600"}


def web_acls(stack: Stack, **parameters: str) -> dict[str, Properties]:
    """What a stack with these parameters has of WAF, by the names of the resources."""
    made = stack.deployed(**parameters)
    return {
        name: found
        for kind in ("WebACL", "WebACLAssociation")
        for name, found in made.of_type(f"AWS::WAFv2::{kind}").items()
    }


@pytest.fixture
def acl(stack: Stack) -> Properties:
    """The web ACL of a stack that limits its clients."""
    (made,) = stack.deployed(**LIMITED).of_type("AWS::WAFv2::WebACL").values()
    return made


@pytest.fixture
def rule(acl: Properties) -> dict[str, Any]:
    """The only rule of that web ACL."""
    (only,) = acl["Rules"]
    return dict(only)


def test_a_client_is_counted_for_a_minute_by_the_header_that_the_authorizer_reads(rule: dict[str, Any]) -> None:
    assert rule["Statement"].keys() == {"RateBasedStatement"}
    counted = rule["Statement"]["RateBasedStatement"]

    assert (counted["Limit"], counted["EvaluationWindowSec"]) == ("600", 60)
    assert counted["AggregateKeyType"] == "CUSTOM_KEYS"
    assert [key["Header"]["Name"] for key in counted["CustomKeys"]] == [HEADER]
    assert "ScopeDownStatement" not in counted, "every request counts"


def test_a_client_over_its_limit_is_answered_as_the_gateway_answers_when_it_throttles(
    stack: Stack, acl: Properties, rule: dict[str, Any]
) -> None:
    responses = stack.properties("AllocationApi")["Body"]["x-amazon-apigateway-gateway-responses"]
    throttled = stack.resolved(responses, {})["THROTTLED"]
    answered = rule["Action"]["Block"]["CustomResponse"]
    body = acl["CustomResponseBodies"][answered["CustomResponseBodyKey"]]
    wanted = json.loads(throttled["responseTemplates"]["application/json"])

    assert answered["ResponseCode"] == int(throttled["statusCode"])
    assert body["ContentType"] == "APPLICATION_JSON"
    # WAF sends the text as it stands: it can't know the request's id.
    assert list(json.loads(body["Content"]).items()) == list((wanted | {"CorrelationId": ""}).items())
    assert len(body["Content"]) <= 4096, "AWS WAF quotas; the model in botocore allows more"


def test_whoever_keeps_to_the_limit_is_let_through(acl: Properties) -> None:
    assert acl["DefaultAction"] == {"Allow": {}}
    assert acl["Scope"] == "REGIONAL"


def test_requests_are_counted_in_metrics_and_no_sample_shows_a_key(acl: Properties, rule: dict[str, Any]) -> None:
    for seen in (acl["VisibilityConfig"], rule["VisibilityConfig"]):
        assert seen["SampledRequestsEnabled"] is False
        assert seen["CloudWatchMetricsEnabled"] is True


@pytest.mark.parametrize("endpoint", ["", "vpce-0123456789abcdef0"])
def test_the_limit_guards_the_stage_of_a_public_and_of_a_private_api(stack: Stack, endpoint: str) -> None:
    made = stack.deployed(**LIMITED, ApiVpcEndpointId=endpoint)
    (name,) = made.of_type("AWS::WAFv2::WebACL")
    (association,) = made.of_type("AWS::WAFv2::WebACLAssociation").values()

    assert association["WebACLArn"] == {"Fn::GetAtt": [name, "Arn"]}
    assert association["ResourceArn"]["Fn::Sub"].endswith("/restapis/${AllocationApi}/stages/live")
    assert made.properties("AllocationApiliveStage")["StageName"] == "live"
    kinds = made.properties("AllocationApi")["EndpointConfiguration"]["Types"]
    assert kinds == ["PRIVATE" if endpoint else "REGIONAL"]


def test_without_a_limit_or_without_an_api_nothing_of_it_is_made(stack: Stack) -> None:
    assert web_acls(stack, Stage="dev") == {}
    assert web_acls(stack, **LIMITED, DeployApi="false") == {}
    assert web_acls(stack, Stage="dev", WebAclArn=ACL).keys() == {"AllocationApiWebAcl"}


def test_a_limit_beside_a_web_acl_of_yours_is_refused(stack: Stack) -> None:
    (refusal,) = stack.refusals(**LIMITED, WebAclArn=ACL)

    assert "WebAclArn" in refusal
    assert "ClientRequestsPerMinute" in refusal
    assert stack.refusals(**LIMITED) == stack.refusals(Stage="dev", WebAclArn=ACL) == []


def test_the_limit_is_one_that_waf_takes(stack: Stack) -> None:
    taken_by_waf = botocore.session.get_session().get_service_model("wafv2").shape_for("RateLimit").metadata
    least, most = taken_by_waf["min"], taken_by_waf["max"]
    pattern = stack.parameters["ClientRequestsPerMinute"]["AllowedPattern"]

    for taken in ("", least, least + 1, 99, 100, 600, 999_999_999, 1_000_000_000, most - 1, most):
        assert re.fullmatch(pattern, str(taken)), taken
    for refused in (0, 1, least - 1, most + 1, 2_100_000_000, 10_000_000_000, "010", "-10", "10.5", "1e3", "600 "):
        assert not re.fullmatch(pattern, str(refused)), refused
