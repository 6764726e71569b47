"""`manage.py ledger_report`: print the ledger's counts as JSON."""

from __future__ import annotations

import json

from django.core.management.base import BaseCommand

from ledger.report import counts


class Command(BaseCommand):
    """Prints one JSON object to standard output."""

    help = "Print the counts of uploads and job runs as JSON."

    def handle(self, *args: object, **options: object) -> None:
        self.stdout.write(json.dumps(counts(), indent=2))
