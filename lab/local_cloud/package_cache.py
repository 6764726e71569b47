# SPDX-License-Identifier: GPL-3.0-or-later
"""The region's package mirror: apt-cacher-ng on the bridge's gateway, so that a second host downloads nothing again."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping

from lab.local_cloud import engine
from lab.local_cloud.containers import File
from lab.local_cloud.settings import Settings

logger = logging.getLogger(__name__)

PROGRAM = "apt-cacher-ng"
START_SECONDS = 5.0


class PackageCache:
    """One apt-cacher-ng of our own. It outlives the control plane; its cache outlives the stage."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pid_file = settings.directory / "package-cache.pid"
        self._configuration = settings.directory / "package-cache"
        self._logs = settings.directory / "package-cache-logs"

    def ensure(self) -> bool:
        """Start it unless it runs. False when it cannot be had: hosts then download for themselves."""
        if self._pid_file.exists() and engine.process_runs(int(self._pid_file.read_text()), PROGRAM):
            return True
        if shutil.which(PROGRAM) is None:
            return False
        for directory in (self._settings.package_cache_directory, self._configuration, self._logs):
            directory.mkdir(parents=True, exist_ok=True)
        (self._configuration / "acng.conf").write_text(configuration(self._settings, os.environ))
        with (self._logs / "output.log").open("ab") as output:
            process = subprocess.Popen(
                [PROGRAM, "-c", str(self._configuration), f"LogDir={self._logs}"],
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._pid_file.write_text(f"{process.pid}\n")
        return self._wait(process)

    def close(self) -> None:
        """Stop it. What it has downloaded stays."""
        if self._pid_file.exists():
            engine.stop_process(self._pid_file, program=PROGRAM)

    def client_files(self) -> list[File]:
        """What makes apt on a host use the mirror; sources with https go their own way."""
        address = f"http://{self._settings.gateway}:{self._settings.package_cache_port}"
        lines = f'Acquire::http::Proxy "{address}";\nAcquire::https::Proxy "DIRECT";\n'
        return [File.text("/etc/apt/apt.conf.d/01-package-mirror", lines)]

    def _wait(self, process: subprocess.Popen[bytes]) -> bool:
        address = (str(self._settings.gateway), self._settings.package_cache_port)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(address) == 0:
                    return True
            time.sleep(0.05)
        logger.warning("the package cache does not start, hosts download for themselves; see %s", self._logs)
        return False


def configuration(settings: Settings, environment: Mapping[str, str]) -> str:
    """apt-cacher-ng's configuration; this computer's own proxy, if it has one, is the way out."""
    lines = [
        f"CacheDir: {settings.package_cache_directory}",
        f"BindAddress: {settings.gateway}",
        f"Port: {settings.package_cache_port}",
        "ForeGround: 1",
        "SupportDir: /usr/lib/apt-cacher-ng",
        # Old versions go after this many days without being seen in an index.
        "ExThreshold: 30",
    ]
    proxy = environment.get("http_proxy") or environment.get("HTTP_PROXY")
    if proxy:
        lines.append(f"Proxy: {proxy}")
    return "\n".join([*lines, ""])
