"""The allocation API in the template: who may call it, and that it can be left out."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from allocation.api.authorizer import HEADER
from allocation.aws.dynamodb.consignments import BY_STATE
from allocation.aws.dynamodb.listings import BY_CUSTOMER_REFERENCE, BY_LISTING, NEVER_ALLOCATED
from allocation.aws.dynamodb.tracked_events import BY_TRACKING_KEY
from tests.infrastructure.stack import Stack, alias_of, translated

WITHOUT_API = {"DeployApi": "false"}


@pytest.fixture(scope="module")
def definition(stack: Stack) -> dict[str, Any]:
    """What API Gateway is told of the API."""
    body: dict[str, Any] = stack.resolved(stack.properties("AllocationApi")["Body"], {})
    return body


def operations(definition: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and operation of each operation of a definition."""
    for path, methods in definition["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def left_out(stack: Stack) -> set[str]:
    """The resources that a stack without the API does not have."""
    with_a_condition = {
        name: {"Condition": found["Condition"]} for name, found in stack.resources.items() if "Condition" in found
    }
    return {
        name
        for name, condition in with_a_condition.items()
        if stack.holds(condition, {}) and not stack.holds(condition, WITHOUT_API)
    }


def test_nothing_that_stays_needs_what_is_left_out(stack: Stack) -> None:
    of_the_api = left_out(stack)
    assert of_the_api >= {"AllocationApi", "AllocationApiFunction", "ApiAuthorizerFunction", "ConsignmentsTable"}
    for name, resource in stack.deployed(**WITHOUT_API).resources.items():
        if name not in of_the_api:
            named = set(re.findall(r"\w+", json.dumps(stack.resolved(resource, WITHOUT_API))))
            assert named.isdisjoint(of_the_api), name


def test_no_output_names_what_is_left_out(stack: Stack) -> None:
    of_the_api = left_out(stack)
    for name, output in stack.template["Outputs"].items():
        named = set(re.findall(r"\w+", json.dumps(output["Value"])))
        assert named.isdisjoint(of_the_api) or output.get("Condition") == "HasApi", name


def test_only_the_health_check_and_the_files_of_the_console_are_open(definition: dict[str, Any]) -> None:
    open_operations = {
        (method, path)
        for path, method, operation in operations(definition)
        if operation.get("security") not in ([{"ApiKey": []}], [{"ConsoleAccess": []}])
    }
    assert open_operations == {("get", "/health"), ("get", "/console"), ("get", "/console/{file}")}


def test_only_the_data_of_the_console_may_be_asked_for_with_a_token(definition: dict[str, Any]) -> None:
    by_token = {
        path for path, _, operation in operations(definition) if operation["security"] == [{"ConsoleAccess": []}]
    }
    assert by_token == {"/console/api/{proxy+}"}


def test_every_address_in_every_method_reaches_the_function(definition: dict[str, Any]) -> None:
    for path in ("/", "/{proxy+}"):
        assert set(definition["paths"][path]) == {"x-amazon-apigateway-any-method"}
    for _, _, operation in operations(definition):
        assert (
            f"${{{alias_of('AllocationApiFunction')}}}"
            in operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
        )


def test_xml_arrives_as_the_bytes_that_were_sent(definition: dict[str, Any]) -> None:
    """API Gateway hands any other body on as text, read as UTF-8: what declares another encoding would be spoiled."""
    assert set(definition["x-amazon-apigateway-binary-media-types"]) == {"application/xml", "text/xml"}


def test_the_authorizer_is_asked_by_the_header_that_it_reads_and_its_answer_soon_forgotten(
    definition: dict[str, Any],
) -> None:
    authorizer = definition["components"]["securitySchemes"]["ApiKey"]["x-amazon-apigateway-authorizer"]
    assert authorizer["identitySource"] == f"method.request.header.{HEADER}"
    assert 0 < authorizer["authorizerResultTtlInSeconds"] <= 60


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("UNAUTHORIZED", "401"),
        ("ACCESS_DENIED", "401"),
        ("MISSING_AUTHENTICATION_TOKEN", "404"),
        ("THROTTLED", "429"),
        ("REQUEST_TOO_LARGE", "413"),
        ("DEFAULT_5XX", "503"),
    ],
)
def test_what_the_gateway_answers_by_itself_is_pro_s_error(definition: dict[str, Any], kind: str, status: str) -> None:
    response = definition["x-amazon-apigateway-gateway-responses"][kind]
    assert response["statusCode"] == status
    templates = response["responseTemplates"]
    error = json.loads(templates["application/json"])
    assert list(error) == ["Code", "Message", "CorrelationId", "Details"]
    assert templates["application/xml"] == templates["text/xml"]
    assert templates["application/xml"].startswith("<ApiError ")
    for name in ("Code", "Message", "CorrelationId"):
        assert f"<{name}>{error[name]}</{name}>" in templates["application/xml"]
    assert set(templates) == {"application/json", "application/xml", "text/xml"}


OF_THE_API = {"AllocationApiFunction", "ApiAuthorizerFunction"}


def test_only_the_gateway_may_call_the_functions_of_the_api(stack: Stack) -> None:
    called = set()
    for permission in stack.of_type("AWS::Lambda::Permission").values():
        functions = set(re.findall(r"\w+Function", json.dumps(permission["FunctionName"])))
        if permission["Principal"] == "events.amazonaws.com" and not functions & OF_THE_API:
            continue  # a schedule's
        called |= functions
        assert permission["Principal"] == "apigateway.amazonaws.com"
        arn, names = permission["SourceArn"]["Fn::Sub"]
        assert "${__ApiId__}/" in arn
        assert names["__ApiId__"] == {"Ref": "AllocationApi"}
    assert called == OF_THE_API


def test_function_answers_before_the_gateway_gives_up(stack: Stack) -> None:
    assert stack.properties("AllocationApiFunction")["Timeout"] < 29


def having_layer(stack: Stack, name: str, **parameters: str) -> set[str]:
    """The functions that have a layer."""
    return {
        function
        for function, properties in stack.of_type("AWS::Lambda::Function").items()
        for layer in stack.resolved(properties["Layers"], parameters)
        if stack.properties(layer["Ref"])["LayerName"] == name
    }


def test_only_the_api_has_the_layer_that_draws(stack: Stack) -> None:
    assert having_layer(stack, "DocumentsLayer") == {"AllocationApiFunction"}


def test_only_an_authorizer_that_is_sent_tokens_has_the_layer_that_checks_them(stack: Stack) -> None:
    signed_in = {"Console": "on", "ConsoleOpenIdIssuer": "https://login.example.com", "ConsoleOpenIdClientId": "c"}
    assert having_layer(stack, "OpenIdLayer") == set()
    assert having_layer(stack, "OpenIdLayer", **signed_in) == {"ApiAuthorizerFunction"}


def test_indexes_find_consignments_as_the_code_asks(stack: Stack) -> None:
    def indexes(table: str, **parameters: str) -> set[str]:
        made = stack.resolved(stack.properties(table)["GlobalSecondaryIndexes"], parameters)
        return {index["IndexName"] for index in made}

    assert indexes("ConsignmentsTable") == {BY_CUSTOMER_REFERENCE, NEVER_ALLOCATED, BY_TRACKING_KEY}
    assert indexes("AllocationsTable") - indexes("AllocationsTable", **WITHOUT_API) == {BY_STATE, BY_LISTING}


def test_a_mistake_in_it_is_found(template_text: str) -> None:
    right = "Path: /health, Method: get, Auth: {Authorizer: NONE}"
    assert right in template_text
    changed = Stack(translated(template_text.replace(right, right.replace("/health", "/labels"))))
    with pytest.raises(AssertionError):
        test_only_the_health_check_and_the_files_of_the_console_are_open(
            changed.resolved(changed.properties("AllocationApi")["Body"], {})
        )
