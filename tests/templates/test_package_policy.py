# SPDX-License-Identifier: GPL-3.0-or-later
"""The update of a package restarts nothing that serves: Debian's own tools, which packages call, are told so."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.templates.rendering import Template, render

SERVES = ["nginx", "redis-server", "supervisor"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a root folder whose systemctl says what it was told to do."""
    policy = tmp_path / "usr/sbin/policy-rc.d"
    policy.parent.mkdir(parents=True)
    policy.write_text(render(Template(role="base", path="policy-rc.d.j2"), base_undisturbed_services=SERVES))
    policy.chmod(0o755)
    systemctl = tmp_path / "bin/systemctl"
    systemctl.parent.mkdir()
    systemctl.write_text('#!/bin/sh\ncase "$*" in *" is-"*) echo enabled; exit 0;; esac\necho "$*"\n')
    systemctl.chmod(0o755)
    return tmp_path


def told(root: Path, action: str, unit: str) -> str:
    """Return what systemctl is told when a package's script asks for `action`. Raises if the script would fail."""
    environment = {**os.environ, "DPKG_ROOT": str(root), "PATH": f"{root}/bin:{os.environ['PATH']}"}
    run = subprocess.run(
        ["deb-systemd-invoke", action, unit], env=environment, capture_output=True, text=True, check=True
    )
    return run.stdout.strip()


@pytest.mark.parametrize("service", SERVES)
@pytest.mark.parametrize("action", ["restart", "try-restart", "stop"])
def test_what_serves_is_neither_restarted_nor_stopped(root: Path, service: str, action: str) -> None:
    assert told(root, action, f"{service}.service") == ""


@pytest.mark.parametrize("service", SERVES)
def test_a_new_package_starts_it(root: Path, service: str) -> None:
    assert told(root, "start", f"{service}.service").endswith(f"start {service}.service")


@pytest.mark.parametrize("service", ["cron", "rsyslog", "nginx-exporter"])
def test_others_restart_as_their_packages_want(root: Path, service: str) -> None:
    assert told(root, "restart", f"{service}.service").endswith(f"restart {service}.service")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        # As invoke-rc.d asks: by the script's name, with the runlevel, and in brackets for a disabled service.
        (["nginx", "upgrade"], 101),
        (["nginx", "reload", "5"], 101),
        (["--quiet", "supervisor", "(restart)", "5"], 101),
        (["redis-server", "start"], 0),
        (["--quiet", "nginx", "status"], 0),
        (["chrony", "restart"], 0),
    ],
)
def test_the_older_scripts_of_packages_are_answered(root: Path, asked: list[str], code: int) -> None:
    assert subprocess.run([root / "usr/sbin/policy-rc.d", *asked], check=False).returncode == code


def test_a_host_may_have_nothing_to_protect(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    policy.write_text(render(Template(role="base", path="policy-rc.d.j2"), base_undisturbed_services=[]))
    assert subprocess.run(["sh", policy, "nginx", "restart"], check=False).returncode == 0
