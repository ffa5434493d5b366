"""The OpenAPI document: drawn from the code, valid, and true of what the API answers."""

import json
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from allocation.api.operations import Operation
from allocation.api.resolver import OPERATIONS
from allocation.api.xml_reading import read_xml
from allocation.exact_json import parsed, written
from cli.openapi import EXAMPLES, FILE, NEW_CONSIGNMENT, openapi, path_parameters, text
from tests.support.allocation_api import Answer, Api
from tests.support.consignments import consignment, package
from tests.support.size import sized

DOCUMENT = openapi()
TYPES = ["application/json", "application/xml"]


def problems(schema: dict[str, Any], data: Any) -> list[str]:
    """What is wrong with data by a schema of the document."""
    whole = {**schema, "components": DOCUMENT["components"]}
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(whole).iter_errors(data)]


def responses_of(path: str, method: str) -> dict[str, Any]:
    return dict(DOCUMENT["paths"][path][method.lower()]["responses"])


def assert_documented(path: str, method: str, answer: Answer) -> None:
    """The answer has a documented status, and the body that is documented for it; of XML only that it is XML."""
    responses = responses_of(path, method)
    assert str(answer.status) in responses, answer.body
    content = responses[str(answer.status)].get("content")
    if content is None:
        assert answer.body == ""
        return
    media_type = answer.headers["content-type"].partition(";")[0]
    assert media_type in content
    if media_type == "application/json":
        assert problems(content[media_type]["schema"], json.loads(answer.body)) == []
    else:
        ElementTree.fromstring(answer.body)  # noqa: S314 - our own


def test_the_document_is_the_code_s() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), "run: ./carrier generate"


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation.name for operation in OPERATIONS]
    assert len(set(names)) == len(names)
    described = [entry["operationId"] for methods in DOCUMENT["paths"].values() for entry in methods.values()]
    assert sorted(described) == sorted(names)


def test_every_reference_in_the_document_leads_somewhere() -> None:
    names = {name.removeprefix("#/components/schemas/") for name in references(DOCUMENT)}
    assert names <= DOCUMENT["components"]["schemas"].keys()


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def test_no_two_properties_of_a_schema_clash_in_generated_code() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        properties = list(schema.get("properties", ()))
        assert len({each.casefold() for each in properties}) == len(properties), name


def test_generated_clients_compile_as_far_as_names_and_choices_go() -> None:
    """Go has a function `NewX` for each schema X; Java has no class for a list or text beside an object."""
    schemas = set(DOCUMENT["components"]["schemas"])
    assert {name for name in schemas if name.startswith("New") and name.removeprefix("New") in schemas} == set()
    for choices in found(DOCUMENT, "anyOf"):
        if any("$ref" in each for each in choices):
            assert [each for each in choices if "$ref" not in each] in ([], [{"type": "null"}])


def found(node: Any, name: str) -> Iterator[Any]:
    """Every value under a name, anywhere in a document."""
    if isinstance(node, dict):
        yield from ([node[name]] if name in node else [])
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from found(each, name)


def test_everything_but_the_health_check_is_documented_to_need_the_key() -> None:
    open_operations = [
        path for path, methods in DOCUMENT["paths"].items() for entry in methods.values() if entry.get("security") == []
    ]
    assert open_operations == ["/health"]


def test_the_example_of_a_consignment_can_be_created_and_allocated(api: Api) -> None:
    created = api.call("POST", "/consignments", json.dumps(NEW_CONSIGNMENT))
    assert_documented("/consignments", "POST", created)
    reference = created.data[0]["Href"].rpartition("/")[2]
    answer = api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote")
    assert answer.data[0]["StatusCode"] == 200


def test_answers_of_a_whole_life_are_as_documented(api: Api) -> None:
    reference = api.create()
    heavy = api.create(Packages=[package(Weight={"Value": 5000, "Unit": "Kg"})])
    consignments, one = "/consignments/{consignment}", f"/consignments/{reference}"
    allocation, quotes = "/allocation/{consignment}", f"/quotes/consignment/{reference}"
    for path, method, sent, body in (
        (consignments, "GET", one, None),
        (f"{consignments}/status", "GET", f"{one}/status", None),
        ("/quotes/consignment/{consignment}", "GET", quotes, None),
        ("/quotes", "POST", "/quotes", consignment()),
        ("/quotes/serviceGroups", "POST", "/quotes/serviceGroups", consignment()),
        ("/labels/{consignment}", "GET", f"/labels/{reference}", None),
        ("/allocation/allocate", "PUT", "/allocation/allocate", {"ConsignmentReferences": [reference, heavy, "x"]}),
        (consignments, "GET", one, None),
        (consignments, "GET", f"/consignments/{heavy}", None),
        (f"{consignments}/status", "GET", f"{one}/status", None),
        ("/labels/{consignment}", "GET", f"/labels/{reference}", None),
        ("/labels/{consignment}/{format}", "GET", f"/labels/{reference}/png", None),
        ("/labels/{consignment}/{format}", "GET", f"/labels/{reference}/doc", None),
        ("/consignments/docs/{consignment}", "GET", f"/consignments/docs/{reference}", None),
        (
            f"{allocation}/allocatewithcheapestquote",
            "PUT",
            f"/allocation/{reference}/allocatewithcheapestquote",
            None,
        ),
        (f"{consignments}/deallocate", "PUT", f"{one}/deallocate", None),
        (f"{consignments}/deallocate", "PUT", f"{one}/deallocate", None),
        ("/consignments/deallocatelist", "PUT", "/consignments/deallocatelist", [reference]),
        ("/consignments", "PUT", "/consignments", consignment(Reference=reference)),
        ("/consignments/cancellist", "PUT", "/consignments/cancellist", [heavy]),
        (f"{consignments}/cancel", "PUT", f"{one}/cancel", None),
        (consignments, "GET", one, None),
        (consignments, "DELETE", one, None),
        (consignments, "GET", one, None),
        (
            "/consignments/getConsignmentReferences",
            "GET",
            "/consignments/getConsignmentReferences?State=Cancelled",
            None,
        ),
        ("/consignments/getConsignmentReferences", "GET", "/consignments/getConsignmentReferences", None),
        ("/carrierservices", "GET", "/carrierservices", None),
        ("/carriers", "GET", "/carriers", None),
        ("/carriers/getcarriers", "GET", "/carriers/getcarriers", None),
        ("/servicegroups", "GET", "/servicegroups", None),
        ("/servicegroups/{group}", "GET", "/servicegroups/valuableGoods", None),
        ("/servicegroups/{group}", "GET", "/servicegroups/nowhere", None),
        ("/health", "GET", "/health", None),
        ("/health/stack", "GET", "/health/stack", None),
    ):
        assert_documented(path, method, api.call(method, sent, body))


def test_answers_about_options_and_orders_are_as_documented(api: Api) -> None:
    offered = api.call("POST", "/deliveryoptions", NEW_CONSIGNMENT)
    assert_documented("/deliveryoptions", "POST", offered)
    option, other = (each["Reference"] for each in offered.data["DeliveryOptions"][:2])
    order = api.call("POST", "/orders", {**NEW_CONSIGNMENT, "Packages": [package(Items=[{"Sku": "1"}])]})
    assert_documented("/orders", "POST", order)
    reference = order.data[0]["Href"].rpartition("/")[2]
    chosen = {"DeliveryOptions": [{"Reference": other}]}
    for path, method, body in (
        ("/deliveryoptions/summary", "POST", NEW_CONSIGNMENT),
        ("/deliveryoptions/pickupoptions", "POST", {**NEW_CONSIGNMENT, "MaxResults": 2}),
        ("/deliveryoptions/details/{option}", "GET", None),
        ("/deliveryoptions/select/{option}", "POST", None),
        ("/deliveryoptions/selectorder", "POST", chosen),
        ("/orders/{order}", "GET", None),
        ("/orders/{order}", "PUT", {}),
        ("/orders/{order}/address", "PUT", NEW_CONSIGNMENT["Addresses"][1]),
        ("/orders/{order}/address", "POST", NEW_CONSIGNMENT["Addresses"][1]),
        ("/orders/{order}/pack", "POST", {"Packages": [{"Items": [{"Sku": "1"}]}]}),
        ("/orders/{order}/pack", "POST", {"Packages": [{"Items": [{"Sku": "2"}]}]}),
    ):
        answer = api.call(method, path.format(option=option, order=reference), body)
        assert_documented(path, method, answer)


def path_for(api: Api, operation: Operation, reference: str) -> str:
    """Where an operation is called for a consignment, with a quote that is good if there is any."""
    values = {"consignment": reference, "group": "valuableGoods", "format": "PNG", "quoteReference": "none"}
    values |= {"package": "EP-ZZZ-ZZZ-ZZZ", "customsDocumentType": "CN22", "count": "2"}
    values |= {"date": "2026-11-27", "month": "11", "day": "27", "year": "2026", "item": "EP-ZZZ-ZZZ-ZZZ-1"}
    if "package" in path_parameters(operation):
        packages = api.call("GET", f"/consignments/{reference}").data.get("Packages")
        values |= {"package": packages[0]["Reference"]} if packages else {}
    if "quoteReference" in path_parameters(operation):
        answer = api.call("GET", f"/quotes/consignment/{reference}")
        values |= {"quoteReference": answer.data["Quotes"][0]["QuoteReference"]} if answer.status == 200 else {}
    return operation.path.format(**values) + ("?State=Allocated" if operation.query else "")


PARTS: dict[str, Any] = {
    "FullPackage": NEW_CONSIGNMENT["Packages"][0],
    "FullAddress": NEW_CONSIGNMENT["Addresses"][1],
    "SenderReference": {"Reference": "WEB-1"},
    "ConsignmentDetails": {"RequestedDeliveryDate": "2026-12-03T00:00:00+00:00"},
}


def body_for(operation: Operation, reference: str) -> Any:
    """What an operation is sent for a consignment."""
    if operation.takes is None:
        return None
    if operation.takes == list[str]:
        return [reference]
    if example := EXAMPLES.get(getattr(operation.takes, "__name__", "")):
        return {**example, "ConsignmentReferences": [reference, "EC-ZZZ-ZZZ-ZZZ"]}
    if part := PARTS.get(getattr(operation.takes, "__name__", "")):
        return part
    return NEW_CONSIGNMENT if operation.method == "POST" else {**NEW_CONSIGNMENT, "Reference": reference}


def test_answers_are_as_documented_in_whichever_order_operations_are_called(api: Api) -> None:
    others = ("/orders", "/deliveryoptions")  # they create consignments of their own
    of_consignments = [each for each in OPERATIONS if not each.path.startswith(others)]
    by_name = {each.name: each for each in of_consignments if "{consignment}" in each.path or each.takes}
    succeeded = set()
    # These come up as often as all others together.
    kinds = ("allocate", "getLabels", "deallocate", "cancel", "erase", "addPackage")
    often = [name for name in sorted(by_name) if name.startswith(kinds)]
    names = st.one_of(st.sampled_from(sorted(by_name)), st.sampled_from(often))

    @settings(
        max_examples=sized(50, 150), derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
    )
    @given(st.lists(st.tuples(names, st.sampled_from(TYPES)), min_size=5, max_size=15))
    def call_in_turn(steps: list[tuple[str, str]]) -> None:
        reference = api.create()
        for name, accept in steps:
            operation = by_name[name]
            path, body = path_for(api, operation, reference), body_for(operation, reference)
            answer = api.call(operation.method, path, body, {"Accept": accept})
            assert_documented(operation.path, operation.method, answer)
            if answer.status == operation.status:
                succeeded.add(name)

    call_in_turn()
    for kind in kinds:
        assert any(name.startswith(kind) for name in succeeded), f"{kind} never succeeded: the orders are too few"


def test_the_guide_s_consignment_is_the_document_s_example() -> None:
    assert json.loads((FILE.parent / "examples" / "consignment.json").read_text("utf-8")) == NEW_CONSIGNMENT


def test_the_guide_names_every_operation() -> None:
    guide = (FILE.parent / "api.md").read_text("utf-8")
    for operation in OPERATIONS:
        last = operation.path.rpartition("/")[2] if "{" not in operation.path.rpartition("/")[2] else operation.path
        assert last.partition("/{")[0] in guide, operation.path


def test_every_example_in_xml_says_what_the_one_in_json_says() -> None:
    entries = [entry for methods in DOCUMENT["paths"].values() for entry in methods.values()]
    bodies = [entry["requestBody"]["content"] for entry in entries if "requestBody" in entry]
    examples = [body for body in bodies if "example" in body["application/json"]]
    assert len(examples) >= 9
    for body in examples:
        told = read_xml(body["application/xml"]["example"].encode())
        assert written(told) == written(parsed(json.dumps(body["application/json"]["example"])))
