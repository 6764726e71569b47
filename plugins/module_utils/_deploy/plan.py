# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Decide which hosts a deploy must touch, and in which order, from what the hosts and the rotation say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..rq.lease import DEPLOY_PREFIX

IN_ROTATION = "healthy"


@dataclass(frozen=True)
class Host:
    """What is known of a host of the application.

    `active` is the id of the release it runs, None before its first; `ref` is what that was deployed as, and `version`
    what it calls itself where that was no tag. `current` tells whether its programs are configured as the roles would
    configure them now. `target_state` is the load balancer's word on a web host (a TargetHealth state of ELBv2), None
    for other roles. `closed` tells that a deploy has left the maintenance page on, or lets requests wait, `refused`
    that the release it runs was refused there, and has not served since. `outdated` are the services that an update has
    replaced on the disk, and that nothing has restarted since. `deploy` is the id of the deploy that has made `active`
    the active release, empty if that is not known.
    """

    name: str
    role: str
    active: str | None
    current: bool
    target_state: str | None = None
    closed: bool = False
    refused: bool = False
    outdated: tuple[str, ...] = ()
    deploy: str = ""
    ref: str = ""
    version: str = ""


@dataclass(frozen=True)
class Plan:
    """What a deploy does, host by host.

    `rejoin` are web hosts that are out of rotation: they go first, because while one is out no other may leave.
    `roll` are the web hosts in rotation that must change. `change` are the other hosts that must change.
    `pause_programs` are the hosts whose own programs and timers stop meanwhile: those, or all of these kinds for a
    database that changes under them, and the hosts that are about to leave. `resume_programs` are those of them that
    start theirs again without another release.
    `pause_queues` tells whether the queues are paused meanwhile: for those, for a database that changes under the
    workers, or to end the pause of a dead deploy. `keeper` is the host that does it, None on a stage without queues.
    `working_off` are the workers and schedulers that are about to leave: they run what they run until then.
    `migrator` is the host that backs up and migrates the database.
    `previous` is the release that the fleet goes back to if the wanted one fails, None on a first deploy;
    `previous_ref` is what it was deployed as, and `previous_version` what it calls itself where that was no tag.
    `previous_host` is a host that runs it: the one that migrates may have joined after it was deployed.
    `done` are the hosts that run the wanted release already while others run `previous`, and `begun` those of them to
    which a deploy that died has given it: if this deploy fails, they go back with the others.
    `found_closed` tells that a deploy that died had closed the site. `needed` is false when nothing at all must change.
    """

    needed: bool = False
    rejoin: list[str] = field(default_factory=list)
    roll: list[str] = field(default_factory=list)
    change: list[str] = field(default_factory=list)
    pause_programs: list[str] = field(default_factory=list)
    resume_programs: list[str] = field(default_factory=list)
    pause_queues: bool = False
    keeper: str | None = None
    working_off: list[str] = field(default_factory=list)
    migrator: str | None = None
    previous: str | None = None
    previous_ref: str = ""
    previous_version: str = ""
    previous_host: str | None = None
    found_closed: bool = False
    reasons: dict[str, str] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)


def plan(
    *,
    hosts: list[Host],
    release: str,
    ref: str = "",
    queues: dict[str, Any] | None = None,
    lacks: Sequence[str] = (),
    dead: str = "",
    migrator: str | None = None,
    keeper: str | None = None,
    leaving: Sequence[str] = (),
    working_off: Sequence[str] = (),
) -> Plan:
    """Return what must be done so that every host runs `release`, every web host is in rotation, and jobs run.

    `ref` is what the release is deployed as. `queues` is what the module rq_queue_state says, None where it was not
    asked. `lacks` are the migrations of `release` that the database does not have, though `release` runs already: it
    was restored from an older backup. `dead` is the id of a deploy that died, and whose lock this one takes over.
    `leaving` are the hosts that get no release any more, and that may run programs of the stage's own.
    """
    # One web host alone has no rotation to leave, so that no deploy could restart what an update has replaced there.
    alone = sum(host.role == "web" for host in hosts) == 1
    hosts = [replace(host, outdated=()) if alone and host.role == "web" else host for host in hosts]
    reasons = {host.name: reason for host in hosts if (reason := _reason(host, release))}
    web = [host for host in hosts if host.role == "web" and host.name in reasons]
    change = [host.name for host in hosts if host.role != "web" and host.name in reasons]
    # The deploy lock is ours, or will be: a deploy that paused them before does not run any more.
    if holder := _holder(queues or {}):
        reasons["the queues"] = f"are paused by {holder}, which does not run any more"
    if lacks:
        reasons["the database"] = f"lacks {', '.join(lacks)}, which {release} wants"
    paused = [host.name for host in hosts if host.role != "web"] if lacks else change
    previous = _previous(hosts, release)
    running = [host for host in hosts if previous is not None and host.active == previous]
    done = [host for host in hosts if host.active == release and previous not in (None, release)]
    return Plan(
        needed=bool(reasons),
        rejoin=[host.name for host in web if host.target_state != IN_ROTATION],
        roll=[host.name for host in web if host.target_state == IN_ROTATION],
        change=change,
        pause_programs=[*paused, *leaving] if paused else [],
        resume_programs=[name for name in paused if name not in change],
        pause_queues=bool(change or holder or lacks),
        keeper=keeper,
        working_off=list(working_off),
        migrator=migrator,
        previous=previous,
        previous_ref=running[0].ref if running else ref,
        previous_version=running[0].version if running else "",
        previous_host=_without_visitors(running),
        found_closed=any(host.closed for host in hosts),
        reasons=reasons,
        done=[host.name for host in done],
        begun=[host.name for host in done if dead and host.deploy == dead],
    )


def _reason(host: Host, release: str) -> str | None:
    reasons = {
        "runs no release yet": host.active is None,
        f"runs {host.active}": host.active != release,
        "its programs are configured differently": not host.current,
        "it was refused there, and has to prove itself": host.refused,
        "a deploy that died had closed it": host.closed,
        f"runs {' and '.join(host.outdated)} as before an update": bool(host.outdated),
        f"is not in rotation ({host.target_state})": host.role == "web" and host.target_state != IN_ROTATION,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _holder(queues: dict[str, Any]) -> str | None:
    """Return the deploy that has paused the workers or the scheduler. A pause of an operator's is left as it is."""
    claims = [queues.get("suspended_by"), queues.get("scheduler_locked_by")]
    holders = [claim["holder"] for claim in claims if claim]
    return next((name.removeprefix(DEPLOY_PREFIX) for name in holders if name.startswith(DEPLOY_PREFIX)), None)


def _previous(hosts: list[Host], release: str) -> str | None:
    """Return the release that most hosts run besides the wanted one; after an interrupted deploy, a part runs each."""
    others = Counter(host.active for host in hosts if host.active not in (None, release))
    if others:
        return others.most_common(1)[0][0]
    return release if any(host.active == release for host in hosts) else None


def _without_visitors(hosts: list[Host]) -> str | None:
    """Return one of the `hosts`, none that serves visitors if there is another."""
    return min(hosts, key=lambda host: host.role == "web").name if hosts else None
