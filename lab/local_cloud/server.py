# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane: moto's API with our services behind it, replayed from its journal, ticking four times a second."""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from . import corrections, downloads, key_material, public_catalogue, randomness
from .api_request import Environ
from .authority import Authority, trust
from .faults import Faults
from .journal import Journal
from .service import Service, World
from .settings import Settings

TICK_SECONDS = 0.25

log = logging.getLogger(__name__)


class _QuietHandler(MotoRequestHandler):  # type: ignore[misc]
    """Leaves out the line per request: the journal and the call counts tell more."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


class ControlPlane:
    """One AWS API on one or more addresses, and the services that act on what it is told."""

    def __init__(self, settings: Settings, world: World, services: Sequence[Service]) -> None:
        self._settings = settings
        self._world = world
        self._services = services
        self._stop = threading.Event()
        self._servers: list[BaseWSGIServer] = []
        settings.directory.mkdir(parents=True, exist_ok=True)
        # Policies such as CloudWatchAgentServerPolicy belong to AWS: roles only attach them.
        os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
        randomness.install()
        authority = Authority(settings.authority_file)
        key_material.install(settings.directory / "keys", authority)
        trust(settings, authority.certificate)
        corrections.install()
        for service in services:
            service.install()
        with randomness.seeded(0):
            public_catalogue.publish(settings)
        api = DomainDispatcherApplication(create_backend_app)
        self._journal = Journal(api, directory=settings.directory, world=world)
        self._faults = Faults(self._journal)
        self._downloads = downloads.downloads(settings.downloads_directory)

    def start(self, addresses: Iterable[str]) -> None:
        """Bring back the recorded state, then answer on `addresses`."""
        replayed = self._journal.replay()
        with self._world.lock:
            for service in self._services:
                service.after_replay()
        log.info("Replayed %d requests.", replayed)
        for address in addresses:
            server = make_server(
                address, self._settings.endpoint_port, self._answer, threaded=True, request_handler=_QuietHandler
            )
            self._servers.append(server)
            threading.Thread(target=server.serve_forever, name=f"api-{address}", daemon=True).start()

    def run(self) -> None:
        """Tick until `stop` is called. A service that fails is logged and asked again at the next tick."""
        while not self._stop.wait(TICK_SECONDS):
            for service in self._services:
                try:
                    with self._world.lock:
                        service.tick()
                except Exception:
                    log.exception("%s failed", type(service).__name__)

    def stop(self) -> None:
        """End `run`; what the services have started in the world goes on."""
        self._stop.set()
        for server in self._servers:
            threading.Thread(target=server.shutdown, daemon=True).start()

    def _answer(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        path = str(environ["PATH_INFO"])
        if path == "/_local/status":
            status = {"directory": str(self._settings.directory), "pid": os.getpid()}
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(status).encode()]
        if path.startswith(downloads.PREFIX):
            return self._downloads(environ, start_response)
        if path.startswith("/moto-api"):  # would change state behind the journal's back
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"The local cloud has no /moto-api.\n"]
        return self._faults(environ, start_response)


def process_file(settings: Settings) -> Path:
    """Where the control plane's process id is, while it runs."""
    return settings.directory / "control-plane.pid"


def serve(settings: Settings, world: World, services: Sequence[Service]) -> None:
    """Be the control plane of `services` until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True)
    for noisy in ("botocore", "docker", "urllib3", "werkzeug"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    plane = ControlPlane(settings, world, services)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: plane.stop())
    plane.start(["127.0.0.1", str(settings.gateway)])
    process_file(settings).write_text(f"{os.getpid()}\n")
    plane.run()
    process_file(settings).unlink(missing_ok=True)
