"""Read the application's settings from its environment."""

from __future__ import annotations

import os

from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
DEBUG_VARIABLE = "APP_DEBUG"


def debug() -> bool:
    """Say whether APP_DEBUG asks for development mode."""
    return os.environ.get(DEBUG_VARIABLE, "").strip().lower() in TRUE_WORDS


def required(name: str, *, in_debug: str) -> str:
    """Return the variable `name`; in debug mode `in_debug` stands in for an absent one.

    Raises ImproperlyConfigured when it is absent or empty outside debug mode: a production process must not
    start on a guess.
    """
    value = os.environ.get(name, "")
    if value:
        return value
    if debug():
        return in_debug
    raise ImproperlyConfigured(
        f"The environment variable {name} is missing or empty. Set it in the release's .venv/bin/postactivate "
        f"(or set {DEBUG_VARIABLE}=true for a development server) and start again."
    )


def optional(name: str, default: str = "") -> str:
    """Return the variable `name`, or `default` when it is absent."""
    return os.environ.get(name, default)


def redis_url(name: str, *, database: int, in_debug: str) -> str:
    """Return the URL of Redis database number `database` below the server URL in `name`.

    The number is appended, so the server's URL must end where a number may follow.
    """
    url = required(name, in_debug=in_debug)
    if not url.endswith(("/", "db=")):
        raise ImproperlyConfigured(
            f'The environment variable {name} must end in "/" (or "db="): database number {database} is appended to it.'
        )
    return f"{url}{database}"
