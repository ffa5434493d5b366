"""Labels and customs documents that SortedPRO holds, fetched when somebody asks the API for one and kept nowhere."""

from typing import Final, TypeVar
from urllib.parse import quote

from pydantic import TypeAdapter, ValidationError

from allocation.consignments.errors import BAD_REQUEST, NOT_FOUND, RequestError, UnavailableError
from allocation.documents.results import MAX_FILE, CustomsDocuments, DocumentFile, LabelFile
from allocation.domain.reference import ConsignmentReference
from allocation.observability import logger
from allocation.pro.client import NoReplyError, NotSentError, ProClient
from allocation.pro.credentials import KeyUnavailableError
from allocation.pro.replies import read_error

_Document = TypeVar("_Document")
# API Gateway ends a request after 29 s. A key that PRO rejects at the end of this is fetched again, for up to 17 s.
_SECONDS: Final = 10.0
# Of a reply's bytes, with what stands around its files.
MAX_HELD_BYTES: Final = MAX_FILE + 4_096
_LABELS: Final = TypeAdapter(LabelFile)
_FILES: Final = TypeAdapter(dict[str, list[DocumentFile] | None])
_KINDS: Final = ("CommercialInvoiceDocuments", "CN22Documents", "CN23Documents")


class HeldDocuments:
    """Asks SortedPRO for the documents of a consignment (its help, "Getting Labels", "Getting Customs Docs").

    Its methods raise `RequestError` with PRO's own code where PRO refuses, and `UnavailableError` where it does not
    answer.
    """

    def __init__(self, client: ProClient) -> None:
        """`client` reads replies of `MAX_HELD_BYTES`."""
        self._client = client

    def labels(self, reference: ConsignmentReference, *wanted: str) -> LabelFile:
        """Return the labels of a consignment, in the format or of the package that is `wanted`."""
        return _read(_LABELS, self._reply("labels", reference, *wanted))

    def customs_documents(self, reference: ConsignmentReference) -> CustomsDocuments:
        """Return the customs documents of a consignment; kinds that PRO does not name are empty."""
        found = _read(_FILES, self._reply("consignments", "docs", reference))
        commercial, cn22, cn23 = (found.get(kind) or [] for kind in _KINDS)
        return CustomsDocuments(CommercialInvoiceDocuments=commercial, CN22Documents=cn22, CN23Documents=cn23)

    def _reply(self, *segments: str) -> bytes:
        path = "".join(f"/{quote(each, safe='')}" for each in segments)
        try:
            reply = self._client.call("GET", path, b"", _SECONDS)
        except (NotSentError, NoReplyError, KeyUnavailableError) as error:
            logger.warning("document not fetched from PRO", extra={"cause": str(error)})
            raise UnavailableError from error
        if reply.status == 200:
            return reply.body
        refusal = read_error(reply.body)
        if reply.status in (BAD_REQUEST, NOT_FOUND) and refusal:
            raise RequestError(refusal.code, refusal.message, reply.status)
        logger.warning("document not fetched from PRO", extra={"status": reply.status})
        raise UnavailableError


def _read(adapter: TypeAdapter[_Document], body: bytes) -> _Document:
    """Return what a reply has. Raises `UnavailableError` if it is not what PRO documents."""
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        logger.warning("document from PRO not readable", extra={"bytes": len(body)})
        raise UnavailableError from error
