# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from plugins.module_utils._lock_document import Process
from plugins.module_utils._lock_process import ProcessTable


class FakeProc:
    """A /proc of our own making."""

    def __init__(self, root: Path) -> None:
        self.table = ProcessTable(root=root, machine_id=root / "machine-id")
        self.root = root
        (root / "machine-id").write_text("m1\n")
        (root / "sys/kernel/random").mkdir(parents=True)
        (root / "sys/kernel/random/boot_id").write_text("b1\n")
        (root / "self/ns").mkdir(parents=True)
        (root / "self/ns/pid").symlink_to("pid:[1]")

    def add(self, pid: int, *, parent: int, arguments: list[str], state: str = "S", started: int = 0) -> None:
        directory = self.root / str(pid)
        directory.mkdir()
        rest = " ".join(["0"] * 17)
        (directory / "stat").write_text(f"{pid} (odd) name) {state} {parent} {rest} {started or pid * 10} 0 0")
        (directory / "cmdline").write_bytes(b"\0".join(argument.encode() for argument in arguments) + b"\0")


@pytest.fixture
def proc(tmp_path: Path) -> FakeProc:
    proc = FakeProc(tmp_path)
    proc.add(1, parent=0, arguments=["/sbin/init"])
    proc.add(10, parent=1, arguments=["bash"])
    proc.add(20, parent=10, arguments=["/venv/bin/python3", "/venv/bin/ansible-playbook", "outer.yml"])
    proc.add(30, parent=20, arguments=["/venv/bin/python3", "/venv/bin/ansible-playbook", "outer.yml"])
    proc.add(40, parent=30, arguments=["/bin/sh", "-c", "python AnsiballZ_deploy_lock.py"])
    proc.add(50, parent=40, arguments=["python", "/tmp/AnsiballZ_deploy_lock.py"])
    return proc


def test_the_outermost_ansible_is_the_controller(proc: FakeProc) -> None:
    found = proc.table.controller(50)
    assert found is not None
    assert (found.pid, found.started, found.machine, found.boot_id, found.namespace) == (20, 200, "m1", "b1", "pid:[1]")


def test_without_ansible_there_is_no_controller(proc: FakeProc) -> None:
    assert proc.table.controller(10) is None


def test_without_proc_there_is_no_controller(tmp_path: Path) -> None:
    assert ProcessTable(root=tmp_path / "absent").controller(50) is None


@pytest.mark.parametrize(
    ("change", "lives"),
    [
        pytest.param({}, True, id="itself"),
        pytest.param({"started": 201}, False, id="another process got its pid"),
        pytest.param({"boot_id": "b0"}, False, id="before the reboot"),
        pytest.param({"pid": 999}, False, id="gone"),
    ],
)
def test_only_the_very_process_lives(proc: FakeProc, change: dict[str, object], lives: bool) -> None:
    found = proc.table.controller(50)
    assert found is not None
    assert proc.table.lives(replace(found, **change)) is lives  # type: ignore[arg-type]


def test_a_zombie_does_not_live(proc: FakeProc) -> None:
    proc.add(60, parent=10, arguments=["ansible-playbook"], state="Z", started=600)
    assert not proc.table.lives(Process(host="", machine="m1", boot_id="b1", namespace="pid:[1]", pid=60, started=600))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux's /proc")
def test_a_real_process_lives_until_it_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "ansible-playbook"
    script.write_text("import time\nprint('up', flush=True)\ntime.sleep(60)\n")
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        table = ProcessTable()
        found = table.controller(process.pid)
        assert found is not None
        assert table.lives(found)
        process.kill()
        os.waitpid(process.pid, 0)
        assert not table.lives(found)
