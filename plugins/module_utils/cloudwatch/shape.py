# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a part of a configuration has the keys that it may and must have, of the right kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

KINDS = {str: "a text", int: "a whole number", bool: "true or false", dict: "a map", list: "a list"}


class Key(NamedTuple):
    """What a key's value is, whether it has to be there, and the least that a number may be."""

    kind: type
    required: bool = False
    least: int | None = None


def shape_problems(where: str, part: Any, keys: Mapping[str, Key]) -> list[str]:
    """Return a sentence for each key of `part` that is unknown, missing or of a wrong kind; it begins with `where`."""
    place = where or "The configuration"
    if not isinstance(part, dict):
        return [f"{place} must be a map"]
    found = [f"{place}: unknown key {name!r}" for name in part if name not in keys]
    for name, key in keys.items():
        if name not in part:
            found += [f"{place}: {name!r} is missing"] if key.required else []
        elif not _is(part[name], key.kind):
            found.append(f"{place}: {name} must be {KINDS[key.kind]}, not {part[name]!r}")
        elif key.least is not None and part[name] < key.least:
            found.append(f"{place}: {name} must be at least {key.least}, not {part[name]}")
    return found


def _is(value: Any, kind: type) -> bool:
    """Python's booleans are numbers, JSON's are not."""
    return isinstance(value, kind) and (kind is not int or not isinstance(value, bool))
