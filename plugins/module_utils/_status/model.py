# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What was found out of a stage, and what needs a hand there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._processes import shown
from ..host_kinds import BY_NAME, JOB_KINDS, PROGRAMS

GIBIBYTE = 1 << 30
MEBIBYTE = 1 << 20


# The group in which supervisord runs a stage's own programs (see role programs).
OWN_GROUP = "stage"
# systemd's word on a run that has ended well; and on one that was never begun.
RUN_WELL = ("success", "")


@dataclass(frozen=True)
class Own:
    """What a host was told to run of the stage's own: the names of its `programs` and `timers`.

    `stopped` are those of them that were stopped, as in a pause. `down` are the processes that supervisord should run
    and does not, with their states, `others` the releases besides the host's that programs run from. `failed` are the
    timers whose last run has failed, with systemd's word on it, and `logs` is the folder of their logs.
    """

    programs: list[str]
    timers: list[str]
    stopped: list[str]
    down: dict[str, str]
    others: list[str]
    failed: dict[str, str]
    logs: str = ""


@dataclass(frozen=True)
class Host:
    """A host of the stage; `state` is what `carpentries.amy.release_state` returns, None if it does not answer.

    `target_state` is the load balancer's word on a web host; None for other roles, or if it knows nothing of the host.
    `target_reason` is why it does not call it healthy, and may be empty.
    `running` counts the processes of its program in PROGRAMS by the release that they run from, and `free_memory` is in
    bytes; both are None if they could not be found out. `down` are the processes that supervisord should run and does
    not, with their states. `leaves` tells that the stage is to have no such host any more. `makes` are the timers there
    that are another host's to run. `outdated` are the services that an update has replaced on the disk only.
    `paused` tells that requests wait there, for a deploy that is to answer them. `own` are the stage's own programs and
    timers there, if it has any. `schedules` is false on a scheduler host of a stage that has no rq-scheduler.
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
    own: Own | None = None
    schedules: bool = True

    @property
    def program(self) -> str | None:
        """What runs a release here; None on a host where nothing does."""
        return PROGRAMS.get(self.role) if self.schedules else None

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
    def kinds(self) -> set[str]:
        """The kinds of hosts that the stage had for that release, as far as that was recorded."""
        active = self.state["active"] if self.state else None
        return set(active.get("host_kinds", ()) if active else ())

    @property
    def ref(self) -> str | None:
        """What that release was built from: a tag, a branch or a commit."""
        active = self.state["active"] if self.state else None
        return active["ref"] if active else None


@dataclass(frozen=True)
class Stage:
    """What was found out of a stage.

    `answers` and `errors` are by the names of the probes (see probes.py): what a probe found, or why it found nothing.
    A name that is in neither was not asked, because the stage has no such thing. `schedules` tells whether the stage is
    to have an rq-scheduler.
    """

    name: str
    hosts: list[Host]
    answers: Mapping[str, Any]
    errors: Mapping[str, str]
    schedules: bool = True

    @property
    def lock(self) -> dict[str, Any] | None:
        """The deploy lock; None if it is free."""
        held: dict[str, Any] | None = self.answers["lock"]["lock"]
        return held

    @property
    def lock_is_abandoned(self) -> bool:
        """Whether the holder of the deploy lock is gone."""
        return self.answers["lock"]["claim"] in ("expired", "dead")

    @property
    def staying(self) -> list[Host]:
        """The hosts that a deploy changes, and Redis."""
        return [host for host in self.hosts if not host.leaves]

    @property
    def outgrown(self) -> list[Host]:
        """The hosts that stay and run a release which was deployed beside hosts that leave."""
        going = {host.role for host in self.hosts if host.leaves}
        return [host for host in self.staying if host.kinds & going]

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


def is_own(name: str) -> bool:
    """Whether a process is the stage's own, by the name that supervisord has for it."""
    return name.startswith(f"{OWN_GROUP}:")


def own_of(answer: Mapping[str, Any]) -> Own | None:
    """What is known of a host's own programs and timers, by what `carpentries.amy.host_status` returns."""
    noted, active = answer.get("own"), (answer.get("state") or {}).get("active")
    if not noted:
        return None
    down = {name: state for name, state in answer.get("down", {}).items() if is_own(name)}
    timers = answer.get("own_timers", {})
    programs = [program["name"] for program in noted["programs"]]
    running = answer.get("running")
    if programs and running is None:  # supervisord does not answer
        down = {f"{OWN_GROUP}:*": "UNKNOWN"}
    # A pause makes supervisord forget them.
    unknown = not down and not (running or {}).get(OWN_GROUP)
    commands = [shown(program["command"]) for program in noted["programs"]]
    others = {
        process["release"]
        for process in answer.get("processes") or []
        if active and process["release"] != active["id"] and any(command in process["command"] for command in commands)
    }
    results = {name: timer.get("result", "") for name, timer in timers.items()}
    return Own(
        programs=programs,
        timers=[timer["name"] for timer in noted["timers"]],
        stopped=(programs if unknown else []) + [name for name, timer in timers.items() if not timer.get("active")],
        down=down,
        others=sorted(others),
        failed={name: result for name, result in results.items() if result not in RUN_WELL},
        logs=noted.get("logs", ""),
    )


def size(count: int) -> str:
    """Return a count of bytes as a person reads it."""
    return f"{count / GIBIBYTE:.1f} GiB" if count >= GIBIBYTE else f"{count / MEBIBYTE:.1f} MiB"
