# SPDX-License-Identifier: GPL-3.0-or-later
"""Work on machines that takes longer than an API call may: done by workers, in order for each machine."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from queue import SimpleQueue

logger = logging.getLogger(__name__)


class Jobs:
    """Workers that never take the world's lock, because its holder may wait for them.

    A job passes its changes of moto's state to `then`; `settle`, called under the lock, makes them.
    """

    def __init__(self, name: str) -> None:
        self._workers = ThreadPoolExecutor(max_workers=32, thread_name_prefix=name)
        self._last: dict[str, Future[None]] = {}
        self._results: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def submit(self, name: str, job: Callable[[], None]) -> Future[None]:
        """Run `job` after the earlier jobs of the machine `name`. A failure is logged: no caller is left."""
        earlier = self._last.get(name)

        def work() -> None:
            if earlier is not None:
                wait([earlier])
            try:
                job()
            except Exception:
                logger.exception("%s: the machine does not follow the API", name)

        self._last[name] = self._workers.submit(work)
        return self._last[name]

    def then(self, change: Callable[[], None]) -> None:
        """Called by a job: make `change` to moto's state at the next `settle`."""
        self._results.put(change)

    def settle(self) -> None:
        """Make the changes that jobs have passed to `then`."""
        while not self._results.empty():
            self._results.get()()

    def finish(self) -> None:
        """Wait for all jobs, then settle."""
        wait(self._last.values())
        self.settle()
