"""All operations of the API as routes, and every failure as PRO's error."""

import json
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import unquote

from allocation.api import (
    allocation_routes,
    audit_routes,
    by_date_routes,
    calendar_routes,
    catalogue_routes,
    consignment_routes,
    document_routes,
    earlier_routes,
    event_routes,
    health_routes,
    item_routes,
    late_routes,
    lookup_routes,
    manifest_routes,
    option_routes,
    order_routes,
    package_routes,
    pickup_routes,
    quote_routes,
    search_routes,
    step_routes,
    tracking_routes,
)
from allocation.api.keys import ALL_SCOPES
from allocation.api.older_clients import is_older, with_older_names
from allocation.api.operations import Endpoint, Operation
from allocation.api.pro_routes import ProRoute, Unserved, form_of, specificity
from allocation.api.replies import JSON, Reply, api_error, error_reply, reply_type
from allocation.api.requests import Request
from allocation.api.routing import AnyCaseResolver, GatewayEvent, Response
from allocation.api.use_cases import UseCases
from allocation.api.xml_writing import write_xml
from allocation.consignments.errors import NOT_IMPLEMENTED, RequestError, UnavailableError
from allocation.domain.errors import RetryableError
from allocation.domain.metric import MetricName
from allocation.domain.reference import is_consignment_reference
from allocation.exact_json import written
from allocation.observability import count, logger

OPERATIONS: Final[list[Operation]] = []
# Replies hold personal data: nobody on the way keeps them (RFC 9111, 5.2.2.5) or sees them without TLS (RFC 6797).
_HEADERS: Final = {"Cache-Control": "no-store", "Strict-Transport-Security": "max-age=31536000"}
# What Lambda sends back, 6 MB, is the body as a JSON string, with headers. Its size is looked at where it may matter.
_MAX_REPLY: Final = 6_000_000
_LARGE: Final = 1_000_000


for _module in (
    health_routes,
    item_routes,
    late_routes,
    allocation_routes,
    document_routes,
    by_date_routes,
    earlier_routes,
    package_routes,
    consignment_routes,
    quote_routes,
    catalogue_routes,
    manifest_routes,
    search_routes,
    step_routes,
    option_routes,
    pickup_routes,
    order_routes,
    tracking_routes,
    audit_routes,
    event_routes,
    calendar_routes,
    lookup_routes,
):
    OPERATIONS.extend(_module.OPERATIONS)


def api_resolver(use_cases: UseCases, base_url: str, more: Sequence[Endpoint] = ()) -> AnyCaseResolver:
    """Return the resolver of all operations, and of `more` endpoints.

    `base_url` starts the links in replies. Empty, links start with the address that the caller used.
    """
    resolver = AnyCaseResolver(base_url)
    unserved = Unserved((each.method, each.path) for each in OPERATIONS)
    served = (each.endpoint(use_cases) for each in OPERATIONS)
    # A literal comes before a parameter: `docs/{consignment}` is not `{take}/{skip}`.
    endpoints = [*more, *sorted(served, key=lambda each: specificity(form_of(each.path)))]

    def add(endpoint: Endpoint) -> None:
        def serve(event: GatewayEvent, path: dict[str, str]) -> Response:
            if endpoint.is_pros and (route := unserved.at(event.http_method, event.path)):
                return _not_served(event, route)
            return _respond(event, _attempt(endpoint, _request_of(event, path, base_url)), endpoint)

        resolver.add(endpoint.method, endpoint.path, serve)

    def not_found(event: GatewayEvent) -> Response:
        if route := unserved.at(event.http_method, event.path):
            return _not_served(event, route)
        allowed = resolver.methods_at(event.path)
        if event.http_method in allowed:  # the path has a character that no route takes
            allowed = []
        response = _respond(event, error_reply(_no_route(event, is_path=bool(allowed)), _request_id(event)))
        if allowed:
            response.headers["Allow"] = ", ".join(allowed)  # RFC 9110, 15.5.6
        return response

    for each in endpoints:
        add(each)
    resolver.not_found = not_found
    return resolver


def _not_served(event: GatewayEvent, route: ProRoute) -> Response:
    """Return that an operation of PRO is not served here."""
    text = f"{route.title} ({route.method} {route.path}) is an operation of SortedPRO that this service does not have."
    text = f"{text} {route.reason}".rstrip()
    logger.info("not implemented", extra={"operation": f"{route.method} {route.path}"})
    error = RequestError("OperationNotImplementedException", text, NOT_IMPLEMENTED)
    return _respond(event, error_reply(error, _request_id(event)))


def _no_route(event: GatewayEvent, *, is_path: bool) -> RequestError:
    """Return why a request has no operation."""
    if is_path:
        return RequestError("MethodNotAllowedException", f"{event.http_method} is not allowed here.", 405)
    return RequestError("ResourceNotFoundException", "No operation has this address.", 404)


def _attempt(endpoint: Endpoint, request: Request) -> Reply:
    """Return the endpoint's reply, or an error reply. Never raises."""
    asked = {"operation": endpoint.name, "caller": request.caller}
    try:
        request.require(endpoint.scope)
        reply = endpoint.serve(request)
        if endpoint.is_pros and request.is_older:
            reply = replace(reply, data=with_older_names(reply.data, reply.root))
    except RequestError as error:
        reply = error_reply(error, request.request_id)
        logger.info("refused", extra=asked | {"code": error.code, "status": error.status})
    except RetryableError as error:
        logger.error("not served", extra=asked | {"cause": str(error)})
        reply = error_reply(UnavailableError(), request.request_id)
    except Exception as error:  # noqa: BLE001 - the last resort: the caller always gets PRO's error
        # The error's text may hold personal data, so only its place is logged.
        place = _place_of(error)
        logger.error("failed", extra=asked | {"error": type(error).__name__, "at": place})
        reply = Reply(api_error("InternalException", "The service failed.", request.request_id), 500, "ApiError")
    else:
        consignment = request.path.get("consignment", "")
        logger.info(
            "served",
            extra=asked
            | {
                "status": reply.status,
                "consignment": consignment if is_consignment_reference(consignment) else None,
            },
        )
    return reply


def _place_of(error: BaseException) -> str:
    """Return the file and line that raised an error."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace else "unknown"


def _request_of(event: GatewayEvent, path: dict[str, str], base_url: str) -> Request:
    """Return the request of an API Gateway event."""
    authorized = event.authorized
    caller = str(authorized.get("principalId") or "")
    # Until its policies are forgotten, an authorizer of before there were scopes names the caller alone.
    scopes = str(authorized.get("scopes", " ".join(ALL_SCOPES) if caller else ""))
    return Request(
        request_id=_request_id(event),
        base_url=base_url_of(event, base_url),
        path={name: unquote(value) for name, value in path.items()},
        query={name.lower(): value for name, value in event.query.items()},
        content_type=event.headers.get("content-type") or "",
        is_older=is_older(event.headers.get("electio-api-version")),
        caller=caller,
        scopes=frozenset(scopes.split()),
        read_body=lambda: _body_of(event),
    )


def current_caller() -> str | None:
    """Return the name of the key, or the user, whose request is being served."""
    return str(AnyCaseResolver.current_event.authorized.get("principalId") or "") or None


def _body_of(event: GatewayEvent) -> bytes:
    """Return the bytes of the body. Raises `RequestError` where there is none."""
    body = event.body.encode("utf-8", "surrogatepass")
    if event.is_base64_encoded:
        try:
            body = b64decode(body, validate=True)
        except ValueError as error:
            raise RequestError("UnreadableRequestException", "The body is not in Base64.") from error
    if not body:
        raise RequestError("UnreadableRequestException", "The request has no body.")
    return body


def _request_id(event: GatewayEvent) -> str:
    """Return API Gateway's id of the request, which is also in its logs."""
    return str(event.context.get("requestId") or "unknown")


def base_url_of(event: GatewayEvent, base_url: str) -> str:
    """Return `base_url` or, if that is empty, the address that the caller used, without a trailing slash.

    That is host and stage, or only the host of a custom domain.
    """
    if base_url:
        return base_url.rstrip("/")
    host = event.headers.get("host") or event.context.get("domainName") or "localhost"
    scheme = "http" if event.headers.get("x-forwarded-proto") == "http" else "https"
    whole = str(event.context.get("path") or event.path)
    return f"{scheme}://{host}{whole.removesuffix(event.path)}".rstrip("/")


def _respond(event: GatewayEvent, reply: Reply, endpoint: Endpoint | None = None) -> Response:
    """Return the reply in JSON or, if it is for PRO's clients, in XML to a caller that prefers it."""
    if reply.status == NOT_IMPLEMENTED:
        count(MetricName.OPERATIONS_NOT_IMPLEMENTED, 1)
    if reply.data is None:
        return Response(reply.status, body="", headers=dict(_HEADERS))
    is_pros = endpoint is None or endpoint.is_pros
    media_type = reply_type(event.headers.get("accept")) if is_pros else JSON
    body = written(reply.data) if media_type == JSON else write_xml(reply.data, reply.root).decode()
    if len(body) > _LARGE and (size := len(json.dumps(body))) > _MAX_REPLY:
        text = f"The reply would have {size} bytes, and at most {_MAX_REPLY} can be sent. Ask for less at a time."
        logger.error("reply too large", extra={"operation": endpoint.name if endpoint else None, "bytes": size})
        return _respond(event, error_reply(RequestError("ReplyTooLargeException", text), _request_id(event)), endpoint)
    return Response(reply.status, f"{media_type}; charset=utf-8", body, dict(_HEADERS))
