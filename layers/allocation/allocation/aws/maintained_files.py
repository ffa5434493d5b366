"""Where a file that people maintain is kept, an S3 object or an AppConfig profile, read again when it changes.

The compiled catalogue is one, the mapping of orders another. A new version that can't be used is reported and skipped:
the last good one stays in use.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, Generic, Protocol, TypeVar
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of
from allocation.domain.errors import ConfigurationError, InvalidFileError, RetryableError
from allocation.domain.metric import MetricName
from allocation.observability import count, logger

_REFRESH_SECONDS: Final = 60.0
# How long a store without a usable file is not read again. Each wave and request asks for one.
PAUSE_SECONDS: Final = 10.0
# How many versions of an S3 object a new environment tries, latest first, if the bucket keeps versions.
_OLDER_VERSIONS: Final = 5

# A larger file is refused: a catalogue takes ten times its size of a function's memory, and the last good one stays
# beside it.
MAX_BYTES: Final = 16 * 1024**2

_UNCHANGED: Final = frozenset({"304", "NotModified"})

_Read = TypeVar("_Read")


class _Store(Protocol):
    """One place that a file is read from."""

    def changed(self) -> bytes | None:
        """Return the file if it changed since the last time, or None. Raises botocore's errors."""

    def earlier(self) -> Iterator[bytes]:
        """Yield earlier contents, latest first, if the place keeps them. Raises botocore's errors."""


def _content(body: Any) -> bytes:
    """Return what a body holds, not more than a byte over `MAX_BYTES`. Raises botocore's errors."""
    content: bytes = body.read(MAX_BYTES + 1)
    # Only a read that finds nothing more makes botocore see that a body broke off.
    return content if len(content) > MAX_BYTES else content + body.read(1)


class S3Store:
    """A file in an S3 object; needs `s3:GetObject` and, for earlier versions, the two permissions on versions."""

    def __init__(self, s3: Any, bucket: str, key: str) -> None:
        self._s3 = s3
        self._object = {"Bucket": bucket, "Key": key}
        self._etag: str | None = None

    def changed(self) -> bytes | None:
        """Ask with the ETag of the last answer, so that an unchanged object is not sent."""
        condition = {"IfNoneMatch": self._etag} if self._etag else {}
        try:
            answer = self._s3.get_object(**self._object, **condition)
        except ClientError as error:
            if cause_of(error) in _UNCHANGED:
                return None
            raise
        content = _content(answer["Body"])
        self._etag = answer["ETag"]  # only now: what breaks off must be sent again
        return content

    def earlier(self) -> Iterator[bytes]:
        """Yield the versions before the current one, latest first."""
        key = self._object["Key"]
        listed = self._s3.list_object_versions(Bucket=self._object["Bucket"], Prefix=key, MaxKeys=_OLDER_VERSIONS)
        versions = [item for item in listed.get("Versions", ()) if item["Key"] == key and not item["IsLatest"]]
        for item in versions:
            yield _content(self._s3.get_object(**self._object, VersionId=item["VersionId"])["Body"])


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

    def changed(self) -> bytes | None:
        """Ask within one session: AppConfig answers with nothing if nothing changed."""
        if self._token is None:
            self._token = self._client.start_configuration_session(**self._profile)["InitialConfigurationToken"]
        token, self._token = self._token, None
        answer = self._client.get_latest_configuration(ConfigurationToken=token)
        content = _content(answer["Configuration"])
        self._token = answer["NextPollConfigurationToken"]  # only now: what breaks off must be sent again
        return content or None

    def earlier(self) -> Iterator[bytes]:
        """Yield nothing: AppConfig hands out no earlier versions."""
        return iter(())


class MaintainedFile(Generic[_Read]):
    """The file of a store, read. Call it for the one to use now.

    `name` is what messages call it. `read` makes of its text what is used, or raises `InvalidFileError`. `clock`
    returns seconds and must continue while the function is frozen. `refused` gets each version that could not be used
    or read, and each time that no usable one was found.
    """

    def __init__(
        self,
        store: _Store,
        name: str,
        read: Callable[[str], _Read],
        *,
        clock: Callable[[], float],
        refused: Callable[[Exception], None],
    ) -> None:
        self._store = store
        self._name = name
        self._read = read
        self._clock = clock
        self._refused = refused
        self._in_use: _Read | None = None
        self._asked_at = float("-inf")
        self._lack = ""

    def __call__(self) -> _Read:
        """Return the last good file, asking for a new one once a minute.

        Raises `RetryableError` if there never was a good one. The store is not asked again for `PAUSE_SECONDS` then.
        """
        if self._in_use is None:
            self._in_use = self._first()
        elif self._is_past(_REFRESH_SECONDS):
            self._in_use = self._refreshed(self._in_use)
        return self._in_use

    def _is_past(self, seconds: float) -> bool:
        """Return whether the last look was that long ago, or the clock was set back since."""
        return not 0 <= self._clock() - self._asked_at < seconds

    def _first(self) -> _Read:
        if not self._is_past(PAUSE_SECONDS):
            raise RetryableError(self._lack)
        try:
            current = self._latest_good()
        except (ClientError, BotoCoreError) as error:
            self._refused(error)
            raise self._lacking(
                f"the {self._name} can't be read now ({cause_of(error)}): see that it is where the function looks, "
                "and that the function's role may read it"
            ) from error
        if current is None:
            lacking = self._lacking(
                f"there is no usable {self._name}: compile one, and put it where the function looks"
            )
            self._refused(lacking)
            raise lacking
        self._asked_at = self._clock()
        return current

    def _latest_good(self) -> _Read | None:
        content = self._store.changed()
        latest = None if content is None else self._usable(content)
        return latest or next(filter(None, map(self._usable, self._store.earlier())), None)

    def _lacking(self, text: str) -> RetryableError:
        """Return the error to raise, and remember it for the pause.

        The pause begins at the end of the attempt: an attempt without an answer takes longer than the pause.
        """
        self._lack, self._asked_at = text, self._clock()
        return RetryableError(text)

    def _refreshed(self, current: _Read) -> _Read:
        self._asked_at = self._clock()
        try:
            content = self._store.changed()
        except (ClientError, BotoCoreError) as error:
            self._refused(error)
            return current
        return current if content is None else self._usable(content) or current

    def _usable(self, content: bytes) -> _Read | None:
        if len(content) > MAX_BYTES:
            self._refused(InvalidFileError(f"the {self._name} is larger than {MAX_BYTES // 1024**2} MB"))
            return None
        try:
            return self._read(str(content, "utf-8", "replace"))
        # Whatever a file does to its reader: the last good one stays, and this one is not asked for again.
        except Exception as error:  # noqa: BLE001
            self._refused(error)
            return None


def store_at(location: str, client: Callable[[str], Any]) -> _Store:
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


def report_refused_catalogue(error: Exception) -> None:
    """Log and count a catalogue that could not be used or read. The last good one, if there is one, stays in use."""
    _report_refused("catalogue refused", MetricName.CATALOGUE_REFUSED, error)


def report_refused_mapping(error: Exception) -> None:
    """Log and count a mapping of orders that could not be used or read. The last good one stays in use."""
    _report_refused("mapping refused", MetricName.MAPPING_REFUSED, error)


def _report_refused(message: str, metric: MetricName, error: Exception) -> None:
    logger.error(message, extra={"error": type(error).__name__, "reason": str(error)[:500]})
    count(metric, 1)
