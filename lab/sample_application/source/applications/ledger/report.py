"""Count what the ledger holds."""

from __future__ import annotations

from django.db.models import Count

from config.release import RELEASE
from ledger.models import JobRun, UploadRecord


def counts() -> dict[str, int | str]:
    """Return the ledger's counts; `doubled` ignores jobs that are meant to run again and again."""
    runs = JobRun.objects.order_by()
    doubled = runs.filter(repeating=False).values("job_id").annotate(runs=Count("run_id")).filter(runs__gt=1)
    return {
        "release": RELEASE,
        "uploads": UploadRecord.objects.count(),
        "uploads_repeated": UploadRecord.objects.filter(arrivals__gt=1).count(),
        "jobs": runs.values("job_id").distinct().count(),
        "jobs_doubled": doubled.count(),
        "runs_started": runs.count(),
        "runs_ended": runs.filter(ended__isnull=False).count(),
        "runs_unfinished": runs.filter(ended__isnull=True).count(),
    }
