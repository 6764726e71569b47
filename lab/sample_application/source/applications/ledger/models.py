"""The ledger: notices that the login page shows, uploads acknowledged to clients, runs of jobs."""

from __future__ import annotations

import uuid

from django.db import models


class Notice(models.Model):
    """A line on the login page; also the database object that jobs carry in their pickles."""

    title = models.CharField(max_length=100)
    body = models.TextField()
    position = models.PositiveIntegerField(unique=True)

    class Meta:
        ordering = ("position",)

    def __str__(self) -> str:
        return self.title


class UploadRecord(models.Model):
    """One upload. A client that got its answer must find its row here, exactly once."""

    request_id = models.CharField(max_length=100, unique=True)
    size = models.PositiveBigIntegerField()  # bytes
    sha256 = models.CharField(max_length=64)
    arrivals = models.PositiveIntegerField(default=1)  # more than 1: the id was sent again
    release = models.CharField(max_length=50)
    host = models.CharField(max_length=100)
    received = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.request_id


class JobRun(models.Model):
    """One execution of a job: inserted when it starts, completed when it ends.

    A job without a run was lost, one with more runs than it was asked for was doubled, and a run without an end
    was broken off.
    """

    run_id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    job_id = models.CharField(max_length=100, db_index=True)
    repeating = models.BooleanField(default=False)
    started = models.DateTimeField(auto_now_add=True)
    ended = models.DateTimeField(null=True)
    release = models.CharField(max_length=50)
    worker_host = models.CharField(max_length=100)
    worker_pid = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.job_id} ({self.run_id})"
