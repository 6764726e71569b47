# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from plugins.module_utils.release.artifact import ArtifactStore, Encryption, Manifest, signing_client, upload_problem
from plugins.module_utils.release.failure import ReleaseError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

BODY = b"the release"
KEY = "artifacts/" + "0" * 40 + "-debian12.tar.zst"
MANIFEST = Manifest(
    key=KEY,
    commit="0" * 40,
    platform="debian12",
    sha256=hashlib.sha256(BODY).hexdigest(),
    size=len(BODY),
    unpacked_size=99,
    python="3.14-debian12-x86_64-0a1b2c3d",
)
HEAD: dict[str, Any] = {
    "ContentLength": MANIFEST.size,
    "Metadata": {"sha256": MANIFEST.sha256},
    "ServerSideEncryption": "AES256",
}


@pytest.fixture
def s3(aws: Callable[[str], Any]) -> S3Client:
    client: S3Client = aws("s3")
    client.create_bucket(Bucket="bucket")
    return client


@pytest.fixture
def store(s3: S3Client) -> ArtifactStore:
    signer = signing_client(region="us-east-1", endpoint_url="http://10.77.0.1:5077")
    return ArtifactStore(
        client=s3, signer=signer, bucket="bucket", prefix="artifacts", expires=900, encryption=Encryption()
    )


def put(s3: S3Client, *, sha256: str = MANIFEST.sha256, body: bytes = BODY) -> None:
    """Upload as a host does."""
    s3.put_object(Bucket="bucket", Key=KEY, Body=body, Metadata={"sha256": sha256}, ServerSideEncryption="AES256")


def test_artifact_exists_only_with_its_manifest(store: ArtifactStore, s3: S3Client) -> None:
    assert store.key(commit="0" * 40, platform="debian12") == KEY
    assert store.find(KEY) is None
    put(s3)
    assert store.find(KEY) is None
    store.complete(MANIFEST)
    assert store.find(KEY) == MANIFEST


def test_manifest_without_its_archive_is_no_artifact(store: ArtifactStore, s3: S3Client) -> None:
    put(s3)
    store.complete(MANIFEST)
    s3.delete_object(Bucket="bucket", Key=KEY)
    assert store.find(KEY) is None


def test_bad_upload_is_not_recorded(store: ArtifactStore, s3: S3Client) -> None:
    put(s3, sha256="0" * 64)
    with pytest.raises(ReleaseError, match="its recorded sha256 is 0000"):
        store.complete(MANIFEST)
    assert store.find(KEY) is None


@pytest.mark.parametrize(
    ("head", "problem"),
    [
        (HEAD, ""),
        (None, "there is no object"),
        ({**HEAD, "ContentLength": 1}, f"it has 1 bytes, and {len(BODY)} were built"),
        ({**HEAD, "Metadata": {}}, "its recorded sha256 is None"),
        ({"ContentLength": MANIFEST.size, "Metadata": {"sha256": MANIFEST.sha256}}, "it is not encrypted"),
    ],
)
def test_upload_problem(head: dict[str, Any] | None, problem: str) -> None:
    assert upload_problem(head, manifest=MANIFEST).startswith(problem)
    assert bool(upload_problem(head, manifest=MANIFEST)) is bool(problem)


def test_every_byte_of_the_manifest_counts(store: ArtifactStore, s3: S3Client) -> None:
    put(s3)
    with pytest.raises(ReleaseError, match="were built"):
        store.complete(replace(MANIFEST, size=MANIFEST.size + 1))


def test_upload_url_is_for_the_hosts_endpoint_and_signs_every_header(store: ArtifactStore) -> None:
    how = store.upload(KEY, sha256=MANIFEST.sha256)
    url = urlsplit(how.url)
    assert url.netloc == "10.77.0.1:5077"
    signed = parse_qs(url.query)["X-Amz-SignedHeaders"][0].split(";")
    assert set(how.headers) | {"host"} == set(signed)


def test_download_url_expires(store: ArtifactStore) -> None:
    assert parse_qs(urlsplit(store.download_url(KEY)).query)["X-Amz-Expires"] == ["900"]


def test_own_key_is_asked_for_in_the_signed_headers(s3: S3Client) -> None:
    encryption = Encryption(algorithm="aws:kms", kms_key="some-key")
    store = ArtifactStore(client=s3, signer=s3, bucket="bucket", prefix="a", expires=60, encryption=encryption)
    assert (
        store.upload(KEY, sha256=MANIFEST.sha256).headers["x-amz-server-side-encryption-aws-kms-key-id"] == "some-key"
    )


def test_an_artifact_is_found_by_its_checksum_whatever_its_recipe_was(store: ArtifactStore, s3: S3Client) -> None:
    put(s3)
    store.complete(MANIFEST)
    other = replace(MANIFEST, key=KEY.replace("debian12", "debian13"), platform="debian13", sha256="1" * 64)
    s3.put_object(
        Bucket="bucket", Key=other.key, Body=BODY, Metadata={"sha256": "1" * 64}, ServerSideEncryption="AES256"
    )
    store.complete(other)
    assert store.find_by_checksum(commit="0" * 40, sha256=MANIFEST.sha256) == MANIFEST
    assert store.find_by_checksum(commit="0" * 40, sha256="1" * 64) == other
    assert store.find_by_checksum(commit="0" * 40, sha256="2" * 64) is None
    assert store.find_by_checksum(commit="1" * 40, sha256=MANIFEST.sha256) is None
    s3.delete_object(Bucket="bucket", Key=KEY)
    assert store.find_by_checksum(commit="0" * 40, sha256=MANIFEST.sha256) is None
