# SPDX-License-Identifier: GPL-3.0-or-later
"""A Redis of our own, and RQ in the version that AMY pins."""

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

REQUIREMENTS = ["rq==1.15.1", "rq-scheduler==0.13.1", "redis<6"]
ENVIRONMENT = Path(__file__).parents[5] / ".cache" / "rq-1.15.1"


@pytest.fixture(scope="session")
def rq_environment() -> Path:
    """The Python of an environment with RQ; made once, though each process of the tests has a session of its own."""
    python = ENVIRONMENT / "bin" / "python"
    ENVIRONMENT.parent.mkdir(exist_ok=True)
    with ENVIRONMENT.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (ENVIRONMENT / "complete").exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], check=True)
            subprocess.run([str(python), "-m", "pip", "install", "--quiet", *REQUIREMENTS], check=True)
            (ENVIRONMENT / "complete").touch()
    return python


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
