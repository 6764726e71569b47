# SPDX-License-Identifier: GPL-3.0-or-later
"""The stage's bucket. boto3 is the distribution's; its credentials are the instance's role or the environment's."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .failure import BackupError
from .manifest import manifest_file, sha256_of
from .settings import Settings


class Store:
    """Dumps and manifests under a prefix of a bucket."""

    def __init__(self, settings: Settings) -> None:
        # Here, so that all that needs no bucket needs no boto3.
        import boto3  # noqa: PLC0415

        self._settings = settings
        self._client: Any = boto3.client("s3", endpoint_url=settings.endpoint_url or None)

    def put(self, file: Path) -> str:
        """Upload a file; return its S3 URL. S3 refuses it unless the checksum fits, and is asked again afterwards."""
        settings = self._settings
        key = f"{settings.prefix}/{file.name}"
        checksum = base64.b64encode(bytes.fromhex(sha256_of(file))).decode()
        encryption = {"ServerSideEncryption": settings.encryption}
        if settings.kms_key:
            encryption["SSEKMSKeyId"] = settings.kms_key
        try:
            with file.open("rb") as body:
                self._client.put_object(
                    Bucket=settings.bucket,
                    Key=key,
                    Body=body,
                    ChecksumAlgorithm="SHA256",
                    ChecksumSHA256=checksum,
                    **encryption,
                )
            head = self._client.head_object(Bucket=settings.bucket, Key=key, ChecksumMode="ENABLED")
        except Exception as error:  # boto3 raises many kinds, all of them the same to an operator
            raise BackupError(
                f"{file.name} is verified, but could not be copied to s3://{settings.bucket}/{key}: {error}\n"
                f"The instance's role needs s3:PutObject and s3:GetObject on {settings.prefix}/*."
            ) from error
        if head.get("ChecksumSHA256") != checksum or head.get("ServerSideEncryption") != settings.encryption:
            raise BackupError(
                f"s3://{settings.bucket}/{key} is not what was sent, or is not encrypted as it should be."
            )
        return f"s3://{settings.bucket}/{key}"

    def fetch(self, url: str, *, into: Path) -> Path:
        """Download a dump and its manifest into a folder; return the dump's path."""
        parts = urlsplit(url)
        dump = into / Path(parts.path).name
        try:
            for key, file in (
                (parts.path[1:], dump),
                (manifest_file(Path(parts.path[1:])).as_posix(), manifest_file(dump)),
            ):
                self._client.download_file(parts.netloc, key, str(file))
        except Exception as error:
            raise BackupError(f"{url} and its manifest could not be fetched: {error}") from error
        return dump
