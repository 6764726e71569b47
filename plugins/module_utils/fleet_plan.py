# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which hosts a stage has, lacks, and has beyond the counts that its inventory asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

# Only hosts that hold nothing of their own may go: a scheduler or utility host holds the backups on its disk, a Redis
# host the queues.
REMOVABLE = ("web", "worker")
# Background jobs take hosts of each of these.
QUEUE_ROLES = ("worker", "scheduler", "redis")


# How a stage names a machine image: by its id, or by the SSM parameter that holds the id.
_IMAGE = re.compile(r"ami-[0-9a-z]+|/\S+")


class FleetError(ValueError):
    """A fleet is asked for that there cannot be; the message says what is wrong in the stage's inventory."""


@dataclass(frozen=True)
class Plan:
    """Names of hosts: `keep` are there and wanted, `create` are wanted and missing, `surplus` and `stuck` are too many.

    `surplus` may go; it is by role, the highest number first. `stuck` hold data.
    """

    keep: list[str]
    create: list[str]
    surplus: dict[str, list[str]]
    stuck: list[str]

    def as_result(self) -> dict[str, Any]:
        """Return the plan as Ansible sees it."""
        return asdict(self)


def plan(*, counts: Mapping[str, int], existing: Iterable[str]) -> Plan:
    """Compare the hosts `existing`, by name, with `counts` by role. A host is named by its role and a number from 1.

    A host of another name, or of a role that has no count, is nobody's business here.
    """
    wanted = [f"{role}{number}" for role, count in counts.items() for number in range(1, int(count) + 1)]
    there = set(existing)
    beyond: dict[str, list[tuple[int, str]]] = {}
    for name in there - set(wanted):
        match = re.fullmatch(r"([a-z]+)([1-9]\d*)", name)
        if match and match[1] in counts:
            beyond.setdefault(match[1], []).append((int(match[2]), name))
    surplus = {role: [name for _number, name in sorted(beyond[role], reverse=True)] for role in sorted(beyond)}
    return Plan(
        keep=[name for name in wanted if name in there],
        create=[name for name in wanted if name not in there],
        surplus={role: names for role, names in surplus.items() if role in REMOVABLE},
        stuck=[name for role, names in surplus.items() if role not in REMOVABLE for name in names],
    )


def lacking_roles(*, counts: Mapping[str, int], groups: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the roles of which a deploy needs a host and the inventory's `groups` have none.

    Needed is what `counts` ask for, and on every stage a web host; with background jobs (a worker or a scheduler) all
    that they take, and without a utility host, which then does what else the scheduler host does.
    """
    wanted = {role for role, count in counts.items() if int(count)} | {role for role, hosts in groups.items() if hosts}
    needed = {"web", *(QUEUE_ROLES if wanted & {"worker", "scheduler"} else ["utility"])}
    needed |= {role for role, count in counts.items() if int(count)}
    return sorted(role for role in needed if not groups.get(role))


def images(*, counts: Mapping[str, int], default: str, chosen: Mapping[str, str]) -> dict[str, str]:
    """Return which machine image each host that `counts` ask for is made of, by the host's name.

    `chosen` has images by a host's name or by a role, the name first; others have the `default`. The name of a host
    that is no longer asked for does no harm. Raises FleetError.
    """
    for name, image in {"the stage's default": default, **chosen}.items():
        if not _IMAGE.fullmatch(image):
            raise FleetError(f"{image!r}, for {name}, is neither an image's id (ami-...) nor an SSM parameter (/...)")
    strangers = [name for name in chosen if name not in counts and _role(name) not in counts]
    if strangers:
        raise FleetError(
            f"{', '.join(strangers)} is neither a role nor a host of one; the roles are {', '.join(counts)}"
        )
    return {
        f"{role}{number}": chosen.get(f"{role}{number}", chosen.get(role, default))
        for role, count in counts.items()
        for number in range(1, int(count) + 1)
    }


def lines(
    fleet: Plan,
    *,
    instance_type: str,
    instance_types: Mapping[str, str],
    volume_size: int,
    images: Mapping[str, str],
) -> list[str]:
    """Say for people what is there and what would be created.

    `instance_types` are by role, `volume_size` is in GiB, `images` are by host.
    """
    said = []
    for name in fleet.create:
        size = f"{instance_types.get(_role(name), instance_type)}, {volume_size} GiB gp3, encrypted, of {images[name]}"
        said.append(f"instance {name}: will be created ({size})")
    if fleet.keep:
        said.append(f"instances {', '.join(fleet.keep)}: are there")
    removable = [name for names in fleet.surplus.values() for name in names]
    if removable:
        said.append(f"instances {', '.join(removable)}: beyond instances_counts, left running; scale_in removes them")
    if fleet.stuck:
        said.append(
            f"instances {', '.join(fleet.stuck)}: beyond instances_counts, left running, because they hold data"
        )
    return said


def _role(name: str) -> str:
    return name.rstrip("0123456789")
