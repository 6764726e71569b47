# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A command as an operator can paste it: with its stage, its version and the arguments that it was given."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

DEPLOY = "make deploy"
# The variables of make that an operator gives, besides STAGE and VERSION.
TYPED = ("MODE", "PHASE", "FROM", "JOBS", "HOST", "CONFIRM", "ARGS")
# Of what ansible-playbook is told these words are shown: options, files, a plain word after an option, names of
# variables. Their values may be secrets, and the command is in the lock, on terminals and in the report.
_SHOWN = re.compile(r"--?[\w-]+|(-e|--[\w-]+=)?@[\w./-]+")
_PLAIN = re.compile(r"[\w.,:-]+")
_VARIABLE = re.compile(r"(?:-e|--extra-vars=)?\w+=")
_VARIABLES = ("-e", "--extra-vars")


def typed_command(command: str, *, stage: str, version: str = "", typed: Mapping[str, str] | None = None) -> str:
    """Return `command` (`make deploy`, `make modernize PHASE=dns`) with its arguments.

    `typed` are the variables of make that the operator gave, by name; empty ones are left out. Of ARGS files and
    options are kept, and of Ansible's variables their names alone. `version` is added to a
    deploy only: every other command finds its release by itself, and the inventory's version may be another by then.
    """
    given = dict(typed or {})
    if given.get("ARGS"):
        given["ARGS"] = without_values(given["ARGS"])
    arguments = {"STAGE": stage, "VERSION": version if command == DEPLOY else "", **given}
    missing = {name: value for name, value in arguments.items() if value and f" {name}=" not in command}
    return " ".join([command, *(f"{name}={shlex.quote(value)}" for name, value in missing.items())])


def typed_arguments(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what make was given, by the `environment` that it has made; nothing without make."""
    return {name: environment[name] for name in TYPED if environment.get("MAKELEVEL") and environment.get(name)}


def without_values(arguments: str) -> str:
    """Return arguments of ansible-playbook with `...` in the place of what variables are set to."""
    try:
        words = shlex.split(arguments)
    except ValueError:
        return "..."
    shown: list[str] = []
    for before, word in zip(["", *words], words):
        chosen = before.startswith("-") and before not in _VARIABLES and _PLAIN.fullmatch(word)
        variable = _VARIABLE.match(word)
        if chosen or _SHOWN.fullmatch(word):
            shown.append(word)
        elif variable:
            shown.append(f"{variable[0]}...")
        elif shown[-1:] != ["..."]:
            shown.append("...")
    return " ".join(shown)
