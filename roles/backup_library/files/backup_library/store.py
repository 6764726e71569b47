# SPDX-License-Identifier: GPL-3.0-or-later
"""The stage's bucket. boto3 is the distribution's; its credentials are the instance's role or the environment's."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .failure import BackupError, make_command
from .manifest import BLOCK

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
MOST_PARTS = 10_000


@dataclass(frozen=True)
class Bucket:
    """Where copies go. `name` is empty for nowhere, `endpoint_url` for AWS itself.

    A file of `part_size` bytes or more is uploaded in parts: S3 takes no more than 5 GiB in one piece.
    """

    name: str
    prefix: str
    encryption: str
    kms_key: str
    endpoint_url: str
    part_size: int = 64 << 20

    def put(self, file: Path) -> str:
        """Upload a file; return its S3 URL. S3 refuses it unless the checksums fit, and is asked again afterwards."""
        key, size = f"{self.prefix}/{file.name}", file.stat().st_size
        arguments = {"ChecksumAlgorithm": "SHA256", "ServerSideEncryption": self.encryption}
        if self.kms_key:
            arguments["SSEKMSKeyId"] = self.kms_key
        try:
            client = self._client()
            client.upload_file(str(file), self.name, key, ExtraArgs=arguments, Config=self._transfer(size))
            head = client.head_object(Bucket=self.name, Key=key, ChecksumMode="ENABLED")
        except Exception as error:  # boto3 raises many kinds, all of them the same to an operator
            raise BackupError(
                f"{file.name} is verified, but could not be copied to s3://{self.name}/{key}: {error}\n"
                f"The instance's role needs s3:PutObject and s3:GetObject on {self.prefix}/*."
            ) from error
        # S3 adds the number of parts: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
        checksum = str(head.get("ChecksumSHA256")).partition("-")[0]
        right = checksum == checksum_of(file, part=self.part_of(size)) and head["ContentLength"] == size
        if not right or head.get("ServerSideEncryption") != self.encryption:
            raise BackupError(f"s3://{self.name}/{key} is not what was sent, or is not encrypted as it should be.")
        return f"s3://{self.name}/{key}"

    def part_of(self, size: int) -> int:
        """Return the size of the parts in which a file of `size` bytes is uploaded."""
        return max(self.part_size, -(-size // MOST_PARTS))

    def _transfer(self, size: int) -> Any:
        from boto3.s3.transfer import TransferConfig  # noqa: PLC0415

        # A small host has other work; two parts at once keep the line busy.
        part = self.part_of(size)
        return TransferConfig(multipart_threshold=part, multipart_chunksize=part, max_concurrency=2)

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


def checksum_of(file: Path, *, part: int) -> str:
    """Return what S3 says of a file that was uploaded in parts of `part` bytes: SHA-256 in base 64.

    Of a file that is shorter it is the checksum of the file, of any other that of the checksums of its parts.
    """
    digests = []
    with file.open("rb") as opened:
        while not digests or opened.tell() < file.stat().st_size:
            digest, left = hashlib.sha256(), part
            while left and (block := opened.read(min(BLOCK, left))):
                digest.update(block)
                left -= len(block)
            digests.append(digest.digest())
    whole = digests[0] if file.stat().st_size < part else hashlib.sha256(b"".join(digests)).digest()
    return base64.b64encode(whole).decode()
