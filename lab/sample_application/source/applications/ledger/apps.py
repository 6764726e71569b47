"""The one application of this site."""

from __future__ import annotations

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Keeps a ledger of what the site promised (uploads) and what it did (jobs)."""

    name = "ledger"
