# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Decide which hosts a deploy must touch, and in which order, from what the hosts and the rotation say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ansible_collections.carpentries.amy.plugins.module_utils.rq.lease import DEPLOY_PREFIX

IN_ROTATION = "healthy"


@dataclass(frozen=True)
class Host:
    """What is known of a host of the application.

    `active` is the id of the release it runs, None before its first. `current` tells whether its programs are
    configured as the roles would configure them now. `target_state` is the load balancer's word on a web host (a
    TargetHealth state of ELBv2), None for other roles. `closed` tells that a deploy has left the maintenance page on,
    `refused` that the release it runs was refused there, and has not served since. `outdated` are the services that an
    update has replaced on the disk, and that nothing has restarted since. `deploy` is the id of the deploy that has
    made `active` the active release, empty if that is not known.
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


@dataclass(frozen=True)
class Plan:
    """What a deploy does, host by host.

    `rejoin` are web hosts that are out of rotation: they go first, because while one is out no other may leave.
    `roll` are the web hosts in rotation that must change. `hand_over` are the other hosts that must change.
    `pause` are the hosts whose own programs and timers stop meanwhile: those, or all of these kinds for a database that
    changes under them.
    `hold_queues` tells whether the queues are held meanwhile: for those, for a database that changes under the workers,
    or to end the hold of a dead deploy.
    `previous` is the release that the fleet goes back to if the wanted one fails; None on a first deploy.
    `previous_host` is a host that runs it: the one that migrates may have joined after it was deployed.
    `done` are the hosts that run the wanted release already while others run `previous`, and `begun` those of them to
    which a deploy that died has given it: if this deploy fails, they go back with the others.
    """

    rejoin: list[str]
    roll: list[str]
    hand_over: list[str]
    pause: list[str]
    hold_queues: bool
    previous: str | None
    previous_host: str | None
    reasons: dict[str, str]
    done: list[str]
    begun: list[str]

    def as_result(self) -> dict[str, Any]:
        """Return the plan as Ansible sees it; `needed` is false when nothing at all must change."""
        return {**asdict(self), "needed": bool(self.reasons)}


def plan(
    *,
    hosts: list[Host],
    release: str,
    queues: dict[str, Any] | None = None,
    lacks: Sequence[str] = (),
    dead: str = "",
) -> Plan:
    """Return what must be done so that every host runs `release`, every web host is in rotation, and jobs run.

    `queues` is what the module rq_queue_state says, None where it was not asked. `lacks` are the migrations of
    `release` that the database does not have, though `release` runs already: it was restored from an older backup.
    `dead` is the id of a deploy that died, and whose lock this one takes over.
    """
    # One web host alone has no rotation to leave, so that no deploy could restart what an update has replaced there.
    alone = sum(host.role == "web" for host in hosts) == 1
    hosts = [replace(host, outdated=()) if alone and host.role == "web" else host for host in hosts]
    reasons = {host.name: reason for host in hosts if (reason := _reason(host, release))}
    web = [host for host in hosts if host.role == "web" and host.name in reasons]
    hand_over = [host.name for host in hosts if host.role != "web" and host.name in reasons]
    # The deploy lock is ours, or will be: whichever deploy holds them now lives no more.
    if holder := _holder(queues or {}):
        reasons["the queues"] = f"are held by {holder}, which runs no more"
    if lacks:
        reasons["the database"] = f"lacks {', '.join(lacks)}, which {release} wants"
    previous = _previous(hosts, release)
    done = [host for host in hosts if host.active == release and previous not in (None, release)]
    return Plan(
        rejoin=[host.name for host in web if host.target_state != IN_ROTATION],
        roll=[host.name for host in web if host.target_state == IN_ROTATION],
        hand_over=hand_over,
        pause=[host.name for host in hosts if host.role != "web"] if lacks else hand_over,
        hold_queues=bool(hand_over or holder or lacks),
        previous=previous,
        previous_host=_host_of(previous, hosts),
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
    """Return the deploy that holds the workers or the scheduler; what a person has suspended is his own business."""
    claims = [queues.get("suspended_by"), queues.get("scheduler_locked_by")]
    holders = [claim["holder"] for claim in claims if claim]
    return next((name.removeprefix(DEPLOY_PREFIX) for name in holders if name.startswith(DEPLOY_PREFIX)), None)


def _previous(hosts: list[Host], release: str) -> str | None:
    """Return the release that most hosts run besides the wanted one; after an interrupted deploy, a part runs each."""
    others = Counter(host.active for host in hosts if host.active not in (None, release))
    if others:
        return others.most_common(1)[0][0]
    return release if any(host.active == release for host in hosts) else None


def _host_of(release: str | None, hosts: list[Host]) -> str | None:
    """Return a host that runs `release`, without visitors if there is one."""
    running = [host for host in hosts if release is not None and host.active == release]
    return min(running, key=lambda host: host.role == "web").name if running else None
