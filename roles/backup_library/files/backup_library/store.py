# SPDX-License-Identifier: GPL-3.0-or-later
"""The stage's bucket. boto3 is the distribution's; its credentials are the instance's role or the environment's."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .failure import BackupError, make_command
from .manifest import sha256_of


@dataclass(frozen=True)
class Bucket:
    """Where copies go. `name` is empty for nowhere, `endpoint_url` for AWS itself."""

    name: str
    prefix: str
    encryption: str
    kms_key: str
    endpoint_url: str

    def put(self, file: Path) -> str:
        """Upload a file; return its S3 URL. S3 refuses it unless the checksum fits, and is asked again afterwards."""
        key = f"{self.prefix}/{file.name}"
        checksum = base64.b64encode(bytes.fromhex(sha256_of(file))).decode()
        encryption = {"ServerSideEncryption": self.encryption}
        if self.kms_key:
            encryption["SSEKMSKeyId"] = self.kms_key
        try:
            client = self._client()
            with file.open("rb") as body:
                client.put_object(
                    Bucket=self.name,
                    Key=key,
                    Body=body,
                    ChecksumAlgorithm="SHA256",
                    ChecksumSHA256=checksum,
                    **encryption,
                )
            head = client.head_object(Bucket=self.name, Key=key, ChecksumMode="ENABLED")
        except Exception as error:  # boto3 raises many kinds, all of them the same to an operator
            raise BackupError(
                f"{file.name} is verified, but could not be copied to s3://{self.name}/{key}: {error}\n"
                f"The instance's role needs s3:PutObject and s3:GetObject on {self.prefix}/*."
            ) from error
        if head.get("ChecksumSHA256") != checksum or head.get("ServerSideEncryption") != self.encryption:
            raise BackupError(f"s3://{self.name}/{key} is not what was sent, or is not encrypted as it should be.")
        return f"s3://{self.name}/{key}"

    def fetch(self, url: str, *, into: Path) -> None:
        """Download the object at an S3 URL into a new file. Raises BackupError if that does not succeed."""
        parts = urlsplit(url)
        try:
            with into.open("xb") as file:
                self._client().download_fileobj(parts.netloc, parts.path[1:], file)
        except Exception as error:  # see above
            raise BackupError(f"{url} could not be fetched: {error}") from error

    def names(self, beginning: str, *, after: str = "") -> list[str]:
        """Return the names of the copies that begin with `beginning`, sorted, those after the name `after` only.

        Raises BackupError if the bucket cannot be asked.
        """
        start = f"{self.prefix}/"
        try:
            pages = (
                self._client()
                .get_paginator("list_objects_v2")
                .paginate(
                    Bucket=self.name, Prefix=f"{start}{beginning}", **({"StartAfter": start + after} if after else {})
                )
            )
            return [found["Key"][len(start) :] for page in pages for found in page.get("Contents", [])]
        except Exception as error:  # see above
            raise BackupError(
                f"s3://{self.name}/{start} could not be searched for backups: {error}\n"
                f"The instance's role needs s3:ListBucket on {self.prefix}/*. Run: {make_command('provision')}"
            ) from error

    def _client(self) -> Any:
        # Here, so that all that needs no bucket needs no boto3.
        import boto3  # noqa: PLC0415

        return boto3.client("s3", endpoint_url=self.endpoint_url or None)
