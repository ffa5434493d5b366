"""The calls of the layer's own clients in a test: moto answers them, as it does botocore's.

A request is checked against botocore's description of the service first, as botocore does where it is told to.
"""

import json
from functools import cache
from typing import Any, Final

import botocore.session
from botocore.awsrequest import AWSPreparedRequest, HeadersDict
from botocore.exceptions import ParamValidationError
from botocore.validate import ParamValidator
from moto.core.models import botocore_stubber

from allocation.aws.calls.connections import Connections, RawReply, SignedRequest

_SERVICES: Final = {"DynamoDB_20120810": "dynamodb", "AmazonSQS": "sqs", "secretsmanager": "secretsmanager"}
_EXCHANGE: Final = Connections.exchange


def exchange_with_moto(self: Connections, request: SignedRequest, *, streams: bool = False) -> RawReply:
    """Have moto answer a request while a test has moto's AWS; whoever is asked, otherwise. Stands for `exchange`."""
    if not botocore_stubber.enabled:
        return _EXCHANGE(self, request, streams=streams)
    _require_valid(request)
    headers: Any = HeadersDict({**request.headers, "Host": request.host})
    url = f"{self.url.partition('://')[0]}://{request.host}{request.target}"
    answer: Any = botocore_stubber(
        "before-send", AWSPreparedRequest(request.method, url, headers, request.body, stream_output=False)
    )
    if answer is None:
        return _EXCHANGE(self, request, streams=streams)
    found = {str(name).lower(): str(value) for name, value in answer.headers.items()}
    return RawReply(answer.status_code, found, answer.content)


def _require_valid(request: SignedRequest) -> None:
    """Raise `ParamValidationError` for a request that botocore's description of the service does not allow."""
    prefix, _, operation = request.headers.get("x-amz-target", "").partition(".")
    if prefix:
        shape = _model(_SERVICES[prefix]).operation_model(operation).input_shape
        report = ParamValidator().validate(json.loads(request.body), shape)
        if report.has_errors():
            raise ParamValidationError(report=report.generate_report())


@cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)
