"""`manage.py count_notices`: say once how many notices there are."""

from __future__ import annotations

from django.core.management.base import BaseCommand

from board.models import Notice
from portal.release import RELEASE


class Command(BaseCommand):
    """Prints one line to standard output."""

    help = "Say how many notices there are."

    def handle(self, *args: object, **options: object) -> None:
        self.stdout.write(f"{RELEASE} counts {Notice.objects.count()} notices")
