"""For a stage: what differs between stages is in SITE_* variables and in keys/; what is missing stops the process."""

from __future__ import annotations

import os
from urllib.parse import unquote, urlsplit

from portal.settings.base import *  # noqa: F403

SECRET_KEY = (PROJECT / "keys/secret_key").read_text(encoding="utf-8")  # noqa: F405
ALLOWED_HOSTS = os.environ["SITE_HOSTS"].split()
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

_database = urlsplit(os.environ["SITE_DATABASE_URL"])
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": _database.hostname,
        "PORT": _database.port,
        "NAME": _database.path.lstrip("/"),
        "USER": unquote(_database.username or ""),
        "PASSWORD": unquote(_database.password or ""),
        "OPTIONS": {"connect_timeout": 5},
    },
}
