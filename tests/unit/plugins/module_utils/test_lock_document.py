# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from plugins.module_utils._lock_document import (
    Claim,
    Lock,
    Process,
    UnreadableLockError,
    claim,
    dump,
    load,
    public,
    refusal,
)

NOON = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
MARIA = Process(host="laptop", machine="m1", boot_id="b1", namespace="pid:[1]", pid=4711, started=99)
LOCK = Lock(
    stage="production",
    owner="maria@laptop",
    reason="weekly release",
    version="v4.2",
    deploy_id="d1",
    token="t1",
    taken="2026-01-31T12:00:00.000Z",
    expires="2026-01-31T13:00:00.000Z",
    process=MARIA,
)


def decide(
    *, lock: Lock | None = LOCK, me: Process | None = None, token: str = "", minutes: int = 1, lives: bool = True
) -> Claim:
    return claim(lock=lock, me=me, token=token, now=NOON + timedelta(minutes=minutes), lives=lambda _: lives)


REBOOTED = replace(MARIA, boot_id="b2", pid=5)
NEIGHBOUR = replace(MARIA, pid=5)


@pytest.mark.parametrize(
    ("decision", "expected"),
    [
        pytest.param(decide(lock=None), Claim.FREE, id="free"),
        pytest.param(decide(me=MARIA), Claim.OWN, id="the same run again"),
        pytest.param(decide(me=MARIA, minutes=90), Claim.OWN, id="the same run, late"),
        pytest.param(decide(token="t1"), Claim.OWN, id="another process with the token"),
        pytest.param(decide(token="t2"), Claim.FOREIGN, id="a wrong token"),
        pytest.param(decide(me=NEIGHBOUR), Claim.FOREIGN, id="another run here, the first lives"),
        pytest.param(decide(me=NEIGHBOUR, lives=False), Claim.DEAD, id="another run here, the first was killed"),
        pytest.param(decide(me=REBOOTED, lives=False), Claim.DEAD, id="after a reboot"),
        pytest.param(decide(me=replace(MARIA, started=100), lives=False), Claim.DEAD, id="the pid was used again"),
        pytest.param(decide(me=replace(NEIGHBOUR, host="ci"), lives=False), Claim.FOREIGN, id="another host"),
        pytest.param(decide(me=replace(REBOOTED, machine="m2"), lives=False), Claim.FOREIGN, id="the host's namesake"),
        pytest.param(
            decide(me=replace(NEIGHBOUR, namespace="pid:[2]"), lives=False), Claim.FOREIGN, id="a container of the host"
        ),
        pytest.param(decide(me=None, lives=False), Claim.FOREIGN, id="no /proc"),
        pytest.param(decide(me=NEIGHBOUR, minutes=60), Claim.EXPIRED, id="expired"),
        pytest.param(decide(lock=replace(LOCK, process=None), me=NEIGHBOUR, lives=False), Claim.FOREIGN, id="unknown"),
    ],
)
def test_who_may_do_what(decision: Claim, expected: Claim) -> None:
    assert decision is expected


def test_without_a_machine_id_another_boot_may_be_another_machine() -> None:
    lock = replace(LOCK, process=replace(MARIA, machine=""))
    assert decide(lock=lock, me=replace(REBOOTED, machine=""), lives=False) is Claim.FOREIGN


def test_the_document_reads_back() -> None:
    assert load(dump(LOCK)) == LOCK
    assert load(dump(replace(LOCK, process=None))).process is None


def test_keys_of_a_later_version_are_ignored() -> None:
    assert load(json.dumps({**json.loads(dump(LOCK)), "later": 1})) == LOCK


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", dump(LOCK).replace("2026-01-31T13", "soon")])
def test_something_else_is_refused(text: str) -> None:
    with pytest.raises(UnreadableLockError):
        load(text)


def test_the_refusal_says_who_when_why_what_until_and_what_to_do() -> None:
    message = refusal(lock=LOCK, now=NOON + timedelta(minutes=12))
    for part in ("maria@laptop", "12 min ago", "weekly release", "v4.2", "13:00", "make unlock STAGE=production"):
        assert part in message


def test_a_result_is_plain_data() -> None:
    assert public(None) is None
    assert json.loads(json.dumps(public(LOCK)))["process"]["pid"] == 4711
