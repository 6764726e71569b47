# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A command as an operator can paste it: with its stage, its version and the arguments that it was given."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

DEPLOY = "make deploy"


def typed_command(command: str, *, stage: str, version: str = "", typed: Mapping[str, str] | None = None) -> str:
    """Return `command` (`make deploy`, `make modernize PHASE=dns`) with its arguments.

    `typed` are the variables of make that the operator gave, by name; empty ones are left out. `version` is added to a
    deploy only: every other command finds its release by itself, and the inventory's version may be another by then.
    """
    arguments = {"STAGE": stage, "VERSION": version if command == DEPLOY else "", **(typed or {})}
    missing = {name: value for name, value in arguments.items() if value and f" {name}=" not in command}
    return " ".join([command, *(f"{name}={shlex.quote(value)}" for name, value in missing.items())])
