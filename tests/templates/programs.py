# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks the program that reads a file whether it can.

Each function takes the rendered text and a folder to work in, and raises subprocess.CalledProcessError, ValueError or
AssertionError with the program's complaint.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

_PACKAGES = {
    "nginx": "nginx-light",
    "logrotate": "logrotate",
    "supervisord": "supervisor",
    "systemd-analyze": "systemd",
    "apt-config": "apt",
    "gpg": "gpg",
}
_SUPERVISORD = "[supervisord]\nlogfile={folder}/supervisord.log\n[include]\nfiles={folder}/program.conf\n"
_PARSE_SUPERVISORD = """
import sys
from supervisor.options import ServerOptions
options = ServerOptions()
options.realize(["-n", "-c", sys.argv[1]])
assert options.process_group_configs, "no program"
"""


def program(name: str) -> str:
    """The path of the program NAME; the tests are worth nothing without it."""
    # Debian keeps some of these where only root's PATH leads.
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    assert path, f"{name} is needed to check its configuration. Run: apt-get install {_PACKAGES[name]}"
    return path


def _run(*arguments: str | Path, **environment: str) -> str:
    result = subprocess.run(
        arguments, check=False, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin:/usr/sbin", **environment}
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stderr


def nginx(text: str, folder: Path) -> None:
    """The whole configuration; the folder of the logs must exist."""
    file = folder / "nginx.conf"
    file.write_text(text.replace("pid /run/nginx.pid;", f"pid {folder}/nginx.pid;"), encoding="utf-8")
    _run(program("nginx"), "-t", "-q", "-c", file)


def supervisor(text: str, folder: Path) -> None:
    """A program's section; its user and the folder of its log must exist."""
    (folder / "program.conf").write_text(text, encoding="utf-8")
    (folder / "supervisord.conf").write_text(_SUPERVISORD.format(folder=folder), encoding="utf-8")
    # supervisord cannot check a file without running it, but its own parser can.
    interpreter = Path(program("supervisord")).read_text(encoding="utf-8").splitlines()[0].removeprefix("#!").strip()
    _run(interpreter, "-c", _PARSE_SUPERVISORD, folder / "supervisord.conf")


def logrotate(text: str, folder: Path) -> None:
    """A rotation; logrotate opens nothing in its debug mode."""
    file = folder / "logrotate.conf"
    file.write_text(text, encoding="utf-8")
    file.chmod(0o644)
    complaints = [line for line in _run(program("logrotate"), "--debug", file).splitlines() if "error:" in line]
    assert not complaints, complaints


def systemd_drop_in(text: str, folder: Path) -> None:
    """The settings of a service, or all of it; systemd ignores what it does not know, and says so."""
    # Only a oneshot may have two programs, this one and its own.
    kind = "oneshot" if "\nExecStart=" in text else "simple"
    (folder / "sample.service").write_text(f"[Service]\nType={kind}\nExecStart=/bin/true\n", encoding="utf-8")
    (folder / "sample.service.d").mkdir()
    (folder / "sample.service.d/amy.conf").write_text(text, encoding="utf-8")
    # Its exit code judges the programs, too, which newer versions look for and this machine does not have.
    complaints = subprocess.run(
        [program("systemd-analyze"), "verify", folder / "sample.service"],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin:/usr/sbin", "SYSTEMD_UNIT_PATH": f"{folder}:"},
    ).stderr
    assert "amy.conf" not in complaints, complaints


def apt(text: str, folder: Path) -> None:
    """Settings of apt."""
    file = folder / "apt.conf"
    file.write_text(text, encoding="utf-8")
    _run(program("apt-config"), "--config-file", file, "dump")


def json_document(text: str, folder: Path) -> None:
    """Any JSON."""
    json.loads(text)
