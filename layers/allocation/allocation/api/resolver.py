"""The operations as routes of Powertools' event handler, and every failure as PRO's error."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler.api_gateway import APIGatewayRestResolver, Response
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from allocation.api.negotiation import JSON, reply_type
from allocation.api.older_clients import is_older, with_older_names
from allocation.api.operations import Operation
from allocation.api.replies import Reply, api_error, error_reply
from allocation.api.requests import Request
from allocation.api.services import Services
from allocation.api.xml_writing import write_xml
from allocation.consignments.errors import RequestError, UnavailableError
from allocation.domain.errors import RetryableError
from allocation.domain.reference import is_consignment_reference
from allocation.exact_json import written
from allocation.observability import logger


class AnyCaseResolver(APIGatewayRestResolver):
    """A resolver whose routes match in any case, as PRO's do; parameters keep the case they came in."""

    @staticmethod
    def _compile_regex(rule: str, base_regex: str = "") -> re.Pattern[str]:  # noqa: ARG004 - the base class's
        return re.compile(APIGatewayRestResolver._compile_regex(rule).pattern, re.IGNORECASE)


def api_resolver(operations: Sequence[Operation], services: Services, address: str = "") -> AnyCaseResolver:
    """The resolver of the operations. Of two that match a request the first one is taken.

    `address` is what links begin with, where that is not what the caller called.
    """
    resolver = AnyCaseResolver()
    patterns = [
        (operation.method, re.compile(PARAMETERS.sub("[^/]+", operation.path) + "/*", re.IGNORECASE))
        for operation in operations
    ]

    def route(operation: Operation) -> None:
        @resolver.route(operation.rule, method=operation.method)
        def serve(**path: str) -> Response[str]:
            request = request_of(resolver.current_event, path, address)
            return respond(resolver.current_event, attempt(operation, request, services))

    def not_found(_: Exception) -> Response[str]:
        event = resolver.current_event
        allowed = sorted({method for method, pattern in patterns if pattern.fullmatch(event.path)})
        response = respond(event, error_reply(no_route(event, is_path=bool(allowed)), request_id(event)))
        if allowed:
            response.headers["Allow"] = ", ".join(allowed)  # which RFC 9110 wants beside a 405
        return response

    for operation in operations:
        route(operation)
    resolver.not_found(not_found)
    return resolver


PARAMETERS = re.compile(r"\{\w+\}")


def no_route(event: APIGatewayProxyEvent, *, is_path: bool) -> RequestError:
    """Why a request has no operation."""
    if is_path:
        return RequestError("MethodNotAllowedException", f"{event.http_method} can't be used here.", 405)
    return RequestError("ResourceNotFoundException", "There is nothing at this address.", 404)


def attempt(operation: Operation, request: Request, services: Services) -> Reply:
    """The operation's reply, or the error that stands for what went wrong; never a traceback."""
    try:
        reply = operation.handler(request, services)
        if request.is_older:
            reply = replace(reply, data=with_older_names(reply.data, reply.root))
    except RequestError as error:
        reply = error_reply(error, request.request_id)
        logger.info("refused", extra={"operation": operation.name, "code": error.code, "status": error.status})
    except RetryableError as error:
        logger.error("not served", extra={"operation": operation.name, "cause": str(error)})
        reply = error_reply(UnavailableError(), request.request_id)
    except Exception as error:  # noqa: BLE001 - the last resort: an error of ours must not look like anything of PRO's
        # Its text may hold personal data, and so it stays out of the logs; where it came from tells enough.
        logger.error(
            "failed", extra={"operation": operation.name, "error": type(error).__name__, "at": place_of(error)}
        )
        reply = Reply(api_error("InternalException", "The service failed.", request.request_id), 500, "ApiError")
    else:
        consignment = request.path.get("consignment", "").upper()
        logger.info(
            "served",
            extra={
                "operation": operation.name,
                "status": reply.status,
                "consignment": consignment if is_consignment_reference(consignment) else None,
            },
        )
    return reply


def place_of(error: BaseException) -> str:
    """The file and line that an error was raised at."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace else "unknown"


def request_of(event: APIGatewayProxyEvent, path: dict[str, str], address: str) -> Request:
    """A request as API Gateway hands it over."""
    return Request(
        request_id=request_id(event),
        base_url=address.rstrip("/") or base_url(event),
        path={name: unquote(value) for name, value in path.items()},
        query={name.lower(): value for name, value in (event.query_string_parameters or {}).items()},
        content_type=event.headers.get("content-type") or "",
        is_older=is_older(event.headers.get("electio-api-version")),
        read_body=lambda: body_of(event),
    )


def body_of(event: APIGatewayProxyEvent) -> bytes:
    """The bytes of the body. Raises `RequestError` where there is none."""
    body: Any = event.decoded_body
    if not body:
        raise RequestError("UnreadableRequestException", "The request has no body.")
    return body if isinstance(body, bytes) else str(body).encode("utf-8", "surrogatepass")


def request_id(event: APIGatewayProxyEvent) -> str:
    """API Gateway's id of the request, by which it is found in the logs."""
    return event.request_context.request_id or "unknown"


def base_url(event: APIGatewayProxyEvent) -> str:
    """Where the API is for whoever called it: host and stage, or the host alone under a domain of one's own."""
    host = event.headers.get("host") or event.request_context.domain_name or "localhost"
    scheme = event.headers.get("x-forwarded-proto") or "https"
    whole = event.request_context.path or event.path
    return f"{scheme}://{host}{whole.removesuffix(event.path)}".rstrip("/")


def respond(event: APIGatewayProxyEvent, reply: Reply) -> Response[str]:
    """The reply as JSON or XML, as it is wanted."""
    if reply.data is None:
        return Response(reply.status, body="")
    media_type = reply_type(event.headers.get("accept"))
    if media_type == JSON:
        return Response(reply.status, f"{JSON}; charset=utf-8", written(reply.data))
    return Response(reply.status, f"{media_type}; charset=utf-8", write_xml(reply.data, reply.root).decode())
