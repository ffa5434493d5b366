"""The console on the loopback: its page as the function serves it, over the samples by the contract of its API.

python -m tests.support.console_server   # tells its address, and serves until its standard input ends
"""

import base64
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from threading import Thread
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, unquote

from PIL import Image, ImageDraw

from allocation.api.console_page import ConsolePage, OpenIdSettings, add_page
from allocation.api.replies import api_error
from allocation.api.routing import AnyCaseResolver
from allocation.console.entries import cause_of, digest_of, nearest_miss
from allocation.domain.outcome import AllocationFailed
from allocation.exact_json import written
from tests.support.allocation_api import proxy_event
from tests.support.console_samples import NOW, Sample, Shop, explained, text
from tests.support.open_id_provider import CLIENT, Provider, served_provider

KEY = "a-key-for-tests"
STAGE = "/live"
SHOP = Shop()


class NotServedError(Exception):
    """What PRO's error says: a status, a code and a message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class ConsoleServer(ThreadingHTTPServer):
    """Serves the console. `key` is taken, and `faults` breaks the paths that it names, with their status."""

    daemon_threads = True

    def __init__(self, provider: Provider) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.provider = provider
        self.user_of: Callable[[str], str | None] = provider.id_tokens().user_of
        self.key = KEY
        self.faults: dict[str, int] = {}
        self.states: dict[str, str] = {}
        self.hidden: set[str] = set()
        self.calls: list[str] = []
        self.is_empty = False
        self.resolver = AnyCaseResolver("")
        open_id = OpenIdSettings(issuer=provider.issuer, clientId=CLIENT)
        page = ConsolePage("shop-live", open_id, lambda: (provider.issuer,))
        add_page(self.resolver, page, lambda: f"{self.origin}{STAGE}")

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def address(self) -> str:
        return f"{self.origin}{STAGE}/console"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: ConsoleServer

    def serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        path = self.path.removeprefix(STAGE)
        if not path.startswith("/console/api/"):
            event = proxy_event("GET", path, None, {"Host": self.headers["Host"]}, "request")
            reply: Any = self.server.resolver.resolve(event, SimpleNamespace())
            self.answer(reply["statusCode"], {k: v[0] for k, v in reply["multiValueHeaders"].items()}, reply["body"])
            return
        self.server.calls.append(f"{self.command} {path}")
        status, data = self.api(path.removeprefix("/console/api/"), body)
        self.answer(status, {"Content-Type": "application/json"}, "" if data is None else written(data))

    def api(self, path: str, body: str) -> tuple[int, Any]:
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if self.headers.get("ocp-apim-subscription-key") != self.server.key and not self.server.user_of(token):
            return 401, api_error("UnauthorizedException", "Send a known API key.", "0")
        name, _, query = path.partition("?")
        if status := self.server.faults.get(name.partition("/")[0]):
            return status, api_error("ServiceUnavailableException", "The service can't answer at the moment.", "7")
        try:
            return 200, self.found(unquote(name).split("/"), dict(parse_qsl(query)), json.loads(body) if body else None)
        except NotServedError as error:
            return error.status, api_error(error.code, str(error), "7")

    def found(self, parts: list[str], query: Mapping[str, str], body: Any) -> Any:
        view = _Views(self.server)
        if self.command != "GET":
            return self.done(view, parts, body)
        match parts:
            case ("consignments",):
                return view.listed(query)
            case ("consignments", "docs", _):
                pdf = base64.b64encode(b"%PDF-1.4").decode()
                file = {"File": pdf, "ContentType": "application/pdf"}
                return {"CommercialInvoiceDocuments": [file], "CN22Documents": [], "CN23Documents": [file]}
            case ("consignments", reference):
                return view.one(reference)
            case ("consignments", reference, "events"):
                return view.events(reference)
            case ("labels", reference, _):
                return {"File": _label(reference), "ContentType": "image/png"}
            case ("failures",):
                return view.failures()
            case ("replays", _):
                return SHOP.replay
            case (name,):
                return self.data(name)
            case _:
                raise NotServedError(404, "ResourceNotFoundException", "No operation has this address.")

    def done(self, view: "_Views", parts: list[str], body: Any) -> Any:
        match parts:
            case ("consignments", reference, "deallocate" | "cancel" as action):
                self.server.states[reference] = {"cancel": "Cancelled", "deallocate": "Unallocated"}[action]
                return None
            case ("retry",):
                return {"results": [view.retried(each) for each in body["consignments"]]}
            case ("try",):
                return explained(SHOP.engine, body["consignment"], NOW)
            case _:
                raise NotServedError(404, "ResourceNotFoundException", "No operation has this address.")

    def data(self, name: str) -> Any:
        if name == "days":
            return {"days": SHOP.days[-14:] if not self.server.is_empty else []}
        if name == "catalogue":
            return SHOP.catalogue
        replay = {"id": "2026-11-23", "at": "2026-11-23T07:31:00Z", "bytes": 7012}
        return {"items": [] if self.server.is_empty else [replay], "next": None}

    def answer(self, status: int, headers: Mapping[str, str], body: str) -> None:
        payload = body.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(payload)))
        with suppress(ConnectionError):  # the page no longer waits for the answer
            self.end_headers()
            self.wfile.write(payload)

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    do_GET = do_PUT = do_POST = serve  # noqa: N815 - the base's


class _Views:
    """What the console's API answers."""

    def __init__(self, server: ConsoleServer) -> None:
        self.server = server
        self.samples = [] if server.is_empty else [each for each in SHOP.samples if each.reference not in server.hidden]

    def item(self, sample: Sample) -> dict[str, Any]:
        state = self.server.states.get(sample.reference)
        return {**sample.item, "state": state, "version": 2} if state else sample.item

    def listed(self, query: Mapping[str, str]) -> dict[str, Any]:
        names = {"state": "state", "carrier": "carrier", "service": "service", "order": "order", "code": "failureCode"}
        items = [self.item(each) for each in self.samples]
        for name, field in names.items():
            items = [each for each in items if name not in query or each[field] == query[name]]
        if "reference" in query:
            items = [each for each in items if query["reference"] in {each["consignment"], each["customerReference"]}]
        if "tracking" in query:
            items = [each for each in items if query["tracking"] in each["trackingReferences"]]
        if "cause" in query:
            group = next(each for each in self.failures()["groups"] if each["causeDigest"] == query["cause"])
            items = [each for each in items if each["consignment"] in group["consignments"]]
        items = [each for each in items if each["allocatedAt"].startswith(query.get("day", ""))]
        start, take = int(query.get("next", 0)), int(query.get("take", 50))
        more = str(start + take) if len(items) > start + take else None
        return {"items": items[start : start + take], "next": more}

    def sample(self, reference: str) -> Sample:
        found = next((each for each in self.samples if each.reference == reference), None)
        if found is None:
            raise NotServedError(404, "ConsignmentNotFoundException", f"There is no consignment {reference}.")
        return found

    def one(self, reference: str) -> dict[str, Any]:
        sample = self.sample(reference)
        item, outcome = self.item(sample), sample.outcome
        answers = explained(SHOP.engine, sample.written, sample.at)
        failure = outcome.failure if isinstance(outcome, AllocationFailed) else None
        happened = [("Received", sample.at, f"order-created-{sample.order[4:]}")]
        happened += [(item["state"], sample.at, f"{reference}#1")]
        history: list[dict[str, Any]] = [
            {"what": what, "at": text(at), "eventId": event, "detail": None} for what, at, event in happened
        ]
        history[1]["at"], history[1]["detail"] = item["allocatedAt"], failure and failure.message
        is_allocated = item["state"] == "Allocated"
        return {
            "consignment": item,
            "route": None,
            "why": None if isinstance(outcome, AllocationFailed) else outcome.why,
            "failure": failure and {"code": failure.code, "message": failure.message},
            "pastFailure": None,
            "history": history,
            "unknownVersions": 0,
            "explanation": sample.kept,
            "offers": answers["offers"],
            "excluded": answers["excluded"],
            "actions": {"Allocated": ["deallocate", "cancel"], "Cancelled": []}.get(item["state"], ["retry", "cancel"]),
            "label": f"labels/{reference}/PDF" if is_allocated else None,
            "documents": f"consignments/docs/{reference}"
            if is_allocated and item["service"].startswith("HL")
            else None,
        }

    def events(self, reference: str) -> dict[str, Any]:
        """The first version's event was published, a later one's not yet."""
        sample = self.sample(reference)
        at = datetime.fromisoformat(sample.item["allocatedAt"]) + timedelta(seconds=1.1)
        events = [
            {
                "id": f"{reference}#{number}",
                "version": number,
                "type": None,
                "publishedAt": text(at) if number == 1 else None,
            }
            for number in range(1, self.item(sample)["version"] + 1)
        ]
        return {"events": events, "trouble": None}

    def retried(self, reference: str) -> dict[str, Any]:
        sample = self.sample(reference)
        if sample.order[-1] in "13579":
            self.server.states[reference] = "Allocated"
            return {"consignment": reference, "state": "Allocated", "message": "CX_ECO takes it."}
        return {"consignment": reference, "state": "AllocationFailed", "message": "No carrier service can take it."}

    def failures(self) -> dict[str, Any]:
        groups: dict[str, dict[str, Any]] = {}
        for sample in self.samples:
            if not isinstance(sample.outcome, AllocationFailed) or self.item(sample)["state"] != "AllocationFailed":
                continue
            code = sample.outcome.failure.code
            miss = nearest_miss(sample.outcome.failure.message, sample.reference)
            cause = cause_of(sample.outcome.failure.message, sample.reference)
            found = {"code": code, "count": 0, "cause": cause, "nearestMiss": miss if miss != cause else None}
            found |= {"causeDigest": digest_of(code, cause), "latest": text(sample.at), "consignments": []}
            group = groups.setdefault(cause, found)
            group["count"] += 1
            group["consignments"].append(sample.reference)
        return {"groups": sorted(groups.values(), key=lambda each: -each["count"]), "omittedGroups": 0}


def _label(reference: str) -> str:
    picture = Image.new("RGB", (400, 600), "white")
    ImageDraw.Draw(picture).text((40, 40), reference, fill="black")
    content = BytesIO()
    picture.save(content, "PNG")
    return base64.b64encode(content.getvalue()).decode()


@contextmanager
def served_console() -> Iterator[ConsoleServer]:
    """The console and the provider that signs its users in, as long as the block lasts."""
    with served_provider() as provider, ConsoleServer(provider) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def main() -> None:
    with served_console() as server:
        sys.stdout.write(f"{server.address}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
