"""A request to the API as the operations see it, whether it was written in JSON or XML."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, Field, ValidationError

from allocation.api.keys import KeyScope
from allocation.api.xml_reading import UnreadableXmlError, read_xml
from allocation.consignments.errors import RequestError, problems_of
from allocation.exact_json import DuplicateKeyError, NulError, parsed, refuse_nul

# Bytes of a body. A consignment is kept whole, and a DynamoDB item holds up to 400 KB.
MAX_BYTES: Final = 256 * 1024
# Consignments in a bulk call: they are handled in turn, and API Gateway waits for 29 seconds.
MAX_REFERENCES: Final = 200
# The type of a body that is a list of references.
ReferenceList = Annotated[list[str], Field(min_length=1, max_length=MAX_REFERENCES)]
_UNREADABLE: Final = "UnreadableRequestException"
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    `base_url` starts the links in the reply and has no trailing slash. `path` and `query` hold the parameters, `query`
    by names in lower case. `caller` is the name of the key, or the user, that the authorizer let pass, `scopes` what it
    may do. `is_older` says that the client speaks a version before 1.1 (see `older_clients`).
    """

    request_id: str
    base_url: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    content_type: str
    is_older: bool
    caller: str
    scopes: frozenset[str]
    read_body: Callable[[], bytes]

    def require(self, scope: KeyScope | None) -> None:
        """Raise `RequestError` if the caller may not do what needs this scope."""
        if scope is not None and scope not in self.scopes:
            may = ", ".join(sorted(self.scopes)) or "nothing"
            text = f"The key {self.caller!r} may not do this: it needs the scope {scope!s}, and has {may}."
            raise RequestError("ForbiddenException", text, 403)

    @property
    def data(self) -> Any:
        """The body as plain data. Raises `RequestError` where it can't be read."""
        return self.data_of(MAX_BYTES)

    def data_of(self, most: int) -> Any:
        """Return a body of at most so many bytes as plain data. Raises `RequestError` where it can't be read."""
        body = self.read_body()
        if len(body) > most:
            raise RequestError("RequestTooLargeException", f"The body is larger than {most} bytes.", 413)
        reader = _READERS.get(_media_type(self.content_type))
        if reader is None:
            text = f"Unknown content-type {self.content_type[:64]!r}: send application/json or application/xml."
            raise RequestError("UnsupportedMediaTypeException", text, 415)
        return reader(body)

    @property
    def json_object(self) -> dict[str, Any]:
        """The body as one object. Raises `RequestError`."""
        data = self.data
        if not isinstance(data, dict):
            raise RequestError(_UNREADABLE, "The body must be one object.")
        return data

    @property
    def references(self) -> list[str]:
        """The body as a list of references. Raises `RequestError`."""
        return self.references_up_to(MAX_REFERENCES)

    def references_up_to(self, most: int) -> list[str]:
        """Return the body as a list of at most so many references. Raises `RequestError`."""
        data = self.data
        if not isinstance(data, list) or not all(isinstance(item, str) and item for item in data):
            raise RequestError("ValidationException", 'The body must be a list of references: ["EC-000-05B-MMA"].')
        if not 1 <= len(data) <= most:
            raise RequestError("ValidationException", f"The body must list 1 to {most} references.")
        return data

    def model(self, kind: type[_Model]) -> _Model:
        """Return the body as a model of the API, names in any case. Raises `RequestError`."""
        try:
            return kind.model_validate(_with_names_of(kind, self.json_object))
        except ValidationError as error:
            text = "The request has invalid fields: see Details."
            raise RequestError("ValidationException", text, problems=problems_of(error)) from error


def _media_type(content_type: str) -> str:
    """Return `application/json` for `application/json; charset=utf-8`."""
    return content_type.partition(";")[0].strip().lower()


def _read_json(body: bytes) -> Any:
    try:
        text = body.decode("utf-8-sig")
        data = parsed(text)
        refuse_nul(text, data)
    except (DuplicateKeyError, NulError) as error:
        raise RequestError(_UNREADABLE, f"In the body, {error}.") from error
    except ValueError as error:
        raise RequestError(_UNREADABLE, "The body is not JSON in UTF-8.") from error
    return data


def _read_xml(body: bytes) -> Any:
    try:
        return read_xml(body)
    except UnreadableXmlError as error:
        raise RequestError(_UNREADABLE, f"The body is not readable XML: {error}.") from error


_READERS: Final[Mapping[str, Callable[[bytes], Any]]] = {
    "": _read_json,
    "application/json": _read_json,
    "text/json": _read_json,
    "application/xml": _read_xml,
    "text/xml": _read_xml,
}


def _with_names_of(kind: type[BaseModel], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the object with its names in the model's case; .NET clients are not strict about case."""
    names = {(field.alias or name).casefold(): field.alias or name for name, field in kind.model_fields.items()}
    return {names.get(name.casefold(), name): value for name, value in given.items()}
