"""The places where people keep a file for the functions: an object in S3, or a configuration profile of AppConfig.

A place says whether its file changed, finds earlier versions, and remembers which version was refused.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final, NamedTuple, Protocol
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of
from allocation.domain.errors import ConfigurationError

# A larger file is refused: a catalogue takes ten times its size of a function's memory, and the last good one stays
# beside it.
MAX_BYTES: Final = 16 * 1024**2
# Where a stack's own bucket has the compiled catalogue, and the versions of it that a function refused.
CATALOGUE_KEY: Final = "catalogue.json"
REFUSED_PREFIX: Final = "refused/"

# How many versions of an S3 object a new environment tries, latest first, if the bucket keeps versions.
_OLDER_VERSIONS: Final = 5
# How many entries are looked through for them: an object that was deleted often has as many markers.
_MAX_LISTED: Final = 100
_UNCHANGED: Final = frozenset({"304", "NotModified"})
_MISSING: Final = frozenset({"404", "NoSuchKey"})
# The shortest interval that AppConfig takes (StartConfigurationSession, AppConfig API Reference). Its own, without one,
# is a minute: a poll before that is refused.
_SHORTEST_POLL_SECONDS: Final = 15
# The version of what was put into a bucket before it kept versions: the next such object has the same.
_NO_VERSION: Final = "null"


class StoredFile(NamedTuple):
    """A version of a file."""

    content: bytes | None
    """None for one that is larger than `MAX_BYTES`."""
    tag: str
    """What changes with the content: the ETag of S3. Empty where the place has none."""
    version: str
    """The name of this version, by which it is refused once. Empty where the place has none."""


class MissingFileError(Exception):
    """There is no file where it is looked for. `answer` is what S3 said."""

    def __init__(self, answer: ClientError, deletion: Callable[[], str | None]) -> None:
        """`deletion` asks S3 for the version of the deletion. It returns None if there never was a file."""
        super().__init__("there is no file")
        self.answer = answer
        self.deletion = deletion


class Store(Protocol):
    """One place that a file is read from."""

    def changed(self) -> StoredFile | None:
        """Return the file if it changed since the last time, or None.

        Raises `MissingFileError` and botocore's errors.
        """

    def earlier(self) -> Iterator[StoredFile]:
        """Yield earlier versions, latest first, if the place keeps them. Raises botocore's errors."""

    def is_first_to_refuse(self, version: str, reason: str) -> bool:
        """Note that a version can't be used. Return False where another execution environment has noted it before."""


def _content(body: Any, length: int = 0) -> bytes | None:
    """Return what a body holds, or None if that is more than `MAX_BYTES`. Raises botocore's errors."""
    if length > MAX_BYTES:
        body.close()
        return None
    content: bytes = body.read(MAX_BYTES + 1)
    # Only a read that finds nothing more makes botocore see that a body broke off.
    return None if len(content) > MAX_BYTES or body.read(1) else content


class S3Store:
    """A file in an S3 object; needs `s3:GetObject` and, for earlier versions, the two permissions on versions."""

    def __init__(self, s3: Any, bucket: str, key: str, *, notes_refusals: bool = False) -> None:
        """`notes_refusals` for the stack's own bucket, where all execution environments see which version was refused.

        It needs `s3:PutObject` below `REFUSED_PREFIX`.
        """
        self._s3 = s3
        self._object = {"Bucket": bucket, "Key": key}
        self._notes_refusals = notes_refusals
        self._etag: str | None = None

    def changed(self) -> StoredFile | None:
        """Ask with the ETag of the last answer, so that an unchanged object is not sent."""
        condition = {"IfNoneMatch": self._etag} if self._etag else {}
        try:
            answer = self._s3.get_object(**self._object, **condition)
        except ClientError as error:
            if cause_of(error) in _UNCHANGED:
                return None
            if cause_of(error) in _MISSING:
                raise MissingFileError(error, self._deletion) from error
            raise
        found = _stored(answer)
        self._etag = answer["ETag"]  # only now: what breaks off must be sent again
        return found

    def earlier(self) -> Iterator[StoredFile]:
        """Yield the versions before the current one, latest first."""
        versions = [item for item in self._entries() if "ETag" in item and not item["IsLatest"]]
        for item in versions[:_OLDER_VERSIONS]:
            yield _stored(self._s3.get_object(**self._object, VersionId=item["VersionId"]))

    def is_first_to_refuse(self, version: str, reason: str) -> bool:
        """Write an object of the version's name, unless it is there. What can't be written counts as the first."""
        if not (self._notes_refusals and version):
            return True
        note = {"Key": f"{REFUSED_PREFIX}{version}.json", "Body": json.dumps({"reason": reason}).encode()}
        with suppress(BotoCoreError):
            try:
                self._s3.put_object(**{**self._object, **note}, IfNoneMatch="*", ContentType="application/json")
            except ClientError as error:
                return cause_of(error) != "PreconditionFailed"
        return True

    def _deletion(self) -> str | None:
        entries = self._entries()
        return next((item["VersionId"] for item in entries if item["IsLatest"]), "") if entries else None

    def _entries(self) -> list[dict[str, Any]]:
        """Return the versions of the object, latest first, and the markers of its deletions, which have no ETag.

        Raises botocore's errors.
        """
        key = self._object["Key"]
        listed = self._s3.list_object_versions(Bucket=self._object["Bucket"], Prefix=key, MaxKeys=_MAX_LISTED)
        found = [*listed.get("Versions", ()), *listed.get("DeleteMarkers", ())]
        return [item for item in found if item["Key"] == key]


def _stored(answer: Any) -> StoredFile:
    version = answer.get("VersionId", "")
    content = _content(answer["Body"], answer.get("ContentLength", 0))
    return StoredFile(content, answer["ETag"], "" if version == _NO_VERSION else version)


class AppConfigStore:
    """A file in a configuration profile of AppConfig, which rolls bad versions back by itself."""

    def __init__(self, appconfigdata: Any, application: str, environment: str, profile: str) -> None:
        self._client = appconfigdata
        self._profile = {
            "ApplicationIdentifier": application,
            "EnvironmentIdentifier": environment,
            "ConfigurationProfileIdentifier": profile,
        }
        self._token: str | None = None

    def changed(self) -> StoredFile | None:
        """Ask within one session: AppConfig answers with nothing if nothing changed, and refuses who asks too soon."""
        token, self._token = self._token or self._first_token(), None
        try:
            answer = self._client.get_latest_configuration(ConfigurationToken=token)
        except ClientError as error:
            if not _asked_too_soon(error):
                raise
            self._token = token
            return None
        content = _content(answer["Configuration"])
        self._token = answer["NextPollConfigurationToken"]  # only now: what breaks off must be sent again
        return StoredFile(content, "", "") if content != b"" else None

    def _first_token(self) -> str:
        shortest = {"RequiredMinimumPollIntervalInSeconds": _SHORTEST_POLL_SECONDS}
        return str(self._client.start_configuration_session(**self._profile, **shortest)["InitialConfigurationToken"])

    def earlier(self) -> Iterator[StoredFile]:
        """Yield nothing: AppConfig hands out no earlier versions."""
        return iter(())

    def is_first_to_refuse(self, version: str, reason: str) -> bool:  # noqa: ARG002 - the port's
        """Return True: no execution environment knows of another."""
        return True


def _asked_too_soon(error: ClientError) -> bool:
    """Return whether AppConfig refused a poll that came before the session's interval had passed."""
    details: Any = error.response.get("Details") or {}
    problems = (details.get("InvalidParameters") or {}).values()
    return any(each.get("Problem") == "PollIntervalNotSatisfied" for each in problems)


def store_at(location: str, client: Callable[[str], Any]) -> Store:
    """Return the store at `s3://bucket/key` or `appconfig://application/environment/profile`.

    Raises `ConfigurationError` for another location.
    """
    parts = urlsplit(location)
    path = parts.path.strip("/")
    if parts.scheme == "s3" and parts.netloc and path:
        return S3Store(client("s3"), parts.netloc, path)
    if parts.scheme == "appconfig" and parts.netloc and path.count("/") == 1:
        return AppConfigStore(client("appconfigdata"), parts.netloc, *path.split("/"))
    raise ConfigurationError(
        f"location {location!r} can't be used: write s3://bucket/key or appconfig://application/environment/profile"
    )
