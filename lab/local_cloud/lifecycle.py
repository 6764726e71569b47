# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting and removing the local cloud as a whole."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker

from . import control, engine, images, network
from .service import World
from .settings import Settings

START_SECONDS = 120.0
STOP_SECONDS = 15.0

log = logging.getLogger(__name__)


class LifecycleError(RuntimeError):
    """The local cloud cannot be started or removed; the message says what is in the way."""


def up(settings: Settings, *, take_over: bool = False, stage: str | None = None) -> None:
    """Start the local cloud and wait until its API answers; if it runs already, say so.

    It holds one stage at a time, because the hosts of each have the same addresses: where another one than `stage` is,
    LifecycleError is raised.
    What another directory's local cloud has left is removed if that directory is gone, or on demand (`take_over`).
    Raises LifecycleError if another program has the port or the network, or if the control plane does not come up.
    """
    with _one_at_a_time(settings):
        if running(settings) is not None:
            _refuse_other_stage(settings, stage)
            log.info("already running at %s", settings.controller_endpoint)
            return
        _refuse_taken_port(settings)
        engine.prepare(settings)
        _clear_foreign_network(settings, take_over=take_over)
        images.ensure_database_image(settings)  # builds the instances' image first: it is the base of both
        network.ensure_network(settings)
        _ensure_ssh_key(settings)
        _start(settings)
        log.info("running at %s", settings.controller_endpoint)


def down(settings: Settings) -> None:
    """Remove all that `up` and the control plane have started. Without a local cloud there is nothing to do."""
    if not settings.directory.exists():
        log.info("there is no local cloud in %s", settings.directory)
        return
    with _one_at_a_time(settings):
        _stop(settings)
        _remove(settings)
    log.info("removed")


def serve(settings: Settings) -> None:
    """Be the control plane until SIGTERM."""
    from .registry import services  # noqa: PLC0415
    from .server import serve as be_control_plane  # noqa: PLC0415

    world = World()
    be_control_plane(settings, world, services(settings, world))


def running(settings: Settings) -> dict[str, Any] | None:
    """Return the status of this directory's control plane, or None if it does not answer."""
    try:
        status = control.request(settings, "GET", "/_local/status")
    except control.ControlError:
        return None
    return status if isinstance(status, dict) and status.get("directory") == str(settings.directory) else None


def described(settings: Settings) -> dict[str, Any]:
    """Return what `stage.json` says; nothing where there is none."""
    try:
        description: dict[str, Any] = json.loads(settings.stage_file.read_text())
    except FileNotFoundError:
        return {}
    return description


def _refuse_other_stage(settings: Settings, stage: str | None) -> None:
    there = described(settings).get("stage")
    if stage and there not in (None, stage):
        msg = f"the local cloud has stage {there}, and there is room for one; to remove it: make local-down"
        raise LifecycleError(msg)


def _remove(settings: Settings) -> None:
    """Remove what a control plane that no longer runs has left."""
    # moto takes a second to import: only where it is needed.
    from .balancer.service import Balancer  # noqa: PLC0415
    from .registry import services  # noqa: PLC0415

    ours = engine.engine_answers() and _network_owner(settings) in (None, str(settings.directory))
    for service in reversed(services(settings, World())):
        # Containers are found by their label, which another checkout's have too; HAProxy by our own file.
        if ours or isinstance(service, Balancer):
            service.close()
    if ours:
        network.remove_network(settings)
    engine.release(settings)
    shutil.rmtree(settings.directory, ignore_errors=True)


def _refuse_taken_port(settings: Settings) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", settings.endpoint_port))
        except OSError as error:
            msg = (
                f"port {settings.endpoint_port} of this computer is taken, perhaps by another checkout's local cloud"
                " (run `python -m lab.local_cloud down` there);"
                f" to see who it is: ss -ltnp 'sport = {settings.endpoint_port}'"
            )
            raise LifecycleError(msg) from error


def _network_owner(settings: Settings) -> str | None:
    """Return the directory whose local cloud has the network, an empty string for a stranger, None without network."""
    for found in docker.from_env().networks.list(names=[f"^{settings.network_name}$"]):
        return str((found.attrs["Labels"] or {}).get(settings.label, ""))
    return None


def _clear_foreign_network(settings: Settings, *, take_over: bool) -> None:
    """Remove an abandoned local cloud of another directory; its port is free, so it does not run."""
    owner = _network_owner(settings)
    if owner in (None, str(settings.directory)):
        return
    if owner and (take_over or not Path(owner).exists()):
        log.info("removing what the local cloud of %s has left", owner)
        _remove(replace(settings, directory=Path(owner)))
        engine.prepare(settings)  # the engine may have been that one's
        return
    msg = (
        f"the Docker network {settings.network_name} belongs to {owner or 'something else'}; run"
        " `python -m lab.local_cloud down` there, or here, to remove that one:"
        " `python -m lab.local_cloud up --take-over`"
    )
    raise LifecycleError(msg)


def _ensure_ssh_key(settings: Settings) -> None:
    """Make the key pair whose public half goes to EC2 and whose private half the inventory uses."""
    key = settings.directory / "id_ed25519"
    if not key.exists():
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "amy-local-cloud", "-f", str(key)]
        subprocess.run(command, check=True)


def _start(settings: Settings) -> None:
    log_file = settings.directory / "control-plane.log"
    command = [sys.executable, "-m", "lab.local_cloud", "--directory", str(settings.directory), "serve"]
    with log_file.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )

    def answers_or_has_ended() -> bool:
        return running(settings) is not None or process.poll() is not None

    _wait(answers_or_has_ended, START_SECONDS)
    if running(settings) is None:
        tail = "\n".join(log_file.read_text(errors="replace").splitlines()[-15:])
        msg = f"the control plane did not come up; the end of {log_file}:\n{tail}"
        raise LifecycleError(msg)


def _stop(settings: Settings) -> None:
    status = running(settings)
    if status is None:
        return
    os.kill(status["pid"], signal.SIGTERM)
    if not _wait(lambda: running(settings) is None and not Path(f"/proc/{status['pid']}").exists(), STOP_SECONDS):
        os.kill(status["pid"], signal.SIGKILL)


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until `condition` holds, at most `seconds`; tell whether it does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@contextmanager
def _one_at_a_time(settings: Settings) -> Iterator[None]:
    """Let a second `up` or `down` wait for the first."""
    lock = settings.directory / "lock"
    while True:
        settings.directory.mkdir(parents=True, exist_ok=True)
        with lock.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if lock.exists() and os.path.samestat(os.fstat(file.fileno()), lock.stat()):
                yield
                return
            # A `down` has removed the directory while we waited: take the lock of the new one.
