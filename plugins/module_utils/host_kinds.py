# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The kinds of hosts (host roles) that a stage may have: the one list of them, and all that differs between them.

To add a kind, see CONTRIBUTING.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class HostKind:
    """A kind of host. Its name is the tag `Role` of its instances, and the inventory's group of them.

    `security_groups` are those of role network. `tells` are the roles whose logs and programs each such host has.
    `takes_release` tells whether a deploy puts the release there; `program` is the program that runs it, as its command
    line shows it. `serves_queues` tells whether the kind is there for background jobs. `holds` says what data goes with
    the disk of such a host.
    """

    name: str
    security_groups: tuple[str, ...]
    tells: tuple[str, ...]
    takes_release: bool = False
    program: str = ""
    serves_queues: bool = False
    holds: str = ""

    @property
    def keeps_backups(self) -> bool:
        """Whether its credentials may write and read backups, and `make scale-in` needs a confirmation."""
        return bool(self.holds)


_APPLICATION = ("base", "supervisor", "release")
_OTHERS = (*_APPLICATION, "programs")

KINDS = (
    HostKind(
        name="web",
        security_groups=("application", "web", "ssh"),
        tells=(*_APPLICATION, "nginx", "gunicorn"),
        takes_release=True,
        program="gunicorn",
    ),
    HostKind(
        name="worker",
        security_groups=("application", "ssh"),
        tells=(*_OTHERS, "rq_worker"),
        takes_release=True,
        program="rqworker",
        serves_queues=True,
    ),
    HostKind(
        name="scheduler",
        security_groups=("application", "ssh"),
        tells=(*_OTHERS, "rq_scheduler"),
        takes_release=True,
        program="rqscheduler",
        serves_queues=True,
        holds="backups of the database",
    ),
    HostKind(
        name="utility",
        security_groups=("application", "ssh"),
        tells=_OTHERS,
        takes_release=True,
        holds="backups of the database",
    ),
    HostKind(
        name="redis",
        security_groups=("redis", "ssh"),
        tells=("base", "redis", "figures"),
        serves_queues=True,
        holds="the queues and their backups",
    ),
)
NAMES = tuple(kind.name for kind in KINDS)
BY_NAME = {kind.name: kind for kind in KINDS}
# The program that runs the release, by kind.
PROGRAMS = {kind.name: kind.program for kind in KINDS if kind.program}
# Kinds that work on background jobs, by the release's code.
JOB_KINDS = tuple(kind.name for kind in KINDS if kind.serves_queues and kind.takes_release)
# All that background jobs take.
QUEUE_KINDS = tuple(kind.name for kind in KINDS if kind.serves_queues)
# One host of one of these builds the releases, migrates, keeps the backups and takes the metrics: a scheduler host has
# time for that, and a stage without background jobs has a utility host.
UTILITY_KINDS = tuple(kind.name for kind in KINDS if kind.takes_release and kind.keeps_backups)


def column(name: str) -> dict[str, Any]:
    """Return one column of the table (an attribute of HostKind) by kind. Raises AttributeError if there is none."""
    values = {kind.name: getattr(kind, name) for kind in KINDS}
    return {kind: list(value) if isinstance(value, tuple) else value for kind, value in values.items()}
