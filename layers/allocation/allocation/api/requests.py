"""A request to the API in the operations' terms, whatever it was written in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from allocation.api.xml_reading import UnreadableXmlError, read_xml
from allocation.consignments.errors import RequestError, problems_of
from allocation.exact_json import parsed

MAX_BYTES: Final = 256 * 1024
"""Of a body: a consignment is kept whole, and DynamoDB takes items of up to 400 KB."""
UNREADABLE: Final = "UnreadableRequestException"
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `path` and `query` hold what was named in them; names in `query` are in lower case."""

    request_id: str
    base_url: str
    """What links in the reply begin with, without a trailing slash."""
    path: Mapping[str, str]
    query: Mapping[str, str]
    content_type: str
    is_older: bool
    """Whether the client is older than version 1.1 of the API (`older_clients`)."""
    read_body: Callable[[], bytes]

    @property
    def data(self) -> Any:
        """The body as plain data. Raises `RequestError` where it can't be read."""
        body = self.read_body()
        if len(body) > MAX_BYTES:
            raise RequestError("RequestTooLargeException", f"The body has more than {MAX_BYTES} bytes.", 413)
        reader = READERS.get(media_type(self.content_type))
        if reader is None:
            text = (
                f"The content-type {self.content_type[:64]!r} is not known: send application/json or application/xml."
            )
            raise RequestError("UnsupportedMediaTypeException", text, 415)
        return reader(body)

    @property
    def document(self) -> dict[str, Any]:
        """The body as one object. Raises `RequestError`."""
        data = self.data
        if not isinstance(data, dict):
            raise RequestError(UNREADABLE, "The body has to be one object.")
        return data

    def model(self, kind: type[Model]) -> Model:
        """The body as one of the API's own requests, names in any case. Raises `RequestError`."""
        try:
            return kind.model_validate(with_names_of(kind, self.document))
        except ValidationError as error:
            raise RequestError(
                "ValidationException", "The request can't be used.", problems=problems_of(error)
            ) from error


def media_type(content_type: str) -> str:
    """`application/json` of `application/json; charset=utf-8`."""
    return content_type.partition(";")[0].strip().lower()


def read_json(body: bytes) -> Any:
    """The data of a JSON body. Raises `RequestError`."""
    try:
        return parsed(body.decode("utf-8-sig"))
    except ValueError as error:
        raise RequestError(UNREADABLE, "The body is not JSON in UTF-8.") from error


def read_xml_body(body: bytes) -> Any:
    """The data of an XML body. Raises `RequestError`."""
    try:
        return read_xml(body)
    except UnreadableXmlError as error:
        raise RequestError(UNREADABLE, f"The body can't be read as XML: {error}") from error


READERS: Final[Mapping[str, Callable[[bytes], Any]]] = {
    "": read_json,
    "application/json": read_json,
    "text/json": read_json,
    "application/xml": read_xml_body,
    "text/xml": read_xml_body,
}


def with_names_of(kind: type[BaseModel], document: Mapping[str, Any]) -> dict[str, Any]:
    """The same object, its names in the case that the model has them; .NET's clients are not strict about it."""
    names = {(field.alias or name).casefold(): field.alias or name for name, field in kind.model_fields.items()}
    return {names.get(name.casefold(), name): value for name, value in document.items()}
