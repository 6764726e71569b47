# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The deploy lock's object in S3, changed by conditional requests only.

Private to this collection; runs on the controller only (boto3). S3 serialises requests on one key: of any number of
creators with If-None-Match exactly one succeeds, and If-Match protects what another run wrote meanwhile
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html).
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Protocol

from ._aws_client import AwsError, translated
from ._lock_document import Lock, dump, load

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# Another run was first: the object exists or has changed (412), or is being written this moment (409).
_LOST_RACE = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")
_MISSING = ("NoSuchKey", "404")


class LockStore(Protocol):
    """Where the lock is. A False answer means that another run was faster; `etag` names one exact version."""

    def read(self) -> tuple[Lock, str] | None:
        """The lock and its etag, or None when it is free."""

    def create(self, lock: Lock) -> bool:
        """Take a lock that does not exist."""

    def replace(self, lock: Lock, *, etag: str) -> bool:
        """Put another lock in the place of exactly that one."""

    def delete(self, *, etag: str) -> bool:
        """Remove exactly that one."""


@dataclass(frozen=True)
class S3LockStore:
    """See `LockStore`. Methods raise AwsError, and `read` UnreadableLockError."""

    client: S3Client
    bucket: str
    key: str

    def read(self) -> tuple[Lock, str] | None:
        """See `LockStore.read`."""
        try:
            with self._translated("read"):
                answer = self.client.get_object(Bucket=self.bucket, Key=self.key)
                text = answer["Body"].read().decode()
        except AwsError as error:
            if error.code in _MISSING:
                return None
            raise
        return load(text), answer["ETag"]

    def create(self, lock: Lock) -> bool:
        """See `LockStore.create`."""
        return self._won(
            "take",
            lambda: self.client.put_object(
                Bucket=self.bucket, Key=self.key, Body=dump(lock), ContentType="application/json", IfNoneMatch="*"
            ),
        )

    def replace(self, lock: Lock, *, etag: str) -> bool:
        """See `LockStore.replace`."""
        return self._won(
            "change",
            lambda: self.client.put_object(
                Bucket=self.bucket, Key=self.key, Body=dump(lock), ContentType="application/json", IfMatch=etag
            ),
        )

    def delete(self, *, etag: str) -> bool:
        """See `LockStore.delete`."""
        return self._won("release", lambda: self.client.delete_object(Bucket=self.bucket, Key=self.key, IfMatch=etag))

    def _translated(self, doing: str) -> AbstractContextManager[None]:
        return translated(
            doing=f"{doing} the deploy lock s3://{self.bucket}/{self.key}",
            remedies={"NoSuchBucket": "Create the stage's bucket with: make provision STAGE=<stage>"},
        )

    def _won(self, doing: str, call: Callable[[], object]) -> bool:
        try:
            with self._translated(doing):
                call()
        except AwsError as error:
            if error.code in (*_LOST_RACE, *_MISSING):
                return False
            raise
        return True
