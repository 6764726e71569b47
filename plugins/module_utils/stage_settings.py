# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Settings of the application that lead to what the stage is to have no longer, or that have what is not its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote


def leading_to(values: Mapping[str, str], *, hosts: Mapping[str, str]) -> dict[str, str]:
    """Return the names of settings in whose value the address, or the name, of a host is; with that host's name.

    `values` are by the settings' names, `hosts` are addresses by hosts' names. No value is returned.
    """
    return {
        name: host
        for name, value in values.items()
        for host, address in hosts.items()
        if any(_has(value, word) for word in (host, address) if word)
    }


def holding(values: Mapping[str, str], *, withheld: Mapping[str, str]) -> dict[str, str]:
    """Return the names of settings in whose value a secret is, as it is or quoted for a URL; with what that secret is.

    `values` are by the settings' names, `withheld` are secrets by what they are. No value is returned.
    """
    return {
        name: what
        for name, value in values.items()
        for what, secret in withheld.items()
        if secret and any(form in value for form in (secret, quote(secret), quote(secret, safe="")))
    }


def _has(value: str, word: str) -> bool:
    """Whether the word is there as a whole: 10.0.0.1 is not in 10.0.0.12, nor redis1 in amy-redis1."""
    return re.search(rf"(?<![\w.-]){re.escape(word)}(?![\w-]|\.\d)", value) is not None
