"""A request to the API as the operations see it, whether it was written in JSON or XML."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Annotated, Any, Final, TypeVar, get_args

from pydantic import BaseModel, Field

from allocation.api.consignment_shape import AddressView, ContactView, PackageView
from allocation.api.keys import KeyScope
from allocation.api.xml_reading import UnreadableXmlError, read_xml
from allocation.consignments.errors import RequestError, read_as
from allocation.consignments.full_consignment import Contact, FullAddress, FullPackage
from allocation.domain.frozen import frozen
from allocation.exact_json import DuplicateKeyError, NulError, parsed, refuse_nul

# Bytes of a body. A consignment is kept whole, and a DynamoDB item holds up to 400 KB.
MAX_BYTES: Final = 256 * 1024
# Consignments in a bulk call: they are handled in turn, and API Gateway waits for 29 seconds.
MAX_REFERENCES: Final = 200
# The type of a body that is a list of references.
ReferenceList = Annotated[list[str], Field(min_length=1, max_length=MAX_REFERENCES)]
_UNREADABLE: Final = "UnreadableRequestException"
_Model = TypeVar("_Model", bound=BaseModel)


@frozen
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

    def at(self, **path: str) -> "Request":
        """Return the request at another address, with these parameters."""
        return replace(self, path=path)

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

    def object_of(self, kind: type[BaseModel]) -> dict[str, Any]:
        """Return the body as one object, names in the case of a model. Raises `RequestError`."""
        named: dict[str, Any] = in_case_of(kind, self.json_object)
        return named

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
        return read_as(kind, self.object_of(kind))


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


def in_case_of(kind: type[BaseModel] | None, given: Any) -> Any:
    """Return JSON with its names in the model's case, as deep as the model goes; .NET is not strict about case.

    A name that the model does not have stays, with what is in it.
    """
    if kind is None:
        return given
    if isinstance(given, list):
        return [in_case_of(kind, each) for each in given]
    if not isinstance(given, dict):
        return given
    names, named = _names_of(kind), dict[str, Any]()
    for name, value in given.items():
        known, inner = names.get(name.casefold(), (name, None))
        # Of a name in two spellings, the model's own is meant.
        named |= {known: in_case_of(inner, value)} if name == known or known not in given else {name: value}
    return named


@cache
def _names_of(kind: type[BaseModel]) -> Mapping[str, tuple[str, type[BaseModel] | None]]:
    """Return the names of a model by themselves in lower case, each with the model of its values, if they have one."""
    own = {field.alias or name: _model_in(field.annotation) for name, field in kind.model_fields.items()}
    others = {name: _Coordinates if name == "LatLong" else None for name in _ALSO_OF.get(kind, ())}
    return {name.casefold(): (name, inner) for name, inner in (others | own).items()}


class _Coordinates(BaseModel):
    """Coordinates, which are kept as they are."""

    latitude: Any = Field(alias="Latitude")
    longitude: Any = Field(alias="Longitude")


# PRO's names that come back to the sender, and that no model reads.
_ALSO_OF: Final[Mapping[type[BaseModel], Iterable[str]]] = {
    Contact: ContactView.__annotations__,
    FullAddress: AddressView.__annotations__,
    FullPackage: PackageView.__annotations__,
}


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model that a type is, or is a list or an option of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_in, get_args(annotation))), None)
