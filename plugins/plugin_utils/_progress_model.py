# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How far a playbook is, as a pure function of what has happened.

Private to this collection. Every method takes the moment (seconds of any clock that never goes back) and returns what
is to be printed for good; what changes in place is read from the attributes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import groupby
from typing import Any

CONTROLLER = "localhost"
# What a host does, in a word, while a module runs on it; of one with several states, by that.
WORDS = {
    "alb_target out_of_rotation": "leaving",
    "alb_target in_rotation": "rejoining",
    "nginx_drain": "draining",
    "release_activate": "activating",
    "release_build": "building",
    "release_migrate": "migrating",
    "release_stage": "staging",
    "supervised_program": "starting",
    "http_proof": "proving",
    "rq_hold held": "waiting for jobs",
}
WINDOWS = {
    "site_closed": "shows the maintenance page",
    "site_open": "answers visitors again",
    "requests_held": "lets requests wait",
    "requests_released": "answers what has waited",
}


class Kind(Enum):
    """What sort of a note it is; how it looks is the printer's affair."""

    PHASE = "phase"
    CHANGE = "change"
    EVENT = "event"
    MESSAGE = "message"
    IGNORED = "ignored"
    FAILURE = "failure"


@dataclass(frozen=True)
class Note:
    """Something to print for good: a headline, and lines below it."""

    kind: Kind
    text: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """A task, as far as progress is concerned. `word` is short for it and may be empty."""

    id: str
    name: str
    word: str = ""


@dataclass(frozen=True)
class Result:
    """How a task ended on a host. `lines` explain a failure; `events` are what it returned as `deploy_event`."""

    status: str  # ok, changed, skipped, failed or unreachable
    ignored: bool = False
    remark: str = ""
    lines: tuple[str, ...] = ()
    events: tuple[Mapping[str, Any], ...] = ()


@dataclass
class Host:
    """What is known of a host. `away_since` tells that it is out of rotation, and `begun` that a task runs on it."""

    name: str
    role: str = ""
    renewed: bool = False
    failed: bool = False
    away_since: float | None = None
    task: Task | None = None
    begun: float | None = None
    remark: str = ""


@dataclass
class Progress:
    """A run of a playbook. `expected` are its plays' names in order, `estimates` how many seconds some of them take."""

    expected: list[str]
    estimates: Mapping[str, float]
    started: float
    title: str = ""
    dry: bool = False
    release: str = ""
    position: int = -1
    phase: str = ""
    phase_started: float = 0.0
    hosts: dict[str, Host] = field(default_factory=dict)
    _phase_is_named: bool = False
    _changed: dict[str, list[str]] = field(default_factory=dict)
    _changed_task: Task | None = None

    def begin_phase(self, name: str, *, at: float) -> list[Note]:
        """A play begins; the batches of one play are one phase."""
        notes = self._flush()
        if name == self.phase and self.position >= 0:
            return notes
        self.phase, self.phase_started, self._phase_is_named = name, at, False
        later = [position for position, other in enumerate(self.expected) if position > self.position and other == name]
        self.position = later[0] if later else min(self.position + 1, len(self.expected) - 1)
        for host in self.hosts.values():
            host.task = host.begun = None
        return notes

    def begin_task(self, host: str, task: Task, *, role: str, at: float) -> list[Note]:
        """A task begins on a host."""
        notes = self._flush() if self._changed_task and self._changed_task.id != task.id else []
        known = self._host(host)
        known.role = role or known.role
        known.task, known.begun, known.remark = task, at, ""
        return notes

    def retry(self, host: str, *, attempt: int, attempts: int) -> None:
        """A task is tried again on a host."""
        self._host(host).remark = f"attempt {attempt + 1} of {attempts}"

    def look_on(self, notes: Callable[[str], str]) -> None:
        """Take over what the running tasks tell, by their hosts' names."""
        for host in self.hosts.values():
            if host.task:
                host.remark = notes(host.name) or host.remark

    def end_task(self, host: str, task: Task, result: Result, *, at: float) -> list[Note]:
        """A task has ended on a host."""
        known = self._host(host)
        known.task = known.begun = None
        known.remark = result.remark
        if result.status == "skipped":
            return []
        notes = []
        if result.status == "changed":
            if self._changed_task and self._changed_task.id != task.id:
                notes += self._flush()
            self._changed_task = task
            self._changed.setdefault(task.name, []).append(host)
        if result.remark:
            notes.append(Note(Kind.EVENT, f"{_label(host)}: {result.remark}"))
        told = [self._take(event, host=host, at=at) for event in result.events]
        notes += [Note(Kind.EVENT, text) for text in told if text]
        if result.status in ("failed", "unreachable"):
            notes.append(self._failure(known, task, result))
        return [*self._name_phase(), *notes]

    def say(self, title: str, lines: Iterable[str] = ()) -> list[Note]:
        """Something that the playbook wants to be read."""
        return [*self._name_phase(), *self._flush(), Note(Kind.MESSAGE, title, tuple(lines))]

    def finish(self) -> list[Note]:
        """The playbook has ended."""
        self.position = len(self.expected)
        return self._flush()

    def elapsed(self, now: float) -> float:
        """Seconds since the beginning."""
        return now - self.started

    def fraction(self, now: float) -> float:
        """How much is done, from 0 to 1: by the time that phases take, or by their number while nothing is known."""
        total = sum(self._weights())
        return min(self._done(now) / total, 1.0) if total else 0.0

    def remaining(self, now: float) -> float | None:
        """Seconds that are left by earlier runs' measure; None if there is none."""
        if not self.estimates:
            return None
        return max(sum(self._weights()) - self._done(now), 0.0)

    def phase_remaining(self, now: float) -> float | None:
        """Seconds that are left of the phase by earlier runs' measure; None if there is none."""
        takes = self.estimates.get(self.phase)
        return None if takes is None else max(takes - (now - self.phase_started), 0.0)

    @property
    def web_hosts(self) -> tuple[int, int]:
        """How many web hosts are in rotation, and how many there are."""
        hosts = [host for host in self.hosts.values() if host.role == "web"]
        return sum(host.away_since is None for host in hosts), len(hosts)

    def _host(self, name: str) -> Host:
        return self.hosts.setdefault(name, Host(name=name))

    def _weights(self) -> list[float]:
        if not self.estimates:
            return [1.0] * len(self.expected)
        return [self.estimates.get(name, 0.0) for name in self.expected]

    def _done(self, now: float) -> float:
        weights = self._weights()
        done = sum(weights[: max(self.position, 0)])
        if self.estimates and 0 <= self.position < len(weights):
            done += min(now - self.phase_started, weights[self.position])
        return done

    def _name_phase(self) -> list[Note]:
        """The phase's headline, once it is seen to do something: some have nothing to do in most deploys."""
        if self._phase_is_named:
            return []
        self._phase_is_named = True
        return [Note(Kind.PHASE, f"{clock(self.elapsed(self.phase_started)):>7}  {self.phase}")]

    def _flush(self) -> list[Note]:
        """What the hosts have changed in a task, all in one line."""
        notes = [Note(Kind.CHANGE, f"{name}: {_labels(hosts)}") for name, hosts in self._changed.items()]
        self._changed.clear()
        self._changed_task = None
        return notes

    def _failure(self, host: Host, task: Task, result: Result) -> Note:
        host.failed = host.failed or not result.ignored
        silent = " does not answer" if result.status == "unreachable" else ""
        kind = Kind.IGNORED if result.ignored else Kind.FAILURE
        return Note(kind, f"{_label(host.name)}{silent}: {task.name}", result.lines)

    def _take(self, event: Mapping[str, Any], *, host: str, at: float) -> str:
        """What an event says; empty where nothing is to be said."""
        known = self._host(str(event.get("host") or host))
        kind = event.get("type")
        if kind == "plan":
            self._plan(event)
        elif kind in ("host_out_of_service", "host_in_service"):
            return self._turn(known, leaves=kind == "host_out_of_service", at=at)
        elif kind == "host_release":
            known.renewed = event["to"] == self.release
            return f"{known.name} has {event['to']}"
        elif kind == "backup":
            return f"backup: {event.get('path')} {event.get('s3') or ''}".rstrip()
        return f"{known.name} {WINDOWS[kind]}" if kind in WINDOWS else ""

    def _turn(self, host: Host, *, leaves: bool, at: float) -> str:
        if leaves and host.away_since is None:
            host.away_since = at
            return f"{host.name} is out of rotation"
        if not leaves and host.away_since is not None:
            away, host.away_since = at - host.away_since, None
            serving, web_hosts = self.web_hosts
            return f"{host.name} is in rotation again after {away:.0f} s ({serving} of {web_hosts})"
        return ""

    def _plan(self, event: Mapping[str, Any]) -> None:
        release = event.get("release")
        names = release if isinstance(release, Mapping) else {"id": release}
        self.release = str(names.get("id") or "")
        # A rollback is named before its release is chosen.
        if version := names.get("ref") or self.release:
            self.title = f"{version} to {event['stage']}"
        for name, role in (event.get("hosts") or {}).items():
            self._host(name).role = role


def phases_of(names: Iterable[str]) -> list[str]:
    """The phases of plays with these names: neighbours of one name are one."""
    return [name for name, _plays in groupby(names)]


def word_for(action: str, arguments: Mapping[str, Any]) -> str:
    """What a host does while it runs the module `action`, in a word or two; empty for most modules."""
    module = action.rpartition(".")[2]
    return WORDS.get(f"{module} {arguments.get('state')}", WORDS.get(module, ""))


def remark_on(action: str, content: Mapping[str, Any]) -> str:
    """What of a module's result an operator wants to know; empty for most."""
    if action.rpartition(".")[2] != "nginx_drain" or "timeline" not in content:
        return ""
    most = max((look["in_flight"] for look in content["timeline"]), default=0)
    return f"{content['in_flight']} requests in flight after {content['seconds_waited']:.1f} s, {most} at the most"


def clock(seconds: float) -> str:
    """`seconds` as `0:05`, `12:34` or `1:02:03`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _label(host: str) -> str:
    return "controller" if host == CONTROLLER else host


def _labels(hosts: Iterable[str]) -> str:
    return ", ".join(_label(host) for host in hosts)
