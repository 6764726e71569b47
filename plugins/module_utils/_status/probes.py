# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The checks of `make status`: the one list of them. To add one, add a row, and its functions beside it or in a file.

A check of a host also needs the task in playbooks/status.yml that asks: it registers the answer as `status_<name>`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..host_kinds import UTILITY_KINDS
from . import findings, table
from .model import Finding, Stage

Answer = Mapping[str, Any]
SILENT = "its host does not answer"


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A check: what is asked, how its answer is read, and what is said of it.

    `name` names the answer, in Ansible (`status_<name>`) and in JSON. `kinds` are the kinds of hosts that are asked;
    without one the controller asks AWS. `read` takes what Ansible registered and returns what was found, None if the
    answer is an error. `shown` takes what was found and returns what JSON tells of it; without it JSON tells nothing.
    `lines` are its lines in the table, `findings` what needs a hand.
    """

    name: str
    kinds: tuple[str, ...] = ()
    read: Callable[[Answer], Any]
    shown: Callable[[Any], Any] | None = lambda found: found
    lines: Callable[[Stage], Iterable[str]] = lambda stage: ()
    findings: Callable[[Stage], Iterable[Finding]] = lambda stage: ()

    @property
    def variable(self) -> str:
        """The variable in which a host has its answer."""
        return f"status_{self.name}"


def module(key: str, *, only: Sequence[str] = ()) -> Callable[[Answer], Any]:
    """Read the answer of a module: it has `key` unless the module failed. `only` are the keys of it that count."""

    def read(answer: Answer) -> Any:
        if key not in answer:
            return None
        return {name: answer[name] for name in only} if only else answer

    return read


def program(answer: Answer) -> Any:
    """Read the answer of a program that prints JSON, and fails where there is nothing to print."""
    return json.loads(answer["stdout"]) if answer.get("rc") == 0 else None


# In the order in which they are told of, the hosts first.
PROBES = (
    Probe(
        name="balancer_page",
        read=module("mode"),
        shown=None,
        findings=findings.of_pages,
    ),
    Probe(
        name="queues",
        kinds=("scheduler",),
        read=module("workers"),
        lines=table.of_queues,
        findings=findings.of_queues,
    ),
    Probe(
        name="backup",
        kinds=UTILITY_KINDS,
        read=program,
        lines=table.of_backup,
        findings=findings.of_backup,
    ),
    Probe(
        name="redis_backup",
        kinds=("redis",),
        read=program,
        lines=table.of_redis_backup,
        findings=findings.of_redis_backup,
    ),
    Probe(
        name="certificate",
        read=module("days", only=("arn", "not_after", "days")),
        lines=table.of_certificate,
        findings=findings.of_certificate,
    ),
    Probe(
        name="lock",
        read=module("claim"),
        shown=lambda found: found["lock"],
        lines=table.of_lock,
        findings=findings.of_lock,
    ),
)


def asked(hosts: Iterable[Mapping[str, Any]], probes: Iterable[Probe] = PROBES) -> dict[str, Answer]:
    """Return the answers that are among the variables of `hosts`, by probe: of those that were asked the first one's.

    A task that was skipped asked nothing.
    """
    known = list(hosts)
    found: dict[str, Answer] = {}
    for probe in probes:
        for host in known:
            answer = host.get(probe.variable) if host["ec2_tags"]["Role"] in probe.kinds else None
            if answer and not answer.get("skipped"):
                found.setdefault(probe.name, answer)
    return found


def read(answers: Mapping[str, Answer | None]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what the probes found, and why others of those that were asked found nothing, by probe."""
    given = [(probe, answer) for probe in PROBES if (answer := answers.get(probe.name)) is not None]
    found = {probe.name: probe.read(answer) for probe, answer in given}
    errors = {probe.name: _error(answer) for probe, answer in given if found[probe.name] is None}
    return {name: value for name, value in found.items() if value is not None}, errors


def _error(answer: Answer) -> str:
    return str(answer.get("stderr") or answer.get("msg") or SILENT).strip().rstrip(".")
