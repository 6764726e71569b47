# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The built release in the stage's bucket: one compressed archive, and a manifest that says it is complete.

Runs on the controller, which alone has credentials. Hosts read and write by presigned URLs (docs/adr/0003).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from .._aws_client import AwsError, translated
from .failure import ReleaseError
from .names import artifact_key, artifact_prefix, is_archive, manifest_key

try:
    import boto3
    from botocore.config import Config
except ImportError:  # the module says so with missing_required_lib
    pass

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_MISSING = ("404", "NoSuchKey", "NotFound")


@dataclass(frozen=True)
class Manifest:
    """What is known of a complete artifact. Sizes are bytes, `sha256` is of the compressed archive.

    `python` is the id of the Python of its own that a release runs on; empty if that is the distribution's.
    """

    key: str
    commit: str
    platform: str
    sha256: str
    size: int
    unpacked_size: int
    python: str = ""


@dataclass(frozen=True)
class Upload:
    """How a host uploads: an HTTP PUT of the file to `url` with exactly these headers, for they are signed."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Encryption:
    """How the bucket encrypts the artifact: `AES256`, or `aws:kms` with a key id (empty: the account's own)."""

    algorithm: str = "AES256"
    kms_key: str = ""

    def parameters(self) -> dict[str, str]:
        """What PutObject calls it."""
        key = {"SSEKMSKeyId": self.kms_key} if self.kms_key else {}
        return {"ServerSideEncryption": self.algorithm, **key}

    def headers(self) -> dict[str, str]:
        """What an HTTP request calls it."""
        key = {"x-amz-server-side-encryption-aws-kms-key-id": self.kms_key} if self.kms_key else {}
        return {"x-amz-server-side-encryption": self.algorithm, **key}


def signing_client(*, region: str | None, endpoint_url: str | None) -> S3Client:
    """A client whose presigned URLs hosts can use: `endpoint_url` is S3 as they reach it (None: AWS's own).

    Left to itself botocore signs by the old Signature Version 2, which knows neither checksum nor KMS, and for the
    global endpoint, which redirects requests for a new bucket elsewhere; a signed URL does not survive that.
    """
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path" if endpoint_url else "virtual"},
    )
    with translated(doing="prepare to sign URLs"):
        return boto3.client("s3", region_name=region, endpoint_url=endpoint_url, config=config)


class ArtifactStore:
    """The artifacts under `prefix` of `bucket`.

    `client` acts; `signer` only signs URLs, for the endpoint by which hosts reach S3. Seconds: `expires`.
    """

    def __init__(
        self, *, client: S3Client, signer: S3Client, bucket: str, prefix: str, expires: int, encryption: Encryption
    ) -> None:
        self._client = client
        self._signer = signer
        self._bucket = bucket
        self._prefix = prefix
        self._expires = expires
        self._encryption = encryption

    def key(self, *, commit: str, platform: str) -> str:
        """The object key of an artifact."""
        return artifact_key(prefix=self._prefix, commit=commit, platform=platform)

    def find(self, key: str) -> Manifest | None:
        """The manifest of a complete artifact whose archive is there with the recorded size; else None."""
        try:
            with translated(doing=f"read s3://{self._bucket}/{manifest_key(key)}"):
                body = self._client.get_object(Bucket=self._bucket, Key=manifest_key(key))["Body"].read()
        except AwsError as error:
            if error.code in _MISSING:
                return None
            raise
        manifest = Manifest(**json.loads(body))
        head = self._head(key)
        return manifest if head and head["ContentLength"] == manifest.size else None

    def find_by_checksum(self, *, commit: str, sha256: str) -> Manifest | None:
        """The manifest of the complete artifact of `commit` that has that SHA-256, for whatever machines; else None."""
        with translated(doing=f"list s3://{self._bucket}/{self._prefix}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=artifact_prefix(prefix=self._prefix, commit=commit)
            )
            keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
        manifests = (self.find(key) for key in keys if is_archive(key))
        return next((manifest for manifest in manifests if manifest and manifest.sha256 == sha256), None)

    def download_url(self, key: str) -> str:
        """A URL that gives the archive by HTTP GET."""
        return self._signer.generate_presigned_url(
            "get_object", Params={"Bucket": self._bucket, "Key": key}, ExpiresIn=self._expires
        )

    def upload(self, key: str, *, sha256: str) -> Upload:
        """How a host uploads an archive of that SHA-256 (hexadecimal); S3 refuses any other bytes."""
        checksum = base64.b64encode(bytes.fromhex(sha256)).decode()
        encryption: dict[str, Any] = self._encryption.parameters()
        url = self._signer.generate_presigned_url(
            "put_object",
            Params={
                "Bucket": self._bucket,
                "Key": key,
                "Metadata": {"sha256": sha256},
                "ChecksumSHA256": checksum,
                **encryption,
            },
            ExpiresIn=self._expires,
        )
        headers = {"x-amz-meta-sha256": sha256, "x-amz-checksum-sha256": checksum, **self._encryption.headers()}
        return Upload(url=url, headers=headers)

    def complete(self, manifest: Manifest) -> None:
        """Write the manifest of an uploaded archive. Raises ReleaseError if the archive is not what `manifest` says."""
        head = self._head(manifest.key)
        problem = upload_problem(head, manifest=manifest)
        if problem:
            raise ReleaseError(
                f"The upload to s3://{self._bucket}/{manifest.key} is not good: {problem}. Nothing was recorded; "
                "run the deploy again, and it is built and uploaded again."
            )
        encryption: dict[str, Any] = self._encryption.parameters()
        with translated(doing=f"write s3://{self._bucket}/{manifest_key(manifest.key)}"):
            self._client.put_object(
                Bucket=self._bucket,
                Key=manifest_key(manifest.key),
                Body=json.dumps(asdict(manifest), indent=2).encode(),
                ContentType="application/json",
                **encryption,
            )

    def _head(self, key: str) -> Mapping[str, Any] | None:
        try:
            with translated(doing=f"look at s3://{self._bucket}/{key}"):
                return self._client.head_object(Bucket=self._bucket, Key=key)
        except AwsError as error:
            if error.code in _MISSING:
                return None
            raise


def upload_problem(head: Mapping[str, Any] | None, *, manifest: Manifest) -> str:
    """What is wrong with the object that `head` (of HeadObject) describes; empty if nothing is."""
    if head is None:
        return "there is no object"
    if head["ContentLength"] != manifest.size:
        return f"it has {head['ContentLength']} bytes, and {manifest.size} were built"
    if head.get("Metadata", {}).get("sha256") != manifest.sha256:
        return f"its recorded sha256 is {head.get('Metadata', {}).get('sha256')}, and {manifest.sha256} was built"
    if not head.get("ServerSideEncryption"):
        return "it is not encrypted"
    return ""
