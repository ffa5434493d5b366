"""Whatever Schemathesis sends to the operations of the OpenAPI document: the answer is one that the document has."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from allocation.api.authorizer import HEADER
from allocation.api.pro_routes import Unserved
from allocation.api.resolver import OPERATIONS
from cli.openapi import FILE, ROOT
from tests.support.api_server import KEY

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
# The document is that of version 1.1. A client that names no version is taken for one of 2016, and reads other forms.
HEADERS = {HEADER: KEY, "Accept": "application/json", "electio-api-version": "1.1"}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the API is served, in a process without coverage, in which the requests would take twice as long."""
    command = [sys.executable, "-m", "tests.support.api_server"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "layers" / "allocation")}
    with subprocess.Popen(  # noqa: S603 - ours
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.stdin.close()


def schemathesis(
    document: dict[str, Any], address: str, folder: Path, *options: str
) -> subprocess.CompletedProcess[str]:
    """A run of Schemathesis over a document's operations; what it keeps goes into the folder."""
    path = folder / "openapi.json"
    path.write_text(json.dumps(document), "utf-8")
    command = [sys.executable, "-m", "schemathesis.cli", "--no-color", "--config-file", str(CONFIGURATION), "run"]
    headers = [f"--header={name}: {value}" for name, value in HEADERS.items()]
    return subprocess.run(  # noqa: S603 - ours
        [*command, str(path), "--url", address, *headers, *options],
        cwd=folder,
        env={**os.environ, "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=False,
    )


def with_unserved_methods(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the methods that PRO has at a path of ours and we have not: their only answer is 501."""
    unserved = Unserved((operation.method, operation.path) for operation in OPERATIONS)
    error = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/ApiError"}}}}
    for path, methods in document["paths"].items():
        for method in {"get", "put", "post", "delete"} - methods.keys():
            if unserved.at(method.upper(), path):
                parameters = [each for each in next(iter(methods.values()))["parameters"] if each["in"] == "path"]
                responses = {"501": {"description": "Not served.", **error}}
                methods[method] = {"tags": ["unserved"], "parameters": parameters, "responses": responses}
    return document


def test_every_generated_request_has_a_documented_answer(address: str, tmp_path: Path) -> None:
    document = json.loads(FILE.read_text("utf-8"))
    # A thousand edge cases of a consignment once more in XML take longer than they are worth: four operations read it.
    del document["paths"]["/consignments"]["post"]["requestBody"]["content"]["application/xml"]
    # moto takes a minute for the records of the thousand packages that a consignment may have.
    for name in ("CreateConsignmentRequest", "FullConsignment", "PickupOptionsRequest"):
        del document["components"]["schemas"][name]["properties"]["Packages"]["maxItems"]
    run = schemathesis(with_unserved_methods(document), address, tmp_path)
    assert run.returncode == 0, run.stdout[-5000:] + run.stderr
    operations = sum(len(methods) for methods in document["paths"].values())
    assert operations > len(OPERATIONS)
    assert f"Tested: {operations}\n" in run.stdout


def test_what_is_not_documented_is_found(address: str, tmp_path: Path) -> None:
    document = json.loads(FILE.read_text("utf-8"))
    del document["paths"]["/servicegroups/{group}"]["get"]["responses"]["404"]
    del document["paths"]["/carriers"]["get"]["responses"]["200"]["content"]["application/json"]
    document["components"]["schemas"]["Health"]["properties"]["Status"]["type"] = "integer"
    named = [f"--include-path={name}" for name in ("/servicegroups/{group}", "/carriers", "/health")]
    run = schemathesis(document, address, tmp_path, *named)
    assert run.returncode == 1, run.stdout + run.stderr
    for found in ("Undocumented status code: 1", "Undocumented Content-Type: 1", "Response violates schema: 1"):
        assert found in run.stdout, run.stdout
