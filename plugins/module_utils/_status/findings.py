# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What needs a hand on a stage, with the command to run: one function for each probe, and one for the hosts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ..typed_command import DEPLOY, typed_command
from .model import GIBIBYTE, MEBIBYTE, Finding, Host, Own, Stage, size

# The load balancer's word on a target that gets requests.
IN_ROTATION = "healthy"
# Less than this, in bytes, does not hold another release.
LITTLE_SPACE = GIBIBYTE
# Less than this, in bytes, and the kernel may soon have to kill something.
LITTLE_MEMORY = 100 * MEBIBYTE
# ACM renews 60 days ahead; whatever is left with fewer has failed to be renewed.
FEW_DAYS = 30
# Jobs that have been due for longer, in seconds, wait for more than the scheduler's next tick.
LONG_OVERDUE = 180


def of_hosts(stage: Stage) -> Iterator[Finding]:
    """What the hosts need themselves."""
    yield from _host_findings(stage)
    yield from _kind_findings(stage)


def _deploy(stage: Stage) -> str:
    """Return the command that was cut off, or the one that puts on all hosts what most of them run.

    Without a version it might put another on, that of the inventory: which is right where all that runs was deployed
    beside hosts that are to go.
    """
    if stage.lock and stage.lock_is_abandoned:
        return str(stage.lock["reason"])
    refs = Counter(host.ref for host in stage.staying if host.ref and host not in stage.outgrown)
    version = refs.most_common(1)[0][0] if refs else ""
    command: str = typed_command(DEPLOY, stage=stage.name, version=version or "")
    return command


def _go_on(stage: Stage, *, or_else: str) -> str:
    """Return the command that was cut off, which has stopped programs and starts them again; without one, `or_else`."""
    return _deploy(stage) if stage.lock_is_abandoned else or_else


def _host_findings(stage: Stage) -> Iterator[Finding]:
    for host in stage.hosts:
        if host.state is None:
            yield Finding(f"{host.name} does not answer over SSH", "aws ec2 describe-instance-status")
            continue
        # What a host runs that is about to go is what it ran.
        if host.wants_release and not host.leaves:
            yield from _release_findings(stage, host)
        if host.program and not host.leaves:
            yield from _process_findings(stage, host)
        if host.own and not host.leaves:
            yield from _own_findings(stage, host, host.own)
        if host.state["lacks_shared_files"]:
            yield Finding(
                f"{host.name} lacks the files that the hosts share, and refuses uploads",
                f"make configure STAGE={stage.name}",
            )
        if host.outdated and not host.leaves and not stage.deploys:
            yield _update_finding(stage, host)
        yield from _resource_findings(host, free_bytes=host.state["free_bytes"])


def _kind_findings(stage: Stage) -> Iterator[Finding]:
    for host in stage.hosts:
        if host.makes:
            yield Finding(
                f"{host.name} still has {', '.join(host.makes)}, which are another host's by now",
                f"make configure STAGE={stage.name}",
            )
    if leaving := [host.name for host in stage.hosts if host.leaves]:
        yield _leaving_finding(stage, leaving)


def _leaving_finding(stage: Stage, leaving: list[str]) -> Finding:
    """Scaling in needs a release that does without the hosts, on all that stay."""
    what, run = f"{', '.join(leaving)}: instances_counts has their kind no longer", f"make scale-in STAGE={stage.name}"
    if old := [host.name for host in stage.outgrown]:
        what += (
            f", and {', '.join(old)} {'runs' if len(old) == 1 else 'run'} a release that was deployed beside them; "
            "release_version is to be one that does without them (docs/guides/without_rq.md)"
        )
    without = [host for host in stage.staying if host.wants_release and host.state and not host.release]
    return Finding(what, f"{_deploy(stage)}; then {run}" if old or without else run)


def _release_findings(stage: Stage, host: Host) -> Iterator[Finding]:
    deploy = _deploy(stage)
    releases = Counter(other.release for other in stage.staying if other.release)
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
    if host.paused:
        yield Finding(f"{host.name} lets requests wait for a deploy that runs no more", _deploy(stage))
    elif not host.running:
        yield Finding(
            f"{host.name} runs no {host.program}", _go_on(stage, or_else=f"on {host.name}: supervisorctl status")
        )
    # Where none runs, that is said already.
    for name, state in sorted(host.down.items()) if host.running else ():
        start = _go_on(stage, or_else=f"on {host.name}: supervisorctl start {name}")
        yield Finding(f"{host.name} should run {name}, which is {state}", start)
    others = sorted(release for release in host.running if release != host.release)
    if others:
        yield Finding(
            f"{host.name} has processes of {', '.join(others)}, and its release is {host.release}",
            _deploy(stage),
        )


def _own_findings(stage: Stage, host: Host, own: Own) -> Iterator[Finding]:
    # A deploy, and whatever else has the lock, stops and starts them.
    if host.release is None or stage.deploys:
        return
    if own.stopped:
        yield Finding(f"{host.name} should run {', '.join(own.stopped)}, which are stopped", _deploy(stage))
    for name, state in sorted(own.down.items()):
        start = _go_on(stage, or_else=f"on {host.name}: supervisorctl start {name}")
        yield Finding(f"{host.name} should run {name}, which is {state}", start)
    if own.others:
        yield Finding(
            f"{host.name} has own programs of {', '.join(own.others)}, and its release is {host.release}",
            _deploy(stage),
        )
    for name, result in sorted(own.failed.items()):
        yield Finding(
            f"The last run of timer {name} on {host.name} has failed ({result})",
            f"on {host.name}: tail -n 50 {own.logs}/timer_{name}.log",
        )


def _update_finding(stage: Stage, host: Host) -> Finding:
    what = f"{host.name} runs {' and '.join(host.outdated)} as before a security update"
    alone = host.role == "web" and sum(other.role == "web" for other in stage.hosts) == 1
    if host.wants_release and not alone:
        return Finding(f"{what}; a deploy restarts that, out of rotation", _deploy(stage))
    # Redis, which no deploy stops, and the only web host.
    page = f"make maintenance STAGE={stage.name} MODE"
    restart = f"on {host.name}: sudo systemctl restart {' '.join(host.outdated)}"
    return Finding(f"{what}; restart it while no job runs", f"{page}=on; {restart}; and when it runs again: {page}=off")


def _resource_findings(host: Host, *, free_bytes: int) -> Iterator[Finding]:
    if free_bytes < LITTLE_SPACE:
        yield Finding(f"{host.name} has {size(free_bytes)} left", f"on {host.name}: du -xh --max-depth=2 /")
    if host.free_memory is not None and host.free_memory < LITTLE_MEMORY:
        yield Finding(
            f"{host.name} has {size(host.free_memory)} of memory left", f"on {host.name}: ps aux --sort=-rss | head"
        )


def of_pages(stage: Stage) -> Iterator[Finding]:
    """Maintenance pages that visitors get: the load balancer's, and those of hosts."""
    if stage.answers["balancer_page"]["mode"] == "on":
        yield Finding(
            "The load balancer answers all visitors with its own maintenance page",
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
                    _deploy(stage),
                )


def of_queues(stage: Stage) -> Iterator[Finding]:
    """What the queues need, their workers and schedulers."""
    found = stage.answers.get("queues")
    if found is None:
        if "queues" in stage.errors:
            run = "on the redis host: systemctl status redis-server"
            yield Finding(f"The queues cannot be read: {stage.errors['queues']}", run)
        return
    if found["suspended_by"] and not stage.deploys:
        yield Finding("The queues are suspended, and no deploy runs", _deploy(stage))
    # Where they are to go, a deploy may have stopped them.
    if not found["workers"] and not stage.ends_queues:
        yield _no_worker(stage)
    for worker in found["workers"]:
        if not worker["listening"]:
            yield Finding(
                f"Worker {worker['name']} on {worker['hostname']} does not hear commands",
                f"on {worker['hostname']}: supervisorctl restart all",
            )
    count = len(found["schedulers"])
    if count != 1 and stage.schedules and not stage.ends_queues:
        # Its key has no mark of its death then.
        killed = "; one that was killed counts for about a minute more" if count else ""
        look = _go_on(stage, or_else="on scheduler hosts: supervisorctl status")
        yield Finding(f"{count} schedulers are registered, not one{killed}", look)
    failed = sum(len(queue["failed"]) for queue in found["queues"].values())
    if failed:
        yield Finding(
            f"{failed} {'job has' if failed == 1 else 'jobs have'} failed, and no worker tries them again by itself",
            f"make jobs STAGE={stage.name}",
        )
    if found["oldest_overdue_seconds"] > LONG_OVERDUE and not stage.deploys:
        minutes = round(found["oldest_overdue_seconds"] / 60)
        look = _go_on(stage, or_else="on the scheduler host: supervisorctl status")
        yield Finding(f"A scheduled job has been due for {minutes} minutes", look)


def _no_worker(stage: Stage) -> Finding:
    running = [host.name for host in stage.staying if host.role == "worker" and host.running]
    if not running or stage.lock_is_abandoned:
        return Finding("No worker takes jobs", _go_on(stage, or_else="on a worker host: supervisorctl status"))
    return Finding(
        f"Workers run on {', '.join(running)}, and the stage's Redis database knows none",
        f"on {running[0]}: supervisorctl tail rqworker:rqworker-0. If the queues are in another database, "
        "set stage_redis_database",
    )


def of_backup(stage: Stage) -> Iterator[Finding]:
    """A backup of the database that is too old, or cannot be read."""
    if "backup" in stage.errors:
        yield Finding(stage.errors["backup"], f"make backup STAGE={stage.name}")


def of_redis_backup(stage: Stage) -> Iterator[Finding]:
    """The same of Redis."""
    if "redis_backup" in stage.errors:
        yield Finding(
            f"Redis has no recent backup: {stage.errors['redis_backup']}",
            "on the redis host: systemctl start amy-redis-backup",
        )


def of_certificate(stage: Stage) -> Iterator[Finding]:
    """A certificate that will expire."""
    found = stage.answers.get("certificate")
    if found and found["days"] is not None and found["days"] < FEW_DAYS:
        when = f"expires in {found['days']} days" if found["days"] >= 0 else "has expired"
        yield Finding(
            f"The certificate {when}, and was not renewed",
            f"aws acm describe-certificate --certificate-arn {found['arn']}",
        )


def of_lock(stage: Stage) -> Iterator[Finding]:
    """A lock that nothing will release."""
    if stage.lock_is_abandoned:
        yield Finding("The deploy that holds the lock runs no more", _deploy(stage))
