"""The packaged imitation of SortedPRO, over HTTP: what a person tries with it is what PRO documents."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Thread
from typing import Any

import pytest

from allocation.pro.client import ProClient, ProReply
from cli.imitation.answers import answer
from cli.imitation.consignments import LATER, ImitatedPro
from cli.imitation.server import server_on
from tests.support.pro_clients import client_at

KEY = "the-imitations-key"
A, B = "EC-000-1SA-M00", "EC-000-1SA-M01"


@pytest.fixture(scope="module")
def client() -> Iterator[ProClient]:
    listening = socket.create_server(("127.0.0.1", 0))
    server = server_on(listening, KEY)
    server.daemon_threads = True
    serving = Thread(target=server.serve_forever, args=(0.02,))
    serving.start()
    yield client_at(f"http://127.0.0.1:{listening.getsockname()[1]}", lambda: KEY)
    server.shutdown()
    serving.join()
    server.server_close()


def asked(client: ProClient, method: str, path: str, document: Any = None) -> Any:
    reply = sent(client, method, path, document)
    assert reply.status in (200, 201), reply.body
    return json.loads(reply.body or b"null")


def sent(client: ProClient, method: str, path: str, document: Any = None) -> ProReply:
    return client.call(method, path, b"" if document is None else json.dumps(document).encode(), 5)


def state(client: ProClient, reference: str) -> str:
    return str(asked(client, "GET", f"/consignments/{reference}")["ConsignmentState"])


def test_a_consignment_goes_from_allocation_to_manifest_and_back(client: ProClient) -> None:
    [summary] = asked(client, "PUT", "/allocation/allocate", {"ConsignmentReferences": [A]})
    assert (summary["StatusCode"], summary["CarrierServiceReference"]) == (200, "CY_48")
    assert asked(client, "PUT", "/consignments/manifest", {"ConsignmentReferences": [A]})[0]["IsSuccess"]
    assert state(client, A) == "Manifested"
    asked(client, "PUT", f"/consignments/{A}/deallocate")
    assert state(client, A) == "Unallocated"
    asked(client, "PUT", f"/consignments/{A}/cancel")
    assert sent(client, "PUT", f"/allocation/{A}/allocatewithservicegroup/economy").status == 200
    assert state(client, A) == "Cancelled"


def test_its_state_events_are_those_of_the_window(client: ProClient) -> None:
    start = datetime.now(UTC)
    asked(client, "PUT", "/allocation/allocate", {"ConsignmentReferences": [B]})
    window = {"Start": start.isoformat(), "End": datetime.now(UTC).isoformat()}
    path, allocated = "/events/consignments/stateevents", {**window, "ConsignmentStates": ["Allocated"]}
    events = asked(client, "POST", path, allocated)
    assert [(each["ConsignmentReference"], each["ConsignmentState"]) for each in events["Events"]] == [(B, "Allocated")]
    assert asked(client, "POST", path, {**allocated, "End": window["Start"]}) == {"Events": []}
    assert sent(client, "POST", path, {**window, "ConsignmentStates": []}).status == 400


def test_what_is_created_is_found_by_its_senders_reference(client: ProClient) -> None:
    content = {"Packages": [{"PackageSizeReference": "SMALL"}], "Addresses": [{"AddressType": "Destination"}]}
    [link] = asked(client, "POST", "/consignments", {**content, "ConsignmentReferenceProvidedByCustomer": "WEB-1"})
    reference = link["Href"].rpartition("/")[2]
    query = "/consignments/getConsignmentReferences?ReferenceProvidedByCustomer="
    assert (asked(client, "GET", query + "WEB-1"), asked(client, "GET", query + "WEB-2")) == ([reference], [])
    assert state(client, reference) == "Unallocated"
    assert sent(client, "GET", f"/labels/{reference}/PDF").status == 400
    asked(client, "PUT", f"/allocation/{reference}/allocatewithservicegroup/economy")
    assert asked(client, "GET", f"/labels/{reference}/PDF")["ContentType"] == "application/pdf"
    assert asked(client, "GET", f"/consignments/docs/{reference}")["CN22Documents"] == []
    assert sent(client, "POST", "/consignments", {"Packages": content["Packages"]}).status == 400


@pytest.mark.parametrize(
    ("method", "path", "document", "status"),
    [
        ("GET", "/consignments/EC-404-000-AAA", None, 404),
        ("PUT", "/allocation/allocatewithcarrierservice", {"MpdCarrierServiceReference": "NO"}, 400),
        ("PUT", "/allocation/allocate", ["not", "as", "documented"], 400),
        ("GET", "/packagesizes", None, 404),
    ],
)
def test_a_mistake_is_answered_as_pro_answers_it(
    client: ProClient, method: str, path: str, document: Any, status: int
) -> None:
    assert sent(client, method, path, document).status == status


def test_nobody_gets_in_without_the_key(client: ProClient) -> None:
    stranger = client_at(client.base_url, lambda: "another-key")
    assert sent(stranger, "GET", f"/consignments/{A}").status == 401


@pytest.mark.parametrize(
    ("reference", "meanwhile"), [("EC-202-AAA-AAA", "Unallocated"), ("EC-ING-AAA-AAA", "Allocating")]
)
def test_what_is_accepted_is_allocated_later(reference: str, meanwhile: str) -> None:
    moments = [datetime(2026, 11, 27, tzinfo=UTC)]
    pro = ImitatedPro(now=lambda: moments[-1])
    body = {"ConsignmentReferences": [reference]}
    status, [item] = answer(pro, "PUT", "/allocation/allocate", body)
    assert (status, item["StatusCode"], item["CarrierServiceReference"]) == (202, 202, None)
    assert pro.detail(reference)["ConsignmentState"] == meanwhile
    assert answer(pro, "PUT", "/allocation/allocate", body)[1][0]["StatusCode"] == 400
    moments.append(moments[-1] + LATER)
    assert pro.detail(reference)["Allocation"]["MpdCarrierServiceReference"] == "CY_48"


def test_what_was_accepted_and_then_cancelled_is_not_allocated_later() -> None:
    moments = [datetime(2026, 11, 27, tzinfo=UTC)]
    pro = ImitatedPro(now=lambda: moments[-1])
    answer(pro, "PUT", "/allocation/allocate", {"ConsignmentReferences": ["EC-202-AAA-AAA"]})
    assert answer(pro, "PUT", "/consignments/EC-202-AAA-AAA/cancel", None)[0] == 200
    moments.append(moments[-1] + LATER)
    assert pro.detail("EC-202-AAA-AAA")["ConsignmentState"] == "Cancelled"
