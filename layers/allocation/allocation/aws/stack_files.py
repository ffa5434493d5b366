"""The files of a stack's catalogue bucket in S3. Versions of an object are its history."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of
from allocation.console.stack_files import PUBLICATION, REPLAY_NAME, REPLAYS
from allocation.domain.errors import RetryableError
from allocation.exact_json import parsed

_MAX_PUBLICATIONS: Final = 20
_MAX_REPLAYS: Final = 1_000
# Bytes of a file: a reply of API Gateway has at most 6 MB.
_MAX_BYTES: Final = 4_000_000
_SUFFIX: Final = ".json"
_MISSING: Final = frozenset({"NoSuchKey", "404", "NoSuchBucket"})
_Found = TypeVar("_Found")


class S3StackFiles:
    """`StackFiles` of one bucket."""

    def __init__(self, client: Any, bucket: str) -> None:
        """`client` must have timeouts of its own; `bucket` is the bucket's name."""
        self._client = client
        self._bucket = bucket

    def publications(self) -> Sequence[Mapping[str, Any]]:
        """Return the publications by the versions of their file, the newest first."""
        listed = _answer(
            lambda: self._client.list_object_versions(
                Bucket=self._bucket, Prefix=PUBLICATION, MaxKeys=_MAX_PUBLICATIONS
            )
        )
        versions = [each["VersionId"] for each in listed.get("Versions", []) if each["Key"] == PUBLICATION]
        found = (self._read(PUBLICATION, VersionId=version) for version in versions)
        return [each for each in found if each is not None]

    def replays(self) -> Sequence[Mapping[str, Any]]:
        """Return the replays, the newest first, of the first 1,000 names."""
        listed = _answer(
            lambda: self._client.list_objects_v2(
                Bucket=self._bucket, Prefix=REPLAYS, Delimiter="/", MaxKeys=_MAX_REPLAYS
            )
        )
        found = [
            {"id": name, "at": each["LastModified"].isoformat(timespec="seconds"), "bytes": each["Size"]}
            for each in listed.get("Contents", [])
            if REPLAY_NAME.fullmatch(name := each["Key"].removeprefix(REPLAYS).removesuffix(_SUFFIX))
        ]
        return sorted(found, key=lambda each: str(each["at"]), reverse=True)

    def replay(self, name: str) -> Mapping[str, Any] | None:
        """Return the replay of a name, or None."""
        return self._read(f"{REPLAYS}{name}{_SUFFIX}") if REPLAY_NAME.fullmatch(name) else None

    def _read(self, key: str, **version: str) -> Mapping[str, Any] | None:
        """Return a file's object; None for one that is missing, too large or not JSON."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=key, **version)
            if answer["ContentLength"] > _MAX_BYTES:
                return None
            found = parsed(answer["Body"].read().decode("utf-8"))
        except ClientError as error:
            if cause_of(error) in _MISSING:
                return None
            raise RetryableError(f"{key} could not be read ({cause_of(error)})") from error
        except BotoCoreError as error:
            raise RetryableError(f"{key} could not be read ({cause_of(error)})") from error
        except ValueError:
            return None
        return found if isinstance(found, dict) else None


def _answer(call: Callable[[], _Found]) -> _Found:
    try:
        return call()
    except (ClientError, BotoCoreError) as error:
        raise RetryableError(f"the files of the stack could not be listed ({cause_of(error)})") from error
