# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A stage as a table: one function for the lines of each probe, and one for those of the hosts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from .model import Host, Stage, size


def of_hosts(stage: Stage) -> list[str]:
    """A line for each host, in columns."""
    rows = [_row(host) for host in stage.hosts]
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def _row(host: Host) -> tuple[str, ...]:
    if host.state is None:
        return host.name, "does not answer", "", "", ""
    state = host.state
    rotation = "" if host.role != "web" else host.target_state or "not in the target group"
    release = host.release or ("no release" if host.wants_release else "")
    return (
        host.name,
        release,
        rotation,
        _running(host),
        f"{size(state['free_bytes'])} free{_memory(host)}{_page(state)}",
    )


def _running(host: Host) -> str:
    own = [*host.own.programs, *host.own.timers] if host.own else []
    names = [_of_program(host), *(name for name in own if host.own and name not in host.own.stopped)]
    return ", ".join(filter(None, names))


def _of_program(host: Host) -> str:
    if host.program is None or host.running is None:
        return ""
    counts = [
        f"{count} {host.program}" + (f" of {release}" if release != host.release else "")
        for release, count in sorted(host.running.items())
    ]
    return ", ".join(counts) or f"no {host.program}"


def _memory(host: Host) -> str:
    return "" if host.free_memory is None else f", {size(host.free_memory)} of memory"


def _page(state: dict[str, Any]) -> str:
    if not state["maintenance"]:
        return ""
    return ", maintenance page" + (f" until {state['maintenance_until']}" if state["maintenance_until"] else "")


def of_queues(stage: Stage) -> Iterator[str]:
    """Jobs, workers, and whether the queues are suspended."""
    found = stage.answers.get("queues")
    if found is None:
        if "queues" in stage.errors:
            yield f"queues: {stage.errors['queues']}"
        return
    counts = [
        f"{name}: {len(queue['queued'])} queued, {len(queue['running'])} running, {len(queue['failed'])} failed"
        for name, queue in found["queues"].items()
    ]
    workers = Counter(worker["hostname"] for worker in found["workers"])
    on_hosts = ", ".join(f"{count} on {host}" for host, count in sorted(workers.items()))
    held = "; suspended" if found["suspended_by"] else ""
    yield f"queues: {'; '.join(counts)}; {_scheduled(found)}; workers: {on_hosts or 'none'}{held}"


def _scheduled(found: dict[str, Any]) -> str:
    overdue = round(found["oldest_overdue_seconds"])
    aside = sum(found["aside"].values())
    return (
        f"{len(found['scheduled'])} scheduled"
        + (f", the oldest due for {overdue} s" if overdue else "")
        + (f", {aside} aside" if aside else "")
    )


def of_backup(stage: Stage) -> Iterator[str]:
    """The newest backup of the database."""
    yield from _backup("backup", stage.answers.get("backup"), error=stage.errors.get("backup"))


def of_redis_backup(stage: Stage) -> Iterator[str]:
    """The newest backup of Redis."""
    yield from _backup("backup of Redis", stage.answers.get("redis_backup"), error=stage.errors.get("redis_backup"))


def _backup(label: str, backup: dict[str, Any] | None, *, error: str | None) -> Iterator[str]:
    if backup is not None:
        where = backup["s3"] or "on this host only"
        yield f"{label}: {backup['name']}, {backup['age'] // 60} minutes old, {size(backup['size'])}, {where}"
        yield from (f"{label}: {odd}" for odd in [*backup.get("warnings", []), *backup.get("left_out", [])])
    elif error:
        yield f"{label}: {error}"


def of_certificate(stage: Stage) -> Iterator[str]:
    """How long the certificate is good for."""
    found = stage.answers.get("certificate")
    if found is None:
        yield f"certificate: {stage.errors['certificate']}"
    elif found["days"] is None:
        yield "certificate: none in ACM"
    else:
        yield f"certificate: good for {found['days']} days"


def of_lock(stage: Stage) -> Iterator[str]:
    """The holder of the deploy lock."""
    held = stage.lock
    yield f"lock: {held['owner']} since {held['taken']} ({held['reason']})" if held else "lock: free"
