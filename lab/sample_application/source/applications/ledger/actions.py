"""Actions: what a job does. Queues hold them pickled, as whole objects, so their module and class names are data."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass

from django.utils import timezone
from rq import get_current_job

from config.release import RELEASE
from ledger.models import JobRun, Notice


@dataclass(frozen=True, kw_only=True)
class AnnounceNotice:
    """Pretend to announce `notice` for `seconds` seconds, and keep the job ledger while doing so."""

    notice: Notice
    seconds: float
    repeating: bool = False

    def __call__(self, job_id: str = "") -> str:
        """Run the job, which is that of the worker unless `job_id` names it; return the id of this run."""
        run = JobRun.objects.create(
            job_id=job_id or get_current_job().id,
            repeating=self.repeating,
            release=RELEASE,
            worker_host=socket.gethostname(),
            worker_pid=os.getpid(),
        )
        time.sleep(self.seconds)
        run.ended = timezone.now()
        run.save(update_fields=["ended"])
        return str(run.run_id)
