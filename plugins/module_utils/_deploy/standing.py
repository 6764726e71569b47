# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a deploy stands: one value, from what its phases have noted. The playbooks read it, and decide nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from .hooks import POINTS
from .outcome import Ending, Outcome, deploy_outcome
from .plan import Plan

REFUSED = "refused"
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A step that has failed. `host` is empty where the deploy as a whole was refused.

    `applied` are the migrations that the step had applied by then, None if it applies none, or cannot tell.
    """

    message: str
    host: str = ""
    step: str = ""
    applied: Sequence[str] | None = None

    def __str__(self) -> str:
        return ": ".join(part for part in (self.host, self.step, self.message) if part)


@dataclass(frozen=True, kw_only=True)
class Host:
    """What the deploy has noted of a host of the application, or of the controller.

    `staged` are the releases that it had at the beginning, by id. `page` tells that it showed the maintenance page
    then, and `closed` that a deploy which died had put it there. `has_release` tells that this deploy has given it the
    new release, `paused` that it has stopped the stage's own programs and timers there, `stopped` that it has stopped
    workers or a scheduler that are about to leave, and `answer` what it answers the requests with that have waited,
    None if none have. `stranded` are the steps of its way back that have failed, `still_closed` those that should have
    opened it to visitors, `unpaused` those that should have paused the queues for the way back.
    """

    name: str = ""
    role: str = ""
    staged: Sequence[str] = ()
    page: bool = False
    closed: bool = False
    has_release: bool = False
    paused: bool = False
    stopped: bool = False
    answer: Mapping[str, Any] | None = None
    failures: Sequence[Failure] = ()
    stranded: Sequence[Failure] = ()
    still_closed: Sequence[Failure] = ()
    unpaused: Sequence[Failure] = ()

    @property
    def is_web(self) -> bool:
        """Whether it serves visitors."""
        return self.role == "web"

    @property
    def refusals(self) -> list[Failure]:
        """Why the deploy has failed here."""
        return [*self.failures, *self.unpaused]


@dataclass(frozen=True, kw_only=True)
class Migrations:
    """What the wanted release, the running one and the database have of migrations, as they were compared.

    `pending` are those of the wanted release that the database lacks, `ahead` those that it has and the running release
    does not know, with their statements.
    """

    pending: Sequence[str] = ()
    ahead: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Deploy:
    """What the deploy has noted of itself.

    `release` is the new one's id; `ref` is what it is deployed as, and `version` what it calls itself where that is no
    tag. `plan` says which hosts change. `choice` has the `strategy`, and whether the migrations are `breaking`: whether
    the release before cannot live with them; None before the phase that chooses. `migrations` are None before they were
    compared. `unfit` are releases that the database is not known to fit, as the recovery of what a dead deploy had left
    has found. `migrating` tells that the commands that migrate have been begun, `applied` what they have applied, once
    they have ended. `lacks` are the migrations that the database lacks of the new release, though that ran already.
    `backup` is the name of the backup that this deploy has made, in the folder `backups`. `absent` are the web hosts
    that are not healthy in `target_group` at the end. `hooks` are the stage's own steps, by point. `dry` tells that the
    release is on no host, because this is a dry run: no phase of the deploy concerns any host. `own_programs` tells
    that the stage has programs or timers of its own. `command` was run on `stage` with the variables `typed`, and `url`
    is the site's.
    """

    release: str = ""
    ref: str = ""
    version: str = ""
    plan: Plan = field(default_factory=Plan)
    choice: Mapping[str, Any] | None = None
    migrations: Migrations | None = None
    unfit: Sequence[str] = ()
    migrating: bool = False
    applied: Sequence[str] | None = None
    lacks: Sequence[str] = ()
    backup: str = ""
    backups: str = ""
    absent: Sequence[str] = ()
    target_group: str = ""
    hooks: Mapping[str, Any] = field(default_factory=dict)
    dry: bool = False
    own_programs: bool = False
    command: str = ""
    stage: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    url: str = ""

    @property
    def strategy(self) -> str | None:
        """What was chosen; None before."""
        return str(self.choice["strategy"]) if self.choice else None

    @property
    def breaking(self) -> bool:
        """Whether the release before cannot live with the migrations that it does not know."""
        return bool(self.choice and self.choice["breaking"])

    @property
    def ahead(self) -> bool:
        """Whether the database had migrations before this deploy that the release before does not know."""
        return bool(self.migrations and self.migrations.ahead)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The release that answers the requests which have waited; not `allowed` if the database fits none."""

    allowed: bool
    release: str | None
    ref: str
    version: str


@dataclass(frozen=True, kw_only=True)
class Turns:
    """Which hosts each play of the deploy concerns; see Plan.

    `migrator` backs up and migrates. `keeper` pauses and resumes the queues. `outgrown` are workers and schedulers that
    are about to leave, and cannot live with what the database has become. After a failure `roll_back_web` and
    `roll_back_others` go back, while `roll_back_keeper` has paused the queues; `settle_queues` decides then whether
    they resume, and `restart_programs` start their own programs and timers again, on the release that they had. After
    a success `forget_programs` run none of them again: those hosts are about to leave.
    """

    migrator: list[str] = field(default_factory=list)
    rejoin: list[str] = field(default_factory=list)
    roll: list[str] = field(default_factory=list)
    change: list[str] = field(default_factory=list)
    pause_programs: list[str] = field(default_factory=list)
    resume_programs: list[str] = field(default_factory=list)
    keeper: list[str] = field(default_factory=list)
    outgrown: list[str] = field(default_factory=list)
    roll_back_web: list[str] = field(default_factory=list)
    roll_back_others: list[str] = field(default_factory=list)
    roll_back_keeper: list[str] = field(default_factory=list)
    settle_queues: list[str] = field(default_factory=list)
    restart_programs: list[str] = field(default_factory=list)
    forget_programs: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where a deploy stands. Lists name hosts, in their order.

    `hooks` are the hosts that run the stage's own steps, by point; none where the deploy does not come to that.
    `go_on` tells that nothing has failed. After a failure the fleet goes back if `can_roll_back`; else it goes forward
    without the hosts that failed if `rolls_forward`, because others serve the new release; else it is `halted`, as it
    is while it goes back.
    `closes_site` tells that visitors get the maintenance page meanwhile, `pauses_requests` that they wait.
    `closed` are web hosts that show the page, `closed_by_operator` those that it was on for before.
    `runs_commands`: whether the commands of the release run, once for each that is put on.
    `to_open` are web hosts to which visitors may come at the end.
    `withdrawn` are hosts that never had the release that the fleet goes back to: they run none again.
    `to_deregister` are web hosts that run no release while others serve. `queues_paused` tells that no job runs while
    workers go back; `keeps_queues_paused` that jobs stay where they are, because a worker would run them on a schema
    that its release cannot live with.
    """

    turns: Turns
    hooks: dict[str, list[str]]
    strategy: str
    go_on: bool
    failures: list[str]
    failed: list[str]
    can_roll_back: bool
    rolls_forward: bool
    halted: bool
    closes_site: bool
    pauses_requests: bool
    runs_commands: bool
    closed: list[str]
    closed_by_operator: list[str]
    serving: list[str]
    untried: list[str]
    keeping: list[str]
    stranded: list[str]
    withdrawn: list[str]
    to_deregister: list[str]
    to_open: list[str]
    queues_paused: bool
    keeps_queues_paused: bool
    answer: Answer
    absences: list[str]
    outcome: Outcome


def standing(deploy: Deploy, hosts: Sequence[Host]) -> Standing:
    """Return where `deploy` stands; `hosts` are those of the application, and the controller."""
    plan = deploy.plan
    web = [host for host in hosts if host.is_web]
    found = [failure for host in hosts for failure in host.refusals]
    failures = [str(failure) for failure in found]
    failed = [host for host in hosts if host.refusals]
    stranded = [host for host in hosts if host.stranded]
    serving = [host for host in web if host.has_release and not host.refusals]
    migrated = _migrated(deploy, found)
    back = can_roll_back(deploy, migrated=migrated)
    rolls_forward = bool(failures and not back and serving)
    halted = bool(failures) and not rolls_forward
    rolls_back = bool(failures) and back
    closes_site = deploy.strategy == "maintenance" or plan.found_closed

    changed = _changed(deploy, hosts)
    tried = _names([host for host in hosts if host.has_release or host in failed])
    untried = [name for name in (*plan.rejoin, *plan.roll, *plan.change) if name not in tried]
    # A web host that refuses the release goes back by itself.
    leaving = [host for host in hosts if host in changed or (host in failed and host.is_web)]
    withdraws = rolls_back and plan.previous not in (None, deploy.release)
    withdrawn = _names([host for host in leaving if withdraws and plan.previous not in host.staged])
    stopped = _names([host for host in hosts if host.stopped])
    unfit = {*plan.change} & {*untried, *_names(failed)} or {*plan.working_off} - {*stopped}
    keeps_paused = halted and bool(deploy.lacks or (not back and unfit))

    absent = [name for name in deploy.absent if name not in withdrawn]
    still_closed = [host for host in web if host.still_closed]
    absences = [f"{name} is not healthy in target group {deploy.target_group}" for name in absent]
    absences += [
        f"{host.name} still shows the maintenance page, or lets requests wait: {host.still_closed[0].message}"
        for host in still_closed
    ]
    keeping = [host for host in hosts if host.name in plan.done and host.name not in tried]
    keeping = [host for host in keeping if not (rolls_back and host in changed)]
    ending = Ending(
        failures=failures,
        touched=bool(changed or any(host.is_web for host in failed) or deploy.migrating or closes_site),
        open=deploy.strategy in (None, REFUSED) and not closes_site,
        absences=absences,
        present=[host.name for host in web if host.name not in deploy.absent and host not in still_closed],
        stranded=_names(stranded),
        withdrawn=withdrawn,
        keeping=_names(keeping),
        backup=deploy.backup if deploy.migrations and not deploy.ahead else "",
        backups=deploy.backups,
        can_roll_back=back,
        serving=_names(serving),
        tried=not untried,
        jobs_wait=keeps_paused and plan.keeper is not None,
        programs_wait=keeps_paused and deploy.own_programs,
        lacks=deploy.lacks,
        release=deploy.release,
        version=deploy.ref,
        previous=plan.previous,
        previous_version=plan.previous_ref,
        command=deploy.command,
        typed=deploy.typed,
        stage=deploy.stage,
        url=deploy.url,
    )
    # Its own programs would run on a schema that their release cannot live with, or have the new release already.
    restarts = [host.name for host in hosts if host.paused and not host.has_release and halted and not keeps_paused]
    turns = _turns(
        deploy,
        changed=changed if rolls_back else [],
        restarts=restarts,
        failed=bool(failures),
        halted=halted,
        outgrown=deploy.breaking and bool(migrated),
    )
    outcome = deploy_outcome(ending)
    reached = (*(POINTS if not failures else ()), "after_success" if outcome.result == "succeeded" else "after_failure")
    return Standing(
        turns=turns,
        hooks={point: turns.migrator for point, steps in deploy.hooks.items() if steps and point in reached},
        strategy=deploy.strategy or "rolling",
        go_on=not failures,
        failures=failures,
        failed=_names(failed),
        can_roll_back=back,
        rolls_forward=rolls_forward,
        halted=halted,
        closes_site=closes_site,
        pauses_requests=deploy.strategy == "pause",
        runs_commands=deploy.release != plan.previous or bool(deploy.migrations and deploy.migrations.pending),
        closed=[host.name for host in web if closes_site or host.page],
        closed_by_operator=[host.name for host in web if host.page and not host.closed],
        serving=_names(serving),
        untried=untried,
        keeping=_names(keeping),
        stranded=_names(stranded),
        withdrawn=withdrawn,
        to_deregister=_to_deregister(web, rolls_forward=rolls_forward, can_roll_back=back),
        to_open=[host.name for host in web if (back or not (halted or host.refusals)) and _may_open(host)],
        queues_paused=not any(host.unpaused for host in hosts),
        keeps_queues_paused=keeps_paused,
        answer=_answer(deploy, allowed=not failures or back, returns=bool(failures)),
        absences=absences,
        outcome=outcome,
    )


def can_roll_back(deploy: Deploy, *, migrated: bool | None) -> bool:
    """Return whether the release before can live with what the database is now.

    `migrated` tells whether the database has migrations that it does not know, None if the deploy has not come to that.
    """
    if deploy.plan.previous is None:
        return False
    if deploy.strategy in (None, REFUSED):
        # Nothing was migrated since; but what had the dead one migrated, and which hosts had it changed?
        return not deploy.plan.found_closed and deploy.plan.previous not in deploy.unfit
    return not (deploy.breaking and (deploy.ahead if migrated is None else migrated))


def _migrated(deploy: Deploy, failures: Sequence[Failure]) -> bool | None:
    """Return whether the database has migrations that the release before does not know; None before that phase."""
    if not deploy.migrating:
        return None
    applied = deploy.applied
    if applied is None:
        applied = next((failure.applied for failure in failures if failure.applied is not None), None)
    # A host that is out of reach may go on migrating: what is not known to be pending still counts as applied.
    if applied is None:
        applied = deploy.migrations.pending if deploy.migrations else ()
    return bool(applied or deploy.ahead)


def _changed(deploy: Deploy, hosts: Sequence[Host]) -> list[Host]:
    """Return the hosts that have the new release and go back with the fleet, also those of a deploy that died.

    Before the migrations of both releases were compared it is not known whether the latter can go back.
    """
    chosen = deploy.strategy not in (None, REFUSED)
    return [host for host in hosts if host.has_release or (chosen and host.name in deploy.plan.begun)]


def _to_deregister(web: Sequence[Host], *, rolls_forward: bool, can_roll_back: bool) -> list[str]:
    """Return the web hosts that run no release that the database fits, while others do."""
    if rolls_forward:
        return [host.name for host in web if host.refusals]
    stranded = [host.name for host in web if host.stranded]
    return stranded if can_roll_back and len(stranded) < len(web) else []


def _may_open(host: Host) -> bool:
    """Return whether visitors get an answer there; else the page is better than an error."""
    return not host.stranded and (host.answer is None or bool(host.answer["allowed"]))


def _turns(
    deploy: Deploy, *, changed: Sequence[Host], restarts: list[str], failed: bool, halted: bool, outgrown: bool
) -> Turns:
    """Return which hosts each play concerns; `changed` are those that go back."""
    plan = deploy.plan
    if deploy.dry or not plan.needed:
        return Turns()
    keeper = [plan.keeper] if plan.keeper else []
    others = [host.name for host in changed if not host.is_web]
    stay = {*plan.change, *plan.resume_programs}
    return Turns(
        migrator=[plan.migrator] if plan.migrator else [],
        rejoin=plan.rejoin,
        roll=plan.roll,
        change=plan.change,
        pause_programs=plan.pause_programs,
        resume_programs=plan.resume_programs,
        keeper=keeper if plan.pause_queues else [],
        outgrown=plan.working_off if outgrown else [],
        roll_back_web=[host.name for host in changed if host.is_web],
        roll_back_others=others,
        roll_back_keeper=keeper if others else [],
        settle_queues=keeper if failed and (plan.pause_queues or others) else [],
        restart_programs=restarts,
        forget_programs=[] if halted else [name for name in plan.pause_programs if name not in stay],
    )


def _answer(deploy: Deploy, *, allowed: bool, returns: bool) -> Answer:
    plan = deploy.plan
    if returns:
        return Answer(allowed=allowed, release=plan.previous, ref=plan.previous_ref, version=plan.previous_version)
    return Answer(allowed=allowed, release=deploy.release, ref=deploy.ref, version=deploy.version)


def _names(hosts: Sequence[Host]) -> list[str]:
    return [host.name for host in hosts]


def deploy_of(noted: Mapping[str, Any]) -> Deploy:
    """Return the deploy that the fact `deploy` describes; one that is not planned yet concerns no host."""
    known = _known(Deploy, noted)
    migrations = known.get("migrations")
    known["plan"] = Plan(**_known(Plan, known.get("plan") or {}))
    known["migrations"] = None if migrations is None else Migrations(**_known(Migrations, migrations))
    return Deploy(**known)


def host_of(noted: Mapping[str, Any]) -> Host:
    """Return the host that the fact `deploy_host` describes."""
    steps = ("failures", "stranded", "still_closed", "unpaused")
    failed = {name: [Failure(**_known(Failure, step)) for step in noted.get(name, ())] for name in steps}
    return Host(**{**_known(Host, noted), **failed})


def _known(kind: type[T], noted: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `kind` has a field for: facts also say what only playbooks read."""
    names = {known.name for known in fields(kind)}  # type: ignore[arg-type]
    return {name: _plain(value) for name, value in noted.items() if name in names}


def _plain(value: Any) -> Any:
    """Return the value in Python's own containers: Ansible's cannot be copied by type, as asdict does."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value
