# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import socket

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError

from plugins.module_utils.rq import connection
from plugins.module_utils.rq.connection import connect


def closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (f"redis://amy:canary@127.0.0.1:{closed_port()}/2", "does not serve this host"),
        ("redos://amy:canary@127.0.0.1/2", "cannot be read"),
        ("redis://amy:canary/bird@127.0.0.1/2", "cannot be read"),
        ("redis://amy:canary#bird@127.0.0.1/2", "cannot be read"),
    ],
    ids=["no server listens", "no such scheme", "slash in the password", "hash in the password"],
)
def test_what_is_wrong_is_said_without_the_password(url: str, why: str) -> None:
    with pytest.raises(QueueError, match=why) as failure:
        connect(url=url)
    assert "canary" not in str(failure.value)


def test_a_host_without_the_library_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HAS_REDIS", False)
    with pytest.raises(QueueError, match="python3-redis"):
        connect(url="redis://127.0.0.1/2")
