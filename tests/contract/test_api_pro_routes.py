"""Every route of PRO has an answer: the documented statuses where it is served, else 501 with PRO's error."""

from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from allocation.api.operations import Operation
from allocation.api.pro_routes import CURRENT, EARLIER, ProRoute, Unserved, form_of
from allocation.api.resolver import OPERATIONS
from allocation.domain.metric import MetricName
from allocation.observability import metrics
from cli import pro_routes_page
from tests.support.allocation_api import Api, served_api
from tests.support.pro_types import operation_facts

OWN = {
    ("GET", "/health"),
    ("GET", "/health/stack"),
    ("DELETE", "/consignments/{consignment}"),
    ("GET", "/consignments/customer/manifest/{manifest}/{format}"),
}
Form = tuple[str, ...]
# Where a page of PRO's help wins over its reference.
OF_HELP = {
    "PUT /consignments/{consignment}/cancel": {200},  # cancelling_consignments.md
    "PUT /consignments/cancellist": {200},  # cancelling_consignments.md
}


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with served_api() as api:
        yield api


def documented() -> dict[Form, set[int]]:
    """The routes of PRO's reference of version 1.1, each with its statuses."""
    return {fact.form: set(fact.statuses) for fact in operation_facts() if fact.is_current}


def form(operation: Operation) -> Form:
    return operation.method, *form_of(operation.path)


SERVED = {form(operation): operation for operation in OPERATIONS}
UNSERVED = [route for route in (*CURRENT, *EARLIER) if route.form not in SERVED]


def test_the_list_has_every_route_of_the_reference_and_none_twice() -> None:
    assert {route.form for route in CURRENT} == documented().keys()
    forms = [route.form for route in (*CURRENT, *EARLIER)]
    assert len(set(forms)) == len(forms)


def test_whatever_is_served_is_a_route_of_pro_or_known_to_be_our_own() -> None:
    known = {route.form for route in (*CURRENT, *EARLIER)} | {(method, *form_of(path)) for method, path in OWN}
    assert SERVED.keys() <= known


@pytest.mark.parametrize("operation", [SERVED[each] for each in documented() if each in SERVED], ids=lambda o: o.name)
def test_what_is_served_succeeds_with_a_documented_status(operation: Operation) -> None:
    statuses = documented()[form(operation)] | OF_HELP.get(f"{operation.method} {operation.path}", set())
    assert operation.status in statuses or not statuses


def path_of(route: ProRoute) -> str:
    """A path of the route, each parameter filled with a word that no route has."""
    return "/" + "/".join("some-value" if part == "{}" else part for part in form_of(route.path))


@pytest.mark.parametrize("route", UNSERVED, ids=lambda route: f"{route.method} {route.path}")
def test_what_is_not_served_says_so_with_the_name_of_the_operation(api: Api, route: ProRoute) -> None:
    answer = api.call(route.method, path_of(route))
    assert (answer.status, answer.data["Code"]) == (501, "OperationNotImplementedException"), answer.body
    assert f"{route.title} ({route.method} {route.path})" in answer.data["Message"]
    assert route.reason
    assert answer.data["Message"].endswith(route.reason)
    assert answer.data.keys() == {"Code", "Message", "CorrelationId", "Details"}


def test_it_says_so_in_xml_and_in_any_case_too(api: Api) -> None:
    route = UNSERVED[-1]
    answer = api.call(route.method, path_of(route).upper() + "/", headers={"Accept": "application/xml"})
    assert answer.status == 501
    assert ElementTree.fromstring(answer.body).tag.endswith("}ApiError")  # noqa: S314 - our own


def test_it_is_counted_so_that_no_alarm_takes_it_for_a_failure(api: Api) -> None:
    metrics.clear_metrics()
    api.call("GET", "/no/such/operation")
    assert MetricName.OPERATIONS_NOT_IMPLEMENTED not in metrics.metric_set
    api.call(UNSERVED[-1].method, path_of(UNSERVED[-1]))
    assert metrics.metric_set[MetricName.OPERATIONS_NOT_IMPLEMENTED]["Value"] == [1.0]
    metrics.clear_metrics()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_what_is_served_is_reached(api: Api, operation: Operation) -> None:
    assert api.call(operation.method, path_of(ProRoute(operation.method, operation.path, ""))).status not in (501, 405)


def test_a_literal_part_of_an_address_means_its_own_route_also_where_that_is_not_served(api: Api) -> None:
    routes = Unserved([("GET", "/consignments/{consignment}"), ("GET", "/consignments/{take}/{skip}")])
    assert routes.at("GET", "/consignments/EC-000-000-001") is None
    assert routes.at("GET", "/consignments/50/0") is None
    late, status = routes.at("GET", "/Consignments/Late/"), routes.at("GET", "/consignments/50/status")
    assert late
    assert late.path == "/consignments/late"
    assert status
    assert status.path == "/consignments/{consignment}/status"
    assert routes.at("GET", "/consignments//status") is None
    assert api.call("GET", "/nothing/of/this/kind").status == 404
    assert api.call("DELETE", "/consignments/EC-000-000-001/status").status == 405


def test_the_page_lists_every_route_served_or_not() -> None:
    assert pro_routes_page.FILE.read_text("utf-8") == pro_routes_page.text(), "run: ./carrier generate"
    rows = {line for line in pro_routes_page.text().splitlines() if line.startswith("| `")}
    for route in (*CURRENT, *EARLIER):
        word = "yes" if route.form in SERVED else f"501: {route.reason}"
        assert f"| `{route.method} {route.path}` | {route.title} | {word} |" in rows
