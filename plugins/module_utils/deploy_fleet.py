# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the hosts of a deploy stand: which have the new release, which go back, and which run none again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Host:
    """A host of the application. `staged` are the releases that it had at the beginning, by id.

    `has_release` tells that this deploy has given it the new release, `failed` that it has refused it.
    """

    name: str
    is_web: bool
    staged: Sequence[str]
    has_release: bool
    failed: bool


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """Names of hosts, in the order of the hosts.

    `changed` have the new release and go back with the fleet: also those that a deploy which died had given it.
    `serving` are the web hosts that have proved it in this deploy. `untried` had to change, and run what they ran, or
    what a deploy that died has left there. `withdrawn` never had the release that the fleet goes back to: they run
    none again. `keeping` had the new release before this deploy, and keep it after its failure.
    """

    changed: list[str]
    serving: list[str]
    untried: list[str]
    withdrawn: list[str]
    keeping: list[str]


def deploy_fleet(hosts: Sequence[Host], *, plan: Mapping[str, Any], release: str, chosen: bool, returns: bool) -> Fleet:
    """Return where the hosts stand with the new `release` (its id).

    `plan` is what the filter deploy_plan says. `chosen` tells that the deploy has compared the migrations of both
    releases with the database: before that it is not known whether hosts of a dead deploy can go back. `returns` tells
    that the deploy has failed and that the fleet goes back to the release before.
    """
    changed = [host for host in hosts if host.has_release or (chosen and host.name in plan["begun"])]
    tried = [host for host in hosts if host.has_release or host.failed]
    # A web host that refuses the release goes back by itself.
    leaving = [host for host in hosts if host in changed or (host.failed and host.is_web)]
    goes_back = returns and plan["previous"] not in (None, release)
    return Fleet(
        changed=_names(changed),
        serving=_names([host for host in hosts if host.has_release and host.is_web]),
        untried=[name for name in (*plan["rejoin"], *plan["roll"], *plan["hand_over"]) if name not in _names(tried)],
        withdrawn=_names([host for host in leaving if goes_back and plan["previous"] not in host.staged]),
        keeping=_names(
            [
                host
                for host in hosts
                if host.name in plan["done"]
                and not (host.has_release or host.failed)
                and not (returns and host in changed)
            ]
        ),
    )


def _names(hosts: Sequence[Host]) -> list[str]:
    return [host.name for host in hosts]
