# SPDX-License-Identifier: GPL-3.0-or-later
"""The made archives are what a deploy takes them for. `python -m pytest tests/standalone_python` takes some minutes."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.standalone_python.build import debian, ensure_archive
from tests.standalone_python.downloads import downloads

CACHE = Path(__file__).parents[2] / ".cache/standalone_python"
VERSIONS = ("3.13", "3.14")
MODULES = "bz2, ctypes, curses, decimal, hashlib, lzma, readline, sqlite3, ssl, uuid, zlib"

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module", params=VERSIONS)
def archive(request: pytest.FixtureRequest) -> Path:
    """An archive of each version."""
    return ensure_archive(request.param, CACHE)


@pytest.fixture(scope="module")
def hosts() -> Iterator[dict[str, Path]]:
    """The root folder of a bare Debian, by its name."""
    if os.geteuid() != 0:
        pytest.skip("another root folder needs root")
    with tempfile.TemporaryDirectory(prefix="amy-host-", dir="/tmp") as name:
        yield {suite: debian(suite, Path(name) / suite, "ca-certificates") for suite in ("bookworm", "trixie")}


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack the archive; return its Python."""
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="tar")
    assert [path.name for path in folder.iterdir()] == ["python"]
    return folder / "python/bin/python3"


def run(*command: str | Path, **environment: str) -> str:
    """What a command prints, with nothing of this environment but its PATH and the certificates that it trusts."""
    kept = {name: value for name, value in os.environ.items() if name == "PATH" or "CERT" in name}
    done = subprocess.run(command, env=kept | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "ld.so" not in done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_it_runs_on_a_bare_host(archive: Path, hosts: dict[str, Path], suite: str) -> None:
    host = hosts[suite]
    folder = Path(tempfile.mkdtemp(dir=host / "opt"))
    unpack(archive, folder)
    python = f"/opt/{folder.name}/python/bin/python3"
    # $ORIGIN is looked up in /proc.
    inside: list[str | Path] = ["unshare", "--fork", "--pid", f"--mount-proc={host}/proc", "chroot", host]
    version = archive.name.split("-")[1]
    code = f"import platform, zoneinfo, {MODULES}; print(platform.python_version(), zoneinfo.TZPATH[0])"
    # The time zones are the host's, wherever the Python lies.
    assert run(*inside, python, "-c", code) == f"{version} /usr/share/zoneinfo"
    run(*inside, python, "-m", "venv", f"/opt/{folder.name}/venv")
    assert "pip" in run(*inside, f"/opt/{folder.name}/venv/bin/pip", "--version")


def test_it_takes_no_library_of_the_host_but_glibc(archive: Path, tmp_path: Path) -> None:
    lib = unpack(archive, tmp_path).parents[1] / "lib"
    files = [path for path in lib.rglob("*.so*") if not path.is_symlink()]
    assert len(files) > 40
    for path in files:
        lines = run("ldd", "-r", path).splitlines()
        foreign = [line for line in lines if "/lib" in line and str(lib) not in line and "linux-gnu/lib" in line]
        assert {line.split()[0].split(".")[0] for line in foreign} <= {"libc", "libm"}, path
        assert not [line for line in lines if "not found" in line or ("undefined" in line and "Py" not in line)], path


def test_uv_installs_it_and_builds_an_extension(archive: Path, tmp_path: Path) -> None:
    handler = partial(SimpleHTTPRequestHandler, directory=str(archive.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        offered = downloads(archive.parent, f"http://127.0.0.1:{server.server_port}")
        (tmp_path / "downloads.json").write_text(json.dumps(offered), encoding="utf-8")
        settings = {
            "UV_PYTHON_DOWNLOADS_JSON_URL": str(tmp_path / "downloads.json"),
            "UV_PYTHON_INSTALL_DIR": str(tmp_path / "installed"),
            "UV_PYTHON_INSTALL_BIN": "0",
            "UV_CACHE_DIR": str(tmp_path / "cache"),
        }
        version = ".".join(archive.name.split("-")[1].split(".")[:2])
        run("uv", "python", "install", version, **settings)
        server.shutdown()
    python = tmp_path / "venv/bin/python"
    run("uv", "venv", "--managed-python", "--python", version, tmp_path / "venv", **settings)
    run("uv", "pip", "install", "--python", python, "--no-binary", "markupsafe", "markupsafe", **settings)
    assert run(python, "-c", "import markupsafe._speedups as s; print(s.__file__)").endswith(".so")
    home = run(python, "-c", "import sys; print(sys.base_prefix)")
    assert home.startswith(str(tmp_path / "installed"))
