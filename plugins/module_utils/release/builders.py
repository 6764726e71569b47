# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which hosts build releases: one for each platform that the fleet has. Decides, never acts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..host_kinds import UTILITY_KINDS


@dataclass(frozen=True)
class Host:
    """An application host; `platform` is as `release_state` names it, empty while it is not known."""

    name: str
    role: str
    platform: str


def builders(hosts: Sequence[Host], *, utility: Sequence[str]) -> list[str]:
    """The hosts that build: the `utility` host, and for each platform that it is not of, one of that platform.

    `hosts` come in the inventory's order. Where no platform is known, only the utility host builds.
    """
    found = {host.platform for host in hosts if host.name in utility}
    others = sorted({host.platform for host in hosts if host.platform} - found)
    # Where the utility host is of another platform: a build is felt least where visitors do not wait.
    first = [min((h for h in hosts if h.platform == platform), key=_reluctance) for platform in others]
    return [*utility, *(host.name for host in first)] if "" not in found else list(utility)


def _reluctance(host: Host) -> tuple[bool, bool]:
    return host.role == "web", host.role not in UTILITY_KINDS
