"""What the board remembers."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Notice(models.Model):
    """A notice for all visitors."""

    title = models.CharField(max_length=200)
    text = models.TextField()

    class Meta:
        """The newest comes first."""

        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return self.title
