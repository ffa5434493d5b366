"""botocore and moto without the work that they do again at each client and each call, and with the same results."""

from collections.abc import Callable
from functools import cache
from inspect import CO_VARKEYWORDS
from typing import Any

import boto3
import botocore.hooks
import botocore.session
import botocore.useragent
import moto.core.responses
from botocore import UNSIGNED
from botocore.config import Config
from botocore.hooks import EventAliaser
from botocore.loaders import Loader, create_loader
from moto.core.serialize import JSONSerializer

from tests.support.moto_dynamodb import spare_http, spare_http_of

_READ_FILES: dict[Any, Any] = {}
_ACCEPTS_KWARGS: Callable[[Any], Any] = botocore.hooks.accepts_kwargs
_SERIALIZE: Callable[..., None] = JSONSerializer._serialize_type_structure


def spare_repeated_work() -> None:
    """Let all sessions of this process share botocore's files, and remember what depends on nothing but arguments."""
    botocore.session.create_loader = _loader_that_shares  # type: ignore[assignment]
    for owner, name in (
        (botocore.useragent, "sanitize_user_agent_string_component"),
        (moto.core.responses, "method_names_from_class"),
    ):
        setattr(owner, name, cache(getattr(owner, name)))
    spare_http()
    botocore.hooks.accepts_kwargs = _accepts_kwargs  # type: ignore[assignment]
    EventAliaser._alias_event_name = _with_memory(EventAliaser._alias_event_name)  # type: ignore[attr-defined]
    JSONSerializer._serialize_type_structure = _serialize_structure  # type: ignore[assignment, method-assign]


@cache
def shared_client(service: str, region: str) -> Any:
    """Return a client that all tests of this process share: making one takes as long as two calls.

    It is for tests that register no handler with their client. It has keys of its own: the first test that asks for it
    may be one that calls nobody and has none. It does not say what it runs on, and to DynamoDB, where moto does not
    look, it does not sign: that was a third of a call.
    """
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    config = Config(user_agent="tests", signature_version=UNSIGNED if service == "dynamodb" else None)
    client: Any = boto3.client(service, region_name=region, config=config, **keys)  # type: ignore[call-overload]
    if service == "dynamodb":
        spare_http_of(client)
    return client


def _loader_that_shares(search_path: str | None = None) -> Loader:
    """Return a loader that reads no file again: moto gives every test a session, and that read all of them."""
    loader = create_loader(search_path)
    loader._cache = _READ_FILES  # type: ignore[attr-defined]
    return loader


def _accepts_kwargs(handler: Any) -> bool:
    """Tell whether a handler takes any keyword, by its flags. `inspect` works out its whole signature for that."""
    code = getattr(handler, "__code__", None)
    return bool(code.co_flags & CO_VARKEYWORDS if code else _ACCEPTS_KWARGS(handler))


def _with_memory(method: Callable[[Any, str], str]) -> Callable[[Any, str], str]:
    """Return a method that remembers its answers, which are the same for all instances."""
    answers: dict[str, str] = {}

    def remembering(self: Any, name: str) -> str:
        if name not in answers:
            answers[name] = method(self, name)
        return answers[name]

    return remembering


def _serialize_structure(self: JSONSerializer, serialized: Any, value: Any, shape: Any, key: str) -> None:
    """Serialize what a dictionary has. moto asks for all that the shape may have, under six names: half of a call."""
    names = shape.members
    if type(value) is not dict or shape.is_document_type or not value.keys() <= names.keys():
        _SERIALIZE(self, serialized, value, shape, key)
        return
    if self._value_picker.response_transformers:
        _SERIALIZE(self, serialized, value, shape, key)
        return
    wrapper: dict[str, Any] = {} if key else serialized
    for name, member in value.items():
        if member is not None:
            names[name].parent = shape
            self._serialize(wrapper, member, names[name], name)
    if key:
        self._default_serialize(serialized, wrapper, shape, key)
