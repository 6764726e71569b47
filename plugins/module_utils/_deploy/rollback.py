# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Decide to which release a rollback goes."""

from __future__ import annotations

from typing import Any

# What the deploy lock says of a rollback, and of a lock whose holder runs no more.
ROLLBACK = "make rollback"
ABANDONED = ("expired", "dead")


def candidates(hosts: list[dict[str, Any]], *, lock: dict[str, Any] | None, claim: str) -> list[dict[str, Any]]:
    """Return the releases to which the hosts would go back: of one id, unless they ran different ones.

    `hosts` are what release_state says of each, `lock` and `claim` what deploy_lock_info says. A rollback that was cut
    off has changed some hosts, for which the release before is another one by now: it goes on to its own release.
    """
    if lock and claim in ABANDONED and lock["reason"].startswith(ROLLBACK):
        records = [record for host in hosts for record in (host["active"], host["previous"]) if record]
        if begun := [record for record in records if record["id"] == lock["version"]]:
            return begun
    return [host["previous"] for host in hosts if host["previous"]]
