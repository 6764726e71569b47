# SPDX-License-Identifier: GPL-3.0-or-later
"""A bare machine with one suite of Debian, as a folder that commands run in. Needs root and mmdebstrap."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.local_cloud.distributions import Distribution, package_sources
from lab.local_cloud.images import BUNDLE, CERTIFICATE_VARIABLES, certificate_bundle

# What README.md asks for: Python, git and make. A minimal system has no certificate authorities.
PACKAGES = ("ca-certificates", "git", "make", "python3", "python3-venv")
AUTHORITIES = "usr/local/share/ca-certificates/controller.crt"
# How this machine reaches package registries.
PASSED = ("http_proxy", "https_proxy", "no_proxy", "PIP_INDEX_URL", "UV_DEFAULT_INDEX")
# Mounts and processes end with the command: they are in namespaces of its own, whose first process, the shell, takes in
# those whose parents have ended.
ALONE = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
ENTER = 'mount --rbind /dev "$0/dev" && mount -t proc proc "$0/proc" && chroot "$0" "$@"; exit $?'


class Machine:
    """The machine in the folder `root`, whose system is made by the first `start`."""

    def __init__(self, root: Path, distribution: Distribution) -> None:
        self._root = root
        self._distribution = distribution

    def start(self) -> None:
        """Make the system unless it is there, with this machine's resolver and certificate authorities.

        Raises subprocess.CalledProcessError if mmdebstrap cannot make it.
        """
        if not (self._root / "etc/os-release").exists():
            self._bootstrap()
        for file in ("etc/resolv.conf", "etc/hosts"):
            shutil.copyfile(Path("/") / file, self._root / file)
        (self._root / AUTHORITIES).parent.mkdir(parents=True, exist_ok=True)
        (self._root / AUTHORITIES).write_text(certificate_bundle(os.environ))
        self.run(["update-ca-certificates"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _bootstrap(self) -> None:
        files = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
        sources = package_sources((file.read_text() for file in files if file.is_file()), self._distribution)
        partial = self._root.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.parent.mkdir(parents=True, exist_ok=True)
        command = [
            "mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(PACKAGES)}",
            "--dpkgopt=force-unsafe-io", '--aptopt=Acquire::Languages "none"',
            # A mirror that lags behind gives a suite that is not released yet with a date that has passed.
            '--aptopt=Acquire::Check-Valid-Until "false"',
            self._distribution.codename, str(partial), *sources,
        ]  # fmt: skip
        subprocess.run(command, check=True)
        partial.rename(self._root)

    def copy(self, checkout: Path, *, to: str) -> None:
        """Put what git tracks of `checkout`, as it is now, into the folder `to` of the machine; its .venv stays."""
        folder = self._root / to.lstrip("/")
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            if old.name != ".venv":
                shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=checkout, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        names = [name for name in listed.split("\0") if name and os.path.lexists(checkout / name)]
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(checkout / name, folder / name, follow_symlinks=False)

    def run(self, command: Sequence[str], **options: object) -> subprocess.CompletedProcess[str]:
        """Run a command in the machine. Raises subprocess.CalledProcessError if it fails."""
        run: Any = subprocess.run  # its overloads name every option
        done: subprocess.CompletedProcess[str] = run(
            [*ALONE, "bash", "-c", ENTER, str(self._root), *command],
            env=environment(os.environ), stdin=subprocess.DEVNULL, text=True, check=True, **options,
        )  # fmt: skip
        return done


def environment(of: Mapping[str, str]) -> dict[str, str]:
    """What a command in the machine is told of the environment `of` outside of it: the way to the registries."""
    return {
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        **dict.fromkeys(CERTIFICATE_VARIABLES, f"/{BUNDLE.lstrip('/')}"),
        **{name: of[name] for known in PASSED for name in (known, known.upper()) if name in of},
    }
