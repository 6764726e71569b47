# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A stage's own programs and timers: which host runs which, and how their commands are written down."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ._processes import shown
from .host_kinds import KINDS, PROGRAMS

# Kinds of hosts that have a release and no visitors.
ROLES = tuple(kind.name for kind in KINDS if kind.takes_release and kind.name != "web")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
# What a comment begins with in supervisord's files, within quotes, too.
_COMMENT = re.compile(r"\s[;#]")
_LINE_END = re.compile(r"[\0\r\n]")


class Field(NamedTuple):
    """A key of a program or a timer: whether it is a number, and its default; None if it must be given."""

    number: bool = False
    default: Any = None


# All times are seconds. An empty `role` is the stage's utility host, a `hosts` of 0 every host of the kind.
_BOTH = {"name": Field(), "command": Field(), "role": Field(default="")}
PROGRAM = {
    **_BOTH,
    "processes": Field(number=True, default=1),
    "hosts": Field(number=True, default=0),
    "stop_wait": Field(number=True, default=60),
}
TIMER = {**_BOTH, "schedule": Field(), "timeout": Field(number=True, default=3600)}
# What places a program, and is no part of it on its host.
_PLACING = ("role", "hosts")


def places(
    *, groups: Mapping[str, Sequence[str]], utility: Sequence[str], releases: Sequence[str]
) -> dict[str, list[str]]:
    """Return the hosts that may run a program, by its role, the lowest number first.

    `groups` are the inventory's hosts by kind; `utility` and `releases` are those of `carpentries.amy.stage_duties`. A
    host that is about to leave is no place: what the stage names runs on those that stay.
    """
    staying = {role: set(groups.get(role) or []) & set(releases) for role in ROLES}
    # An inventory is in the order of the instances' ids.
    return {"": list(utility), **{role: sorted(hosts, key=_number) for role, hosts in staying.items()}}


def _number(name: str) -> tuple[int, str]:
    found = re.search(r"\d+$", name)
    return int(found[0]) if found else 0, name


def complaint(*, programs: Any, timers: Any, places: Mapping[str, Sequence[str]]) -> str:
    """Return why a stage cannot have these `programs` and `timers`, as a sentence; empty if it can."""
    for what, entries, fields in (("stage_programs", programs, PROGRAM), ("stage_timers", timers, TIMER)):
        if not isinstance(entries, list):
            return f"{what} must be a list."
        if wrong := next((said for entry in entries if (said := _shape_complaint(entry, fields))), ""):
            return f"In {what}, {wrong}."
    names = [entry["name"] for entry in [*programs, *timers]]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        return f"{twice[0]} is the name of two of stage_programs and stage_timers."
    return next((said for entry in [*programs, *timers] if (said := _place_complaint(entry, places))), "")


def _shape_complaint(entry: Any, fields: Mapping[str, Field]) -> str:
    """Return what is wrong with an entry by itself; empty if nothing is."""
    if not isinstance(entry, dict):
        return f"{entry!r} is no map with {', '.join(fields)}"
    name = entry.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return f"the name {name!r} is not of letters, digits and -"
    if name in PROGRAMS.values():
        return f"{name} is the name of a program that the stage runs anyway"
    if unknown := [key for key in entry if key not in fields]:
        return f"{name} has an unknown key {unknown[0]!r}; the keys are {', '.join(fields)}"
    wrong = (said for key, field in fields.items() if (said := _field_complaint(entry, key, field)))
    return next(wrong, "") or _command_complaint(name, entry["command"])


def _field_complaint(entry: Mapping[str, Any], key: str, field: Field) -> str:
    value = entry.get(key, field.default)
    if field.number:
        right = key not in entry or _is_count(value)
        return "" if right else f"{key} of {entry['name']} is {value!r}, and must be a whole number of 1 or more"
    if not isinstance(value, str) or (field.default is None and not value.strip()) or _LINE_END.search(value):
        return f"{key} of {entry['name']} must be a text in one line, and is {value!r}"
    return ""


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _command_complaint(name: str, command: str) -> str:
    try:
        written = supervisor_command(command)
    except ValueError as error:
        return f"the command of {name} cannot be divided into words ({error})"
    if _COMMENT.search(command) or _COMMENT.search(written):
        return f"the command of {name} has a ; or # after a space, which would begin a comment"
    return ""


def _place_complaint(entry: Mapping[str, Any], places: Mapping[str, Sequence[str]]) -> str:
    name, role, wanted = entry["name"], entry.get("role", ""), entry.get("hosts", 1)
    kinds = f"the role of {name} is one of {', '.join(ROLES)}, or is left out for the stage's utility host"
    if role == "web":
        return f"{name} cannot run on web hosts, which are for visitors; {kinds}."
    if role not in places:
        return f"There is no role {role!r}; {kinds}."
    if wanted > len(places[role]):
        where = f"{role} hosts" if role else "utility hosts"
        return f"{name} needs {wanted} {where}, and {len(places[role])} of the stage's are there to stay."
    return ""


def programs_of(
    host: str,
    *,
    programs: Iterable[Mapping[str, Any]],
    timers: Iterable[Mapping[str, Any]],
    places: Mapping[str, Sequence[str]],
) -> dict[str, list[dict[str, Any]]]:
    """Return the `programs` and the `timers` that `host` runs, of lists that `complaint` accepts.

    A program is on the first `hosts` of its places, a timer on the first.
    """

    def here(entry: Mapping[str, Any], count: int) -> bool:
        return host in places[entry.get("role", "")][: count or None]

    return {
        "programs": [_described(entry, PROGRAM) for entry in programs if here(entry, entry.get("hosts", 0))],
        "timers": [_described(entry, TIMER) for entry in timers if here(entry, 1)],
    }


def _described(entry: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
    return {key: entry.get(key, field.default) for key, field in fields.items() if key not in _PLACING}


def process_pattern(command: str) -> str:
    """Return a regular expression that finds `command` in the command lines that the kernel shows."""
    return re.escape(shown(command))


def supervisor_command(command: str) -> str:
    """Return `command` as supervisord's files write it: divided as a shell would, and % doubled.

    http://supervisord.org/configuration.html#program-x-section-values
    """
    return shlex.join(shlex.split(command)).replace("%", "%%")


def systemd_command(command: str) -> str:
    """Return `command` as ExecStart= writes it, each word in quotes: nothing in it is a specifier or a variable.

    https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#Command%20lines
    """
    special = {"\\": "\\\\", '"': '\\"', "%": "%%", "$": "$$"}
    words = ("".join(special.get(letter, letter) for letter in word) for word in shlex.split(command))
    return " ".join(f'"{word}"' for word in words)
