# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The application's environment as a file for the shell, and the launcher that uses it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .failure import ReleaseError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

# Programs are started by this file, so a supervisor needs no copy of the settings and its configuration no secret.
# bash, because `activate` finds its own place by BASH_SOURCE.
LAUNCHER = """\
#!/bin/bash
# Run a program in the environment of this release: .venv/bin/with-environment python manage.py check
set -e
directory=$(dirname -- "$(readlink -f -- "$0")")
source "$directory/activate"
source "$directory/postactivate"
exec "$@"
"""


def environment_values(environment: Mapping[str, Any]) -> dict[str, str]:
    """`environment` with every value as the text a process sees: true and false for booleans, digits for numbers.

    Raises ReleaseError, naming the variable but never its value, for what an application would not read back as it
    was written.
    """
    return {name: _value_text(_require_name(name), value) for name, value in environment.items()}


def postactivate(environment: Mapping[str, Any]) -> str:
    """The file that exports `environment`, sorted by name. Raises ReleaseError as `environment_values` does."""
    values = environment_values(environment)
    return "".join(f"export {name}={_quoted(values[name])}\n" for name in sorted(values))


def _require_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ReleaseError(
            f"{name!r} cannot be the name of an environment variable. Correct it in release_environment."
        )
    return name


def _value_text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, (dict, list, tuple, set)):
        raise ReleaseError(
            f"{name} in release_environment or release_secrets must be text, a number or a boolean, and it is "
            f"{type(value).__name__}. Give it a value, or remove it to leave it unset."
        )
    text = str(value)
    if "\0" in text:
        raise ReleaseError(f"{name} contains a NUL character, which no environment variable can hold.")
    if text.startswith("$"):
        # django-environ 0.9 proxies such a value: an unknown name silently becomes the setting's default.
        raise ReleaseError(
            f"The value of {name} begins with `$`. django-environ would take it for the name of another variable and "
            "silently fall back to the default. Choose a value that begins with another character."
        )
    return text


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
