# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Say what runs where on a stage, and what of it needs a hand, with the command to run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

# The load balancer's word on a target that gets requests.
IN_ROTATION = "healthy"
# Less than this, in bytes, does not hold another release.
LITTLE_SPACE = 1 << 30
# Less than this, in bytes, and the kernel may soon have to kill something.
LITTLE_MEMORY = 100 << 20
# ACM renews 60 days ahead; whatever is left with fewer has failed to be renewed.
FEW_DAYS = 30
# Every other role has the application's release; those in PROGRAMS run it.
REDIS = "redis"
PROGRAMS = {"web": "gunicorn", "worker": "rqworker", "scheduler": "rqscheduler"}
# Jobs that have been due for longer, in seconds, wait for more than the scheduler's next tick.
LONG_OVERDUE = 180


@dataclass(frozen=True)
class Host:
    """A host of the stage; `state` is what `carpentries.amy.release_state` returns, None if it does not answer.

    `target_state` is the load balancer's word on a web host; None for other roles, or if it knows nothing of the host.
    `target_reason` is why it does not call it healthy, and may be empty.
    `running` counts the processes of its program in PROGRAMS by the release that they run from, and `free_memory` is in
    bytes; both are None if they could not be found out. `down` are the processes that supervisord should run and does
    not, with their states.
    """

    name: str
    role: str
    state: dict[str, Any] | None
    target_state: str | None = None
    running: dict[str, int] | None = None
    free_memory: int | None = None
    target_reason: str = ""
    down: dict[str, str] = field(default_factory=dict)

    @property
    def program(self) -> str | None:
        """What runs a release here; None on a host where nothing does."""
        return PROGRAMS.get(self.role)

    @property
    def wants_release(self) -> bool:
        """Whether a deploy puts a release on it."""
        return self.role != REDIS

    @property
    def release(self) -> str | None:
        """Id of the release it runs, as far as is known."""
        active = self.state["active"] if self.state else None
        return active["id"] if active else None


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


def lines(stage: Stage) -> list[str]:
    """Return the stage as a table: a line for each host, then the queues, the backups, the certificate and the lock."""
    rows = [_row(host) for host in stage.hosts]
    widths = [max(map(len, column)) for column in zip(*rows)]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    return [
        *table,
        *_queues(stage),
        *_backup("backup", stage.backup, error=stage.errors.get("backup")),
        *_backup("backup of Redis", stage.redis_backup, error=stage.errors.get("redis_backup")),
        *_certificate(stage),
        _lock(stage),
    ]


def findings(stage: Stage) -> list[Finding]:
    """Return all that needs a hand, the hosts' first."""
    return [
        *_host_findings(stage),
        *_page_findings(stage),
        *_queue_findings(stage),
        *_backup_findings(stage),
        *_certificate_findings(stage),
        *_lock_findings(stage),
    ]


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
        f"{_size(state['free_bytes'])} free{_memory(host)}{_page(state)}",
    )


def _running(host: Host) -> str:
    if host.program is None or host.running is None:
        return ""
    counts = [
        f"{count} {host.program}" + (f" of {release}" if release != host.release else "")
        for release, count in sorted(host.running.items())
    ]
    return ", ".join(counts) or f"no {host.program}"


def _memory(host: Host) -> str:
    return "" if host.free_memory is None else f", {_size(host.free_memory)} of memory"


def _page(state: dict[str, Any]) -> str:
    if not state["maintenance"]:
        return ""
    return ", maintenance page" + (f" until {state['maintenance_until']}" if state["maintenance_until"] else "")


def _queues(stage: Stage) -> Iterator[str]:
    found = stage.queues
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
    return f"{len(found['scheduled'])} scheduled" + (f", the oldest due for {overdue} s" if overdue else "")


def _backup(label: str, backup: dict[str, Any] | None, *, error: str | None) -> Iterator[str]:
    if backup is not None:
        where = backup["s3"] or "on this host only"
        yield f"{label}: {backup['name']}, {backup['age'] // 60} minutes old, {_size(backup['size'])}, {where}"
    elif error:
        yield f"{label}: {error}"


def _certificate(stage: Stage) -> Iterator[str]:
    if stage.certificate is None:
        yield f"certificate: {stage.errors['certificate']}"
    elif stage.certificate["days"] is None:
        yield "certificate: none in ACM"
    else:
        yield f"certificate: good for {stage.certificate['days']} days"


def _lock(stage: Stage) -> str:
    if not stage.lock:
        return "lock: free"
    return f"lock: {stage.lock['owner']} since {stage.lock['taken']} ({stage.lock['reason']})"


def _host_findings(stage: Stage) -> Iterator[Finding]:
    for host in stage.hosts:
        if host.state is None:
            yield Finding(f"{host.name} does not answer over SSH", "aws ec2 describe-instance-status")
            continue
        if host.wants_release:
            yield from _release_findings(stage, host)
        if host.program:
            yield from _process_findings(stage, host)
        if host.state["lacks_shared_files"]:
            yield Finding(
                f"{host.name} lacks the files that the hosts share, and refuses uploads",
                f"make configure STAGE={stage.name}",
            )
        yield from _resource_findings(host, free_bytes=host.state["free_bytes"])


def _release_findings(stage: Stage, host: Host) -> Iterator[Finding]:
    deploy = f"make deploy STAGE={stage.name}"
    releases = Counter(other.release for other in stage.hosts if other.release)
    if host.release is None:
        yield Finding(f"{host.name} runs no release", deploy)
    elif host.release != releases.most_common(1)[0][0]:
        yield Finding(f"{host.name} runs {host.release}, and most hosts another", deploy)
    refusal = host.state["refused"].get(host.release) if host.state else None
    if refusal:
        yield Finding(f"{host.name} runs {host.release}, which was refused: {refusal['reason']}", deploy)
    if host.role == "web" and host.target_state != IN_ROTATION:
        word = host.target_state or "not in the target group"
        why = f" ({host.target_reason})" if host.target_reason else ""
        yield Finding(f"{host.name} gets no requests: the load balancer calls it {word}{why}", deploy)


def _process_findings(stage: Stage, host: Host) -> Iterator[Finding]:
    # A deploy stops and starts them, and lets running jobs end.
    if host.running is None or host.release is None or stage.deploys:
        return
    if not host.running:
        yield Finding(f"{host.name} runs no {host.program}", f"on {host.name}: supervisorctl status")
    # Where none runs, that is said already.
    for name, state in sorted(host.down.items()) if host.running else ():
        yield Finding(f"{host.name} should run {name}, which is {state}", f"on {host.name}: supervisorctl start {name}")
    others = sorted(release for release in host.running if release != host.release)
    if others:
        yield Finding(
            f"{host.name} has processes of {', '.join(others)}, and its release is {host.release}",
            f"make deploy STAGE={stage.name}",
        )


def _resource_findings(host: Host, *, free_bytes: int) -> Iterator[Finding]:
    if free_bytes < LITTLE_SPACE:
        yield Finding(f"{host.name} has {_size(free_bytes)} left", f"on {host.name}: du -xh --max-depth=2 /")
    if host.free_memory is not None and host.free_memory < LITTLE_MEMORY:
        yield Finding(
            f"{host.name} has {_size(host.free_memory)} of memory left", f"on {host.name}: ps aux --sort=-rss | head"
        )


def _page_findings(stage: Stage) -> Iterator[Finding]:
    if stage.balancer_page:
        yield Finding(
            "The load balancer answers everybody with its own maintenance page",
            f'make maintenance MODE=off STAGE={stage.name} ARGS="-e maintenance_at=load_balancer"',
        )
    for host in stage.hosts:
        if host.state is not None and host.state["maintenance"]:
            if not host.state["maintenance_for_deploy"]:
                yield Finding(
                    f"{host.name} shows the maintenance page", f"make maintenance MODE=off STAGE={stage.name}"
                )
            elif not stage.deploys:
                yield Finding(
                    f"{host.name} shows the maintenance page of a deploy that runs no more",
                    f"make deploy STAGE={stage.name}",
                )


def _queue_findings(stage: Stage) -> Iterator[Finding]:
    found = stage.queues
    if found is None:
        if "queues" in stage.errors:
            run = "on the redis host: systemctl status redis-server"
            yield Finding(f"The queues cannot be read: {stage.errors['queues']}", run)
        return
    if found["suspended_by"] and not stage.deploys:
        yield Finding("The queues are suspended, and no deploy runs", f"make deploy STAGE={stage.name}")
    if not found["workers"]:
        yield Finding("No worker takes jobs", "on a worker host: supervisorctl status")
    for worker in found["workers"]:
        if not worker["listening"]:
            yield Finding(
                f"Worker {worker['name']} on {worker['hostname']} does not hear commands",
                f"on {worker['hostname']}: supervisorctl restart all",
            )
    if len(found["schedulers"]) != 1:
        yield Finding(
            f"{len(found['schedulers'])} schedulers are registered, not one", "on scheduler hosts: supervisorctl status"
        )
    if found["oldest_overdue_seconds"] > LONG_OVERDUE and not stage.deploys:
        minutes = round(found["oldest_overdue_seconds"] / 60)
        yield Finding(
            f"A scheduled job has been due for {minutes} minutes", "on the scheduler host: supervisorctl status"
        )


def _backup_findings(stage: Stage) -> Iterator[Finding]:
    if "backup" in stage.errors:
        yield Finding(stage.errors["backup"], f"make backup STAGE={stage.name}")
    if "redis_backup" in stage.errors:
        yield Finding(
            f"Redis has no recent backup: {stage.errors['redis_backup']}",
            "on the redis host: systemctl start amy-redis-backup",
        )


def _certificate_findings(stage: Stage) -> Iterator[Finding]:
    found = stage.certificate
    if found and found["days"] is not None and found["days"] < FEW_DAYS:
        when = f"expires in {found['days']} days" if found["days"] >= 0 else "has expired"
        yield Finding(
            f"The certificate {when}, and was not renewed",
            f"aws acm describe-certificate --certificate-arn {found['arn']}",
        )


def _lock_findings(stage: Stage) -> Iterator[Finding]:
    if stage.lock_is_abandoned:
        yield Finding("The deploy that holds the lock runs no more", f"make deploy STAGE={stage.name}")


def _size(count: int) -> str:
    return f"{count / (1 << 30):.1f} GiB" if count >= LITTLE_SPACE else f"{count / (1 << 20):.1f} MiB"
