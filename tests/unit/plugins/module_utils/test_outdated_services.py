# SPDX-License-Identifier: GPL-3.0-or-later
"""A service that runs from files which an update has replaced is named."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from plugins.module_utils._outdated_services import outdated, pids_in, started

MAPS = """\
55d0-55d1 r-xp 00001000 fe:01 1234  /usr/sbin/nginx{replaced}
7f10-7f11 r-xp 00001000 fe:01 1235  /usr/lib/x86_64-linux-gnu/libssl.so.3{library}
7f12-7f13 rw-s 00000000 00:01 1236  /dev/zero (deleted)
7f16-7f17 r--p 00000000 fe:01 1237  /usr/lib/locale/locale-archive (deleted)
7f14-7f15 rw-p 00000000 00:00 0     [heap]
"""
BOOT = 1_000_000
HERTZ = os.sysconf("SC_CLK_TCK")


class Kernel:
    """What /proc says of one process that was started 100 s after the boot."""

    def __init__(self, proc: Path) -> None:
        self.proc = proc
        (proc / "7").mkdir(parents=True)
        (proc / "stat").write_text(f"cpu 1 2 3\nbtime {BOOT}\n")
        fields = ["S", "1", *["0"] * 17, str(100 * HERTZ), "0"]
        (proc / "7/stat").write_text(f"7 (a (strange) name) {' '.join(fields)}\n")
        self.runs()

    def runs(self, *command: str, replaced: str = "", library: str = "") -> None:
        """Say what the process runs."""
        (self.proc / "7/cmdline").write_bytes(b"".join(word.encode() + b"\0" for word in command))
        (self.proc / "7/maps").write_text(MAPS.format(replaced=replaced, library=library))


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path / "proc")


@pytest.mark.parametrize(
    ("mapped", "found"),
    [
        ({}, []),
        ({"replaced": " (deleted)"}, ["nginx"]),
        # OpenSSL was updated, nginx was not.
        ({"library": " (deleted)"}, ["nginx"]),
    ],
)
def test_the_kernel_tells_of_replaced_files(kernel: Kernel, mapped: dict[str, str], found: list[str]) -> None:
    kernel.runs("nginx: master process /usr/sbin/nginx", **mapped)
    assert outdated({"nginx": 7}, proc=kernel.proc) == found


def test_a_script_is_no_mapped_file(kernel: Kernel, tmp_path: Path) -> None:
    """supervisord is a program of Python's: its interpreter stays when it is updated."""
    script = tmp_path / "supervisord"
    script.touch()
    kernel.runs("/usr/bin/python3", str(script), "-n", "-c", "/no/such/file")
    # The package was unpacked now; the process is from the 1970s.
    assert outdated({"supervisor": 7}, proc=kernel.proc) == ["supervisor"]
    (kernel.proc / "stat").write_text(f"btime {int(time.time())}\n")
    assert outdated({"supervisor": 7}, proc=kernel.proc) == []


def test_only_what_it_executes_counts(kernel: Kernel, tmp_path: Path) -> None:
    """A new configuration is told to the service by the role that writes it; that is no update."""
    configuration = tmp_path / "redis.conf"
    configuration.touch()
    kernel.runs("/usr/bin/redis-server", "127.0.0.1:6379", str(configuration))
    assert outdated({"redis-server": 7}, proc=kernel.proc) == []


def test_what_does_not_run_or_has_ended_meanwhile_is_not_outdated(kernel: Kernel) -> None:
    assert outdated({"nginx": 0, "supervisor": 4711}, proc=kernel.proc) == []


def test_this_very_process_was_started_before_now() -> None:
    assert 0 < time.time() - started(Path("/proc/self")) < 24 * 3600 * 365


def test_systemd_tells_the_pids() -> None:
    shown = "MainPID=70\nId=nginx.service\n\nMainPID=0\nId=redis-server.service\n\nId=supervisor.service\nMainPID=9\n"
    assert pids_in(shown) == {"nginx": 70, "redis-server": 0, "supervisor": 9}
    assert pids_in("") == {}
