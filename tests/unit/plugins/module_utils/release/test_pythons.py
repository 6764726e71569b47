# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Python a release runs on, and how long it stays on a host."""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path

import pytest

from plugins.module_utils.release.build_run import pack
from plugins.module_utils.release.failure import ReleaseError
from plugins.module_utils.release.files import sha256_of
from plugins.module_utils.release.prune import FRESH, plan_for_site, prune
from plugins.module_utils.release.pythons import (
    distribution_python,
    distribution_pythons,
    is_staged,
    require_python_id,
    stage_python,
    surplus,
)
from plugins.module_utils.release.site import PYTHON_RECORD, RECORD, Site

ID = "3.14-debian12-x86_64-0a1b2c3d"
OTHER = "3.13.5-debian12-x86_64-0a1b2c3d"
FOUND = {"3.11.2": "/usr/bin/python3.11", "3.13.5": "/usr/bin/python3.13"}


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ("3.11", "/usr/bin/python3.11"),
        ("3.11.2", "/usr/bin/python3.11"),
        ("3.11.9", ""),
        ("3.1", ""),
        ("3.13", "/usr/bin/python3.13"),
        ("3.14", ""),
    ],
)
def test_the_distributions_python_is_used_where_it_fits(wanted: str, path: str) -> None:
    assert distribution_python(wanted, found=FOUND) == path


def test_no_version_is_no_wish() -> None:
    with pytest.raises(ReleaseError, match="release_python must be a version"):
        distribution_python("three", found=FOUND)


def test_the_distributions_pythons_are_asked_for_their_versions(tmp_path: Path) -> None:
    (tmp_path / f"python3.{sys.version_info.minor}").symlink_to(sys.executable)
    (tmp_path / "python3.1").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "python3.2").symlink_to("/nonexistent")
    (tmp_path / "python3.3-config").write_text("")
    expected = {platform.python_version(): str(tmp_path / f"python3.{sys.version_info.minor}")}
    assert distribution_pythons(tmp_path) == expected


@pytest.mark.parametrize("value", [ID, OTHER, "3.14-ubuntu24.04-aarch64-01234567"])
def test_an_id_is_a_name_below_pythons(value: str) -> None:
    assert require_python_id(value) == value


@pytest.mark.parametrize("value", ["", "..", "3.14", f"../{ID}", f"{ID}/bin", f"{ID}.partial", f"{ID}\n"])
def test_nothing_else_is_an_id(value: str) -> None:
    with pytest.raises(ReleaseError, match="no id of a Python"):
        require_python_id(value)


@pytest.mark.parametrize(
    ("age", "used", "running", "removed"),
    [
        (FRESH + 1, [], [], [ID]),
        (FRESH - 1, [], [], []),
        (FRESH + 1, [ID], [], []),
        (FRESH + 1, [], [ID], []),
        (FRESH + 1, [""], [OTHER], [ID]),
    ],
)
def test_a_python_goes_when_nothing_needs_it(
    age: float, used: list[str], running: list[str], removed: list[str]
) -> None:
    assert surplus({ID: age}, used=used, running=running, fresh=FRESH) == removed


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    """The artifact of something like a Python."""
    tree = tmp_path / "tree"
    (tree / "bin").mkdir(parents=True)
    (tree / "bin/python3.14").write_text("#!/bin/sh\n")
    (tree / "bin/python3.14").chmod(0o700)
    (tree / "bin/python3").symlink_to("python3.14")
    (tree / "lib").mkdir(mode=0o700)
    (tree / "lib/os.py").write_text("")
    (tree / "lib/os.py").chmod(0o600)
    pack(tree, output=tmp_path / "python.tar.zst", moment=1_700_000_000)
    return tmp_path / "python.tar.zst"


def stage_at(site: Site, *, artifact: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stage ARTIFACT, which another function brings from the bucket."""
    if os.getuid() != 0:
        pytest.skip("staging gives files to root")
    copy = "plugins.module_utils.release.stage.download"
    monkeypatch.setattr(copy, lambda _url, *, to, sleep: to.write_bytes(artifact.read_bytes()))
    stage_python("http://bucket", site=site, python=ID, sha256=sha256_of(artifact), sleep=lambda _seconds: None)


def test_a_staged_python_is_whole_and_readable_by_all(
    site: Site, artifact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not is_staged(site, python=ID, sha256=sha256_of(artifact))
    stage_at(site, artifact=artifact, monkeypatch=monkeypatch)
    assert is_staged(site, python=ID, sha256=sha256_of(artifact))
    assert [entry.name for entry in site.pythons.iterdir()] == [ID]
    modes = {
        name: (site.python(ID) / name).stat().st_mode & 0o7777
        for name in (".", "bin", "bin/python3", "lib", "lib/os.py", PYTHON_RECORD)
    }
    assert modes == {
        ".": 0o755,
        "bin": 0o755,
        "bin/python3": 0o755,
        "lib": 0o755,
        "lib/os.py": 0o644,
        PYTHON_RECORD: 0o644,
    }


def test_a_python_that_releases_run_on_is_never_replaced(
    site: Site, artifact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage_at(site, artifact=artifact, monkeypatch=monkeypatch)
    with pytest.raises(ReleaseError, match="exact version"):
        is_staged(site, python=ID, sha256="0" * 64)


def put_release(site: Site, name: str, *, python: str) -> None:
    """A release of NAME that runs on PYTHON."""
    directory = site.directory(name)
    directory.mkdir()
    (directory / RECORD).write_text(json.dumps({"id": name, "python": python}))


def test_a_python_goes_with_its_last_release(site: Site, tmp_path: Path) -> None:
    for python in (ID, OTHER):
        site.python(python).mkdir(parents=True)
        (site.python(python) / PYTHON_RECORD).write_text(json.dumps({"id": python}))
        os.utime(site.python(python) / PYTHON_RECORD, (0, 0))
    (site.pythons / f"{ID}.partial").mkdir()
    os.utime(site.pythons / f"{ID}.partial", (0, 0))
    put_release(site, "new", python=ID)
    put_release(site, "old", python=OTHER)
    site.link.symlink_to("releases/new")
    (tmp_path / "proc").mkdir()
    now = (site.directory("new") / RECORD).stat().st_mtime
    fresh = plan_for_site(site, keep=1, keep_ids=[], now=now, proc=tmp_path / "proc")
    assert (fresh.remove, fresh.remove_pythons) == ([], [f"{ID}.partial"])
    # "old" never ran, so that it is not kept when it is no longer fresh.
    plan = plan_for_site(site, keep=1, keep_ids=[], now=now + FRESH + 1, proc=tmp_path / "proc")
    assert plan.remove == ["old"]
    assert sorted(plan.remove_pythons) == [OTHER, f"{ID}.partial"]
    prune(site, plan, static_directory="staticfiles", group=os.getgid())
    assert [entry.name for entry in site.pythons.iterdir()] == [ID]


def test_a_python_that_a_process_runs_from_stays(site: Site, tmp_path: Path) -> None:
    site.python(ID).mkdir(parents=True)
    (site.python(ID) / PYTHON_RECORD).write_text(json.dumps({"id": ID}))
    os.utime(site.python(ID) / PYTHON_RECORD, (0, 0))
    process = tmp_path / "proc/17"
    process.mkdir(parents=True)
    (process / "exe").symlink_to(site.python(ID) / "bin/python3.14")
    (process / "cmdline").write_bytes(b"gunicorn\0")
    assert plan_for_site(site, keep=1, keep_ids=[], now=FRESH + 1, proc=tmp_path / "proc").remove_pythons == []
