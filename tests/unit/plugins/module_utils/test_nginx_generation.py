# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from pathlib import Path

import pytest

from plugins.module_utils._nginx_generation import (
    NginxNotRunningError,
    Worker,
    configuration_age,
    is_current,
    workers_of,
)

TICKS = os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize(
    ("ages", "current"),
    [([], False), ([9.9], True), ([10.0], False), ([1.0, 2.0], True), ([1.0, 11.0], False)],
)
def test_workers_must_all_be_younger_than_the_configuration(ages: list[float], current: bool) -> None:
    workers = [Worker(pid=number, age=age) for number, age in enumerate(ages)]
    assert is_current(workers, configuration_age=10.0) is current


def test_the_youngest_file_counts(tmp_path: Path) -> None:
    for name, changed in (("nginx.conf", 1000), ("site.pem", 1060)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (changed, changed))
    paths = [str(tmp_path / "nginx.conf"), str(tmp_path / "site.pem")]
    assert configuration_age(paths, now=1100) == 40


def test_an_absent_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        configuration_age([str(tmp_path / "absent")], now=1100)


def process(proc: Path, pid: int, *, parent: int, title: str, started: float, name: str = "nginx") -> None:
    """A process as /proc shows it; STARTED is in seconds since the boot."""
    folder = proc / str(pid)
    folder.mkdir(parents=True)
    (folder / "cmdline").write_bytes(title.encode())
    fields = ["S", str(parent), *["0"] * 17, str(int(started * TICKS)), "0"]
    (folder / "stat").write_text(f"{pid} ({name}) {' '.join(fields)}", encoding="utf-8")


def test_workers_that_shut_down_and_strangers_do_not_count(tmp_path: Path) -> None:
    proc, pid_file = tmp_path / "proc", tmp_path / "nginx.pid"
    pid_file.write_text("100\n", encoding="ascii")
    (proc / "self").mkdir(parents=True)
    process(proc, 100, parent=1, title="nginx: master process /usr/sbin/nginx", started=10)
    process(proc, 101, parent=100, title="nginx: worker process", started=40, name="a) (b")
    process(proc, 102, parent=100, title="nginx: worker process is shutting down", started=10)
    process(proc, 103, parent=200, title="nginx: worker process", started=10)
    assert workers_of(str(pid_file), proc=str(proc), boot_seconds=100) == [Worker(pid=101, age=60)]


@pytest.mark.parametrize("content", [None, "", "nonsense"])
def test_no_master_is_an_error(tmp_path: Path, content: str | None) -> None:
    pid_file = tmp_path / "nginx.pid"
    if content is not None:
        pid_file.write_text(content, encoding="ascii")
    with pytest.raises(NginxNotRunningError, match=r"nginx\.pid"):
        workers_of(str(pid_file))
