"""A client that openapi-python-client generates from the OpenAPI document speaks with the API, by its types alone."""

import importlib
import json
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser.errors import GeneratorError

from allocation.api.authorizer import HEADER
from cli.openapi import FILE, NEW_CONSIGNMENT
from tests.support.allocation_api import served_api
from tests.support.api_server import KEY, served

PACKAGE = "generated_client_of_the_allocation_api"


@dataclass(frozen=True)
class Generated:
    """The generated package, and what the generator had to say."""

    complaints: list[GeneratorError]

    def module(self, name: str) -> Any:
        return importlib.import_module(f"{PACKAGE}.{name}")


@dataclass(frozen=True)
class Client:
    """Calls the generated functions. An answer that is not documented is an error to them."""

    generated: Generated
    connection: Any

    def __call__(self, operation: str, *values: str, **body: Any) -> Any:
        function = self.generated.module(f"api.{operation}").sync_detailed
        return function(*values, client=self.connection, **body)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generated]:
    folder = tmp_path_factory.mktemp("generated")
    unformatted = ConfigFile(post_hooks=[])
    config = Config.from_sources(unformatted, MetaType.NONE, FILE, "utf-8", False, folder / PACKAGE)
    complaints = list(generate(config=config))
    with pytest.MonkeyPatch.context() as path:
        path.syspath_prepend(folder)
        yield Generated(complaints)


@pytest.fixture(scope="module")
def client(generated: Generated) -> Iterator[Client]:
    connect = generated.module("client").AuthenticatedClient
    key = {"token": KEY, "prefix": "", "auth_header_name": HEADER}
    settings = {"raise_on_unexpected_status": True, "httpx_args": {"trust_env": False}}
    with served_api() as api, served(api) as address, connect(address, **key, **settings) as connection:
        yield Client(generated, connection)


def new_consignment(generated: Generated) -> Any:
    return generated.module("models").CreateConsignmentRequest.from_dict(NEW_CONSIGNMENT)


def created(client: Client) -> str:
    """The reference of a new consignment."""
    [link] = client("consignments.create_consignment", body=new_consignment(client.generated)).parsed
    return str(link.href.rpartition("/")[2])


def test_the_generator_leaves_nothing_out_but_xml(generated: Generated) -> None:
    assert {complaint.detail for complaint in generated.complaints} <= {"Unsupported content type application/xml"}


def test_every_operation_has_a_function(generated: Generated) -> None:
    for methods in json.loads(FILE.read_text("utf-8"))["paths"].values():
        for entry in methods.values():
            [tag] = entry["tags"]
            assert callable(generated.module(f"api.{in_snake_case(tag)}.{in_snake_case(entry['operationId'])}").sync)


def in_snake_case(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def test_a_consignment_can_be_sent_as_its_types_have_it(generated: Generated) -> None:
    consignment = new_consignment(generated)
    assert consignment.packages[0].weight.unit == "Kg"
    assert consignment.additional_properties == {}
    assert consignment.to_dict() == NEW_CONSIGNMENT


def test_a_whole_life_goes_through_the_generated_client(client: Client) -> None:
    reference = created(client)
    quotes = client("quotes.get_quotes_by_consignment", reference).parsed.quotes
    quote = min(quotes, key=lambda each: each.price.net)
    [summary] = client("allocation.allocate_with_quote", reference, quote.quote_reference).parsed
    assert (summary.status_code, summary.carrier_service_reference) == (200, quote.mpd_carrier_service_reference)
    status = client("consignments.get_consignment_status", reference).parsed
    assert status.status == "Allocated"
    label = client("labels.get_labels_in_format", reference, "PDF").parsed
    assert label.content_type == "application/pdf"
    assert b64decode(label.file).startswith(b"%PDF")
    assert client("consignments.deallocate", reference).status_code == 200
    assert client("consignments.cancel_consignment", reference).status_code == 200
    consignment = client("consignments.get_consignment", reference).parsed
    assert consignment.consignment_state == "Cancelled"
    assert consignment.additional_properties == {}
    assert consignment.packages[0].weight.additional_properties == {}, "the client does not say its version"


def test_an_error_is_read_as_the_documented_type(client: Client) -> None:
    answer = client("labels.get_labels", created(client))
    assert answer.status_code == 400
    assert answer.parsed.code == "InvalidConsignmentStateException"
    assert answer.parsed.details == []
