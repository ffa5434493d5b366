"""The allocation API in the template: who may call it, what its functions may do, and that it can be left out."""

import json
import re
from typing import Any

import pytest

from allocation.api.authorizer import HEADER
from allocation.api.resolver import OPERATIONS
from allocation.aws.dynamodb.consignments import BY_CUSTOMER_REFERENCE, BY_STATE, NEVER_ALLOCATED
from allocation.settings import AllocationApiSettings, ApiAuthorizerSettings
from tests.infrastructure.stack import ROOT, Stack, as_list, texts, translated

API_FUNCTIONS = ["AllocationApiFunction", "ApiAuthorizerFunction"]
API_RESOURCES = {
    "AllocationApi",
    "AllocationApiFunction",
    "AllocationApiLogs",
    "AllocationApiRole",
    "ApiAuthorizerFunction",
    "ApiAuthorizerLogs",
    "ApiAuthorizerRole",
    "ApiKeysSecret",
    "ApiMayCallItsAuthorizer",
    "ApiMayCallItsFunction",
    "ConsignmentsKey",
    "ConsignmentsTable",
}
RESPONSES = "x-amazon-apigateway-gateway-responses"


@pytest.fixture(scope="module")
def definition(stack: Stack) -> dict[str, Any]:
    """What API Gateway is told of the API."""
    body: dict[str, Any] = stack.properties("AllocationApi")["Body"]
    return body


def arn(resource: str) -> str:
    return json.dumps({"Fn::GetAtt": [resource, "Arn"]})


def allowed(stack: Stack, role: str) -> dict[str, set[str]]:
    """Resource, as JSON, to the actions allowed on it."""
    found: dict[str, set[str]] = {}
    for statement in stack.statements(role):
        for resource in as_list(statement["Resource"]):
            found.setdefault(json.dumps(resource), set()).update(as_list(statement["Action"]))
    return found


def test_a_parameter_leaves_all_of_it_out(stack: Stack) -> None:
    of_the_api = {name for name, resource in stack.resources.items() if resource.get("Condition") == "HasApi"}
    assert of_the_api >= API_RESOURCES
    assert not stack.holds(stack.template["Conditions"]["HasApi"], {"DeployApi": "false"})
    assert stack.holds(stack.template["Conditions"]["HasApi"], {})
    outputs = {name for name, output in stack.template["Outputs"].items() if output.get("Condition") == "HasApi"}
    assert outputs >= {"ApiUrl", "ApiKeysSecretArn", "ConsignmentsTableName"}


def test_nothing_that_stays_needs_what_is_left_out(stack: Stack) -> None:
    for name, resource in stack.resources.items():
        if resource.get("Condition") != "HasApi":
            named = set(re.findall(r"\w+", json.dumps(resource)))
            assert named.isdisjoint(API_RESOURCES), name


def test_only_the_health_check_is_open(definition: dict[str, Any]) -> None:
    open_paths = {
        (method, path)
        for path, methods in definition["paths"].items()
        for method, operation in methods.items()
        if operation.get("security") != [{"ApiKey": []}]
    }
    assert open_paths == {("get", "/health")}
    assert "security" not in definition["paths"]["/health"]["get"]


def test_every_method_of_an_operation_reaches_the_function(definition: dict[str, Any]) -> None:
    used = {operation.method.lower() for operation in OPERATIONS}
    assert set(definition["paths"]["/{proxy+}"]) == used


def test_the_authorizer_is_asked_by_the_header_that_it_reads_and_its_answer_soon_forgotten(
    definition: dict[str, Any],
) -> None:
    scheme = definition["components"]["securitySchemes"]["ApiKey"]
    authorizer = scheme["x-amazon-apigateway-authorizer"]
    assert scheme["name"] == HEADER
    assert authorizer["identitySource"] == f"method.request.header.{HEADER}"
    assert 0 < authorizer["authorizerResultTtlInSeconds"] <= 60


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("UNAUTHORIZED", "401"),
        ("ACCESS_DENIED", "401"),
        ("MISSING_AUTHENTICATION_TOKEN", "401"),
        ("THROTTLED", "429"),
        ("REQUEST_TOO_LARGE", "413"),
        ("DEFAULT_5XX", "503"),
    ],
)
def test_what_the_gateway_answers_by_itself_is_pro_s_error(definition: dict[str, Any], kind: str, status: str) -> None:
    response = definition[RESPONSES][kind]
    assert response["statusCode"] == status
    templates = response["responseTemplates"]
    assert list(json.loads(templates["application/json"])) == ["Code", "Message", "CorrelationId", "Details"]
    assert templates["application/xml"].startswith("<ApiError ")
    assert set(templates) == {"application/json", "application/xml", "text/xml"}


def test_calls_are_throttled(stack: Stack) -> None:
    [stage] = stack.of_type("AWS::ApiGateway::Stage").values()
    [settings] = stage["MethodSettings"]
    assert (settings["HttpMethod"], settings["ResourcePath"]) == ("*", "/*")
    assert 0 < settings["ThrottlingRateLimit"] <= settings["ThrottlingBurstLimit"]


def test_the_gateway_alone_may_call_the_functions(stack: Stack) -> None:
    permissions = stack.of_type("AWS::Lambda::Permission").values()
    of_the_api = [each for each in permissions if each["FunctionName"]["Ref"] in API_FUNCTIONS]
    assert {each["FunctionName"]["Ref"] for each in of_the_api} == set(API_FUNCTIONS)
    for permission in of_the_api:
        assert permission["Principal"] == "apigateway.amazonaws.com"
        assert "${AllocationApi}/" in permission["SourceArn"]["Fn::Sub"]


def test_api_function_may_change_records_and_keep_consignments(stack: Stack) -> None:
    assert allowed(stack, "AllocationApiRole") == {
        arn("AllocationsTable"): {"dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:ConditionCheckItem"},
        arn("LimitsTable"): {"dynamodb:BatchGetItem", "dynamodb:UpdateItem"},
        json.dumps({"Fn::Sub": f"${{AllocationsTable.Arn}}/index/{BY_STATE}"}): {"dynamodb:Query"},
        arn("ConsignmentsTable"): {
            "dynamodb:BatchGetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
        },
        json.dumps({"Fn::Sub": f"${{ConsignmentsTable.Arn}}/index/{BY_CUSTOMER_REFERENCE}"}): {"dynamodb:Query"},
        json.dumps({"Fn::Sub": f"${{ConsignmentsTable.Arn}}/index/{NEVER_ALLOCATED}"}): {"dynamodb:Query"},
        arn("ConsignmentsKey"): {"kms:Decrypt", "kms:DescribeKey"},
        arn("AllocationApiLogs"): {"logs:CreateLogStream", "logs:PutLogEvents"},
    }


@pytest.mark.parametrize(
    ("parameter", "place"),
    [("CatalogueObject", "bucket/folder/live.json"), ("CatalogueConfiguration", "abcd123/abcd124/abcd125")],
)
def test_api_function_may_read_the_catalogue_that_the_queue_s_reads(stack: Stack, parameter: str, place: str) -> None:
    def added(role: str) -> list[dict[str, Any]]:
        without = stack.statements(role)
        return [item for item in stack.statements(role, **{parameter: place}) if item not in without]

    assert added("AllocationApiRole") == added("AllocateOrdersRole") != []
    assert stack.statements("AllocationApiRole", Allocator="pro") == stack.statements("AllocationApiRole")


def test_authorizer_may_read_the_keys_and_nothing_else(stack: Stack) -> None:
    assert allowed(stack, "ApiAuthorizerRole") == {
        json.dumps({"Fn::GetAtt": ["ApiKeysSecret", "Id"]}): {"secretsmanager:GetSecretValue"},
        arn("ApiAuthorizerLogs"): {"logs:CreateLogStream", "logs:PutLogEvents"},
    }


@pytest.mark.parametrize("role", ["AllocationApiRole", "ApiAuthorizerRole"])
def test_no_wildcard_stands_in_a_role(stack: Stack, role: str) -> None:
    for statement in stack.statements(role):
        assert all("*" not in action for action in as_list(statement["Action"]))
        assert all("*" not in text for text in texts(statement["Resource"]))


@pytest.mark.parametrize(
    ("function", "settings"),
    [("AllocationApiFunction", AllocationApiSettings), ("ApiAuthorizerFunction", ApiAuthorizerSettings)],
)
def test_every_setting_is_given_and_nothing_that_is_not_read(stack: Stack, function: str, settings: Any) -> None:
    variables = stack.properties(function)["Environment"]["Variables"]
    given = {name for name in variables if not name.startswith("POWERTOOLS_")}
    assert given == {name.upper() for name in settings.model_fields}


def test_function_answers_before_the_gateway_gives_up(stack: Stack) -> None:
    assert stack.properties("AllocationApiFunction")["Timeout"] < 29


def test_only_the_api_has_the_layer_that_draws(stack: Stack) -> None:
    drawing = {
        name
        for name, function in stack.of_type("AWS::Lambda::Function").items()
        for layer in function["Layers"]
        if stack.properties(layer["Ref"])["LayerName"] == "DocumentsLayer"
    }
    assert drawing == {"AllocationApiFunction"}


@pytest.mark.parametrize("function", API_FUNCTIONS)
def test_logs_go_to_a_group_of_its_own_that_forgets(stack: Stack, function: str) -> None:
    group = stack.properties(function)["LoggingConfig"]["LogGroup"]["Ref"]
    assert group == function.replace("Function", "Logs")
    assert 1 <= stack.properties(group)["RetentionInDays"] <= 90


def test_handlers_are_where_the_template_says() -> None:
    for folder in ("allocation_api", "api_authorizer"):
        assert "def handler(" in (ROOT / "functions" / folder / "app.py").read_text("utf-8")


def test_personal_data_is_encrypted_with_a_key_that_is_renewed_and_expires(stack: Stack) -> None:
    table = stack.properties("ConsignmentsTable")
    assert table["SSESpecification"] == {
        "SSEEnabled": True,
        "SSEType": "KMS",
        "KMSMasterKeyId": {"Ref": "ConsignmentsKey"},
    }
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expiresAt", "Enabled": True}
    assert stack.properties("ConsignmentsKey")["EnableKeyRotation"] is True
    for name in ("ConsignmentsTable", "ConsignmentsKey"):
        assert stack.resources[name]["DeletionPolicy"] == "RetainExceptOnCreate"
        assert stack.resources[name]["UpdateReplacePolicy"] == "Retain"


def test_the_secret_begins_without_any_key(stack: Stack) -> None:
    assert json.loads(stack.properties("ApiKeysSecret")["SecretString"]) == {}


def test_indexes_find_consignments_as_the_code_asks(stack: Stack) -> None:
    indexes = {index["IndexName"]: index for index in stack.properties("ConsignmentsTable")["GlobalSecondaryIndexes"]}
    assert set(indexes) == {BY_CUSTOMER_REFERENCE, NEVER_ALLOCATED}
    of_records = stack.properties("AllocationsTable")["GlobalSecondaryIndexes"]
    [by_state] = [stack.resolved(index, {}) for index in of_records if "Fn::If" in index]
    assert by_state["IndexName"] == BY_STATE
    assert all(index["Projection"] == {"ProjectionType": "KEYS_ONLY"} for index in [*indexes.values(), by_state])


def test_a_mistake_in_it_is_found(template_text: str) -> None:
    changed = template_text.replace("security: [{ApiKey: []}]", "security: []", 1)
    body = Stack(translated(changed)).properties("AllocationApi")["Body"]
    with pytest.raises(AssertionError):
        test_only_the_health_check_is_open(body)
