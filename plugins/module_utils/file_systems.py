# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An EFS file system that hosts in several zones reach: what it should be, whether it is, and making it so.

Nothing here deletes a file system.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Callable

from ._clock import Clock

INTERVAL = 3.0
# Seconds; a mount target takes up to two minutes, all of them come at once.
LONGEST_CHANGE = 600.0
AVAILABLE = "available"


class FileSystemError(Exception):
    """The file system did not become what was asked for; the message says what it is and what to do."""


@dataclass(frozen=True)
class Target:
    """A mount target: the file system's address in the `zone` of a subnet."""

    id: str
    subnet: str
    zone: str
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """A file system as it is; `unused_days` after which a file moves to cheaper storage, 0 for never."""

    id: str
    backed_up: bool
    unused_days: int
    targets: tuple[Target, ...]


@dataclass(frozen=True)
class Wanted:
    """What it should be: `subnets` are the zones by subnet, in order of preference; None if they are of no concern."""

    unused_days: int
    subnets: Mapping[str, str] | None
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What has to be done."""

    back_up: bool
    set_unused_days: bool
    add_in: tuple[str, ...]
    correct_groups_of: tuple[str, ...]

    @property
    def needed(self) -> bool:
        """Whether anything has to be done."""
        return bool(self.back_up or self.set_unused_days or self.add_in or self.correct_groups_of)


def plan(wanted: Wanted, found: Found) -> Plan:
    """Steps from what is found to what is wanted. EFS has one mount target a zone; one that is there is kept."""
    served = {target.zone for target in found.targets}
    added: dict[str, str] = {}
    for subnet, zone in (wanted.subnets or {}).items():
        if zone not in served:
            added.setdefault(zone, subnet)
    return Plan(
        back_up=not found.backed_up,
        set_unused_days=found.unused_days != wanted.unused_days,
        add_in=tuple(added.values()),
        correct_groups_of=tuple(
            target.id
            for target in found.targets
            if wanted.subnets is not None and set(target.groups) != set(wanted.groups)
        ),
    )


def described(found: Found | None) -> dict[str, Any]:
    """A file system for people, as it is."""
    if found is None:
        return {}
    return {
        "backed_up": found.backed_up,
        "unused_days": found.unused_days,
        "targets": {target.subnet: sorted(target.groups) for target in found.targets},
    }


def promised(wanted: Wanted, found: Found | None) -> dict[str, Any]:
    """A file system for people, as it will be."""
    there = found or Found(id="", backed_up=True, unused_days=wanted.unused_days, targets=())
    added = plan(wanted, there).add_in
    kept = [target.subnet for target in there.targets]
    groups = sorted(wanted.groups)
    return {
        "backed_up": True,
        "unused_days": wanted.unused_days,
        "targets": described(there)["targets"] if wanted.subnets is None else dict.fromkeys([*kept, *added], groups),
    }


class FileSystems:
    """The file systems of an account in a region, told apart by their creation tokens.

    `efs` and `ec2` are boto3's clients, whose errors go through.
    """

    def __init__(self, efs: Any, ec2: Any, *, clock: Clock) -> None:
        self._efs = efs
        self._ec2 = ec2
        self._clock = clock

    def find(self, name: str) -> Found | None:
        """Return the file system with that creation token, None without one."""
        there = self._describe(name)
        if there is None:
            return None
        identifier = str(there["FileSystemId"])
        return Found(
            id=identifier,
            backed_up=self._is_backed_up(identifier),
            unused_days=self._unused_days(identifier),
            targets=tuple(self._target(target) for target in self._targets(identifier)),
        )

    def zones(self, subnets: Sequence[str]) -> dict[str, str]:
        """Return the zone of each subnet, in their order."""
        answer = self._ec2.describe_subnets(SubnetIds=list(subnets))["Subnets"]
        found = {subnet["SubnetId"]: str(subnet["AvailabilityZone"]) for subnet in answer}
        return {subnet: found[subnet] for subnet in subnets}

    def create(self, name: str, *, tags: Mapping[str, str]) -> Found:
        """Create an encrypted file system that is backed up; a token that is taken makes no second one."""
        self._efs.create_file_system(
            CreationToken=name,
            Encrypted=True,
            Backup=True,
            PerformanceMode="generalPurpose",
            ThroughputMode="elastic",
            Tags=[{"Key": key, "Value": value} for key, value in {"Name": name, **tags}.items()],
        )
        self._await_available(name)
        found = self.find(name)
        if found is None:
            raise FileSystemError(f"File system {name} is gone again; see: aws efs describe-file-systems")
        return found

    def correct(self, name: str, *, found: Found, wanted: Wanted) -> None:
        """Make a file system what is wanted, and wait until every zone has its address."""
        steps = plan(wanted, found)
        self._await_available(name)
        if steps.back_up:
            self._efs.put_backup_policy(FileSystemId=found.id, BackupPolicy={"Status": "ENABLED"})
        if steps.set_unused_days:
            policies = [{"TransitionToIA": f"AFTER_{wanted.unused_days}_DAYS"}] if wanted.unused_days else []
            self._efs.put_lifecycle_configuration(FileSystemId=found.id, LifecyclePolicies=policies)
        for target in steps.correct_groups_of:
            self._efs.modify_mount_target_security_groups(MountTargetId=target, SecurityGroups=list(wanted.groups))
        for subnet in steps.add_in:
            self._efs.create_mount_target(FileSystemId=found.id, SubnetId=subnet, SecurityGroups=list(wanted.groups))
        self._wait(lambda: {target["LifeCycleState"] for target in self._targets(found.id)} <= {AVAILABLE}, name=name)

    def detach(self, name: str, *, found: Found) -> None:
        """Take the addresses away; the files stay."""
        for target in found.targets:
            self._efs.delete_mount_target(MountTargetId=target.id)
        self._wait(lambda: not self._targets(found.id), name=name)

    def _describe(self, name: str) -> dict[str, Any] | None:
        answer = self._efs.describe_file_systems(CreationToken=name)["FileSystems"]
        return next((there for there in answer if there["LifeCycleState"] not in ("deleting", "deleted")), None)

    def _targets(self, identifier: str) -> list[dict[str, Any]]:
        pages = self._efs.get_paginator("describe_mount_targets").paginate(FileSystemId=identifier)
        return [target for page in pages for target in page["MountTargets"]]

    def _target(self, answer: Mapping[str, Any]) -> Target:
        groups = self._efs.describe_mount_target_security_groups(MountTargetId=answer["MountTargetId"])
        return Target(
            id=answer["MountTargetId"],
            subnet=answer["SubnetId"],
            zone=answer["AvailabilityZoneName"],
            groups=tuple(groups["SecurityGroups"]),
        )

    def _is_backed_up(self, identifier: str) -> bool:
        try:
            answer = self._efs.describe_backup_policy(FileSystemId=identifier)
        except self._efs.exceptions.PolicyNotFound:
            return False
        return answer["BackupPolicy"]["Status"] in ("ENABLED", "ENABLING")

    def _unused_days(self, identifier: str) -> int:
        policies = self._efs.describe_lifecycle_configuration(FileSystemId=identifier)["LifecyclePolicies"]
        chosen = [policy["TransitionToIA"] for policy in policies if "TransitionToIA" in policy]
        return int(chosen[0].split("_")[1]) if chosen else 0

    def _await_available(self, name: str) -> None:
        self._wait(lambda: (self._describe(name) or {}).get("LifeCycleState") == AVAILABLE, name=name)

    def _wait(self, condition: Callable[[], bool], *, name: str) -> None:
        deadline = self._clock.monotonic() + LONGEST_CHANGE
        while not condition():
            if self._clock.monotonic() > deadline:
                raise FileSystemError(
                    f"File system {name} has not followed for {LONGEST_CHANGE:g} s. "
                    f"Look: aws efs describe-file-systems --creation-token {name}; aws efs describe-mount-targets. "
                    "Then run the same command again."
                )
            self._clock.sleep(INTERVAL)
