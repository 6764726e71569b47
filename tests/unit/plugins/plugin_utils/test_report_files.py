# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from plugins.plugin_utils._report_events import EventError
from plugins.plugin_utils._report_files import Recorder, past_reports
from plugins.plugin_utils._report_html import clock, duration, latency, render
from tests.unit.plugins.plugin_utils.journals import from_journal, read_journal

AT = "2026-01-31T12:00:{:02}.000Z"
NASTY = "<script>alert('x')</script>"


def journal(deploy_id: str = "d1") -> list[dict[str, Any]]:
    plan = {
        "type": "plan",
        "deploy_id": deploy_id,
        "stage": "local",
        "release": {"ref": "v2"},
        "hosts": {"web1": "web"},
    }
    failure = {"host": "web1", "role": "web", "name": "Prove", "start": AT.format(3), "status": "failed"}
    return [
        {"kind": "playbook", "at": AT.format(0), "name": "deploy"},
        {"kind": "phase", "at": AT.format(1), "name": "Roll the web hosts"},
        {"kind": "event", "at": AT.format(2), "host": "localhost", "event": plan},
        {"kind": "event", "at": AT.format(3), "host": "web1", "event": {"type": "host_out_of_service"}},
        {"kind": "step", "at": AT.format(5), "ignored": False, "message": NASTY, **failure},
        {"kind": "finished", "at": AT.format(9), "failed": ["web1"], "interrupted": False},
    ]


def record(directory: Path, entries: list[dict[str, Any]]) -> Recorder:
    recorder = Recorder(directory=directory)
    for entry in entries:
        recorder.record(entry)
    return recorder


def test_nothing_is_written_before_the_deploy_has_a_name(tmp_path: Path) -> None:
    recorder = record(tmp_path, journal()[:2])
    assert recorder.write() is None
    assert list(tmp_path.iterdir()) == []


def test_the_journal_holds_what_happened_before_the_plan_too(tmp_path: Path) -> None:
    record(tmp_path, journal())
    assert read_journal(tmp_path / "local/d1/journal.jsonl") == journal()


def test_the_report_equals_its_journal(tmp_path: Path) -> None:
    record(tmp_path, journal()).write()
    written = json.loads((tmp_path / "local/d1/report.json").read_text())
    assert written == from_journal(read_journal(tmp_path / "local/d1/journal.jsonl")).as_dict()


def test_latest_is_a_relative_link_to_the_last_deploy(tmp_path: Path) -> None:
    for deploy_id in ("d1", "d2"):
        record(tmp_path, journal(deploy_id)).write()
    assert str((tmp_path / "local/latest").readlink()) == "d2"
    assert sorted(path.name for path in (tmp_path / "local").iterdir()) == ["d1", "d2", "index.html", "latest"]
    assert sorted(path.name for path in (tmp_path / "local/d2").iterdir()) == [
        "journal.jsonl",
        "report.html",
        "report.json",
    ]


def test_past_reports_are_the_readable_ones_the_newest_first(tmp_path: Path) -> None:
    for deploy_id, minute in (("old", "00"), ("new", "30")):
        entries = json.loads(json.dumps(journal(deploy_id)).replace("T12:00:", f"T12:{minute}:"))
        record(tmp_path, entries).write()
    for name, text in (("half", '{"deploy_id": '), ("other", "[]")):
        (tmp_path / "local" / name).mkdir()
        (tmp_path / "local" / name / "report.json").write_text(text)
    assert [report["deploy_id"] for report in past_reports(tmp_path / "local")] == ["new", "old"]
    assert past_reports(tmp_path / "absent") == []


def test_a_refused_event_leaves_no_trace(tmp_path: Path) -> None:
    recorder = record(tmp_path, journal()[:3])
    with pytest.raises(EventError):
        recorder.record({"kind": "event", "at": AT.format(4), "host": "web1", "event": {"type": "nonsense"}})
    assert len(read_journal(tmp_path / "local/d1/journal.jsonl")) == 3


class Page(HTMLParser):
    """Collects what a page refers to, and whether its elements are closed in order."""

    VOID = ("meta", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.references: list[str] = []
        self.bars: list[dict[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        values = dict(attrs)
        self.references += [value or "" for name, value in attrs if name in ("src", "href")]
        if "title" in values:
            self.bars.append(values)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page(entries: list[dict[str, Any]]) -> str:
    return render(from_journal(entries).as_dict())


def test_the_page_is_well_formed_and_refers_to_nothing_but_the_index() -> None:
    parsed = Page(page(journal()))
    assert parsed.open == []
    assert parsed.references == ["../index.html"]


def counts(host: str, content: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "event", "at": AT.format(8), "host": host, "event": {"type": "requests", **content}}


def test_requests_are_drawn_and_those_not_counted_are_named() -> None:
    slices = [{"at": AT.format(3), "statuses": {"200": 30, "502": 10}, "buckets": {"40": 40}}]
    told = [counts("web1", {"seconds": 1, "slices": slices}), counts("web2", {"missing": NASTY})]
    plan = json.loads(json.dumps(journal()[:-1]).replace('{"web1": "web"}', '{"web1": "web", "web2": "web"}'))
    text = page([*plan, *told, journal()[-1]])
    bars = {bar["title"]: bar["style"] for bar in Page(text).bars}
    assert bars["12:00:03: 40 requests, 10 failed"] == "left:33.33%;width:11.11%;height:100.0%"
    assert "height:25.0%" in text
    assert '<td class="number failed">10</td>' in text
    assert "<b>web2</b> is not counted: &lt;script&gt;" in text


def test_a_deploy_that_counted_nothing_says_so() -> None:
    assert "Not counted" in page(journal())


def test_the_index_lists_every_deploy_the_newest_first(tmp_path: Path) -> None:
    for deploy_id, minute in (("d1", "00"), ("d2", "30")):
        record(tmp_path, json.loads(json.dumps(journal(deploy_id)).replace("T12:00:", f"T12:{minute}:"))).write()
    text = (tmp_path / "local/index.html").read_text()
    parsed = Page(text)
    assert parsed.open == []
    assert parsed.references == ["d2/report.html", "d1/report.html"]
    assert NASTY not in text


def test_the_index_knows_a_deploy_whose_controller_died_and_reports_of_before(tmp_path: Path) -> None:
    (tmp_path / "local/d0").mkdir(parents=True)
    record(tmp_path, journal("d1")[:-1]).write()
    old = json.loads((tmp_path / "local/d1/report.json").read_text())
    for key in ("requests", "strategy"):
        del old[key]
    (tmp_path / "local/d0/report.json").write_text(json.dumps({**old, "deploy_id": "d0"}))
    record(tmp_path, journal("d2")[:-1]).write()
    text = (tmp_path / "local/index.html").read_text()
    assert text.count("Not finished") == 3


def test_what_hosts_say_cannot_become_markup() -> None:
    assert NASTY not in page(journal())
    assert "&lt;script&gt;" in page(journal())


def test_spans_are_drawn_where_they_happened() -> None:
    bars = {bar["title"]: bar["style"] for bar in Page(page(journal())).bars}
    # Nine seconds in all; the step ran from the third to the fifth.
    assert bars["Prove: 2.0 s"] == "left:33.33%;width:22.22%"
    assert bars["out of service: 6.0 s"] == "left:33.33%;width:66.67%"


def test_phases_in_which_no_host_did_anything_are_left_out() -> None:
    idle = {"kind": "phase", "at": AT.format(6), "name": "Return the web hosts"}
    assert "Return the web hosts" not in page([*journal()[:-1], idle, journal()[-1]])
    assert "Roll the web hosts" in page(journal())


def test_a_deploy_that_was_refused_says_where() -> None:
    text = page(journal())
    assert '<span class="refused">Refused</span>' in text
    assert 'refused in the phase "Roll the web hosts"' in text


def test_a_host_that_stayed_away_is_named_so() -> None:
    assert "has not come back" in page(journal())


def test_a_report_of_a_plan_alone_can_be_drawn() -> None:
    assert "d1" in page(journal()[2:3])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (9.94, "9.9 s"), (42.4, "42 s"), (59.6, "1 min 0 s"), (185, "3 min 5 s"), (3725, "1 h 2 min")],
)
def test_durations_read_well(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(None, "-"), (0.0794, "79 ms"), (1.26, "1.3 s")])
def test_latencies_read_well(seconds: float | None, text: str) -> None:
    assert latency(seconds) == text


def test_moments_read_well() -> None:
    assert clock(AT.format(5)) == "2026-01-31 12:00:05 UTC"
    assert clock(None) == "-"
