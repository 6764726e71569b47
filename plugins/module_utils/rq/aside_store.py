# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The files of jobs that were moved aside, in the stage's bucket: they outlive their Redis and its host.

Runs on the host that makes the backups, and writes and reads by that host's rights. Only the controller may remove.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Any

from ansible_collections.carpentries.amy.plugins.module_utils._aws_client import AwsError, translated
from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


@dataclass(frozen=True)
class AsideStore:
    """The files below `prefix` of a bucket; `client` is boto3's, `encryption` and `kms_key` say how S3 encrypts."""

    client: Any
    bucket: str
    prefix: str
    encryption: str = "AES256"
    kms_key: str = ""

    def put(self, name: str, body: bytes) -> str:
        """Write a file, which S3 takes only if its checksum fits; its S3 URL. Raises QueueError."""
        key = {"SSEKMSKeyId": self.kms_key} if self.kms_key else {}
        self._call(
            "write",
            name,
            lambda where: self.client.put_object(
                **where,
                Body=body,
                ContentType="application/json",
                ServerSideEncryption=self.encryption,
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=base64.b64encode(hashlib.sha256(body).digest()).decode(),
                **key,
            ),
        )
        # What cannot be read back is not kept.
        if self.get(name) != body:
            raise QueueError(f"{self.url(name)} is not what was written. No job was moved.")
        return self.url(name)

    def get(self, name: str) -> bytes:
        """Read a file. Raises QueueError."""
        body: bytes = self._call("read", name, lambda where: self.client.get_object(**where)["Body"].read())
        return body

    def url(self, name: str) -> str:
        """Where a file is. Raises QueueError if the name is none."""
        return f"s3://{self.bucket}/{self._key(name)}"

    def _key(self, name: str) -> str:
        if not NAME.fullmatch(name):
            raise QueueError(f"{name!r} is no name of jobs that were moved aside: letters, digits, dots and dashes.")
        return f"{self.prefix}/{name}.json"

    def _call(self, verb: str, name: str, call: Any) -> Any:
        try:
            with translated(doing=f"{verb} {self.url(name)}", remedies={"NoSuchKey": "No such jobs were moved aside."}):
                return call({"Bucket": self.bucket, "Key": self._key(name)})
        except AwsError as error:
            raise QueueError(str(error)) from error
