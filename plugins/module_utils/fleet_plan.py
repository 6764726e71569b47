# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which hosts a stage has, lacks, and has beyond the counts that its inventory asks for, and what each is there for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .host_kinds import BY_NAME, JOB_KINDS, KINDS, NAMES, QUEUE_KINDS, UTILITY_KINDS

# How a stage names a machine image: by its id, or by the SSM parameter that holds the id.
_IMAGE = re.compile(r"ami-[0-9a-z]+|/\S+")

# Types with processors of ARM: https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
_ARM = re.compile(r"(?:a1|[a-z]+\d+g[a-z]*)\..+")


class FleetError(ValueError):
    """A fleet is asked for that there cannot be; the message says what is wrong in the stage's inventory."""


@dataclass(frozen=True)
class Plan:
    """Names of hosts: `keep` are there and wanted, `create` are wanted and missing, `surplus` are too many.

    `surplus` is by kind, the highest number first. `holding` are those of them that hold data: they go with a
    confirmation only. `ends_queues` tells that the stage is to have no background jobs any more, and still has hosts
    for them.
    """

    keep: list[str]
    create: list[str]
    surplus: dict[str, list[str]]
    holding: list[str]
    ends_queues: bool

    def as_result(self) -> dict[str, Any]:
        """Return the plan as Ansible sees it."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Duties:
    """What the hosts of a stage are there for, by name, while it may lose one kind of host and gain another.

    `utility` is the one host that builds the releases, migrates, keeps the backups and takes the metrics: a list, empty
    if there is none. `former` are the hosts that may have been it: they keep no backups and take no metrics.
    `leaving` are the hosts of kinds that the stage is to have no longer. They run what they run until `make scale-in`
    removes them: a deploy leaves them alone. `working_off` are those of them that are there for background jobs, by the
    release's code. `releases` are the hosts that a deploy puts the release on.
    `kinds` are those that the stage is to have, `gone` those that it neither is to have nor has. `wants_queues`,
    `wants_redis` and `wanted_releases` (how many hosts get the release) say what the stage is to be.
    """

    utility: list[str]
    former: list[str]
    leaving: list[str]
    working_off: list[str]
    releases: list[str]
    kinds: list[str]
    gone: list[str]
    wants_queues: bool
    wants_redis: bool
    wanted_releases: int

    def as_result(self) -> dict[str, Any]:
        """Return the duties as Ansible sees them."""
        return asdict(self)


def plan(*, counts: Mapping[str, int], existing: Iterable[str]) -> Plan:
    """Compare the hosts `existing`, by name, with `counts` by kind. A host is named by its kind and a number from 1.

    A kind that has no count is to have no host. A host of another name is left alone.
    """
    wanted = [f"{kind}{number}" for kind in counts for number in range(1, _count(counts, kind) + 1)]
    there = set(existing)
    beyond: dict[str, list[tuple[int, str]]] = {}
    for name in there - set(wanted):
        if number := _number(name):
            beyond.setdefault(_kind(name), []).append((number, name))
    surplus = {kind: [name for _number, name in sorted(beyond[kind], reverse=True)] for kind in NAMES if kind in beyond}
    return Plan(
        keep=[name for name in wanted if name in there],
        create=[name for name in wanted if name not in there],
        surplus=surplus,
        holding=[name for kind, names in surplus.items() if BY_NAME[kind].holds for name in names],
        ends_queues=not _wants_queues(counts) and any(kind in surplus for kind in QUEUE_KINDS),
    )


def complaint(counts: Mapping[str, int]) -> str:
    """Return why a stage cannot have these `counts` of hosts, as a sentence; empty if it can."""
    if unknown := sorted(set(counts) - set(NAMES)):
        return f"There is no kind of host called {', '.join(unknown)}; the kinds are {', '.join(NAMES)}."
    if wrong := [f"{kind}: {count}" for kind, count in counts.items() if not re.fullmatch(r"\d+", str(count))]:
        return f"The number of hosts must be 0 or more, and it is {', '.join(wrong)}."
    if not _count(counts, "web"):
        return "A stage needs at least one web host."
    if _count(counts, "redis") > 1:
        return f"A stage has one Redis host at most, and redis is {counts['redis']}."
    return _missing(counts)


def _missing(counts: Mapping[str, int]) -> str:
    """Return which kinds of hosts `counts` lack for what the others do."""
    missing = [kind for kind in QUEUE_KINDS if not _count(counts, kind)]
    if _wants_queues(counts) and missing:
        return (
            f"Background jobs need hosts of the kinds {', '.join(QUEUE_KINDS)}, and there is no "
            f"{' and no '.join(missing)} host. Give each at least one; or, for an application without jobs, 0 to "
            f"{' and '.join(JOB_KINDS)}."
        )
    if not any(_count(counts, kind) for kind in UTILITY_KINDS):
        return (
            f"One host must build the releases and keep the backups: a {UTILITY_KINDS[0]} host, or without background "
            f"jobs a {UTILITY_KINDS[1]} host. Give {UTILITY_KINDS[1]} at least 1."
        )
    return ""


def duties(*, counts: Mapping[str, int], groups: Mapping[str, Sequence[str]]) -> Duties:
    """Return what the hosts in the inventory's `groups` are there for, if the stage is to have `counts` of hosts.

    Empty counts, of a stage whose hosts something else makes, mean that every host is wanted. The host that keeps the
    backups is one that stays, as soon as there is one; before, it is one that leaves. Of a kind it is the one with the
    lowest number, which is the last to be removed: an inventory is in the order of the instances' ids.
    """
    there = {kind: sorted(groups.get(kind) or [], key=_number) for kind in NAMES}
    staying = {kind: hosts if not counts or _count(counts, kind) else [] for kind, hosts in there.items()}
    able = [name for found in (staying, there) for kind in UTILITY_KINDS for name in found[kind]]
    utility = able[:1]
    wanted = {kind: _count(counts, kind) for kind in NAMES} if counts else {k: len(names) for k, names in there.items()}
    return Duties(
        utility=utility,
        former=[name for kind in UTILITY_KINDS for name in there[kind] if name not in utility],
        leaving=[name for kind in NAMES for name in there[kind] if name not in staying[kind]],
        working_off=[name for kind in JOB_KINDS for name in there[kind] if name not in staying[kind]],
        releases=[name for kind in KINDS if kind.takes_release for name in staying[kind.name]],
        kinds=[kind for kind in NAMES if wanted[kind]],
        gone=[kind for kind in NAMES if not wanted[kind] and not there[kind]],
        wants_queues=_wants_queues(wanted),
        wants_redis=bool(wanted["redis"]),
        wanted_releases=sum(wanted[kind.name] for kind in KINDS if kind.takes_release),
    )


def lacking_roles(*, counts: Mapping[str, int], groups: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the kinds of which a deploy needs a host and the inventory's `groups` have none.

    Needed is what `counts` ask for, and on every stage a web host; with background jobs all that they take, and without
    a utility host, which then does what else the scheduler host does.
    """
    wanted = counts or {kind: len(groups.get(kind) or []) for kind in NAMES}
    needed = {"web", *(QUEUE_KINDS if _wants_queues(wanted) else UTILITY_KINDS[1:])}
    needed |= {kind for kind in counts if _count(counts, kind)}
    return sorted(kind for kind in needed if not groups.get(kind))


def images(*, counts: Mapping[str, int], default: str, chosen: Mapping[str, str]) -> dict[str, str]:
    """Return which machine image each host that `counts` ask for is made of, by the host's name.

    `chosen` has images by a host's name or by a kind, the name first; others have the `default`. The name of a host
    that is no longer asked for does no harm. Raises FleetError.
    """
    for name, image in {"the stage's default": default, **chosen}.items():
        if not _IMAGE.fullmatch(image):
            raise FleetError(f"{image!r}, for {name}, is neither an image's id (ami-...) nor an SSM parameter (/...)")
    strangers = [name for name in chosen if name not in NAMES and _kind(name) not in NAMES]
    if strangers:
        raise FleetError(
            f"{', '.join(strangers)} is neither a kind of host nor a host of one; the kinds are {', '.join(NAMES)}"
        )
    return {
        f"{role}{number}": chosen.get(f"{role}{number}", chosen.get(role, default))
        for role in counts
        for number in range(1, _count(counts, role) + 1)
    }


def unfit_images(
    *,
    images: Mapping[str, str],
    architectures: Mapping[str, str],
    instance_type: str,
    instance_types: Mapping[str, str],
) -> list[str]:
    """Return a line for each kind of host whose instance type cannot run its image.

    `images` are by the hosts' names, `architectures` by the images, as EC2 names them.
    """
    said = {}
    for name, image in images.items():
        chosen = instance_types.get(_kind(name), instance_type)
        needed = "arm64" if _ARM.fullmatch(chosen) else "x86_64"
        if architectures.get(image, needed) != needed:
            said[_kind(name), image] = f"{_kind(name)}: {chosen} is {needed}, and {image} is {architectures[image]}"
    return list(said.values())


def lines(
    fleet: Plan,
    *,
    instance_type: str,
    instance_types: Mapping[str, str],
    volume_size: int,
    images: Mapping[str, str],
) -> list[str]:
    """Say for people what is there and what would be created.

    `instance_types` are by kind, `volume_size` is in GiB, `images` are by host.
    """
    said = []
    for name in fleet.create:
        size = f"{instance_types.get(_kind(name), instance_type)}, {volume_size} GiB gp3, encrypted, of {images[name]}"
        said.append(f"instance {name}: will be created ({size})")
    if fleet.keep:
        said.append(f"instances {', '.join(fleet.keep)}: are there")
    removable = [name for names in fleet.surplus.values() for name in names if name not in fleet.holding]
    if removable:
        said.append(f"instances {', '.join(removable)}: beyond instances_counts, left running; scale-in removes them")
    said += [
        f"instance {name}: beyond instances_counts, left running; it holds {BY_NAME[_kind(name)].holds}, so scale-in "
        "removes it only with a confirmation"
        for name in fleet.holding
    ]
    return said


def _count(counts: Mapping[str, int], kind: str) -> int:
    return int(counts.get(kind) or 0)


def _wants_queues(counts: Mapping[str, int]) -> bool:
    return any(_count(counts, kind) for kind in JOB_KINDS)


def _kind(name: str) -> str:
    return name.rstrip("0123456789")


def _number(name: str) -> int:
    """Return the number in a host's name; 0 for a name that is not a kind and a number."""
    match = re.fullmatch(r"([a-z]+)([1-9]\d*)", name)
    return int(match[2]) if match and match[1] in BY_NAME else 0
