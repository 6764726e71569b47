# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The kinds of hosts (host roles) that a stage may have: the one list of them, and all that differs between them.

To add a kind, add a row here, a play to playbooks/configure.yml, and its group to the stages' groups.yml.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class HostKind:
    """A kind of host. Its name is the tag `Role` of its instances, and the inventory's group of them.

    `program` is the program that runs the release there, as its command line shows it; empty where none does.
    `takes_release` tells whether a deploy puts the release there. `serves_queues` tells whether the kind is there for
    background jobs. `holds` says what goes with the disk of such a host: `make scale-in` needs a confirmation unless
    it is empty. `keeps_backups` gives its credentials the right to write and read backups. `tells` are the
    roles whose logs and programs each such host has.
    """

    name: str
    program: str
    takes_release: bool
    serves_queues: bool
    holds: str
    keeps_backups: bool
    security_groups: tuple[str, ...]
    tells: tuple[str, ...]


_APPLICATION = ("base", "supervisor", "release")
_OTHERS = (*_APPLICATION, "programs")

KINDS = (
    HostKind(
        name="web",
        program="gunicorn",
        takes_release=True,
        serves_queues=False,
        holds="",
        keeps_backups=False,
        security_groups=("application", "web", "ssh"),
        tells=(*_APPLICATION, "nginx", "gunicorn"),
    ),
    HostKind(
        name="worker",
        program="rqworker",
        takes_release=True,
        serves_queues=True,
        holds="",
        keeps_backups=False,
        security_groups=("application", "ssh"),
        tells=(*_OTHERS, "rq_worker"),
    ),
    HostKind(
        name="scheduler",
        program="rqscheduler",
        takes_release=True,
        serves_queues=True,
        holds="backups of the database",
        keeps_backups=True,
        security_groups=("application", "ssh"),
        tells=(*_OTHERS, "rq_scheduler"),
    ),
    HostKind(
        name="utility",
        program="",
        takes_release=True,
        serves_queues=False,
        holds="backups of the database",
        keeps_backups=True,
        security_groups=("application", "ssh"),
        tells=_OTHERS,
    ),
    HostKind(
        name="redis",
        program="",
        takes_release=False,
        serves_queues=True,
        holds="the queues and their backups",
        keeps_backups=True,
        security_groups=("redis", "ssh"),
        tells=("base", "redis", "figures"),
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
    """Return one column of the table (a field of HostKind) by kind. Raises AttributeError if there is none."""
    values = {kind.name: getattr(kind, name) for kind in KINDS}
    return {kind: list(value) if isinstance(value, tuple) else value for kind, value in values.items()}
