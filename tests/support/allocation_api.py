"""The allocation API in process: requests as API Gateway hands them over, over tables that moto imitates."""

import os
import re
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, cached_property
from itertools import count
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qsl

from moto import mock_aws

from allocation.api.older_clients import is_older
from allocation.api.operations import Operation
from allocation.api.pro_routes import form_of, specificity
from allocation.api.resolver import OPERATIONS, api_resolver, current_caller
from allocation.api.routing import AnyCaseResolver
from allocation.api.use_cases import UseCases
from allocation.aws.dynamodb.catalogue_archive import DynamoDBCatalogueArchive
from allocation.aws.dynamodb.consignments import DynamoDBConsignments
from allocation.aws.dynamodb.drafts import DynamoDBDrafts
from allocation.aws.dynamodb.limit_usage import DynamoDBLimitUsage
from allocation.aws.dynamodb.manifests import DynamoDBManifests
from allocation.aws.dynamodb.tracked_events import DynamoDBTracking
from allocation.consignments.allocations import Allocations
from allocation.consignments.changes import Changes, Elsewhere
from allocation.consignments.manifests import Manifests
from allocation.consignments.pickup_spaces import PickupSpaces
from allocation.consignments.register import Register
from allocation.consignments.searching import Listings, Searching
from allocation.consignments.store import ConsignmentStore
from allocation.consignments.tracking import Tracking
from allocation.domain import outcome
from allocation.engine.engine import Engine
from allocation.exact_json import parsed, written
from allocation.pro.held_documents import HeldDocuments
from allocation.records.explanations import Explanations
from tests.support.consignments import ENGINE, Clock, InMemoryConsignments, consignment, counted_characters
from tests.support.pro_types import (
    ERROR,
    REPLIES_OF_2016,
    Form,
    OperationFact,
    operation_facts,
    problems,
    problems_of_2016,
)
from tests.support.pro_xml import unread, unread_xml
from tests.support.quick_aws import shared_client
from tests.support.tables import create_table

CONSIGNMENTS = "consignments"
RECORDS = "allocations"
LIMITS = "limits"
CATALOGUES = "catalogues"
REGION = "eu-west-2"
HOST = "api.example.com"


def create_tables(dynamodb: Any) -> None:
    """Create the four tables that the API works on."""
    create_table(dynamodb, "ConsignmentsTable", CONSIGNMENTS)
    create_table(dynamodb, "AllocationsTable", RECORDS)
    create_table(dynamodb, "LimitsTable", LIMITS)
    create_table(dynamodb, "CataloguesTable", CATALOGUES)


@dataclass(frozen=True)
class Answer:
    """What the API answered."""

    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def data(self) -> Any:
        """The body's JSON, numbers with a point as `Decimal`."""
        return parsed(self.body)


@dataclass
class Api:
    """The API over a store."""

    store: ConsignmentStore
    clock: Clock = field(default_factory=Clock)
    engine: Engine = ENGINE
    characters: Any = field(default_factory=counted_characters)
    stage: str = ""
    address: str = ""
    # Where SortedPRO answers that allocates for this stack, and what has it deallocate and cancel.
    pro_url: str | None = None
    elsewhere: Elsewhere = field(default_factory=Elsewhere)
    held_documents: HeldDocuments | None = None
    # Names of any field that was sent: a sender's own come back.
    _own: set[str] = field(default_factory=set)
    _numbers: Any = field(default_factory=lambda: count(1))

    def __setattr__(self, name: str, value: Any) -> None:
        """Whatever is set changes what is made from it."""
        super().__setattr__(name, value)
        for made in ("use_cases", "resolver"):
            vars(self).pop(made, None)

    @cached_property
    def use_cases(self) -> UseCases:
        here = outcome.AllocatedBy("pro", self.pro_url) if self.pro_url else outcome.ENGINE
        changes = Changes(self.store, self.clock, None, self.elsewhere, here, current_caller)
        drafts = DynamoDBDrafts(shared_client("dynamodb", REGION), CONSIGNMENTS)
        # A store in memory has no table beside it.
        in_memory = isinstance(self.store, InMemoryConsignments)
        spaces = () if in_memory else (PickupSpaces(drafts, self.clock, changes.cancelled).give_back_all,)
        register = Register(changes, self.characters, timedelta(days=90), *spaces)
        return UseCases(
            changes,
            register,
            Allocations(changes),
            lambda: self.engine,
            self.clock,
            self._limits,
            self._archive,
            Explanations(self._archive),
            Manifests(changes, self._manifests, self.characters),
            Searching(self.store, self._listings, self.clock),
            drafts,
            Tracking(changes, self._tracked_events, timedelta(days=90)),
            self.pro_url,
            self.held_documents,
        )

    @cached_property
    def _tracked_events(self) -> DynamoDBTracking:
        dynamodb = shared_client("dynamodb", REGION)
        return DynamoDBTracking(dynamodb, consignments=CONSIGNMENTS, records=RECORDS)

    @cached_property
    def _archive(self) -> DynamoDBCatalogueArchive:
        return DynamoDBCatalogueArchive(shared_client("dynamodb", REGION), CATALOGUES, time.time)

    @property
    def _listings(self) -> Listings:
        # Only tables have indexes. A store in memory is not searched.
        if isinstance(self.store, DynamoDBConsignments):
            return self.store.listings
        dynamodb = shared_client("dynamodb", REGION)
        return DynamoDBConsignments(
            dynamodb, consignments=CONSIGNMENTS, records=RECORDS, limit_usage=self._limits
        ).listings

    @cached_property
    def _manifests(self) -> DynamoDBManifests:
        return DynamoDBManifests(shared_client("dynamodb", REGION), CATALOGUES)

    @cached_property
    def _limits(self) -> DynamoDBLimitUsage:
        return DynamoDBLimitUsage(shared_client("dynamodb", REGION), LIMITS)

    @cached_property
    def resolver(self) -> AnyCaseResolver:
        return api_resolver(self.use_cases, self.address)

    def call(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Sends a request; `body` is JSON-ready data, or text that is sent as it is."""
        text = body if isinstance(body, str) or body is None else written(body)
        event = proxy_event(method, path, text, headers or {}, f"request-{next(self._numbers)}", self.stage)
        reply = self.resolver.resolve(event, SimpleNamespace())
        found = self.faults_of(event, reply)
        assert not found, f"{method} {path} has another reply than PRO's: {found[:20]}"
        return answer_of(reply)

    def faults_of(self, event: dict[str, Any], reply: dict[str, Any]) -> list[str]:
        """What a reply in JSON has that PRO's type of it has not; to an older client, what such a one can't read."""
        self._own.update(names_in(event["body"]))
        version = {name.lower(): value for name, value in event["headers"].items()}.get("electio-api-version")
        asked = event["httpMethod"], event["path"], answer_of(reply)
        return older_reply_problems(*asked) if is_older(version) else reply_problems(*asked, self._own)

    def create(self, **changes: Any) -> str:
        """Creates the sample consignment, changed, and returns its reference."""
        answer = self.call("POST", "/consignments", consignment(**changes))
        assert answer.status == 201, answer.body
        return str(answer.data[0]["Href"].rpartition("/")[2])

    def allocate(self, reference: str) -> None:
        """Allocates a consignment to the service that costs least."""
        [summary] = self.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote").data
        assert summary["StatusCode"] == 200, summary


def answer_of(reply: Mapping[str, Any]) -> Answer:
    """What a reply of the function says."""
    named = {name.lower(): values[0] for name, values in reply["multiValueHeaders"].items()}
    return Answer(reply["statusCode"], named, reply["body"])


def names_in(text: str | None) -> set[str]:
    """The names of all fields of a JSON or XML body."""
    return {one or other for one, other in re.findall(r'"([^"\\]+)"\s*:|<([\w.-]+)', text or "")}


def reply_problems(method: str, path: str, answer: Answer, own: Collection[str]) -> list[str]:
    """What a reply has that PRO's type of it has not, and what of it PRO's clients do not read in XML."""
    operation = meant_operation(method, path)
    if operation is None or not answer.body:
        return []
    fact = _facts()[operation.method, *form_of(operation.path)]
    told = ERROR if answer.status >= 400 else fact.reply
    if told is None:
        return ["a body, where PRO has none"]
    if "xml" in answer.headers["content-type"]:
        return unread_xml(told, answer.body, own)
    return list(problems(told, answer.data, own)) or unread(told, answer.data, own)


def older_reply_problems(method: str, path: str, answer: Answer) -> list[str]:
    """What of a reply in JSON a typed client of the API's first version can't read."""
    operation = meant_operation(method, path)
    if operation is None or answer.status >= 400 or not answer.body or "json" not in answer.headers["content-type"]:
        return []
    form = operation.method, *form_of(operation.path)
    told = REPLIES_OF_2016.get(form, _facts()[form].reply)
    return list(problems_of_2016(told, answer.data)) if told else []


def meant_operation(method: str, path: str) -> Operation | None:
    """The operation of PRO that a request means, or None."""
    asked = (method, *path.strip("/").lower().split("/"))
    for form, operation in _operations():
        if len(form) == len(asked) and all(part in ("{}", given) for part, given in zip(form, asked, strict=True)):
            return operation if form in _facts() else None
    return None


@cache
def _operations() -> list[tuple[Form, Operation]]:
    """Every operation by its form; a literal comes before a parameter."""
    ordered = sorted(OPERATIONS, key=lambda each: specificity(form_of(each.path)))
    return [((each.method, *form_of(each.path)), each) for each in ordered]


@cache
def _facts() -> dict[Form, OperationFact]:
    """What is documented of each operation, by its form."""
    return {each.form: each for each in operation_facts()}


def proxy_event(
    method: str, path: str, body: str | None, headers: Mapping[str, str], request_id: str, stage: str = ""
) -> dict[str, Any]:
    """A request as API Gateway's REST API hands it to a function."""
    path, _, query = path.partition("?")
    parameters = dict(parse_qsl(query, keep_blank_values=True)) or None
    sent = {
        "Host": HOST,
        "X-Forwarded-Proto": "https",
        "Content-Type": "application/json",
        "electio-api-version": "1.1",
        **headers,
    }
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": parameters,
        "multiValueQueryStringParameters": {name: [value] for name, value in (parameters or {}).items()} or None,
        "pathParameters": {"proxy": path.lstrip("/")},
        "stageVariables": None,
        "requestContext": {
            "requestId": request_id,
            "stage": stage or "prod",
            "path": f"/{stage}{path}" if stage else path,
            "httpMethod": method,
            "domainName": HOST,
            "authorizer": {"principalId": "shop", "scopes": "allocate erase read"},
        },
        "body": body,
        "isBase64Encoded": False,
    }


def moto_store() -> DynamoDBConsignments:
    """A store over fresh tables; call it under `moto.mock_aws`."""
    dynamodb = shared_client("dynamodb", REGION)
    create_tables(dynamodb)
    limits = DynamoDBLimitUsage(dynamodb, LIMITS)
    return DynamoDBConsignments(dynamodb, consignments=CONSIGNMENTS, records=RECORDS, limit_usage=limits)


def empty_tables() -> None:
    """Forget all consignments and records; call it under `moto.mock_aws`."""
    dynamodb = shared_client("dynamodb", REGION)
    for resource, table in (("ConsignmentsTable", CONSIGNMENTS), ("AllocationsTable", RECORDS)):
        dynamodb.delete_table(TableName=table)
        create_table(dynamodb, resource, table)


@contextmanager
def served_api() -> Iterator[Api]:
    """The API over fresh tables in moto."""
    credentials = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
    }
    with patch.dict(os.environ, credentials), mock_aws():
        os.environ.pop("AWS_ENDPOINT_URL", None)
        yield Api(moto_store())
