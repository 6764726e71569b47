"""`manage.py watch_board`: say every few seconds how many notices there are, until it is told to end."""

from __future__ import annotations

import signal
import threading

from django.core.management.base import BaseCommand

from board.models import Notice
from portal.release import RELEASE

INTERVAL = 5  # seconds


class Command(BaseCommand):
    """Runs for ever; a TERM ends it between two looks."""

    help = "Say how many notices there are, again and again."

    def handle(self, *args: object, **options: object) -> None:
        ended = threading.Event()
        signal.signal(signal.SIGTERM, lambda _signal, _frame: ended.set())
        while not ended.is_set():
            self.stdout.write(f"{RELEASE}: {Notice.objects.count()} notices")
            ended.wait(INTERVAL)
