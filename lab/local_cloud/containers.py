# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines made of containers: systemd as first process, a fixed address, files put in before the first start."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import docker
from docker.models.containers import Container
from docker.types import EndpointConfig

from lab.local_cloud.settings import Settings

# Seconds an operating system gets to stop its services before its power is cut; EC2 gives some minutes.
STOP_SECONDS = 180
# What Docker reports of a first process that was killed, as by `docker kill`.
KILLED = 137


class MachineError(RuntimeError):
    """A command inside a container failed; the message has its output."""


@dataclass(frozen=True, kw_only=True)
class File:
    """A file to put into a container."""

    path: str
    content: bytes
    mode: int = 0o644
    uid: int = 0

    @classmethod
    def text(cls, path: str, content: str, *, mode: int = 0o644, uid: int = 0) -> File:
        """A file of UTF-8 text."""
        return cls(path=path, content=content.encode(), mode=mode, uid=uid)


def archive(files: Iterable[File]) -> bytes:
    """The files as an uncompressed tar archive, with names relative to the root directory."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for file in files:
            entry = tarfile.TarInfo(file.path.lstrip("/"))
            entry.size, entry.mode, entry.uid, entry.gid = len(file.content), file.mode, file.uid, file.uid
            tar.addfile(entry, io.BytesIO(file.content))
    return buffer.getvalue()


def machine_options() -> dict[str, Any]:
    """How Docker must run a container in which systemd is the first process.

    Docker restarts a machine that rebooted itself, and leaves one alone that was stopped or killed from outside.
    """
    return {
        "cap_add": ["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE"],  # SYS_PTRACE: units with ProtectProc= and their own user
        "security_opt": ["seccomp=unconfined", "apparmor=unconfined"],
        "cgroupns": "private",
        "tmpfs": {"/run": "exec", "/run/lock": "", "/tmp": "exec"},  # noqa: S108  # the container's own
        "stop_signal": "SIGRTMIN+3",  # systemd's "halt"
        "restart_policy": {"Name": "unless-stopped"},
    }


class Containers:
    """The containers of one local stage, found by label."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = docker.from_env(timeout=STOP_SECONDS + 60)

    def owned(self, kind: str) -> dict[str, Container]:
        """This stage's containers of a kind (`instance`, `database`), running or not, by the name in their label."""
        label = self.label(kind)
        found = self._client.containers.list(all=True, filters={"label": label}, ignore_removed=True)
        return {container.labels[label]: container for container in found}

    def label(self, kind: str) -> str:
        """The label whose value is the name of a container of this kind."""
        return f"{self._settings.label}.{kind}"

    def create(
        self,
        kind: str,
        name: str,
        *,
        image: str,
        hostname: str,
        address: IPv4Address,
        files: Iterable[File] = (),
        labels: Mapping[str, str] | None = None,
        folders: Mapping[Path, str] | None = None,
    ) -> Container:
        """Create a machine at `address` with `files` in it, and start it. Raises docker.errors.APIError.

        Of `folders` it has not a copy: they are this computer's own, and of all machines that are given them.
        """
        network = self._settings.network_name
        host, _, domain = hostname.partition(".")
        container = self._client.containers.create(
            image,
            name=f"{self._settings.network_name}-{name}",
            hostname=host,
            domainname=domain,
            labels={**(labels or {}), self.label(kind): name},
            network=network,
            volumes={str(folder): {"bind": there, "mode": "rw"} for folder, there in (folders or {}).items()},
            networking_config={network: EndpointConfig(self._client.api.api_version, ipv4_address=str(address))},
            **machine_options(),
        )
        try:
            container.put_archive("/", archive(files))
            container.start()
        except docker.errors.APIError:
            container.remove(force=True)
            raise
        return container

    def remove_all(self, kind: str) -> None:
        """Remove every container of a kind, with its data."""
        for container in self.owned(kind).values():
            container.remove(force=True, v=True)


def execute(container: Container, command: list[str], *, environment: Mapping[str, str] | None = None) -> str:
    """Run a command as root in a running container; its output. Raises MachineError when it fails."""
    code, output = container.exec_run(command, environment=dict(environment or {}))
    text = output.decode(errors="replace")
    if code != 0:
        raise MachineError(f"`{' '.join(command)}` in {container.name} failed ({code}): {text.strip()[-2000:]}")
    return str(text)
