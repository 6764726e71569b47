# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent: delivers every log file of its configuration until it is told to end."""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from logging.handlers import RotatingFileHandler

from . import metadata, settings
from .client import LogsClient, LogsError
from .shipper import Shipper

INTERVAL = 0.25  # seconds
STATE = settings.HOME / "logs" / "state"
log = logging.getLogger("agent")


def main() -> int:
    """Run until SIGTERM or SIGINT; then deliver what has been read."""
    # As the real one, in a file and not in the journal: it would ship its own complaints, and complain of that.
    STATE.mkdir(parents=True, exist_ok=True)
    own = RotatingFileHandler(settings.HOME / "logs" / "amazon-cloudwatch-agent.log", maxBytes=1 << 20, backupCount=1)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", handlers=[own])
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    chosen = settings.read(sorted(settings.FOLDER.glob("*")), metadata.region)
    client = LogsClient(endpoint=chosen.endpoint, region=chosen.region, credentials=metadata.Metadata().credentials)
    shippers = [Shipper(source, state=STATE, sink=client, wall=time.time) for source in chosen.sources]
    due = time.monotonic() + chosen.flush
    while not stop.wait(INTERVAL):
        now = time.monotonic()
        for shipper in shippers:
            shipper.read(now)
        if now >= due:
            due = now + chosen.flush
            deliver(shippers)
    for shipper in shippers:
        shipper.read(time.monotonic())
        shipper.finish()
    deliver(shippers)
    return 0


def deliver(shippers: list[Shipper]) -> None:
    """Deliver all; what does not arrive is tried again the next time."""
    for shipper in shippers:
        try:
            shipper.deliver()
        except LogsError as error:
            log.warning("%s", error)


if __name__ == "__main__":
    sys.exit(main())
