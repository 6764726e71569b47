# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.rq.aside_store import AsideStore
from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError


@pytest.fixture
def store(aws: Callable[[str], Any]) -> AsideStore:
    client = aws("s3")
    client.create_bucket(Bucket="releases")
    return AsideStore(client=client, bucket="releases", prefix="backups/jobs")


def test_a_file_is_kept_encrypted_and_read_back(store: AsideStore) -> None:
    assert store.put("20260331T120000Z-jobs", b"{}") == "s3://releases/backups/jobs/20260331T120000Z-jobs.json"
    assert store.get("20260331T120000Z-jobs") == b"{}"
    head = store.client.head_object(Bucket="releases", Key="backups/jobs/20260331T120000Z-jobs.json")
    assert head["ServerSideEncryption"] == "AES256"


def test_a_file_that_is_not_there_is_named(store: AsideStore) -> None:
    with pytest.raises(QueueError, match=r"s3://releases/backups/jobs/none\.json.*No such jobs"):
        store.get("none")


@pytest.mark.parametrize("name", ["", "../x", "a/b", "-rf", "a b", "a\n", "x" * 201])
def test_a_name_leads_to_no_other_folder(store: AsideStore, name: str) -> None:
    with pytest.raises(QueueError, match="is no name"):
        store.get(name)
