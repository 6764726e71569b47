# SPDX-License-Identifier: GPL-3.0-or-later
"""The witness agrees with a report that the collection's own code makes of the same requests, and finds each lie."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.request_statistics import count

from lab.load.report import Report
from plugins.plugin_utils._report_requests import request_statistics
from tests.stage.balancer_log import Exchange, contradictions, of_load, parse

START = datetime(2026, 1, 31, 12, 0, 2, tzinfo=timezone.utc)
# The load, a host out of rotation from 20 s to 60 s, and the count at 80 s.
EXCHANGES = [
    Exchange(START + timedelta(seconds=number / 20), 0.011 + (number % 50) / 1000, 200, f"/page-{number}/")
    for number in range(2000)
]
LEFT, BACK, COUNTED = (START + timedelta(seconds=seconds) for seconds in (20, 60, 80))


def report(tmp_path: Path, exchanges: list[Exchange] = EXCHANGES) -> dict[str, Any]:
    """What a host's nginx, a little quicker and with whole seconds, makes of the same requests."""
    log = tmp_path / "nginx_access.log"
    lines = [
        {
            "time": (exchange.ended - timedelta(milliseconds=2)).isoformat(timespec="seconds"),
            "status": exchange.status,
            "seconds": exchange.seconds - 0.002,
            "client": "127.0.0.1",
            "peer": "10.77.0.1",
        }
        for exchange in exchanges
    ]
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    counted = {
        "type": "requests",
        "seconds": 5,
        "slices": count(log, since=START - timedelta(seconds=100), until=COUNTED, seconds=5),
    }
    left, back, end = (moment.isoformat() for moment in (LEFT, BACK, COUNTED))
    return {
        "hosts": [
            {"name": "web1", "out_of_service_start": left, "out_of_service_end": back},
            {"name": "worker1", "out_of_service_start": None, "out_of_service_end": None},
        ],
        "requests": request_statistics({"web1": counted}, hosts=["web1"], start=left, end=back, until=end),
    }


def test_a_true_report_is_not_contradicted(tmp_path: Path) -> None:
    assert contradictions(report(tmp_path), EXCHANGES) == []


def none_counted(requests: dict[str, Any]) -> None:
    requests["during"] |= {"count": 0, "statuses": {}, "p50": None}


def one_host_forgotten(requests: dict[str, Any]) -> None:
    for part in (requests["during"]["statuses"], *requests["slices"]):
        part |= {name: number // 2 for name, number in part.items() if isinstance(number, int)}


def an_error_made_a_success(requests: dict[str, Any]) -> None:
    requests["during"]["statuses"]["502"] = 1


def errors_in_a_slice(requests: dict[str, Any]) -> None:
    requests["slices"][5]["errors"] = 1


def too_slow(requests: dict[str, Any]) -> None:
    requests["during"]["p50"] *= 1.5


@pytest.mark.parametrize(
    ("lie", "named"),
    [
        (none_counted, "during, status 200: 0 by"),
        (one_host_forgotten, "all slices"),
        (an_error_made_a_success, "during, status 502: 1 by the report, 0 by"),
        (errors_in_a_slice, "errors: 1 by"),
        (too_slow, "p50"),
    ],
)
def test_each_lie_is_found(tmp_path: Path, lie: Callable[[dict[str, Any]], None], named: str) -> None:
    told = deepcopy(report(tmp_path))
    lie(told["requests"])
    assert any(text.startswith(named) for text in contradictions(told, EXCHANGES))


def test_an_error_that_the_report_has_not_is_found(tmp_path: Path) -> None:
    broken = [replace(exchange, status=502) if "/page-700/" in exchange.path else exchange for exchange in EXCHANGES]
    found = contradictions(report(tmp_path), broken)
    assert [text.partition(":")[0] for text in found] == ["during, status 502", "errors"]


LINES = """\
::1:4 [27/Nov/2026:00:42:38.490] amy:80 tg.1/i-7e_80 0/0/0/24/1024 200 18 - - ---- 1/1/0/0/0 0/0 "GET /a/?b=1 HTTP/1.1"
::1:5 [27/Nov/2026:00:42:38.490] amy:80 none/<NOSRV> 0/-1/-1/-1/0 503 2 - - SC-- 1/1/0/0/0 0/0 "GET /b/ HTTP/1.1"
::1:6 [27/Nov/2026:00:42:38.490] amy:80 amy:80/<NOSRV> -1/-1/-1/-1/9 400 0 - - PR-- 1/1/0/0/0 0/0 "<BADREQ>"
Server tg_web.1/i-7e_80 enters drain state. 1 active and 0 backup servers online.
"""


def test_only_what_a_host_was_asked_is_read() -> None:
    (exchange,) = parse(LINES.splitlines())
    assert exchange.ended == datetime(2026, 11, 27, 0, 42, 39, 514000).astimezone()
    assert (exchange.seconds, exchange.status, exchange.path) == (1.024, 200, "/a/?b=1")


def test_the_loads_requests_are_all_but_the_proofs() -> None:
    load = Report.from_json(
        json.dumps(
            dict.fromkeys(Report.__dataclass_fields__, None)
            | {"started": START.isoformat(), "finished": (START + timedelta(seconds=10)).isoformat()}
        )
    )
    inside = [Exchange(START + timedelta(seconds=second), 0.1, 200, "/") for second in range(11)]
    proof = [replace(inside[3], path=path) for path in ("/version/", "/account/login/")]
    later = replace(inside[0], ended=START + timedelta(seconds=30))
    assert of_load([*inside, *proof, later], load) == 11
