# SPDX-License-Identifier: GPL-3.0-or-later
"""A Redis of our own, and RQ: in the version that AMY pins, and where a test asks for it in a newer one, too."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis

from tests.unit.plugins.module_utils.rq.rq_system import JOBS, Rq, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

CACHE = Path(__file__).parents[5] / ".cache"
AMYS_RQ = "1.15.1"
NEWER_RQ = "2.12.0"
REQUIREMENTS = {
    AMYS_RQ: ["rq==1.15.1", "rq-scheduler==0.13.1", "redis<6"],
    NEWER_RQ: ["rq==2.12.0", "rq-scheduler==0.14.0", "redis<7"],
}


def environment_of(version: str) -> Path:
    """The Python of an environment with RQ; made once, though each process of the tests has a session of its own."""
    environment = CACHE / f"rq-{version}"
    python = environment / "bin" / "python"
    CACHE.mkdir(exist_ok=True)
    with environment.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (environment / "complete").exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(environment)], check=True)
            subprocess.run([str(python), "-m", "pip", "install", "--quiet", *REQUIREMENTS[version]], check=True)
            (environment / "complete").touch()
    return python


@pytest.fixture
def rq_environment(request: pytest.FixtureRequest) -> Path:
    """The Python of an environment with RQ: AMY's, or the one that a test names by a parameter of this fixture."""
    return environment_of(getattr(request, "param", AMYS_RQ))


@pytest.fixture
def redis_client(tmp_path: Path) -> Iterator[Any]:
    """A client of a Redis that ends with the test."""
    server = shutil.which("redis-server")
    if server is None:
        pytest.skip("redis-server is not installed")
    socket = tmp_path / "redis.sock"
    options = ["--port", "0", "--unixsocket", str(socket), "--dir", str(tmp_path), "--save", "", "--daemonize", "no"]
    process = subprocess.Popen([server, *options], stdout=subprocess.DEVNULL)
    try:
        eventually(socket.exists)
        client = redis.Redis(unix_socket_path=str(socket))
        assert client.config_get("dir")["dir"] == str(tmp_path)
        yield client
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def rq(tmp_path: Path, redis_client: Any, rq_environment: Path) -> Iterator[Rq]:
    """RQ, and no worker yet."""
    (tmp_path / "jobs.py").write_text(JOBS)
    system = Rq(
        directory=tmp_path, python=rq_environment, url=f"unix://{tmp_path}/redis.sock?db=0", client=redis_client
    )
    yield system
    system.stop()
