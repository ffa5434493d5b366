"""A client of S3 that reads objects."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping
from http import HTTPStatus
from http.client import responses
from io import BytesIO
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import quote, urlencode
from zlib import crc32

from botocore.exceptions import ClientError, FlexibleChecksumError

from allocation.aws.calls.connections import Body, RawReply, SignedRequest
from allocation.aws.calls.lean_client import LeanClient, generic_error

_NO_BODY_HASH: Final = hashlib.sha256(b"").hexdigest()
# Names that can stand in a host's name below S3's certificate. S3 has others, with dots, and those of access points.
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
# What S3 says where a bucket is in another region.
_ELSEWHERE: Final = frozenset({"301", "307", "PermanentRedirect", "AuthorizationHeaderMalformed"})


class S3Client(LeanClient):
    """A client of S3 (AWS restXml protocol, Smithy)."""

    # The names are botocore's.
    def get_object(
        self,
        *,
        Bucket: str,  # noqa: N803
        Key: str,  # noqa: N803
        VersionId: str | None = None,  # noqa: N803
        IfNoneMatch: str | None = None,  # noqa: N803
        **more: str,
    ) -> dict[str, Any]:
        """Read an object, whose `Body` is a stream. What `more` is asked for is left to botocore."""
        asked = {"Bucket": Bucket, "Key": Key, "VersionId": VersionId, "IfNoneMatch": IfNoneMatch}
        host = self._host_of(Bucket)
        if host is None or more:
            return self._read_by_botocore(asked | more)
        try:
            return self._called("GetObject", lambda: self._get(host, asked), _read, streams=True)
        except ClientError as error:
            if error.response["Error"].get("Code") not in _ELSEWHERE:
                raise
            return self._read_by_botocore(asked)

    def _get(self, host: str, asked: Mapping[str, str | None]) -> SignedRequest:
        key, version, etag = quote(asked["Key"] or "", safe="/~"), asked["VersionId"], asked["IfNoneMatch"]
        path = f"/{asked['Bucket']}/{key}" if host == self._host else f"/{key}"
        query = urlencode({"versionId": version}, quote_via=quote, safe="~") if version is not None else ""
        condition = {"if-none-match": etag} if etag is not None else {}
        headers = {"x-amz-checksum-mode": "ENABLED", "x-amz-content-sha256": _NO_BODY_HASH, **condition}
        return self._signed("GET", host, path, query, headers)

    def _read_by_botocore(self, asked: Mapping[str, str | None]) -> dict[str, Any]:
        """Read an object by botocore, which finds out where its bucket is."""
        given = {name: each for name, each in asked.items() if each is not None}
        return dict(self._by_botocore().get_object(**given))

    def _host_of(self, bucket: str) -> str | None:
        """Return the host to ask for a bucket, or None for what only botocore knows."""
        if not _BUCKET.fullmatch(bucket):
            return None
        if not self._place.is_custom:
            name = "s3.amazonaws.com" if self._place.region == "us-east-1" else self._place.host
            return f"{bucket}.{name}"
        return self._host if _is_address(self._place.host) else None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _read(reply: RawReply) -> dict[str, Any]:
    """Return what a reply says of an object: what the adapters use of it."""
    if reply.status >= HTTPStatus.MULTIPLE_CHOICES:
        return generic_error(reply) or {"Error": _error(reply)}
    names = {"ETag": "etag", "VersionId": "x-amz-version-id"}
    found: dict[str, Any] = {name: reply.headers[header] for name, header in names.items() if header in reply.headers}
    if "content-length" in reply.headers:
        found["ContentLength"] = int(reply.headers["content-length"])
    return {**found, "Body": _checked(reply)}


def _error(reply: RawReply) -> dict[str, str]:
    """Return the error of a reply. One without a body, as 304, has its status for a code."""
    from xml.etree import ElementTree as Tree

    by_status = {"Code": str(reply.status), "Message": responses.get(reply.status, "")}
    try:
        root = Tree.fromstring(reply.body)  # noqa: S314 - AWS's own
    except Tree.ParseError:
        return by_status
    return by_status | {child.tag.rpartition("}")[2]: child.text or "" for child in root}


class _CheckedBody:
    """A body whose bytes are compared with the checksum that S3 sent before them."""

    def __init__(self, body: Body, expected: str, checksum: Any) -> None:
        self._body = body
        self._expected = expected
        self._checksum = checksum

    def read(self, size: int | None = None, /) -> bytes:
        """Return what the body does. Raises `FlexibleChecksumError` at the end of another body than was sent."""
        piece = self._body.read(size)
        self._checksum.update(piece)
        if (not piece or size is None) and (found := b64encode(self._checksum.digest()).decode()) != self._expected:
            raise FlexibleChecksumError(error_msg=f"Expected checksum {self._expected} did not match {found}")
        return piece

    def close(self) -> None:
        """Read no more."""
        self._body.close()


class _Crc32:
    def __init__(self) -> None:
        self._value = 0

    def update(self, piece: bytes) -> None:
        self._value = crc32(piece, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


def _checked(reply: RawReply) -> Body:
    """Return the body of a reply, compared with its checksum if it is of a kind that Python knows."""
    body = reply.stream or BytesIO(reply.body)
    for name, make in (("crc32", _Crc32), ("sha1", hashlib.sha1), ("sha256", hashlib.sha256)):
        expected = reply.headers.get(f"x-amz-checksum-{name}", "-")
        # That of an object that came in parts is of its parts.
        if "-" not in expected:
            return _CheckedBody(body, expected, make())
    return body
