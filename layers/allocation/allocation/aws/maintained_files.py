"""A file that people maintain, read from its store again when it changes.

The compiled catalogue is one, the mapping of orders another. A new version that can't be used is reported once and
skipped, whatever it does to its reader: the last good one stays in use.
"""

from collections.abc import Callable
from typing import Final, Generic, NamedTuple, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.bounded_reading import reading_time, text_of
from allocation.aws.clients import cause_of
from allocation.aws.file_stores import MissingFileError, Store, StoredFile
from allocation.domain.errors import InvalidFileError, RetryableError
from allocation.domain.metric import MetricName
from allocation.observability import count, logger

# How long a function goes on with a file before it asks whether there is a new version.
REFRESH_SECONDS: Final = 20.0
# How long a store without a usable file is not read again. Each wave and request asks for one.
PAUSE_SECONDS: Final = 10.0

_MAX_REASON: Final = 500

_Read = TypeVar("_Read")


class Refusal(NamedTuple):
    """A version of a file that can't be used: its tag, and why."""

    tag: str
    reason: str


class FileStatus(NamedTuple):
    """What a function does with a file: the tag of the version in use, and the later one that it refused."""

    in_use: str | None
    """None where it has no file."""
    refused: Refusal | None


class MaintainedFile(Generic[_Read]):
    """The file of a store, read. Call it for the one to use now.

    `name` is what messages call it. `read` makes of its text what is used, or raises `InvalidFileError`. `clock`
    returns seconds and must continue while the function is frozen. `refused` gets each version that could not be used
    or read, and each time that no usable one was found. `otherwise` makes what is used where there never was a file.
    """

    def __init__(
        self,
        store: Store,
        name: str,
        read: Callable[[str], _Read],
        *,
        clock: Callable[[], float],
        refused: Callable[[Exception], None],
        otherwise: Callable[[], _Read] | None = None,
    ) -> None:
        self._store = store
        self._name = name
        self._read = read
        self._clock = clock
        self._report = refused
        self._otherwise = otherwise
        self._in_use: _Read | None = None
        self._tag: str | None = None
        self._refusal: Refusal | None = None
        self._refused: set[str] = set()
        self._is_missing = False
        self._asked_at = float("-inf")
        self._lack = ""

    def __call__(self) -> _Read:
        """Return the last good file, asking for a new one every `REFRESH_SECONDS`.

        Raises `RetryableError` if there never was a good one. The store is not asked again for `PAUSE_SECONDS` then.
        """
        if self._in_use is None:
            self._in_use = self._first()
        elif self._is_past(REFRESH_SECONDS):
            self._in_use = self._refreshed(self._in_use)
        return self._in_use

    def status(self) -> FileStatus:
        """Return what is in use now, after a look whether that is still the latest if it is time for one."""
        try:
            self()
        except RetryableError as error:
            return FileStatus(None, self._refusal or Refusal("", str(error)))
        return FileStatus(self._tag, self._refusal)

    def _is_past(self, seconds: float) -> bool:
        """Return whether the last look was that long ago, or the clock was set back since."""
        return not 0 <= self._clock() - self._asked_at < seconds

    def _first(self) -> _Read:
        if not self._is_past(PAUSE_SECONDS):
            raise RetryableError(self._lack)
        try:
            current = self._latest_good()
        except (ClientError, BotoCoreError) as error:
            self._report(error)
            raise self._lacking(
                f"the {self._name} can't be read now ({cause_of(error)}): see that it is where the function looks, "
                "and that the function's role may read it"
            ) from error
        if current is None:
            lacking = self._lacking(
                f"there is no usable {self._name}: compile one, and put it where the function looks"
            )
            self._report(lacking)
            raise lacking
        self._asked_at = self._clock()
        return current

    def _latest_good(self) -> _Read | None:
        """Return the latest version that can be used, or None. Raises botocore's errors."""
        self._refusal = None
        try:
            found = self._store.changed()
        except MissingFileError as missing:
            return self._without_latest(missing)
        latest = None if found is None else self._usable(found)
        return self._earlier_good() if latest is None else latest

    def _without_latest(self, missing: MissingFileError) -> _Read | None:
        """Return what to use where the file is not there. Raises S3's answer where there never was one to use."""
        if (deletion := missing.deletion()) is not None:
            self._refuse_deletion(deletion)
            return self._earlier_good()
        if self._otherwise is not None:
            return self._otherwise()
        raise missing.answer

    def _earlier_good(self) -> _Read | None:
        usable = map(self._usable, self._store.earlier())
        return next((each for each in usable if each is not None), None)

    def _lacking(self, text: str) -> RetryableError:
        """Return the error to raise, and remember it for the pause.

        The pause begins at the end of the attempt: an attempt without an answer takes longer than the pause.
        """
        self._lack, self._asked_at = text, self._clock()
        return RetryableError(text)

    def _refreshed(self, current: _Read) -> _Read:
        self._asked_at = self._clock()
        try:
            found = self._store.changed()
        except MissingFileError as missing:
            if self._tag is not None and not self._is_missing:
                self._refuse_deletion(_deletion(missing))
                return self._latest_before(current)
            return current
        except (ClientError, BotoCoreError) as error:
            self._report(error)
            return current
        if self._is_missing or found is not None:
            self._is_missing, self._refusal = False, None
        if found is None:
            return current
        usable = self._usable(found)
        return self._latest_before(current) if usable is None else usable

    def _latest_before(self, current: _Read) -> _Read:
        """Return the latest good file before one that was refused: `current`, unless others came while nobody asked."""
        try:
            for found in self._store.earlier():
                usable = current if found.tag == self._tag else self._usable(found)
                if usable is not None:
                    return usable
        except (ClientError, BotoCoreError) as error:
            self._report(error)
        return current

    def _usable(self, found: StoredFile) -> _Read | None:
        """Return what is made of a version, or None after its refusal."""
        if found.version in self._refused:
            return None
        try:
            with reading_time(self._name):
                usable = self._read(text_of(self._name, found.content))
        # Whatever a file does to its reader: the last good one stays, and this one is not asked for again.
        except Exception as error:  # noqa: BLE001
            if found.version:
                self._refused.add(found.version)
            self._refuse(error, found.tag, found.version or found.tag)
            return None
        self._tag = found.tag
        return usable

    def _refuse_deletion(self, version: str) -> None:
        """Report that the file was deleted. It is done once until there is one again."""
        self._is_missing, self._refusal = True, None
        self._refuse(InvalidFileError(f"the {self._name} was deleted: put it back"), "", version)

    def _refuse(self, error: Exception, tag: str, version: str) -> None:
        """Report a version, unless another execution environment has. Remember the refusal of the latest one."""
        reason = str(error)[:_MAX_REASON] or type(error).__name__
        self._refusal = self._refusal or Refusal(tag, reason)
        if self._store.is_first_to_refuse(version, reason):
            self._report(error)


def _deletion(missing: MissingFileError) -> str:
    """Return the version of a deletion, or nothing if S3 does not tell."""
    try:
        return missing.deletion() or ""
    except (ClientError, BotoCoreError):
        return ""


def report_refused_catalogue(error: Exception) -> None:
    """Log and count a catalogue that could not be used or read. The last good one, if there is one, stays in use."""
    _report_refused("catalogue refused", MetricName.CATALOGUE_REFUSED, error)


def report_refused_mapping(error: Exception) -> None:
    """Log and count a mapping of orders that could not be used or read. The last good one stays in use."""
    _report_refused("mapping refused", MetricName.MAPPING_REFUSED, error)


def _report_refused(message: str, metric: MetricName, error: Exception) -> None:
    logger.error(message, extra={"error": type(error).__name__, "reason": str(error)[:_MAX_REASON]})
    count(metric, 1)
