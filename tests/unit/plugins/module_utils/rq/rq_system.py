# SPDX-License-Identifier: GPL-3.0-or-later
"""RQ with workers that are started again when they end, as supervisor does."""

from __future__ import annotations

import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

JOBS = """
import time

def record(key, after=None):
    from rq import get_current_job
    connection = get_current_job().connection
    while after and not connection.exists(f"rq:test:{after}"):
        time.sleep(0.05)
    connection.rpush(f"rq:test:{key}", "done")

class Letter:
    def __init__(self, to):
        self.to = to

    def __call__(self):
        record(self.to)
"""


def eventually(condition: Callable[[], Any], *, seconds: float = 30) -> Any:
    """What `condition` returns once it is true; fails after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} seconds")


@dataclass
class Rq:
    """RQ in its own environment, on its own Redis."""

    directory: Path
    python: Path
    url: str
    client: Any
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def run(self, code: str) -> str:
        """Standard output of `code` with a queue `q` and a scheduler `s` at hand."""
        prelude = (
            "import jobs, redis, datetime; from rq import Queue; from rq_scheduler import Scheduler\n"
            f"c = redis.Redis.from_url({self.url!r}); q = Queue('default', connection=c)\n"
            "s = Scheduler('default', connection=c)\n"
        )
        command = [str(self.python), "-c", prelude + code]
        return subprocess.run(command, cwd=self.directory, check=True, capture_output=True, text=True).stdout.strip()

    def long_job(self) -> str:
        """Start a job that runs until `end_job`; its id. It writes to rq:test:long in the end."""
        job = self.run("print(q.enqueue(jobs.record, 'long', after='end').id)")
        eventually(lambda: self.client.zcard("rq:wip:default") == 1)
        return job

    def end_job(self) -> None:
        """Let the long job end."""
        self.client.set("rq:test:end", 1)

    def supervised_worker(self, *queues: str) -> None:
        """Start a worker as django-rq does, and again whenever it ends. RQ's own command ends at once if suspended."""
        names = list(queues or ("default",))
        code = f"import redis, rq; rq.Worker({names}, connection=redis.Redis.from_url({self.url!r})).work()"
        command = [str(self.python), "-c", code]

        def supervise() -> None:
            while not self.stopping.is_set():
                with (self.directory / "worker.log").open("ab") as log:
                    process = subprocess.Popen(command, cwd=self.directory, stdout=log, stderr=log)
                self.processes.append(process)
                if self.stopping.is_set():  # `stop` may have been through the list already.
                    process.kill()
                process.wait()

        thread = threading.Thread(target=supervise)
        thread.start()
        self.threads.append(thread)

    def waits_for_jobs(self) -> bool:
        """Whether a worker blocks in its dequeue."""
        return any(
            "b" in client["flags"] and client["cmd"] in ("blmove", "blpop") for client in self.client.client_list()
        )

    def stop(self) -> None:
        """End all workers."""
        self.stopping.set()
        for process in self.processes:
            process.kill()
        for thread in self.threads:
            thread.join()
