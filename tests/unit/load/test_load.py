# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole loads against a small imitation of the sample application that can be told to misbehave."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from lab.load import Load, Options
from lab.load.options import parse
from lab.load.process import LoadError
from lab.load.report import Report, quantile
from tests.serving import serving

PAGE = b'<link href="/static/site.0123.css">Log in <input name="csrfmiddlewaretoken">'


class Site(ThreadingHTTPServer):
    """The imitation; `faults` maps a path to what goes wrong there."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.faults: dict[str, str] = {}
        self.hang = 20.0
        self.uploads: list[str] = []
        self.jobs: list[str] = []
        self.static_reads = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """Answers as the sample application does."""

    protocol_version = "HTTP/1.1"
    server: Site

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Stay silent."""

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        if path == "/static/site.0123.css":
            self.server.static_reads += 1
            changed = self.server.faults.get(path) == "changes" and self.server.static_reads > 1
            self.answer(b"body {color: red}" if changed else b"body {}")
        elif path == "/slow/":
            self.answer(json.dumps({"seconds": float(query["seconds"][0])}).encode())
        else:
            self.answer(PAGE)

    def do_POST(self) -> None:
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if path == "/upload/":
            upload = query["request_id"][0]
            self.server.uploads.append(upload)
            digest = hashlib.sha256(body).hexdigest()
            self.answer(json.dumps({"request_id": upload, "size": len(body), "sha256": digest}).encode())
        else:
            times = int(query.get("times", ["1"])[0])
            job = query["id"][0] + ("-0" if path == "/enqueue/" else "")
            self.server.jobs.append(job)
            self.answer(json.dumps({"jobs": {job: times}}).encode())

    def answer(self, body: bytes) -> None:
        fault = self.server.faults.get(urlsplit(self.path).path, "")
        if fault == "no answer":
            self.close_connection = True
            return
        if fault == "hang":
            time.sleep(self.server.hang)
        self.send_response(502 if fault == "502" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Release", "v1")
        self.send_header("X-Served-By", "web-1")
        self.end_headers()
        if fault == "half":
            body = body[:3]
            self.close_connection = True
        self.wfile.write(b"x" * len(body) if fault == "wrong" else body)


@pytest.fixture
def site() -> Iterator[Site]:
    """A running imitation."""
    with serving(Site()) as server:
        yield server


def options(site: Site, **changes: object) -> Options:
    """A load of about a second with everything in it."""
    wanted: dict[str, object] = {
        "url": site.url,
        "duration": 1.0,
        "rate": 30.0,
        "slow_rate": 2.0,
        "slow_seconds": 0.0,
        "upload_rate": 4.0,
        "upload_bytes": 5000,
        "upload_seconds": 0.2,
        "enqueue_rate": 3.0,
        "schedule_rate": 2.0,
        "schedule_every": 5,
        "timeout": 5.0,
    }
    return Options(**(wanted | changes))  # type: ignore[arg-type]


def loaded(site: Site, **changes: object) -> Report:
    """Return the report of a whole load."""
    return Load(options(site, **changes)).start().wait()


def test_nothing_is_lost_at_a_site_that_is_well(site: Site) -> None:
    report = loaded(site, run="mine")
    assert {name: kind["sent"] for name, kind in report.kinds.items() if name not in {"front", "inner", "static"}} == {
        "enqueue": 3, "schedule": 2, "slow": 2, "upload": 4
    }  # fmt: skip
    assert sum(report.kinds[name]["ok"] for name in ("front", "inner", "static")) == 30
    assert (report.sent, report.ok, report.lost, report.skipped, report.losses) == (41, 41, 0, 0, [])
    assert sorted(report.uploads) == sorted(site.uploads)
    assert sorted([*report.jobs, *report.scheduled]) == sorted(site.jobs)
    assert set(report.scheduled.values()) == {3}
    assert all(upload.startswith("mine-") for upload in report.uploads)
    assert (report.releases, report.servers) == ({"v1": 41}, {"web-1": 41})
    assert report.kinds["upload"]["latency"]["p50"] >= 0.1
    assert report.stopped_by == "duration"


@pytest.mark.parametrize(
    ("path", "fault", "kind", "reason"),
    [
        ("/", "502", "front", "status 502"),
        ("/account/login/", "no answer", "inner", "closed"),
        ("/account/login/", "half", "inner", "half answer"),
        ("/account/login/", "wrong", "inner", "bad body"),
        ("/static/site.0123.css", "changes", "static", "bad body"),
        ("/slow/", "hang", "slow", "timeout"),
        ("/slow/", "wrong", "slow", "bad body"),
        ("/upload/", "wrong", "upload", "bad body"),
        ("/upload/", "no answer", "upload", "closed"),
        ("/enqueue/", "502", "enqueue", "status 502"),
        ("/schedule/", "half", "schedule", "half answer"),
    ],
)
def test_each_loss_is_counted_where_it_happened(site: Site, path: str, fault: str, kind: str, reason: str) -> None:
    site.faults[path] = fault
    report = loaded(site)
    lost = {name: counts["lost"] for name, counts in report.kinds.items() if counts["lost"]}
    assert lost == {kind: report.lost}
    assert report.kinds[kind]["reasons"] == {reason: report.lost}
    assert report.sent == report.ok + report.lost
    assert {(loss["kind"], loss["reason"]) for loss in report.losses} == {(kind, reason)}


def test_another_application_has_other_pages(site: Site) -> None:
    pages = {
        "front_page": "/board/",
        "inner_page": "/notices/1/",
        "inner_text": "Log in",
        "static_url": "/static/site.",
    }
    site.faults |= dict.fromkeys(("/", "/account/login/"), "502")
    report = loaded(site, **pages)
    assert (report.lost, report.kinds["static"]["ok"] > 0) == (0, True)
    assert loaded(site, **pages, front_text="Opening hours").kinds["front"]["ok"] == 0


def test_an_upload_without_a_right_answer_is_not_acknowledged(site: Site) -> None:
    site.faults["/upload/"] = "no answer"
    report = loaded(site)
    assert report.uploads == []
    assert sorted(report.uploads_lost) == sorted(site.uploads)
    assert len(site.uploads) == 4


def test_arrivals_do_not_wait_for_answers(site: Site) -> None:
    site.faults, site.hang = {"/": "hang", "/account/login/": "hang"}, 3.0
    report = loaded(site, timeout=30.0)
    assert sum(report.kinds[name]["sent"] for name in ("front", "inner")) == 30
    assert report.kinds["front"]["latency"]["max"] < 15  # one after the other they would take 45


def test_stop_ends_a_load_early_and_keeps_the_report(site: Site, tmp_path: Path) -> None:
    with Load(options(site, duration=600.0, report=str(tmp_path / "report.json"))) as load:
        time.sleep(0.5)
    assert load.report is not None
    assert (load.report.stopped_by, load.report.lost) == ("SIGTERM", 0)
    assert load.report.sent > 0
    assert Report.from_json((tmp_path / "report.json").read_text()) == load.report
    assert "lost 0" in load.report.summary()


def test_a_stop_file_ends_a_load_early(site: Site, tmp_path: Path) -> None:
    load = Load(options(site, duration=600.0, stop_file=str(tmp_path / "stop"))).start()
    (tmp_path / "stop").touch()
    assert load.wait(seconds=5).stopped_by == "stop file"


def test_a_load_that_cannot_write_its_report_says_so(site: Site, tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="absent"):
        Load(options(site, duration=0.1, report=str(tmp_path / "absent" / "report.json"))).start().wait()


@pytest.mark.parametrize(
    "url", ["http://10.77.0.11", "http://localhost", "https://127.0.0.1", "http://[::1]", "127.0.0.1"]
)
def test_other_addresses_than_loopback_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="on this machine only"):
        Options(url=url)


@pytest.mark.parametrize(
    "changes", [{"rate": 501.0}, {"rate": -1.0}, {"duration": 3601.0}, {"duration": 0.0}, {"upload_bytes": 2**25}]
)
def test_loads_are_bounded(changes: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="at most"):
        Options(**changes)  # type: ignore[arg-type]


def test_options_survive_the_command_line() -> None:
    wanted = Options(url="http://127.77.0.11:8080", rate=3.5, upload_bytes=7, stop_file="a b", run="mine")
    assert parse(wanted.arguments()) == wanted


@pytest.mark.parametrize(("share", "value"), [(0.5, 2.0), (0.99, 4.0), (1.0, 4.0), (0.0, 1.0)])
def test_quantile(share: float, value: float) -> None:
    assert quantile([1.0, 2.0, 3.0, 4.0], share) == value
    assert quantile([], share) == 0.0
