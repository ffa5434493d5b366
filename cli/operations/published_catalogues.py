"""The catalogues of a stack in S3: the one that its functions read, as it was written, and the versions before it.

`catalogue.json` is what functions read. Its versions are the history. Beside it, `catalogue.yaml` is as people wrote it
and `publication.json` says what was published; a publication names the versions of both that belong to it.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any, Final

from botocore.exceptions import ClientError

from allocation.aws.clients import cause_of
from allocation.aws.file_stores import MAX_BYTES, REFUSED_PREFIX
from cli.errors import CommandError, UsageError
from cli.operations.publications import Current, Publication, PublishedVersion, read_publication

_MISSING: Final = frozenset({"404", "NoSuchKey"})
_CHANGED_MEANWHILE: Final = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
_DENIED: Final = frozenset({"403", "AccessDenied"})
# The version of an object in a bucket that keeps none.
_NO_VERSION: Final = "null"
# How many versions are looked through. More would be read one by one.
MAX_VERSIONS: Final = 50
# The first line of a compiled catalogue, with its digest, is shorter.
_HEADER_BYTES: Final = 200


@dataclass(frozen=True, slots=True)
class PublishedCatalogues:
    """The catalogues of one stack. Every method raises `CommandError` where a right is missing."""

    s3: Any
    bucket: str
    key: str

    @property
    def place(self) -> str:
        """Where the functions read the catalogue, as `s3://bucket/key`."""
        return f"s3://{self.bucket}/{self.key}"

    def current(self) -> Current | None:
        """Return the catalogue that is there now, or None."""
        return self._read()

    def version(self, version_id: str) -> Current:
        """Return an earlier version of the catalogue. Raises `CommandError` if it is gone."""
        found = self._read(VersionId=version_id)
        if found is None:
            raise CommandError(f"{self.place} has no version {version_id} any more.")
        return found

    def put(self, compiled: str, instead_of: Current | None) -> Current:
        """Put a catalogue in the place of what was there.

        Raises `CommandError` if somebody else has put another one there since.
        """
        condition = {"IfMatch": instead_of.tag} if instead_of else {"IfNoneMatch": "*"}
        body = {"Body": compiled.encode(), "ContentType": "application/json", **condition}
        try:
            answer = self._call("put_object", Key=self.key, **body)
        except ClientError as error:
            if cause_of(error) in _CHANGED_MEANWHILE | _MISSING:
                raise CommandError(
                    f"Somebody else has just published to {self.place}, and nothing of yours is lost or in use. "
                    "Run the command again: it compares with what is there now."
                ) from error
            raise
        return Current(compiled, answer["ETag"], answer.get("VersionId", _NO_VERSION))

    def describe(self, catalogue: Current, written: str, publication: Publication) -> None:
        """Keep a published catalogue as it was written, and what was said of it."""
        answer = self._call("put_object", Key=self._beside("catalogue.yaml"), Body=written.encode())
        ids = {"catalogueVersionId": catalogue.version_id, "writtenVersionId": answer.get("VersionId", _NO_VERSION)}
        body = json.dumps(asdict(publication) | ids, ensure_ascii=False).encode()
        key = self._beside("publication.json")
        self._call("put_object", Key=key, Body=body, ContentType="application/json")

    def written(self, publication: Publication | None) -> str | None:
        """Return a catalogue as it was written, or None if that was not kept."""
        if publication is None or not publication.writtenVersionId:
            return None
        version = {} if publication.writtenVersionId == _NO_VERSION else {"VersionId": publication.writtenVersionId}
        content = self._content(self._beside("catalogue.yaml"), **version)
        return None if content is None else content.decode()

    def publication_of(self, catalogue: Current) -> Publication | None:
        """Return what was said of a catalogue when it was published, or None."""
        return self._publications().get(catalogue.version_id)

    def history(self) -> list[PublishedVersion]:
        """Return the versions that the bucket has, at most `MAX_VERSIONS`, the latest first."""
        publications = self._publications()
        found = []
        for item in self._versions(self.key):
            version_id = item["VersionId"]
            publication = publications.get(version_id)
            found.append(
                PublishedVersion(
                    version_id,
                    item["ETag"],
                    item["LastModified"],
                    item["IsLatest"],
                    publication.digest if publication else self._digest(version_id),
                    publication,
                    self._refusal(version_id),
                )
            )
        return found

    def keeps_versions(self) -> bool:
        """Return whether the bucket keeps what was there before."""
        return any(item["VersionId"] != _NO_VERSION for item in self._versions(self.key))

    def _publications(self) -> dict[str, Publication]:
        """Return the publications by the version of the catalogue."""
        key = self._beside("publication.json")
        found: dict[str, Publication] = {}
        for item in self._versions(key):
            content = self._content(key, VersionId=item["VersionId"])
            publication = read_publication(content or b"")
            if publication is not None:
                found.setdefault(publication.catalogueVersionId, publication)
        return found

    def _digest(self, version_id: str) -> str:
        """Return the digest in the first line of a version, or nothing if there is none."""
        content = self._content(self.key, VersionId=version_id, Range=f"bytes=0-{_HEADER_BYTES}")
        try:
            return str(json.loads((content or b"").partition(b"\n")[0])["digest"])
        except (ValueError, LookupError, TypeError):
            return ""

    def _refusal(self, version_id: str) -> str:
        content = self._content(f"{REFUSED_PREFIX}{version_id}.json")
        try:
            return str(json.loads(content)["reason"]) if content else ""
        except (ValueError, LookupError, TypeError):
            return ""

    def _read(self, **which: str) -> Current | None:
        try:
            answer = self._call("get_object", Key=self.key, **which)
        except ClientError as error:
            if cause_of(error) in _MISSING | {"NoSuchVersion"}:
                return None
            raise
        content = answer["Body"].read(MAX_BYTES + 1)
        text = content.decode("utf-8", "replace") if len(content) <= MAX_BYTES else ""
        return Current(text, answer["ETag"], answer.get("VersionId", _NO_VERSION))

    def _content(self, key: str, **which: str) -> bytes | None:
        """Return what an object holds, or None if it is not there or can't be read by whoever asks."""
        try:
            body: bytes = self.s3.get_object(Bucket=self.bucket, Key=key, **which)["Body"].read(MAX_BYTES)
        except ClientError as error:
            if cause_of(error) in _MISSING | _DENIED | {"NoSuchVersion", "InvalidRange"}:
                return None
            raise
        return body

    def _versions(self, key: str) -> list[dict[str, Any]]:
        """Return the versions of an object, the latest first."""
        pages = self.s3.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=key)
        with self._plain_words("s3:ListBucketVersions", f"s3://{self.bucket}"):
            found = (item for page in pages for item in page.get("Versions", ()) if item["Key"] == key)
            return list(islice(found, MAX_VERSIONS))

    def _beside(self, name: str) -> str:
        """Return the key of an object in the same folder."""
        folder, slash, _ = self.key.rpartition("/")
        return f"{folder}{slash}{name}"

    def _call(self, operation: str, *, Key: str, **request: Any) -> Any:  # noqa: N803 - boto3's name
        right = {"put_object": "s3:PutObject", "get_object": "s3:GetObject"}[operation]
        if "VersionId" in request:
            right += "Version"
        with self._plain_words(right, f"s3://{self.bucket}/{Key}"):
            return getattr(self.s3, operation)(Bucket=self.bucket, Key=Key, **request)

    @contextmanager
    def _plain_words(self, right: str, place: str) -> Iterator[None]:
        """Say which right is missing, or that there is no such bucket."""
        try:
            yield
        except ClientError as error:
            cause, told = cause_of(error), error.response["Error"].get("Message", "")
            if cause in _DENIED and "kms" in told.lower():
                raise CommandError(
                    f"You may not use the KMS key of {place}: ask for kms:GenerateDataKey and kms:Decrypt on it."
                ) from error
            if cause in _DENIED:
                raise CommandError(f"You may not use {place}: ask for the right {right} there.") from error
            if cause == "NoSuchBucket":
                raise UsageError(f"There is no bucket {self.bucket}: make it, and turn its versioning on.") from error
            raise
