# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies to a bucket that refuses large objects in one piece, as S3 refuses those above 5 GiB."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from backup_library.failure import BackupError
from backup_library.store import Bucket
from botocore.exceptions import ClientError
from botocore.utils import determine_content_length

from tests.servers.s3 import ENVIRONMENT, S3

# The least that S3 takes for a part, and what this bucket takes in one piece.
PART = 5 << 20


@pytest.fixture
def store(bucket_server: S3, bucket: str, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A bucket that refuses more than a part in one piece."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    made = Bucket(bucket, "backups", "AES256", "", bucket_server.url, part_size=PART)
    client_of: Callable[[Bucket], Any] = Bucket._client

    def refuse(params: dict[str, Any], **_: Any) -> None:
        if (determine_content_length(params["body"]) or 0) > PART:
            raise ClientError({"Error": {"Code": "EntityTooLarge", "Message": "too large"}}, "PutObject")

    def client(self: Bucket) -> Any:
        found = client_of(self)
        found.meta.events.register("before-call.s3.PutObject", refuse)
        return found

    monkeypatch.setattr(Bucket, "_client", client)
    return made


def file_of(size: int, directory: Path) -> Path:
    """A file whose blocks differ."""
    made = directory / "amy-1.dump"
    made.write_bytes(os.urandom(size))
    return made


def test_a_control_the_bucket_refuses_a_large_object_in_one_piece(store: Bucket) -> None:
    with pytest.raises(ClientError, match="EntityTooLarge"):
        store._client().put_object(Bucket=store.name, Key="backups/large", Body=bytes(PART + 1))


@pytest.mark.parametrize("size", [0, 1000, PART - 1, PART, PART + 1, 3 * PART])
def test_a_copy_of_any_size_is_what_was_sent(store: Bucket, bucket_server: S3, tmp_path: Path, size: int) -> None:
    sent = file_of(size, tmp_path)
    assert store.put(sent) == f"s3://{store.name}/backups/amy-1.dump"
    stored = bucket_server.client.get_object(Bucket=store.name, Key="backups/amy-1.dump")
    assert stored["Body"].read() == sent.read_bytes()
    assert stored["ServerSideEncryption"] == "AES256"


@pytest.mark.parametrize("size", [1000, 2 * PART])
def test_a_copy_that_is_not_what_was_sent_is_refused(
    store: Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, size: int
) -> None:
    sent = file_of(size, tmp_path)
    monkeypatch.setattr("backup_library.store.checksum_of", lambda *_, **__: "AAAA")
    with pytest.raises(BackupError, match="is not what was sent"):
        store.put(sent)


def test_parts_grow_with_the_file_so_that_s3_takes_their_number() -> None:
    store = Bucket("b", "p", "AES256", "", "")
    assert store.part_of(1) == store.part_size
    size = 5 << 40
    assert -(-size // store.part_of(size)) <= 10_000
