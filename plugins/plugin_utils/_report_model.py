# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A deploy's report as a pure function of its journal.

Private to this collection. The journal is a list of entries, each a flat dictionary with `kind` and `at` (ISO 8601,
UTC). Because the report holds nothing else, it can be written again from a journal whose controller died.

| kind | further keys |
|---|---|
| `playbook` | `name` |
| `phase` | `name` |
| `step` | `host`, `role`, `name`, `start`, `status` (ok, changed, failed, unreachable), `ignored`, `message` |
| `event` | `host`, `event` (what a task returned as `deploy_event`) |
| `finished` | `failed` (hosts that failed), `interrupted` |
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from ..module_utils._clock import parse_timestamp
from ._report_events import WINDOWS, check_event
from ._report_requests import request_statistics

# What runs on the controller belongs to no host of the fleet.
CONTROLLER = ("localhost", "127.0.0.1")


@dataclass
class Phase:
    """One play (all its batches together)."""

    name: str
    start: str
    end: str | None = None


@dataclass
class Step:
    """One task on one host."""

    name: str
    start: str
    end: str
    status: str
    phase: str
    message: str = ""


@dataclass
class Host:
    """One host's way through the deploy. Times are None when it never left the load balancer."""

    name: str
    role: str = ""
    # `from` is no name that Python allows; see Report.as_dict.
    from_release: str | None = None
    to_release: str | None = None
    out_of_service_start: str | None = None
    out_of_service_end: str | None = None
    steps: list[Step] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """As in report.json."""
        values = asdict(self)
        return {
            "name": values.pop("name"),
            "role": values.pop("role"),
            "from": values.pop("from_release"),
            "to": values.pop("to_release"),
            **values,
        }


@dataclass
class Window:
    """A time in which visitors got the maintenance page, or had to wait: from the first host to the last."""

    kind: str
    start: str
    end: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """As in report.json, with the seconds it lasted; None while it has not ended."""
        lasted = parse_timestamp(self.end) - parse_timestamp(self.start) if self.end else None
        return {**asdict(self), "seconds": round(lasted.total_seconds(), 1) if lasted else None}


@dataclass
class Failure:
    """A task that failed, and was not told to go on."""

    at: str
    host: str
    phase: str
    step: str
    message: str
    unreachable: bool


@dataclass
class Report:
    """Everything the journal tells. `deploy_id` is empty until a plan has named the deploy; the last plan counts."""

    deploy_id: str = ""
    stage: str = ""
    playbook: str = ""
    release: dict[str, Any] = field(default_factory=dict)
    previous_release: Any = None
    plan: dict[str, Any] = field(default_factory=dict)
    declared_outcome: str = ""
    declared_reason: str = ""
    started: str | None = None
    finished: str | None = None
    interrupted: bool = False
    phases: list[Phase] = field(default_factory=list)
    hosts: dict[str, Host] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    unresolved: list[str] = field(default_factory=list)
    backup: dict[str, Any] | None = None
    strategy: dict[str, Any] | None = None
    windows: dict[str, Window] = field(default_factory=dict)
    counted: dict[str, dict[str, Any]] = field(default_factory=dict)
    counted_at: str = ""

    def apply(self, entry: dict[str, Any]) -> None:
        """Take the next entry of the journal. Raises EventError for an event that `check_event` refuses."""
        at = entry["at"]
        self.started = self.started or at
        if entry["kind"] == "playbook":
            self.playbook = entry["name"]
        elif entry["kind"] == "phase":
            self._begin_phase(name=entry["name"], at=at)
        elif entry["kind"] == "step":
            self._add_step(entry)
        elif entry["kind"] == "event":
            self._add_event(host=entry["host"], event=entry["event"], at=at)
        elif entry["kind"] == "finished":
            self.finished = at
            self.interrupted = entry["interrupted"]
            self.unresolved = entry["failed"]
            self._end_phase(at)

    @property
    def outcome(self) -> str:
        """One of OUTCOMES. What failed after a declared success spoils it: the command's exit code says so too.

        What failed before anything was declared, or a strategy chosen, was refused: nothing is rolled out before that.
        """
        if self._has_declared_failure:
            return self.declared_outcome
        if self.finished is None or self.interrupted:
            return "failed"
        if self.unresolved:
            return "failed" if self.declared_outcome or self.strategy else "refused"
        return "succeeded"

    @property
    def _has_declared_failure(self) -> bool:
        return self.declared_outcome not in ("", "succeeded")

    @property
    def reason(self) -> str:
        """Why it ended as it did, in one sentence; empty when there is nothing to explain."""
        if self.declared_reason and self.outcome == (self.declared_outcome or self.outcome):
            return self.declared_reason
        phase = f' during "{self.phases[-1].name}"' if self.phases else ""
        if self.finished is None:
            return f"The deploy did not finish: it was last heard of{phase}. Run the same command again; it converges."
        if self.interrupted:
            return f"The deploy was interrupted{phase}. Run the same command again; it converges."
        if self.outcome == "succeeded" or not self.failures:
            return ""
        first = self.failures[0]
        return f"{first.host}: {first.step}: {first.message}".rstrip(": ")

    def as_dict(self) -> dict[str, Any]:
        """The content of report.json."""
        return {
            "deploy_id": self.deploy_id,
            "stage": self.stage,
            "playbook": self.playbook,
            "release": {key: self.release.get(key) for key in ("id", "ref", "commit", "sha256")} | self.release,
            "previous_release": self.previous_release,
            "outcome": self.outcome,
            "reason": self.reason,
            "started": self.started,
            "finished": self.finished,
            "phases": [asdict(phase) for phase in self.phases],
            "hosts": [host.as_dict() for name, host in sorted(self.hosts.items()) if name not in CONTROLLER],
            "controller": [
                asdict(step) for name in CONTROLLER if name in self.hosts for step in self.hosts[name].steps
            ],
            "failures": [asdict(failure) for failure in self.failures],
            "backup": self.backup,
            "strategy": self.strategy,
            "windows": [window.as_dict() for window in self.windows.values()],
            "requests": self._requests(),
            "plan": self.plan,
        }

    def _requests(self) -> dict[str, Any] | None:
        """What visitors were answered; None if no host has been asked."""
        if not self.counted:
            return None
        web_hosts = [host for host in self.hosts.values() if host.role == "web"]
        spans = [(host.out_of_service_start, host.out_of_service_end) for host in web_hosts]
        spans += [(window.start, window.end) for window in self.windows.values()]
        felt = [(start, end) for start, end in spans if start]
        # A deploy that visitors could not feel is compared as a whole.
        return request_statistics(
            self.counted,
            hosts=[host.name for host in web_hosts],
            start=min((start for start, _end in felt), key=parse_timestamp, default=str(self.started)),
            end=max((end or self.counted_at for _start, end in felt), key=parse_timestamp, default=self.counted_at),
            until=self.counted_at,
        )

    def _begin_phase(self, *, name: str, at: str) -> None:
        # A play with `serial` begins again with every batch; together they are one phase.
        if self.phases and self.phases[-1].name == name:
            return
        self._end_phase(at)
        self.phases.append(Phase(name=name, start=at))

    def _end_phase(self, at: str) -> None:
        if self.phases and self.phases[-1].end is None:
            self.phases[-1].end = at

    def _host(self, name: str) -> Host:
        return self.hosts.setdefault(name, Host(name=name))

    def _add_step(self, entry: dict[str, Any]) -> None:
        phase = self.phases[-1].name if self.phases else ""
        host = self._host(entry["host"])
        host.role = entry["role"] or host.role
        host.steps.append(
            Step(
                name=entry["name"],
                start=entry["start"],
                end=entry["at"],
                status=entry["status"],
                phase=phase,
                message=entry["message"],
            )
        )
        # What fails after that says it once more, and ends the run.
        if entry["status"] in ("failed", "unreachable") and not entry["ignored"] and not self._has_declared_failure:
            self.failures.append(
                Failure(
                    at=entry["at"],
                    host=entry["host"],
                    phase=phase,
                    step=entry["name"],
                    message=entry["message"],
                    unreachable=entry["status"] == "unreachable",
                )
            )

    def _add_event(self, *, host: str, event: dict[str, Any], at: str) -> None:
        check_event(event)
        content = {key: value for key, value in event.items() if key not in ("type", "host", "at")}
        at = str(event.get("at") or at)
        name = str(event.get("host") or host)
        kind = event["type"]
        if kind == "plan":
            self._plan(content)
        elif kind == "outcome":
            self.declared_outcome = content["outcome"]
            self.declared_reason = str(content.get("reason") or "")
        elif kind == "backup":
            self.backup = content
        elif kind == "strategy":
            self.strategy = content
        elif kind == "requests":
            self.counted[name], self.counted_at = content, at
        elif kind in WINDOWS:
            self._window(*WINDOWS[kind], at=at)
        elif kind == "host_release":
            # The release of before the deploy stays known when the host's own is taken back.
            self._host(name).from_release = self._host(name).from_release or content.get("from")
            self._host(name).to_release = content["to"]
        elif kind == "host_out_of_service":
            # A host that leaves twice (its release was taken back) was away from the first time on.
            self._host(name).out_of_service_start = self._host(name).out_of_service_start or at
            self._host(name).out_of_service_end = None
        elif self._host(name).out_of_service_start and not self._host(name).out_of_service_end:
            self._host(name).out_of_service_end = at

    def _window(self, kind: str, edge: str, *, at: str) -> None:
        if edge == "start":
            self.windows.setdefault(kind, Window(kind, start=at))
        elif kind in self.windows:
            self.windows[kind].end = at

    def _plan(self, content: dict[str, Any]) -> None:
        self.deploy_id = str(content.pop("deploy_id"))
        self.stage = str(content.pop("stage"))
        release = content.pop("release", None)
        self.release = release if isinstance(release, dict) else {"id": release}
        self.previous_release = content.pop("previous_release", None)
        for name, role in dict(content.pop("hosts", None) or {}).items():
            self._host(name).role = role
        self.plan = content
