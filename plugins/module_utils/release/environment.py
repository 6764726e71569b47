# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The application's environment as a file for the shell, and the launcher that uses it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from .failure import ReleaseError

_SETTINGS = "release_environment or release_secrets"
_OF_A_TEMPLATE = "Of a template: {{ ... | string }}."
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


def environment_values(environment: Mapping[str, Any], *, of: str = _SETTINGS) -> dict[str, str]:
    """`environment`, of the variable `of`: every value is text, which a process sees byte for byte.

    Raises ReleaseError, naming the setting but never its value, for what YAML has read as something else: it cannot be
    told how it was written.
    """
    return {_require_name(name, of=of): _require_text(name, value, of=of) for name, value in environment.items()}


def postactivate(environment: Mapping[str, Any], *, of: str = _SETTINGS) -> str:
    """The file that exports `environment`, sorted by name. Raises ReleaseError as `environment_values` does."""
    values = environment_values(environment, of=of)
    return "".join(f"export {name}={_quoted(values[name])}\n" for name in sorted(values))


def references(environment: Mapping[str, Any]) -> str:
    """Which settings django-environ would take for the names of other variables, and what to do; empty if none.

    It does so with a value that begins with `$`: https://django-environ.readthedocs.io/en/latest/tips.html
    """
    names = sorted(str(name) for name, value in environment.items() if str(value).startswith("$"))
    if not names:
        return ""
    return (
        f"What {', '.join(names)} is set to begins with `$`. django-environ would take it for the name of another "
        "variable and silently fall back to the default. If the application uses that, choose a value that begins "
        "with another character; if it does not, set release_allow_dollar to true."
    )


def _require_name(name: Any, *, of: str) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ReleaseError(
            f"{name!r} cannot be the name of an environment variable. Correct it in {of}. YAML reads NO, YES, "
            'ON and OFF as booleans: a setting of such a name is written in quotes, as "NO".'
        )
    return name


def _require_text(name: str, value: Any, *, of: str) -> str:
    if isinstance(value, bool):
        text = str(value)
        raise ReleaseError(
            f"{name} in {of} is {text.lower()} to YAML, as yes, no, on and off are, and an application is given text. "
            f'Write the text that it expects, in quotes: {name}: "{text}" or {name}: "{text.lower()}". {_OF_A_TEMPLATE}'
        )
    if isinstance(value, (int, float, date)):
        kind = "a date" if isinstance(value, date) else "a number"
        raise ReleaseError(
            f"{name} in {of} is {kind} to YAML, which may be another text than was written: of 0123 it makes 83, of "
            f'12:30:45 45045, of 1.10 1.1. Write it in quotes, as the application is to read it: {name}: "...". '
            f"{_OF_A_TEMPLATE}"
        )
    if value is None or isinstance(value, (dict, list, tuple, set)):
        what = "has no value" if value is None else f"is a {type(value).__name__}"
        raise ReleaseError(
            f'{name} in {of} {what}, and an application is given text. Write {name}: "" for an empty one, or remove it '
            "to leave it unset."
        )
    text = str(value)
    if "\0" in text:
        raise ReleaseError(f"{name} in {of} contains a NUL character, which no environment variable can hold.")
    return text


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
