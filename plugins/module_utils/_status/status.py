# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The status of a stage, by what its hosts and AWS have answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from ..host_kinds import NAMES
from . import findings, table
from .model import Host, Stage, is_own, own_of, running_of
from .probes import PROBES, Answer, asked, read


def status(
    name: str,
    hosts: Iterable[Mapping[str, Any]],
    *,
    targets: Iterable[Mapping[str, Any]],
    duties: Mapping[str, Any],
    answers: Mapping[str, Answer | None],
    schedules: bool,
) -> dict[str, Any]:
    """Return the status of the stage `name`, as programs read it and as people do (`lines` and `findings`).

    `hosts` are the variables of its hosts, `targets` what the load balancer says of them, `duties` what they are there
    for. `answers` are by probe; those that are not given are looked for among the hosts' variables.
    """
    known = sorted(hosts, key=lambda host: NAMES.index(host["ec2_tags"]["Role"]))
    found, errors = read({**asked(known), **answers})
    rotation = {target["id"]: target for target in targets}
    stage = Stage(
        name=name,
        hosts=[_host(host, rotation, duties, schedules=schedules) for host in known],
        answers=found,
        errors=errors,
        schedules=schedules,
    )
    return {
        "stage": name,
        "hosts": [_facts(host) for host in stage.hosts],
        **{
            probe.name: probe.shown(found[probe.name]) if probe.name in found else None
            for probe in PROBES
            if probe.shown
        },
        "errors": errors,
        "lines": [*table.of_hosts(stage), *(line for probe in PROBES for line in probe.lines(stage))],
        "findings": [
            asdict(finding)
            for function in (findings.of_hosts, *(probe.findings for probe in PROBES))
            for finding in function(stage)
        ],
    }


def _host(
    variables: Mapping[str, Any],
    targets: Mapping[str, Mapping[str, Any]],
    duties: Mapping[str, Any],
    *,
    schedules: bool,
) -> Host:
    answer, role = variables["status_host"], variables["ec2_tags"]["Role"]
    processes = answer.get("processes")
    target = targets.get(variables["ec2_instance_id"], {})
    return Host(
        name=variables["inventory_hostname"],
        role=role,
        state=answer.get("state"),
        target_state=target.get("state"),
        target_reason=target.get("description") or target.get("reason") or "",
        running=running_of(role, processes) if processes is not None else None,
        free_memory=answer.get("free_memory"),
        down={name: state for name, state in answer.get("down", {}).items() if not is_own(name)},
        own=own_of(answer),
        schedules=schedules or role != "scheduler",
        leaves=variables["inventory_hostname"] in duties["leaving"],
        outdated=answer.get("outdated", []),
        paused=answer.get("paused", False),
        makes=answer.get("timers", []) if variables["inventory_hostname"] in duties["former"] else [],
    )


def _facts(host: Host) -> dict[str, Any]:
    """What JSON tells of a host."""
    state = host.state or {}
    return {
        "name": host.name,
        "role": host.role,
        "release": host.release,
        "target_state": host.target_state,
        "target_reason": host.target_reason,
        "running": host.running,
        "down": host.down,
        "own": asdict(host.own) if host.own else None,
        "leaves": host.leaves,
        "outdated": host.outdated,
        "paused": host.paused,
        "free_bytes": state.get("free_bytes"),
        "free_memory": host.free_memory,
        "maintenance": state.get("maintenance"),
        "lacks_shared_files": state.get("lacks_shared_files"),
    }
