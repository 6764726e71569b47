"""For collectstatic and development: no secret, and a database of its own."""

from __future__ import annotations

from portal.settings.base import *  # noqa: F403

SECRET_KEY = "for-builds-and-development"  # noqa: S105
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": PROJECT / "development.sqlite3"}}  # noqa: F405
