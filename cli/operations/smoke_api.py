"""A stack's allocation API as its smallest client needs it: a key, and JSON over HTTP."""

import os
from base64 import b64decode
from dataclasses import dataclass
from typing import Any, Final

import requests

from cli.errors import CommandError
from cli.operations.target import Target
from cli.paths import STACK_ENVIRONMENT

_SECONDS: Final = 30.0
_OK: Final = 200
_ITS_START: Final = b"%PDF"


@dataclass(frozen=True, slots=True)
class Api:
    """An API by its base URL. Without a key, only the health check answers."""

    url: str
    key: str

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Return the JSON that the API answers. Raises `CommandError` for any status but those of success."""
        headers = {"ocp-apim-subscription-key": self.key, "electio-api-version": "1.1"}
        try:
            answer = requests.request(method, f"{self.url}{path}", json=body, headers=headers, timeout=_SECONDS)
        except requests.RequestException as error:
            raise CommandError(f"{method} {path}: no answer ({type(error).__name__})") from error
        if not answer.ok:
            raise CommandError(f"{method} {path}: {answer.status_code} {_message_of(answer)}")
        try:
            return answer.json() if answer.content else None
        except ValueError as error:
            raise CommandError(f"{method} {path}: the answer is not JSON") from error

    def created(self, consignment: dict[str, Any]) -> str:
        """Create a consignment. Return its reference."""
        (link,) = self.call("POST", "/consignments", consignment)
        return str(link["Href"].rpartition("/")[2])

    def allocated(self, reference: str) -> str:
        """Allocate a consignment. Return its carrier service. Raises `CommandError` with the reason if none fits."""
        (summary,) = self.call("PUT", "/allocation/allocate", {"ConsignmentReferences": [reference]})
        if summary["StatusCode"] != _OK:
            raise CommandError(f"no carrier service takes {reference}: {summary['Description']}")
        return str(summary["CarrierServiceReference"])

    def label_bytes(self, reference: str) -> int:
        """Return how large a consignment's label is. Raises `CommandError` if it is no PDF."""
        label = b64decode(self.call("GET", f"/labels/{reference}/PDF")["File"])
        if not label.startswith(_ITS_START):
            raise CommandError(f"the label of {reference} is no PDF")
        return len(label)


def api_of(target: Target) -> Api | None:
    """Return a stack's API, or None if it has none. The key is `API_KEY` of the environment, or the local stack's."""
    url = target.parameters.get("ApiBaseUrl") or target.outputs.get("ApiUrl", "")
    if not url:
        return None
    local = {} if target.option or not STACK_ENVIRONMENT.exists() else _local_settings()
    return Api(local.get("API_URL", url).rstrip("/"), os.environ.get("API_KEY") or local.get("API_KEY", ""))


def _local_settings() -> dict[str, str]:
    lines = STACK_ENVIRONMENT.read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _message_of(answer: requests.Response) -> str:
    """Return what an error says, in PRO's form or API Gateway's."""
    try:
        said = answer.json()
    except ValueError:
        return answer.reason
    return str(said.get("Message") or said.get("message") or answer.reason) if isinstance(said, dict) else answer.reason
