"""Opens the allocation API of a deployed stack: a key of its own, and the answers that API Gateway gives by itself."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any, Final

import yaml

from cli.paths import BUILD
from cli.stack.clients import Clients
from cli.stack.environment import endpoint

STAGE: Final = "live"
KEY_NAME: Final = "local"
RESPONSES: Final = "x-amazon-apigateway-gateway-responses"


def api_url(port: int, api_id: str) -> str:
    """Where the local AWS serves a REST API."""
    return f"{endpoint(port)}/_aws/execute-api/{api_id}/{STAGE}"


def open_api(clients: Clients, outputs: Mapping[str, str], url: str) -> str:
    """Gives the API a new key and returns it. `url` is where the API is."""
    function, secret = outputs["AllocationApiFunctionName"], outputs["ApiKeysSecretArn"]
    key = secrets.token_urlsafe(24)
    hashes = {KEY_NAME: hashlib.sha256(key.encode()).hexdigest()}
    clients.secretsmanager.put_secret_value(SecretId=secret, SecretString=json.dumps(hashes))
    give_gateway_responses(clients, outputs["ApiId"])
    tell_address(clients, function, url)
    return key


def tell_address(clients: Clients, function: str, url: str) -> None:
    """Tells the API where it is: MiniStack has it below a path of its own, which is not in the function's events."""
    environment = clients.functions.get_function_configuration(FunctionName=function)["Environment"]
    variables = {**environment["Variables"], "API_BASE_URL": url}
    clients.functions.update_function_configuration(FunctionName=function, Environment={"Variables": variables})


def give_gateway_responses(clients: Clients, api_id: str) -> None:
    """Gives the API the gateway responses of its definition, which MiniStack does not read there as AWS does."""
    for kind, response in gateway_responses().items():
        clients.apigateway.put_gateway_response(
            restApiId=api_id,
            responseType=kind,
            statusCode=response["statusCode"],
            responseTemplates=response["responseTemplates"],
        )
    clients.apigateway.create_deployment(restApiId=api_id, stageName=STAGE)


def gateway_responses() -> dict[str, Any]:
    """The gateway responses in the template that was deployed, which SAM has written without YAML's tags."""
    template = yaml.safe_load((BUILD / "template.yaml").read_text("utf-8"))
    responses: dict[str, Any] = template["Resources"]["AllocationApi"]["Properties"]["DefinitionBody"][RESPONSES]
    return responses
