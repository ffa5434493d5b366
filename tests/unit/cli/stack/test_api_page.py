"""The page to try the API with: what is put into it, and for whom."""

import json
import sys
from pathlib import Path

import pytest

from cli.stack import api_page
from cli.stack.deploy import Stack

STACK = Stack(4567, "", "", "", "", api_url="http://127.0.0.1:4567/_aws/execute-api/a1/live", api_key='k"ey')


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with Swagger UI's files, as the emulator's environment has it."""
    folder = tmp_path / "flask_swagger_ui" / "dist"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("raise ImportError('only the files are wanted')\n")
    for name in api_page.ASSETS:
        (folder / name).write_bytes(name.encode())
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "flask_swagger_ui", raising=False)


@pytest.mark.usefixtures("package")
def test_page_calls_the_stack_with_its_key() -> None:
    contents = api_page.contents(STACK)
    assert json.loads(contents["openapi.json"])["servers"] == [{"url": STACK.api_url}]
    assert 'page.preauthorizeApiKey("key", "k\\"ey")' in contents["index.html"].decode()
    assert contents["swagger-ui-bundle.js"] == b"swagger-ui-bundle.js"


def test_key_s_name_in_the_page_is_the_document_s() -> None:
    document = json.loads(api_page.DOCUMENT.read_text("utf-8"))
    assert list(document["components"]["securitySchemes"]) == ["key"]
