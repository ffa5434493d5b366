"""The deployed API over HTTP: a consignment's whole life in JSON and in XML, keys, crowds, and the queue beside it."""

import hashlib
import json
import os
import re
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import requests

from allocation.api.xml_writing import COMMON, CONSIGNMENTS, write_xml
from cli.paths import ROOT
from cli.stack.api_page import publish_page
from cli.stack.clients import local_environment
from cli.stack.deploy import Deployment, stack_outputs
from cli.stack.observer import Observer, read_record
from tests.end_to_end.api_page import ApiPage, opened
from tests.end_to_end.conftest import Traffic
from tests.support.api_server import KEY
from tests.support.consignments import DESTINATION, consignment, package
from tests.support.document_reading import png, scanned

SECONDS = 120
CROWD = 6
"""Calls at once: the local AWS starts a process of its own for each."""
FIFTY = 50
LEAVING_KEY, COMING_KEY = "leaving key", "coming key"
REFUSALS = {(400, "InvalidConsignmentStateException"), (409, "ConsignmentConflictException")}
ITEM = {
    "Description": "Bamboo socks",
    "CountryOfOrigin": {"IsoCode": {"TwoLetterCode": "GB"}},
    "HarmonisationCode": "611595",
    "Quantity": 2,
    "Weight": {"Value": 0.2, "Unit": "Kg"},
    "Value": {"Amount": 5.99, "Currency": {"IsoCode": "GBP"}},
}
ORIGIN = {
    "AddressType": "Origin",
    "ShippingLocationReference": "Sorted1",
    "CompanyName": "Sorted",
    "AddressLine1": "Third Floor",
    "Town": "Manchester",
    "Postcode": "M1 5WG",
    "Country": {"Name": "United Kingdom", "IsoCode": {"TwoLetterCode": "GB"}},
    "Contact": {"FirstName": "Laura", "LastName": "Somebody", "Telephone": "01632960001"},
}
ABROAD = DESTINATION | {
    "AddressLine1": "1 Rue de Rivoli",
    "Town": "Paris",
    "Region": None,
    "Postcode": "75001",
    "Country": {"Name": "France", "IsoCode": {"TwoLetterCode": "FR"}},
}


def to_france() -> dict[str, Any]:
    """A consignment that passes customs, with all that customs ask for."""
    customs = {"CategoryType": "Other", "ReasonForExport": "Sale", "ShippingTerms": "DAP"}
    return plain(
        consignment(Packages=[package(Items=[ITEM])], Addresses=[ORIGIN, ABROAD], CustomsDocumentation=customs)
    )


def plain(data: dict[str, Any]) -> dict[str, Any]:
    """Data with floats, as any client of the API would hold it."""
    with_floats: dict[str, Any] = json.loads(json.dumps(data, default=float))
    return with_floats


@dataclass
class Client:
    """A client of PRO as there are many: a base URL, a key, JSON."""

    url: str
    key: str
    session: requests.Session = field(default_factory=requests.Session)

    def call(self, method: str, path: str, data: Any = None, **headers: str) -> requests.Response:
        named = {
            "ocp-apim-subscription-key": self.key,
            "electio-api-version": "1.1",
            "content-type": "application/json",
            "accept": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        body = data if isinstance(data, bytes) else json.dumps(data).encode() if data is not None else None
        self.session.trust_env = False
        return self.session.request(method, self.url + path, data=body, headers=named, timeout=SECONDS)

    def data(self, method: str, path: str, data: Any = None) -> Any:
        answer = self.call(method, path, data)
        assert answer.status_code in (200, 201), answer.text
        return answer.json() if answer.content else None

    def create(self, sent: dict[str, Any] | None = None) -> str:
        [link] = self.data("POST", "/consignments", sent or plain(consignment()))
        return str(link["Href"].rpartition("/")[2])


def opens(url: str, key: str) -> bool:
    return Client(url, key).call("GET", "/carriers/getcarriers").status_code == 200


@pytest.fixture(scope="module", autouse=True)
def _changed_keys(deployment: Deployment, traffic: Traffic) -> None:  # noqa: ARG001 - the API adds nothing to its counts
    """A key that comes and one that leaves, changed before all tests: what caches keep of them runs out meanwhile."""
    url, key, secrets = deployment.stack.api_url, deployment.stack.api_key, deployment.clients.secretsmanager
    [secret] = [entry["ARN"] for entry in secrets.list_secrets()["SecretList"] if "ApiKeys" in entry["Name"]]

    def open_to(*keys: str) -> None:
        hashes = {f"key {at}": hashlib.sha256(each.encode()).hexdigest() for at, each in enumerate(keys)}
        secrets.put_secret_value(SecretId=secret, SecretString=json.dumps(hashes))

    open_to(key, LEAVING_KEY)
    assert eventually(lambda: opens(url, LEAVING_KEY), 45)
    open_to(key, COMING_KEY)


@pytest.fixture
def client(deployment: Deployment) -> Iterator[Client]:
    client = Client(deployment.stack.api_url, deployment.stack.api_key)
    with client.session:
        yield client


def test_the_lines_of_the_guide_lead_from_nothing_to_a_label_and_a_pickup(client: Client, tmp_path: Path) -> None:
    blocks = re.findall(r"```sh\n((?:REFERENCE|OPTION)=.*?)```", (ROOT / "docs" / "api.md").read_text(), re.DOTALL)
    lines = "".join(blocks)
    assert lines.count("curl ") == 8
    environment = {**os.environ, "API_URL": client.url, "API_KEY": client.key, "NO_PROXY": "127.0.0.1"}
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    shell = ["/bin/bash", "-eo", "pipefail", "-c", lines]
    done = subprocess.run(shell, cwd=tmp_path, env=environment, capture_output=True, check=False)  # noqa: S603 - ours
    assert done.returncode == 0, done.stderr.decode()
    assert (tmp_path / "label.pdf").read_bytes().startswith(b"%PDF")
    assert b'"StatusCode":200' in done.stdout
    assert re.search(rb'"ER-[0-9A-Z-]+".*/consignments/EC-', done.stdout, re.DOTALL)


@pytest.fixture
def page(deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiPage]:
    """The page that `carrier up` serves, in a browser."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    with opened(publish_page(deployment.clients, deployment.stack), tmp_path / "profile") as page:
        yield page


def test_the_page_leads_from_a_consignment_to_its_label(page: ApiPage) -> None:
    [link] = page.ask("consignments", "createConsignment")
    reference = link["Href"].rpartition("/")[2]
    quotes = page.ask("quotes", "getQuotesByConsignment", consignment=reference)["Quotes"]
    quote = quotes[0]["QuoteReference"]
    [summary] = page.ask("allocation", "allocateWithQuote", consignment=reference, quoteReference=quote)
    [leg] = summary["ConsignmentLegs"]
    page.ask("labels", "getLabelsInFormat", consignment=reference, format="PNG")
    assert scanned(page.file()) == leg["TrackingReferences"]
    page.ask("labels", "getLabels", consignment=reference)
    assert page.saved().startswith(b"%PDF")
    assert page.complaints() == []


def record_of(deployment: Deployment, reference: str) -> dict[str, Any]:
    table, key = deployment.stack.allocations_table, {"consignmentReference": {"S": reference}}
    return read_record(deployment.clients.dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"])


def eventually(tells: Callable[[], bool], seconds: float) -> bool:
    """Whether it is told within some time."""
    ends = time.monotonic() + seconds
    while not tells():
        if time.monotonic() > ends:
            return False
        time.sleep(0.5)
    return True


def test_the_links_of_a_reply_lead_to_what_they_name(client: Client) -> None:
    [link] = client.data("POST", "/consignments", plain(consignment()))
    answer = requests.get(link["Href"], headers={"ocp-apim-subscription-key": client.key}, timeout=SECONDS)
    assert answer.json()["Reference"] == link["Href"].rpartition("/")[2]


def test_a_whole_life_in_json(client: Client) -> None:
    reference = client.create(to_france())
    quotes = client.data("GET", f"/quotes/consignment/{reference}")["Quotes"]
    [summary] = client.data("PUT", f"/allocation/{reference}/allocatewithquote/{quotes[0]['QuoteReference']}")
    assert summary["CarrierServiceReference"] == quotes[0]["MpdCarrierServiceReference"]
    for kind, start in (("PDF", b"%PDF"), ("PNG", b"\x89PNG"), ("ZPL", b"^XA")):
        label = client.data("GET", f"/labels/{reference}/{kind}")
        assert b64decode(label["File"]).startswith(start)
    documents = client.data("GET", f"/consignments/docs/{reference}")
    assert len(documents["CommercialInvoiceDocuments"]) == len(documents["CN22Documents"]) == 1
    assert b64decode(documents["CN22Documents"][0]["Value"]).startswith(b"%PDF")
    client.data("PUT", f"/consignments/{reference}/deallocate")
    assert client.call("GET", f"/labels/{reference}").status_code == 400
    [summary] = client.data("PUT", f"/allocation/{reference}/allocateWithServiceGroup/international")
    assert summary["StatusCode"] == 200
    assert client.data("GET", f"/consignments/{reference}/status")["Status"] == "Allocated"
    client.data("PUT", f"/consignments/{reference}/cancel")
    assert client.data("GET", f"/consignments/{reference}")["ConsignmentState"] == "Cancelled"
    assert reference in client.data("GET", "/consignments/getConsignmentReferences?State=Cancelled")


def test_the_classic_flow_ends_in_a_manifest_also_of_what_an_order_allocated(
    client: Client, deployment: Deployment, observer: Observer
) -> None:
    """PRO's help, flows/classic_flow.md: create, allocate, label, manifest from a query."""
    reference, ordered = client.create(), "FLOW-ORDER-1"
    client.data("PUT", "/allocation/allocate", {"ConsignmentReferences": [reference]})
    client.data("GET", f"/labels/{reference}/ZPL")
    order = {
        "eventType": "order-created",
        "eventId": "event-of-the-flow",
        "orderReference": "FLOW-1",
        "consignments": [{**plain(consignment()), "Reference": ordered}],
    }
    deployment.clients.sqs.send_message(QueueUrl=deployment.stack.order_queue_url, MessageBody=json.dumps(order))
    wanted = f"/consignments/10/0?State=Allocated&SearchTerm={ordered}"
    assert eventually(lambda: client.data("GET", wanted)["Count"] == 1, 60)
    client.data("PUT", "/consignments/setreadytoship", [reference, ordered])
    told = client.data("POST", "/consignments/manifestFromQuery", {"States": ["ReadyToShip"]})
    assert told["Message"].startswith("Query found 2 consignment(s). 2 successfully queued to manifest.")
    assert client.data("GET", f"/consignments/{ordered}/status")["Status"] == "Manifested"
    manifests = client.data("GET", "/consignments/customer/manifests?shippingLocationReference=Sorted1")
    listed = [client.data("GET", f"/consignments/customer/manifest/{each['ManifestReference']}") for each in manifests]
    booked = {item["ConsignmentReferenceForAllLegsAssignedByMpd"] for each in listed for item in each["ManifestItems"]}
    assert booked >= {reference, ordered}
    pdf = client.data("GET", f"/consignments/customer/manifest/{manifests[0]['ManifestReference']}/PDF")
    assert b64decode(pdf["File"]).startswith(b"%PDF")
    client.data("PUT", "/consignments/Dispatch", {"ConsignmentReferences": [reference]})
    events = {f"{reference}#{version}" for version in range(1, 5)} | {f"{ordered}#{version}" for version in (1, 2, 3)}
    assert eventually(lambda: events <= {event.event_id for event in observer.look([]).events}, 30)


def test_a_whole_life_in_xml(client: Client) -> None:
    def call(method: str, path: str, data: Any = None, root: str = "") -> ElementTree.Element:
        body = write_xml(data, root) if data is not None else None
        answer = client.call(method, path, body, content_type="application/xml", accept="application/xml")
        assert answer.status_code in (200, 201), answer.text
        assert answer.content == b"" or answer.headers["content-type"].startswith("application/xml")
        return ElementTree.fromstring(answer.content or b"<nothing/>")  # noqa: S314 - our own

    created = call("POST", "/consignments", consignment(), "CreateConsignmentRequest")
    reference = created.findtext(f"ApiLink/{{{COMMON}}}Href", "").rpartition("/")[2]
    quotes = call("GET", f"/quotes/consignment/{reference}")
    [quote, *_] = [each.text for each in quotes.iter() if each.tag.endswith("}QuoteReference")]
    allocated = call("PUT", f"/allocation/{reference}/allocatewithquote/{quote}")
    assert allocated.findtext(f"AllocationSummary/{{{CONSIGNMENTS}}}StatusCode") == "200"
    label = call("GET", f"/labels/{reference}")
    assert [each.text for each in label if each.tag.endswith("}ContentType")] == ["application/pdf"]
    call("GET", f"/consignments/docs/{reference}")
    call("PUT", f"/consignments/{reference}/deallocate")
    body = {"MpdCarrierServiceGroupReference": "valuableGoods", "ConsignmentReferences": [reference]}
    group = call("PUT", "/allocation/allocatewithservicegroup", body, "AllocateConsignmentsWithServiceGroupRequest")
    assert group.findtext(f"AllocationSummary/{{{CONSIGNMENTS}}}StatusCode") == "200"
    cancelled = call("PUT", "/consignments/cancellist", [reference], "string")
    assert cancelled.findtext(f"WithMessageOfString/{{{CONSIGNMENTS}}}IsSuccess") == "true"


def allocated_at_once(url: str, key: str, path: str, crowd: int) -> list[requests.Response]:
    """The answers to a crowd of calls, each over a connection of its own."""

    def call(_: int) -> requests.Response:
        with requests.Session() as session:
            return Client(url, key, session).call("PUT", path)

    with ThreadPoolExecutor(crowd) as threads:
        return list(threads.map(call, range(crowd)))


def assert_one_allocated(answers: list[requests.Response]) -> None:
    """One allocation and, for all others, PRO's error."""
    [summary] = [summary for answer in answers if answer.status_code == 200 for summary in answer.json()]
    assert summary["StatusCode"] == 200
    refusals = [answer for answer in answers if answer.status_code != 200]
    assert len(refusals) == len(answers) - 1
    for answer in refusals:
        error = answer.json()
        assert list(error) == ["Code", "Message", "CorrelationId", "Details"]
        assert (answer.status_code, error["Code"]) in REFUSALS


def test_of_a_crowd_over_http_one_allocates(client: Client) -> None:
    path = f"/allocation/{client.create()}/allocatewithcheapestquote"
    assert_one_allocated(allocated_at_once(client.url, client.key, path, CROWD))


@pytest.fixture
def crowded_url(deployment: Deployment) -> Iterator[str]:
    """Where the deployed function's handler and settings serve fifty requests at once."""
    outputs = stack_outputs(deployment.clients)
    function = outputs["AllocationApiFunctionName"]
    settings = deployment.clients.functions.get_function_configuration(FunctionName=function)["Environment"]
    environment = local_environment(os.environ, deployment.stack.port) | settings["Variables"]
    environment["PYTHONPATH"] = str(ROOT / "layers" / "allocation")
    command = [sys.executable, "-W", "ignore", "-m", "tests.end_to_end.crowded_api", str(FIFTY)]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.terminate()


def test_of_fifty_allocations_at_once_one_is_written_and_published(
    client: Client, deployment: Deployment, observer: Observer, crowded_url: str
) -> None:
    reference = client.create()
    path = f"/allocation/{reference}/allocatewithcheapestquote"
    assert_one_allocated(allocated_at_once(crowded_url, KEY, path, FIFTY))
    record = record_of(deployment, reference)
    assert (record["state"], record["version"]) == ("Allocated", 1)

    def published() -> list[str]:
        events = observer.look([]).events
        return [event.event_id for event in events if event.consignment_reference == reference]

    client.data("PUT", f"/consignments/{reference}/deallocate")  # whatever came before this one is published before it
    assert eventually(lambda: f"{reference}#2" in published(), 60)
    assert published() == [f"{reference}#1", f"{reference}#2"]


@pytest.mark.parametrize("key", ["", "wrong"])
@pytest.mark.parametrize("path", ["/carrierservices", "/consignments/EC-000-000-001", "/nowhere", "/health/more"])
def test_without_a_known_key_everything_is_a_401_with_pro_s_error(client: Client, path: str, key: str) -> None:
    answer = Client(client.url, key).call("GET", path)
    assert answer.status_code == 401
    assert list(answer.json()) == ["Code", "Message", "CorrelationId", "Details"]


def test_the_health_check_needs_no_key(client: Client) -> None:
    answer = requests.get(f"{client.url}/health", timeout=SECONDS)
    assert (answer.status_code, answer.json()) == (200, {"Status": "Healthy"})


def test_every_change_over_the_api_is_published(client: Client, observer: Observer) -> None:
    reference = client.create()
    client.data("PUT", f"/allocation/{reference}/allocatewithcheapestquote")
    client.data("PUT", f"/consignments/{reference}/deallocate")
    client.data("PUT", f"/consignments/{reference}/cancel")
    wanted = {f"{reference}#1", f"{reference}#2", f"{reference}#3"}
    assert eventually(lambda: wanted <= {event.event_id for event in observer.look([]).events}, 30)


def test_what_the_queue_allocates_the_api_tells(client: Client, deployment: Deployment) -> None:
    reference = client.create()
    order = {
        "eventType": "order-created",
        "eventVersion": 1,
        "eventId": "event-of-the-queue",
        "occurredAt": "2026-11-23T09:15:00Z",
        "orderReference": "WEB-1",
        "consignments": [{**plain(consignment()), "Reference": reference}],
    }
    deployment.clients.sqs.send_message(QueueUrl=deployment.stack.order_queue_url, MessageBody=json.dumps(order))
    path = f"/consignments/{reference}"
    assert eventually(lambda: client.data("GET", f"{path}/status")["Status"] == "Allocated", 60)
    assert client.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote").status_code == 400
    assert client.data("GET", path)["Addresses"][1]["Contact"]["LastName"] == "McPetersson"


def test_a_parcel_of_an_order_goes_from_its_label_over_customs_to_its_door(
    client: Client, deployment: Deployment, observer: Observer
) -> None:
    reference = f"PARCEL-{time.time_ns()}"
    order = {"eventType": "order-created", "eventVersion": 1, "eventId": reference, "orderReference": reference}
    body = json.dumps({**order, "consignments": [{**to_france(), "Reference": reference}]})
    deployment.clients.sqs.send_message(QueueUrl=deployment.stack.order_queue_url, MessageBody=body)
    path = f"/consignments/{reference}"
    assert eventually(lambda: client.call("GET", f"{path}/status").text.count('"Allocated"') == 1, 60)
    told = client.data("GET", path)
    [own], [leg] = told["Packages"], told["ConsignmentLegs"]
    label = client.data("GET", f"/labels/package/{reference}/{own['Reference']}/PNG")
    [tracking] = leg["TrackingReferences"]
    assert scanned(png(label["File"])) == [tracking]
    for document in (f"CN22/{reference}/{own['Reference']}", f"commercialinvoice/{reference}"):
        assert b64decode(client.data("GET", f"/consignments/docs/{document}")).startswith(b"%PDF-")
    events = [{"TimeStamp": "2026-11-20T08:00:00Z", "Code": "OUT_FOR_DELIVERY"}]
    events += [{"TimeStamp": "2026-11-20T10:00:00Z", "Code": "Delivered", "SignedBy": "C. Smith"}]
    for sent in (events[1:], events, events):
        package_events = [{"TrackingEvents": sent}]
        taken = [{"ConsignmentTrackingReference": tracking, "PackageTrackingEvents": package_events}]
        client.data("POST", "/tracking/carrierevents", {"ConsignmentTrackingEvents": taken})
    [tracked] = client.data("GET", f"/tracking/flattened/{tracking}")["TrackedPackages"]
    assert [each["Code"] for each in tracked["Events"]] == ["OUT_FOR_DELIVERY", "Delivered"]
    after = client.data("GET", path)
    delivered = f"{reference}#2"
    assert eventually(lambda: delivered in {event.event_id for event in observer.look([]).events}, 30)
    assert (after["ConsignmentState"], after["LabelsPrinted"]) == ("Delivered", True)


def test_keys_come_and_go_without_a_deployment(client: Client) -> None:
    assert eventually(lambda: opens(client.url, COMING_KEY), 45)
    assert eventually(lambda: not opens(client.url, LEAVING_KEY), 75)
    assert opens(client.url, client.key)
