"""The objects of replays in the stack's bucket."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of
from allocation.domain.errors import RetryableError
from allocation.domain.frozen import frozen


@frozen
class S3ReplayFiles:
    """`ReplayFiles` in an S3 bucket."""

    client: Any
    bucket: str

    def read(self, key: str) -> bytes:
        """Read an object. Raises `RetryableError`."""
        try:
            content: bytes = self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except (ClientError, BotoCoreError) as error:
            raise RetryableError(f"{key} can't be read: {cause_of(error)}") from error
        return content

    def write(self, key: str, text: str) -> None:
        """Write an object as JSON. Raises `RetryableError`."""
        try:
            self.client.put_object(Bucket=self.bucket, Key=key, Body=text.encode(), ContentType="application/json")
        except (ClientError, BotoCoreError) as error:
            raise RetryableError(f"{key} can't be written: {cause_of(error)}") from error

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield keys page by page. Raises `RetryableError`."""
        try:
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            for page in pages:
                yield from (item["Key"] for item in page.get("Contents", ()))
        except (ClientError, BotoCoreError) as error:
            raise RetryableError(f"{prefix} can't be listed: {cause_of(error)}") from error
