# SPDX-License-Identifier: GPL-3.0-or-later
"""pebble, a test authority for certificates by ACME, as a server outside of AWS would use Let's Encrypt."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import ssl
import subprocess
import time
import urllib.request
from typing import Any

from lab.local_cloud import engine
from lab.local_cloud.authority import Authority, trust
from lab.local_cloud.service import World
from lab.local_cloud.settings import Settings

logger = logging.getLogger(__name__)

PROGRAM = "pebble"
CHECK_SECONDS = 5.0
START_SECONDS = 10.0


class Acme:
    """One pebble, once a client has asked for it. It asks the stage's resolver, and forgets all when it ends.

    Each start makes a new root certificate; clients of the stage trust all of them.
    """

    def __init__(self, settings: Settings, world: World) -> None:
        self._settings = settings
        self._world = world
        self._directory = settings.acme_directory
        self._pid_file = self._directory / "pebble.pid"
        self._checked = 0.0

    def install(self) -> None:
        """Nothing to hook into."""

    def after_replay(self) -> None:
        """Start it again if it has ended."""
        self._ensure()

    def tick(self) -> None:
        """Start it once a client has asked, and whenever it has ended."""
        if time.monotonic() - self._checked > CHECK_SECONDS or not self._pid_file.exists():
            self._checked = time.monotonic()
            self._ensure()

    def close(self) -> None:
        """End it."""
        if self._pid_file.exists():
            engine.stop_process(self._pid_file, program=PROGRAM)

    def _ensure(self) -> None:
        wanted = self._directory.exists() and shutil.which(PROGRAM) is not None
        if not wanted or (self._pid_file.exists() and engine.process_runs(int(self._pid_file.read_text()), PROGRAM)):
            return
        self._settings.acme_root.unlink(missing_ok=True)
        authority = Authority(self._settings.authority_file)
        key, certificate = authority.issue([str(self._settings.gateway), "127.0.0.1"])
        (self._directory / "key.pem").touch(mode=0o600)
        (self._directory / "key.pem").write_bytes(key)
        (self._directory / "certificate.pem").write_bytes(certificate)
        # What an ACME client must trust to talk to it; what it signs has a root of its own.
        (self._directory / "authority.pem").write_bytes(authority.certificate)
        (self._directory / "pebble.json").write_text(json.dumps(configuration(self._settings), indent=2))
        with (self._directory / "pebble.log").open("ab") as output:
            process = subprocess.Popen(
                [
                    PROGRAM,
                    *("-config", str(self._directory / "pebble.json")),
                    *("-dnsserver", f"{self._settings.gateway}:{self._settings.resolver_port}"),
                ],
                env=os.environ | {"PEBBLE_VA_NOSLEEP": "1"},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._pid_file.write_text(f"{process.pid}\n")
        self._publish_root(authority, process)

    def _publish_root(self, authority: Authority, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(OSError):
                root = _fetch(f"https://127.0.0.1:{self._settings.acme_management_port}/roots/0", authority)
                trust(self._settings, root)
                self._settings.acme_root.write_bytes(root)
                return
            time.sleep(0.05)
        logger.warning("pebble does not start, so no host gets a certificate by ACME; see %s", self._directory)


def ask_for(settings: Settings) -> str:
    """Let the running control plane start pebble, installed if need be; return the URL of its ACME directory.

    Raises engine.EngineError when it cannot be had.
    """
    if shutil.which(PROGRAM) is None:
        engine.install([PROGRAM])
    settings.acme_directory.mkdir(exist_ok=True)
    engine.wait(settings.acme_root.exists, 2 * START_SECONDS, f"pebble does not start; see {settings.acme_directory}")
    return f"https://{settings.gateway}:{settings.acme_port}/dir"


def configuration(settings: Settings) -> dict[str, Any]:
    """What pebble's configuration file says."""
    return {
        "pebble": {
            "listenAddress": f"{settings.gateway}:{settings.acme_port}",
            "managementListenAddress": f"127.0.0.1:{settings.acme_management_port}",
            "certificate": str(settings.acme_directory / "certificate.pem"),
            "privateKey": str(settings.acme_directory / "key.pem"),
            "httpPort": 80,
            "tlsPort": 443,
            "certificateValidityPeriod": 90 * 24 * 3600,
        }
    }


def _fetch(url: str, authority: Authority) -> bytes:
    context = ssl.create_default_context(cadata=authority.certificate.decode())
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    with opener.open(url, timeout=CHECK_SECONDS) as response:
        return bytes(response.read())
