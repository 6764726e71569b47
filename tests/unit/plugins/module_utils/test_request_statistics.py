# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.request_statistics import (
    BOUNDS,
    Slice,
    bucket_of,
    count,
    slice_from,
)

START = datetime(2026, 1, 31, 12, 0, tzinfo=timezone.utc)


def line(second: float, *, status: int = 200, seconds: float = 0.05, client: str = "198.51.100.7", **more: str) -> str:
    # nginx writes the host's own zone.
    at = (START + timedelta(seconds=int(second))).astimezone(timezone(timedelta(hours=-5))).isoformat()
    content = {"time": at, "status": status, "seconds": seconds, "client": client, "path": "/secret", **more}
    return json.dumps(content) + "\n"


def counted(log: Path, since: int, until: int, *, seconds: int = 5) -> list[dict[str, Any]]:
    moments = {"since": START + timedelta(seconds=since), "until": START + timedelta(seconds=until)}
    found: list[dict[str, Any]] = count(log, **moments, seconds=seconds)
    return found


def total(slices: list[dict[str, Any]]) -> Slice:
    whole = Slice()
    for item in slices:
        whole.add(slice_from(item))
    return whole


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "nginx_access.log"


def test_requests_are_counted_by_slice_and_status(log: Path) -> None:
    log.write_text(line(3) + line(4, status=502, seconds=1.5) + line(5) + line(17))
    assert counted(log, 0, 16) == [
        {
            "at": "2026-01-31T12:00:00.000Z",
            "statuses": {"200": 1, "502": 1},
            "buckets": {str(bucket_of(0.05)): 1, str(bucket_of(1.5)): 1},
        },
        {"at": "2026-01-31T12:00:05.000Z", "statuses": {"200": 1}, "buckets": {str(bucket_of(0.05)): 1}},
    ]


def test_nothing_but_counts_leaves_the_host(log: Path) -> None:
    log.write_text(line(3))
    assert "secret" not in json.dumps(counted(log, 0, 9))
    assert "198.51" not in json.dumps(counted(log, 0, 9))


@pytest.mark.parametrize("client", ["127.0.0.1", "::1", "unix:"])
def test_the_hosts_own_requests_are_none_of_visitors(log: Path, client: str) -> None:
    log.write_text(line(3, client=client))
    assert counted(log, 0, 9) == []


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "unix:"])
def test_who_has_connected_tells_whose_a_request_is(log: Path, peer: str) -> None:
    log.write_text(line(3, client="127.0.0.1", peer="10.77.0.1") + line(4, client="127.0.0.1", peer=peer))
    assert total(counted(log, 0, 9)).count == 1


def test_a_rotation_in_between_loses_and_doubles_nothing(log: Path) -> None:
    log.with_name("nginx_access.log.1").write_text("".join(line(second) for second in range(60)))
    log.write_text("".join(line(second) for second in range(60, 120)))
    assert total(counted(log, 30, 89)).count == 60
    assert total(counted(log, 70, 89)).count == 20
    log.write_text("")
    assert total(counted(log, 30, 89)).count == 30


def test_a_log_that_is_absent_is_an_error_not_a_zero(log: Path) -> None:
    with pytest.raises(FileNotFoundError):
        counted(log, 0, 9)


def test_only_the_end_of_a_long_log_is_read(log: Path) -> None:
    with log.open("w") as file:
        file.writelines(line(second / 10) for second in range(200_000))
    read_before = _bytes_read()
    assert total(counted(log, 19_900, 19_909)).count == 100
    assert _bytes_read() - read_before < log.stat().st_size / 10


def _bytes_read() -> int:
    return int(Path("/proc/self/io").read_text().split()[1])


@pytest.mark.parametrize("since", range(0, 40, 3))
def test_wherever_one_begins_no_line_is_missed(log: Path, since: int) -> None:
    # Lines of different lengths, and seconds with none, one and many of them.
    seconds = sorted(number * number % 40 for number in range(300))
    log.write_text(
        "".join(line(second, seconds=10 ** (second % 7)) for second in seconds) + '{"time": "2026-01-31T12:0'
    )
    assert total(counted(log, since, 60)).count == sum(second >= since for second in seconds)


@pytest.mark.parametrize("text", ["", "\n", "null", "[]", '{"time": "now", "status": 200}', '{"status": 200}'])
def test_what_is_no_request_is_passed_over(log: Path, text: str) -> None:
    log.write_text(text + "\n" + line(3))
    assert total(counted(log, 0, 9)).count == 1


def test_buckets_are_never_below_and_at_most_an_eighth_above() -> None:
    for milliseconds in range(1, 2000):
        seconds = milliseconds / 1000
        assert seconds <= BOUNDS[bucket_of(seconds)] <= seconds * 1.123
    assert bucket_of(0.0) == 0
    assert bucket_of(1e9) == len(BOUNDS) - 1


def test_percentiles_of_two_hosts_are_those_of_all_their_requests() -> None:
    fast, slow = Slice(buckets=Counter({10: 98})), Slice(buckets=Counter({10: 1, 40: 1}))
    both = slice_from(fast.as_dict())
    both.add(slow)
    assert (fast.percentile(99), slow.percentile(99), both.percentile(99)) == (BOUNDS[10], BOUNDS[40], BOUNDS[10])
    assert both.percentile(100) == BOUNDS[40]
    assert Slice().percentile(50) is None
