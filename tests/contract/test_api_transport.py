"""What holds for every operation: routes in any case, JSON and XML, errors, and nothing personal in the logs."""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from pydantic import TypeAdapter

from allocation.api.resolver import OPERATIONS
from allocation.api.xml_reading import read_xml
from allocation.api.xml_writing import write_xml
from allocation.aws.dynamodb.consignments import DynamoDBConsignments
from allocation.domain.errors import RetryableError
from allocation.exact_json import parsed, written
from tests.support.allocation_api import HOST, Api, proxy_event
from tests.support.consignments import consignment

COMMON = "{http://electioapp.com/schemas/v1.1/MPD.Electio.SDK.DataTypes.Common}"
CONSIGNMENTS = "{http://electioapp.com/schemas/v1.1/MPD.Electio.SDK.DataTypes.Consignments}"
XML = {"Content-Type": "application/xml", "Accept": "application/xml"}


@pytest.mark.parametrize(
    "path",
    [
        "/allocation/{}/allocateWithCheapestQuote",
        "/Allocation/{}/ALLOCATEWITHCHEAPESTQUOTE/",
        "/ALLOCATION/{}/allocatewithcheapestquote",
    ],
)
def test_routes_match_in_any_case_and_with_a_trailing_slash(api: Api, path: str) -> None:
    assert api.call("PUT", path.format(api.create())).data[0]["StatusCode"] == 200


def test_a_parameter_keeps_its_case(api: Api) -> None:
    reference = api.create()
    assert api.call("PUT", f"/allocation/{reference}/allocatewithservicegroup/VALUABLEGOODS").status == 400
    assert api.call("PUT", f"/allocation/{reference}/allocatewithservicegroup/valuableGoods").status == 200


def test_there_is_no_route_that_another_hides(api: Api) -> None:
    reached: dict[str, str] = {}
    for operation in OPERATIONS:
        path = re.sub(r"{\w+}", "value", operation.path)
        meant = api.resolver.meant(operation.method, path)
        reached[operation.name] = meant[0].path if meant else ""
    assert reached == {operation.name: operation.path for operation in OPERATIONS}


def test_an_address_or_a_method_that_is_not_there_is_pro_s_error(api: Api) -> None:
    for method, path, status in (("GET", "/nowhere", 404), ("PATCH", "/consignments", 405), ("GET", "/", 404)):
        answer = api.call(method, path)
        assert answer.status == status
        assert list(answer.data) == ["Code", "Message", "CorrelationId", "Details"]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/Consignments/", "POST, PUT"),
        ("/consignments/EC-000-000-001", "DELETE, GET"),
        ("/consignments/cancellist", "DELETE, GET, PUT"),
        ("/health", "GET"),
    ],
)
def test_a_method_that_is_not_there_is_answered_with_those_that_are(api: Api, path: str, allowed: str) -> None:
    for headers in ({}, XML):
        answer = api.call("PATCH", path, headers=headers)
        assert (answer.status, answer.headers["allow"]) == (405, allowed)


def test_an_address_that_is_not_there_allows_nothing(api: Api) -> None:
    assert "allow" not in api.call("GET", "/nowhere").headers


@pytest.mark.parametrize("accept", ["application/json", "*/*", "", "text/html", "application/json, text/xml;q=0.9"])
def test_json_is_what_is_answered_unless_xml_is_preferred(api: Api, accept: str) -> None:
    answer = api.call("GET", "/carriers/getcarriers", headers={"Accept": accept})
    assert answer.headers["content-type"].startswith("application/json")
    json.loads(answer.body)


def test_xml_has_pro_s_elements_in_the_namespaces_of_its_classes(api: Api) -> None:
    reference = api.create()
    answer = api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote", headers={"Accept": "text/xml"})
    assert answer.headers["content-type"].startswith("text/xml")
    root = ElementTree.fromstring(answer.body)  # noqa: S314 - our own
    assert root.tag == "ArrayOfAllocationSummary"
    [summary] = root
    assert summary.tag == "AllocationSummary"
    assert summary.findtext(f"{CONSIGNMENTS}StatusCode") == "200"
    link = f"{CONSIGNMENTS}ApiLinks/{CONSIGNMENTS}ApiLink"
    assert [each.text for each in summary.findall(f"{link}/{COMMON}Rel")] == ["detail", "label"]
    leg = summary.find(f"{CONSIGNMENTS}ConsignmentLegs/{CONSIGNMENTS}ConsignmentLeg")
    assert leg is not None
    assert leg.findtext(f"{CONSIGNMENTS}TrackingReferences/{CONSIGNMENTS}string", "").startswith("TRK")
    assert leg.find(f"{CONSIGNMENTS}CarrierServiceReference") is None, "XML leaves out what JSON has as null"


def test_the_whole_of_a_consignment_s_life_goes_in_xml(api: Api) -> None:
    def call(method: str, path: str, body: Any = None, root: str = "") -> ElementTree.Element:
        text = write_xml(body, root).decode() if body else None
        answer = api.call(method, path, text, XML)
        assert answer.status in (200, 201), answer.body
        return ElementTree.fromstring(answer.body) if answer.body else ElementTree.Element("nothing")  # noqa: S314

    created = call("POST", "/consignments", consignment(), "CreateConsignmentRequest")
    reference = created.findtext(f"ApiLink/{COMMON}Href", "").rpartition("/")[2]
    told = call("GET", f"/consignments/{reference}")
    assert told.tag == f"{CONSIGNMENTS}Consignment"
    weight = f"{CONSIGNMENTS}Packages/{CONSIGNMENTS}Package/{CONSIGNMENTS}Weight"
    assert told.findtext(f"{weight}/{COMMON}Value") == "0.5"
    contact = f"{CONSIGNMENTS}Addresses/{CONSIGNMENTS}Address/{COMMON}Contact/{COMMON}LastName"
    assert [each.text for each in told.iterfind(contact)] == ["Somebody", "McPetersson"]
    body = {"ConsignmentReferences": [reference], "MpdCarrierServiceReference": "CX_NDS"}
    allocated = call(
        "PUT", "/allocation/allocatewithcarrierservice", body, "AllocateConsignmentsWithCarrierServiceRequest"
    )
    assert allocated.findtext(f"AllocationSummary/{CONSIGNMENTS}CarrierServiceReference") == "CX_NDS"
    label = call("GET", f"/labels/{reference}/ZPL")
    assert label.tag.endswith("LabelGeneration}GetLabelsResponse")
    cancelled = call("PUT", "/consignments/cancellist", [reference], "string")
    assert cancelled.findtext(f"WithMessageOfString/{CONSIGNMENTS}IsSuccess") == "true"


# PRO has one range there; several are ours.
NOT_ALWAYS_A_LIST = {"ShippingDateRanges"}


def test_every_list_of_a_request_is_a_list_in_xml_too() -> None:
    schemas = [TypeAdapter(operation.takes).json_schema() for operation in OPERATIONS if operation.takes]
    models = [each for schema in schemas for each in (schema, *schema.get("$defs", {}).values())]
    fields = [field for model in models for field in model.get("properties", {}).items()]
    lists = {
        name for name, field in fields if "array" in {each.get("type") for each in (field, *field.get("anyOf", []))}
    }
    read = {name: read_xml(f"<Asked><{name}><string>1</string></{name}></Asked>".encode())[name] for name in lists}

    assert {"Packages", "ConsignmentReferences"} <= lists
    assert {name for name, value in read.items() if not isinstance(value, list)} == NOT_ALWAYS_A_LIST


def test_errors_are_xml_too(api: Api) -> None:
    answer = api.call("GET", "/consignments/EC-ZZZ-ZZZ-ZZZ", headers=XML)
    assert answer.status == 404
    root = ElementTree.fromstring(answer.body)  # noqa: S314 - our own
    assert root.findtext(f"{COMMON}Code") == "ConsignmentNotFoundException"


def test_a_content_type_that_is_not_known_is_a_415(api: Api) -> None:
    for path in ("/consignments", "/quotes"):
        answer = api.call("POST", path, "a=b", {"Content-Type": "application/x-www-form-urlencoded"})
        assert (answer.status, answer.data["Code"]) == (415, "UnsupportedMediaTypeException")


def test_a_body_that_is_too_large_is_a_413(api: Api) -> None:
    answer = api.call("POST", "/consignments", consignment(Mine="x" * 300_000))
    assert (answer.status, answer.data["Code"]) == (413, "RequestTooLargeException")


def test_an_outage_of_the_tables_is_a_503_that_says_to_try_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Any:
        raise RetryableError("DynamoDB did not answer")

    monkeypatch.setattr(api.store, "find", fail)
    answer = api.call("GET", "/consignments/EC-000-000-001")
    assert (answer.status, answer.data["Code"]) == (503, "ServiceUnavailableException")
    assert "DynamoDB" not in answer.body


def test_an_error_of_ours_is_a_500_without_a_word_about_what_it_was(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> Any:
        raise ValueError("Peter McPetersson")

    monkeypatch.setattr(api.store, "find", fail)
    answer = api.call("GET", "/consignments/EC-000-000-001")
    assert (answer.status, answer.data["Code"]) == (500, "InternalException")
    assert "ValueError" in logged(caplog)
    assert "McPetersson" not in answer.body + logged(caplog)


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """All that was logged, with whatever was put beside it."""
    return "\n".join(str(vars(record)) for record in caplog.records)


def test_nothing_personal_is_logged(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    reference = api.create()
    api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote")
    api.call("GET", f"/consignments/{reference}")
    api.call("GET", f"/labels/{reference}")
    api.call("POST", "/consignments", consignment(Packages=[]))
    api.call("GET", "/consignments/McPetersson")
    assert reference in logged(caplog)
    for text in ("McPetersson", "Porter Street", "07702123456", "test.com", "M1 5WG", "Socks"):
        assert text not in logged(caplog)


def test_only_the_health_check_needs_no_key() -> None:
    assert [operation.path for operation in OPERATIONS if not operation.needs_key] == ["/health"]


@pytest.mark.parametrize(
    ("domain", "path", "status"),
    [
        ("shop.example.com", "/pro/v1/carriers", 200),
        ("shop.example.com", "/pro/v1/CARRIERS/", 200),
        ("shop.example.com", "/pro/v1", 404),
        ("shop.example.com", "/pro/v10/carriers", 404),
        ("abcdef1234.execute-api.eu-west-2.amazonaws.com", "/carriers", 200),
        ("abcdef1234.execute-api.eu-west-2.amazonaws.com", "/pro/v1/carriers", 404),
    ],
)
def test_a_custom_domain_may_have_a_base_path(api: Api, domain: str, path: str, status: int) -> None:
    api.address = "https://shop.example.com/pro/v1/"
    event = proxy_event("GET", path, None, {}, "request-1")
    event["requestContext"]["domainName"] = domain
    assert api.resolver.resolve(event, SimpleNamespace())["statusCode"] == status


def test_links_have_the_base_path_once(api: Api) -> None:
    api.address = "https://shop.example.com/pro/v1"
    event = proxy_event("POST", "/pro/v1/consignments", written(consignment()), {}, "request-1")
    event["requestContext"] |= {"domainName": "shop.example.com", "path": "/pro/v1/consignments"}
    reply = api.resolver.resolve(event, SimpleNamespace())
    assert parsed(reply["body"])[0]["Href"].startswith("https://shop.example.com/pro/v1/consignments/EC-")


@pytest.mark.parametrize(
    ("sent", "scheme"),
    [("http", "http"), *((sent, "https") for sent in ("https", "javascript", "http://evil.example.com/?", ""))],
)
def test_links_have_no_scheme_but_those_of_the_web(api: Api, sent: str, scheme: str) -> None:
    api.address = ""
    reply = api.call("POST", "/consignments", consignment(), {"X-Forwarded-Proto": sent})
    assert reply.data[0]["Href"].startswith(f"{scheme}://{HOST}/consignments/EC-")


def asked_by(api: Api, method: str, path: str, authorizer: Mapping[str, str] | None) -> tuple[int, Any]:
    """The status and the error's code of a request that the authorizer let pass so."""
    event = proxy_event(method, path, written(consignment()), {}, "request-1")
    event["requestContext"]["authorizer"] = authorizer
    reply = api.resolver.resolve(event, SimpleNamespace())
    data = parsed(reply["body"]) if reply["body"] else {}
    return reply["statusCode"], data.get("Message") if isinstance(data, dict) else None


def test_a_key_does_what_its_scopes_allow_and_nothing_else(api: Api) -> None:
    reference = api.create()
    reading, erasing = f"/consignments/{reference}", f"/consignments/{reference}"
    asked = [("GET", reading), ("POST", "/quotes"), ("PUT", f"{reading}/cancel"), ("DELETE", erasing)]
    for scopes, statuses in (
        ("read", [200, 201, 403, 403]),
        ("", [403] * 4),
        ("allocate", [403, 403, 200, 403]),
        ("erase", [403, 403, 403, 200]),
    ):
        key = {"principalId": "reports", "scopes": scopes}
        assert [asked_by(api, method, path, key)[0] for method, path in asked] == statuses


def test_a_refusal_names_the_key_and_the_scope_that_it_lacks(api: Api) -> None:
    status, message = asked_by(api, "POST", "/consignments", {"principalId": "reports", "scopes": "read"})
    assert (status, "'reports'" in message, "allocate" in message) == (403, True, True)


def test_what_no_authorizer_let_pass_gets_nothing_but_the_health_check(api: Api) -> None:
    assert asked_by(api, "GET", "/carriers", None)[0] == 403
    assert asked_by(api, "GET", "/health", None)[0] == 200


@pytest.mark.parametrize("reference", ["EC\0x", "EC-1\nERROR fake", "..\\..\\passwd"])
def test_a_path_with_characters_that_no_reference_has_is_not_found(api: Api, reference: str) -> None:
    assert api.call("GET", f"/consignments/{reference}").status == 404


def test_the_health_of_the_stack_names_what_fails(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (api.call("GET", "/health/stack").status, asked_by(api, "GET", "/health/stack", None)[0]) == (200, 403)

    def fail(*_: Any) -> Any:
        raise RetryableError("no table answers")

    monkeypatch.setattr(DynamoDBConsignments, "find", fail)
    reply = api.call("GET", "/health/stack")
    assert reply.status == 503
    assert [problem["Target"] for problem in reply.data["Details"]] == ["Records"]


def test_the_health_of_the_stack_needs_a_catalogue_where_the_engine_allocates(api: Api) -> None:
    def lacking() -> Any:
        raise RetryableError("there is no usable catalogue")

    vars(api)["use_cases"] = replace(api.use_cases, current_engine=lacking)
    reply = api.call("GET", "/health/stack")
    assert reply.status == 503
    assert [problem["Target"] for problem in reply.data["Details"]] == ["Catalogue"]
    assert api.call("GET", "/health").status == 200


def test_a_caller_whom_an_earlier_authorizer_let_pass_may_do_all(api: Api) -> None:
    assert asked_by(api, "GET", "/carriers", {"principalId": "shop"})[0] == 200


def test_the_log_tells_who_called(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    api.create()
    assert vars(caplog.records[-1])["caller"] == "shop"


def test_nobody_on_the_way_keeps_a_reply_or_sees_it_without_tls(api: Api) -> None:
    reference = api.create()
    for path in (f"/consignments/{reference}", f"/labels/{reference}", "/nowhere"):
        headers = api.call("GET", path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["strict-transport-security"].startswith("max-age=")


def test_a_body_in_base64_is_read_and_another_one_refused(api: Api) -> None:
    for body, status in ((b64encode(written(consignment()).encode()).decode(), 201), ("{}", 400)):
        event = proxy_event("POST", "/consignments", body, {}, "request-1") | {"isBase64Encoded": True}
        assert api.resolver.resolve(event, SimpleNamespace())["statusCode"] == status


@pytest.mark.parametrize("headers", [{}, {"Accept": "application/xml"}], ids=["JSON", "XML"])
def test_a_reply_that_lambda_could_not_send_is_refused_with_what_to_do(
    api: Api, monkeypatch: pytest.MonkeyPatch, headers: Mapping[str, str]
) -> None:
    """A quote in the text counts twice, as Lambda sends the body as a JSON string."""
    reference = api.create(MetaData=[{"KeyValue": "quotes", "StringValue": '"' * 1500} for _ in range(60)])
    asked = ("GET", f"/consignments/{reference}", None, headers)
    assert api.call(*asked).status == 200
    monkeypatch.setattr("allocation.api.resolver._LARGE", 1_000)
    monkeypatch.setattr("allocation.api.resolver._MAX_REPLY", 100_000)
    answer = api.call(*asked)
    assert answer.status == 400
    assert "ReplyTooLargeException" in answer.body
    assert "Ask for less" in answer.body


@pytest.mark.parametrize("spelled", [str.lower, str.upper, str.title])
def test_headers_may_be_named_in_any_case(api: Api, spelled: Callable[[str], str]) -> None:
    """API Gateway hands a header on as its client named it (RFC 9110, 5.1)."""
    body = "<ConsignmentReferences><string>EC-000-000-000</string></ConsignmentReferences>"
    headers = {"accept": "text/xml", "content-type": "text/xml", "electio-api-version": "1.1"}
    asked = {spelled(name): value for name, value in headers.items()}

    assert api.call("GET", "/carriers/getcarriers", headers=asked).headers["content-type"].startswith("text/xml")
    assert api.call("PUT", "/consignments/setreadytoship", body, headers=asked).status == 404, "the XML is read"
