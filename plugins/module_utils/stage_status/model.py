# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What was found out of a stage, and what needs a hand there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..host_kinds import BY_NAME, JOB_KINDS, PROGRAMS

GIBIBYTE = 1 << 30
MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Host:
    """A host of the stage; `state` is what `carpentries.amy.release_state` returns, None if it does not answer.

    `target_state` is the load balancer's word on a web host; None for other roles, or if it knows nothing of the host.
    `target_reason` is why it does not call it healthy, and may be empty.
    `running` counts the processes of its program in PROGRAMS by the release that they run from, and `free_memory` is in
    bytes; both are None if they could not be found out. `down` are the processes that supervisord should run and does
    not, with their states. `leaves` tells that the stage is to have no such host any more. `makes` are the timers there
    that are another host's to run. `outdated` are the services that an update has replaced on the disk only.
    `paused` tells that requests wait there, for a deploy that is to answer them.
    """

    name: str
    role: str
    state: dict[str, Any] | None
    target_state: str | None = None
    running: dict[str, int] | None = None
    free_memory: int | None = None
    target_reason: str = ""
    down: dict[str, str] = field(default_factory=dict)
    leaves: bool = False
    makes: list[str] = field(default_factory=list)
    outdated: list[str] = field(default_factory=list)
    paused: bool = False

    @property
    def program(self) -> str | None:
        """What runs a release here; None on a host where nothing does."""
        return PROGRAMS.get(self.role)

    @property
    def wants_release(self) -> bool:
        """Whether a deploy puts a release on it."""
        return BY_NAME[self.role].takes_release

    @property
    def release(self) -> str | None:
        """Id of the release it runs, as far as is known."""
        active = self.state["active"] if self.state else None
        return active["id"] if active else None

    @property
    def ref(self) -> str | None:
        """What that release was built from: a tag, a branch or a commit."""
        active = self.state["active"] if self.state else None
        return active["ref"] if active else None


@dataclass(frozen=True)
class Stage:
    """What was found out of a stage.

    `queues` is what `rq_queue_state` returns, `backup` what `amy-database check` prints, `redis_backup` what
    `amy-redis check` does. Where one could not be had, its text in `errors` (by the same name) says why; where there is
    no text either, the stage has none. `lock` is the deploy lock, and `lock_is_abandoned` tells that its holder is
    gone. `balancer_page` tells that the load balancer answers everybody by itself. `certificate` is what
    `acm_certificate_info` returns.
    """

    name: str
    hosts: list[Host]
    queues: dict[str, Any] | None
    backup: dict[str, Any] | None
    redis_backup: dict[str, Any] | None
    lock: dict[str, Any] | None
    lock_is_abandoned: bool = False
    balancer_page: bool = False
    certificate: dict[str, Any] | None = None
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def staying(self) -> list[Host]:
        """The hosts that a deploy changes, and Redis."""
        return [host for host in self.hosts if not host.leaves]

    @property
    def ends_queues(self) -> bool:
        """Whether workers or schedulers are there that the stage is to have no longer."""
        return any(host.leaves and host.role in JOB_KINDS for host in self.hosts)

    @property
    def deploys(self) -> bool:
        """Whether a deploy runs, which has closed, suspended and held back what it needs."""
        return self.lock is not None and not self.lock_is_abandoned


@dataclass(frozen=True)
class Finding:
    """Something that needs a hand, and the command to run next."""

    what: str
    run: str


def running_of(role: str, processes: Iterable[dict[str, Any]]) -> dict[str, int]:
    """How many of the `processes` of `carpentries.amy.host_status` are of the role's program, by their release."""
    program = PROGRAMS.get(role)
    return dict(Counter(process["release"] for process in processes if program and program in process["command"]))


def size(count: int) -> str:
    """Return a count of bytes as a person reads it."""
    return f"{count / GIBIBYTE:.1f} GiB" if count >= GIBIBYTE else f"{count / MEBIBYTE:.1f} MiB"
