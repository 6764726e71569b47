# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs that leave a trace of each start and end."""

from __future__ import annotations

import time

from rq import get_current_job


def record(name: str, seconds: float = 0.0) -> None:
    """Append to two lists, SECONDS apart."""
    job = get_current_job()
    job.connection.rpush(f"rq:test:{name}:started", "1")
    time.sleep(seconds)
    job.connection.rpush(f"rq:test:{name}:ended", "1")
