# SPDX-License-Identifier: GPL-3.0-or-later
"""The servers that tests start are each test's own."""

from __future__ import annotations

from tests.servers.s3 import s3


def test_an_s3_has_nothing_of_the_one_before() -> None:
    with s3() as first:
        first.client.create_bucket(Bucket="releases")
        first.client.put_object(Bucket="releases", Key="site", Body=b"text")
    with s3() as second:
        assert second.client.list_buckets()["Buckets"] == []
