# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Decide where a host gets the client tools of its database server's own major version."""

from __future__ import annotations

from typing import Any, NamedTuple

# What each distribution's own archive has. Of one that is not here nothing is known, so it has none.
OF_DISTRIBUTION = {
    ("Debian", "12"): 15,
    ("Debian", "13"): 17,
    ("Ubuntu", "22.04"): 14,
    ("Ubuntu", "24.04"): 16,
}


class DatabaseClient(NamedTuple):
    """The package, the folder of its programs, and whether a repository beside the distribution's has it."""

    package: str
    programs: str
    from_repository: bool
    distribution_has: int

    def as_result(self) -> dict[str, Any]:
        """As Ansible takes it."""
        return self._asdict()


def database_client(*, server: int, distribution: str, version: str) -> DatabaseClient:
    """The client for a server of the major version `server` on a host with `distribution` in `version`.

    Always the server's own. An older pg_dump refuses the server, and what a newer pg_restore sends, the server refuses:
    version 17 sets transaction_timeout, which older servers do not know. `distribution_has` is 0 if that is unknown.
    """
    parts = version.split(".")[: 2 if distribution == "Ubuntu" else 1]
    distribution_has = OF_DISTRIBUTION.get((distribution, ".".join(parts)), 0)
    return DatabaseClient(
        package=f"postgresql-client-{server}",
        programs=f"/usr/lib/postgresql/{server}/bin",
        from_repository=distribution_has != server,
        distribution_has=distribution_has,
    )
