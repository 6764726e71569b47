# SPDX-License-Identifier: GPL-3.0-or-later
"""A standalone Python from its download to the last release that ran on it, with the real uv and a Python made here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from plugins.module_utils.release.build_plan import Recipe
from plugins.module_utils.release.build_run import Workplace
from plugins.module_utils.release.failure import ReleaseError
from plugins.module_utils.release.files import run_tar
from plugins.module_utils.release.python_fetch import Archive, Wanted, fetch, install_step, own_downloads
from plugins.module_utils.release.pythons import stage_python
from plugins.module_utils.release.site import Site
from tests.python_archive import make_archive
from tests.serving import serving
from tests.unit.plugins.module_utils.release.test_build_run import TOOLS, build_source, make_wheel

PATH = Path("/webapps/amy.example.org/pythons/3.11.2-debian12-x86_64-0a1b2c3d")
ARCHIVE = Archive(url="https://mirror.example.org/python.tar.gz", sha256="0" * 64)


def wanted(version: str, *, archive: Archive | None = None, mirror: str = "") -> Wanted:
    """A Python for this machine."""
    return Wanted(version=version, machine="x86_64", path=PATH, archive=archive, mirror=mirror)


@pytest.mark.parametrize(
    ("python", "source", "request_"),
    [
        (wanted("3.14"), [], "cpython-3.14"),
        (wanted("3.14", mirror="file:///srv/pythons"), ["--mirror", "file:///srv/pythons"], "cpython-3.14"),
        (
            wanted("3.14.2", archive=ARCHIVE),
            ["--python-downloads-json-url", "file:///place/downloads.json"],
            "cpython-3.14.2",
        ),
        # The makers' layout is no matter of an archive of one's own.
        (
            wanted("3.14.2", archive=ARCHIVE, mirror="https://mirror.example.org"),
            ["--python-downloads-json-url", "file:///place/downloads.json"],
            "cpython-3.14.2",
        ),
    ],
)
def test_where_a_python_comes_from(python: Wanted, source: list[str], request_: str) -> None:
    step = install_step(python, uv="uv", directory=Path("/place"))
    assert step.command == [
        *("uv", "python", "install", "--no-bin", "--install-dir", "/place/installed"),
        *source,
        request_,
    ]
    assert step.environment["UV_PYTHON_DOWNLOADS"] == "manual"


def test_an_archive_of_ones_own_is_known_by_its_exact_version_and_checksum() -> None:
    [(key, download)] = own_downloads(wanted("3.14.2", archive=ARCHIVE)).items()
    assert key == "cpython-3.14.2-linux-x86_64-gnu"
    assert [download[name] for name in ("major", "minor", "patch", "sha256")] == [3, 14, 2, ARCHIVE.sha256]
    assert own_downloads(wanted("3.14")) == {}
    with pytest.raises(ReleaseError, match="must be its exact version"):
        own_downloads(wanted("3.14", archive=ARCHIVE))


class _Anything(SimpleHTTPRequestHandler):
    """Gives the archive under whatever name it is asked for, and remembers the names."""

    asked: list[str]

    def translate_path(self, path: str) -> str:
        self.asked.append(path)
        return super().translate_path("/python.tar.gz")

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The folder of an archive of this Python, and what it is."""
    folder, work = tmp_path_factory.mktemp("download"), tmp_path_factory.mktemp("made")
    return folder, make_archive(Path(sys.executable), output=folder / "python.tar.gz", work=work)


@pytest.fixture
def mirror(made: tuple[Path, dict[str, str]]) -> Iterator[tuple[str, list[str]]]:
    """A place for downloads: its URL, and what it was asked for."""
    asked: list[str] = []
    handler = partial(type("Handler", (_Anything,), {"asked": asked}), directory=str(made[0]))
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}", asked


def workplace(tmp_path: Path) -> Workplace:
    """Where it is fetched."""
    return Workplace(directory=tmp_path / "work", cache=tmp_path / "cache")


def test_a_mirror_that_gives_other_bytes_is_refused(mirror: tuple[str, list[str]], tmp_path: Path) -> None:
    url, asked = mirror
    output = tmp_path / "python.tar.zst"
    with pytest.raises(ReleaseError, match=r"(?s)Hash mismatch.*release_python_mirror"):
        fetch(wanted("3.12", mirror=url), uv=TOOLS.uv, workplace=workplace(tmp_path), output=output)
    assert "cpython-3.12." in asked[0]
    assert not output.exists()
    assert not (tmp_path / "work").exists()


def test_an_archive_with_another_checksum_is_refused(
    mirror: tuple[str, list[str]], made: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    python = wanted(made[1]["version"], archive=Archive(url=f"{mirror[0]}/python.tar.gz", sha256="0" * 64))
    for _attempt in range(2):  # the second does not trust what the first has kept
        with pytest.raises(ReleaseError, match="Hash mismatch"):
            fetch(python, uv=TOOLS.uv, workplace=workplace(tmp_path), output=tmp_path / "python.tar.zst")


def test_a_version_that_is_not_made_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"(?s)No download found.*docs/guides/python.md"):
        fetch(wanted("3.99"), uv=TOOLS.uv, workplace=workplace(tmp_path), output=tmp_path / "python.tar.zst")


@pytest.mark.skipif(os.getuid() != 0, reason="staging gives files to root")
def test_from_the_download_to_a_release_that_runs_on_it(
    site: Site,
    mirror: tuple[str, list[str]],
    made: tuple[Path, dict[str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    version = made[1]["version"]
    identity = f"{version}-debian12-x86_64-0a1b2c3d"
    python = Wanted(
        version=version,
        machine=made[1]["machine"],
        path=site.python(identity),
        archive=Archive(url=f"{mirror[0]}/python.tar.gz", sha256=made[1]["sha256"]),
    )
    artifact, again = tmp_path / "python.tar.zst", tmp_path / "again.tar.zst"
    first = fetch(python, uv=TOOLS.uv, workplace=workplace(tmp_path), output=artifact)
    assert fetch(python, uv=TOOLS.uv, workplace=workplace(tmp_path), output=again).sha256 == first.sha256

    copy = "plugins.module_utils.release.stage.download"
    monkeypatch.setattr(copy, lambda _url, *, to, sleep: shutil.copy(artifact, to))
    stage_python("http://bucket", site=site, python=identity, sha256=first.sha256, sleep=lambda _seconds: None)
    named = [path.read_text() for path in site.python(identity).rglob("_sysconfigdata*.py")]
    assert any(str(site.python(identity)) in text for text in named)
    assert all(str(tmp_path / "work") not in text for text in named)

    source = tmp_path / "source"
    source.mkdir()
    make_wheel(source)
    (source / "manage.py").write_text("import iniconfig, sys; print(sys.base_prefix, file=open('made.txt', 'w'))")
    (source / "requirements.txt").write_text("./iniconfig-2.0.0-py3-none-any.whl\n")
    program = site.python(identity) / "bin/python3"
    recipe = Recipe(python=str(program), manage_commands=["make"], environment={})
    build_source(source, output=tmp_path / "release.tar.zst", recipe=recipe)
    release = site.releases / "release"
    release.mkdir()
    run_tar("-x", "--zstd", f"-f{tmp_path / 'release.tar.zst'}", f"-C{release}", doing="unpack")
    assert (release / "made.txt").read_text().strip() == str(site.python(identity))
    code = "import iniconfig, ssl, sqlite3, sys; print(sys.version.split()[0])"
    said = subprocess.run([release / ".venv/bin/python", "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == version
