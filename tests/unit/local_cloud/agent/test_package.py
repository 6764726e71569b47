# SPDX-License-Identifier: GPL-3.0-or-later
"""The package is one that the role takes: named, versioned and signed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.local_cloud.agent.package import ensure_package
from plugins.module_utils.signed_package import verify


def run(command: list[str]) -> tuple[int, str, str]:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def private_umask() -> Iterator[None]:
    """As careful users have it."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.mark.usefixtures("private_umask")
def test_package_is_signed_and_made_once(tmp_path: Path) -> None:
    package = ensure_package(tmp_path / "agent")
    verify(
        package=package.file,
        signature=package.signature,
        key=package.key.read_bytes(),
        fingerprint=(tmp_path / "agent/fingerprint").read_text().strip(),
        folder=tmp_path,
        run=run,
    )
    assert run(["dpkg-deb", "--show", "--showformat", "${Package} ${Version}", str(package.file)])[1] == (
        f"amazon-cloudwatch-agent {package.version}"
    )
    made = package.file.stat().st_mtime_ns
    assert ensure_package(tmp_path / "agent") == package
    assert package.file.stat().st_mtime_ns == made
