# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Decide what ends the state that a deploy which died has left, from what hosts, rotation, lock and database say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Optional

from ..host_kinds import JOB_KINDS
from ..rq.lease import DEPLOY_PREFIX
from .plan import IN_ROTATION

# Whether the database fits a release; None as long as that is not known.
Fits = Callable[[str], Optional[bool]]


@dataclass(frozen=True)
class Release:
    """A release on a host: its id, what it was deployed as, and what it calls itself where that is no tag."""

    id: str
    ref: str = ""
    version: str = ""


@dataclass(frozen=True, kw_only=True)
class Host:
    """What is known of a host of the application.

    `active` is the id of the release that it runs, None before its first; `releases` are those that it has. `paused`
    tells that requests wait there, `page` that it shows the maintenance page, `closed` that a deploy has put the page
    there. `refused` tells that the active release was refused there. `target_state` is the load balancer's word on a
    web host.
    """

    name: str
    role: str
    active: str | None = None
    releases: Sequence[Release] = ()
    paused: bool = False
    page: bool = False
    closed: bool = False
    refused: bool = False
    target_state: str = ""

    @property
    def is_web(self) -> bool:
        """Whether it is there for visitors."""
        return self.role == "web"

    @property
    def in_rotation(self) -> bool:
        """Whether the load balancer sends it visitors."""
        return self.target_state == IN_ROTATION

    @property
    def serves(self) -> bool:
        """Whether visitors get the active release there now."""
        return self.is_web and self.in_rotation and not (self.page or self.paused)

    def has(self, release: str) -> bool:
        """Whether the release is on the host."""
        return any(known.id == release for known in self.releases)


@dataclass(frozen=True, kw_only=True)
class Dead:
    """A deploy whose controller died: its id, and the id of the release that it was to put on."""

    deploy_id: str
    release: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a release says of the database: see the module release_migrations_info."""

    pending: Sequence[str]
    newer: Sequence[str]
    migrates: bool

    @property
    def fits(self) -> bool:
        """Whether the database is what the release wants, and nothing more."""
        return not (self.pending or self.newer or self.migrates)


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What becomes of one web host: the release that it is to serve, or None if it stays as it is.

    `note` says what was left there and why that release. `opens` tells that the maintenance page goes, `rejoins` that
    the host goes back to the rotation.
    """

    release: Release | None
    note: str
    opens: bool
    rejoins: bool


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """What is recovered.

    `needed` tells that a deploy has left something, so that the deploy lock is needed. `asking` are the hosts that have
    a question, and `asks` the releases that each of them asks about the database. `keeper` is the one of them that
    looks at the queues, None if no deploy died or the stage has no queues. `turns` are what becomes of web hosts that
    something was left on, and `recovering` those hosts, and the keeper if there are queues to resume: `resumes_queues`.
    `unfit` are the releases that were asked, and that the database is not known to fit.
    """

    needed: bool = False
    asking: list[str] = field(default_factory=list)
    asks: dict[str, list[str]] = field(default_factory=dict)
    keeper: str | None = None
    turns: dict[str, Turn] = field(default_factory=dict)
    recovering: list[str] = field(default_factory=list)
    resumes_queues: bool = False
    unfit: list[str] = field(default_factory=list)


def recovery(
    hosts: Sequence[Host],
    *,
    dead: Dead | None = None,
    answers: Mapping[str, Answer | None] | None = None,
    keeper: str | None = None,
    holder: str = "",
) -> Recovery:
    """Return what to do about what a deploy has left, before anything slow.

    `dead` is a deploy that died, and whose lock this one takes over. `answers` are what releases have said so far, by
    their ids, None of one that was asked and could not say it. `keeper` is the host that looks at the queues,
    and `holder` who has suspended them. Only under the deploy lock: no other deploy lives.

    Requests wait for deploys only, and the page says who has put it on. A host may be out of rotation for an operator,
    too: without a deploy that died it is left to the phase that rolls the web hosts.
    """
    answered = dict(answers or {})
    serving = {host.active for host in hosts if host.serves}
    left = {host.name: reason for host in hosts if (reason := _left(host, dead=dead))}
    web = [host for host in hosts if host.name in left]

    def fits(release: str) -> bool | None:
        if release in serving:
            return True
        if release not in answered:
            return None
        answer = answered[release]
        return answer is not None and answer.fits

    candidates = {host.name: _candidates(host, dead=dead) for host in web}
    chosen = {name: next(filter(fits, releases), None) for name, releases in candidates.items()}
    workers = {host.active for host in hosts if host.role in JOB_KINDS and host.active}
    watching = [host for host in hosts if dead and host.name == keeper]
    # A release behind one that others serve is not needed.
    questions = {name: [*takewhile(lambda it: it not in serving, found)] for name, found in candidates.items()}
    questions |= {host.name: sorted(workers - serving) for host in watching}
    asks = _asks([(host, release) for host in hosts for release in questions.get(host.name, ())])
    turns = {host.name: _turn(host, chosen[host.name], left=left[host.name], serving=serving) for host in web}
    resumes = bool(dead and holder == DEPLOY_PREFIX + dead.deploy_id) and _may_work(
        workers, visible=serving | {*chosen.values()} - {None}, dead=dead, fits=fits
    )
    resuming = [host.name for host in watching if resumes]
    return Recovery(
        needed=bool(left or dead),
        asking=[host.name for host in hosts if host.name in asks or host in watching],
        asks=asks,
        keeper=keeper if watching else None,
        turns=turns,
        recovering=[*turns, *resuming],
        resumes_queues=bool(resuming),
        unfit=sorted(release for release in answered if not fits(release)),
    )


def _left(host: Host, *, dead: Dead | None) -> str:
    """Return what a deploy has left on the host; empty if it has left nothing."""
    if not host.is_web:
        return ""
    if host.paused:
        return "Requests wait there"
    if host.closed:
        return "A deploy has left the maintenance page on"
    if dead and host.active and not host.in_rotation:
        return f"It is not in rotation ({host.target_state or 'unused'}), and deploy {dead.deploy_id} died"
    return ""


def _candidates(host: Host, *, dead: Dead | None) -> list[str]:
    """Return the releases that the host may run, the better one first: nothing changes if the active one can stay."""
    new = [dead.release] if dead else []
    # One that was refused there has to prove itself in a deploy of it.
    active = [host.active] if host.active and (not host.refused or host.active in new) else []
    return [release for release in dict.fromkeys([*active, *new]) if host.has(release)]


def _asks(wanted: Sequence[tuple[Host, str]]) -> dict[str, list[str]]:
    """Return which host asks which releases: each is asked once, and all as soon as possible."""
    asks: dict[str, list[str]] = {}
    for release in sorted({release for _host, release in wanted}):
        having = [host.name for host, found in wanted if found == release and host.has(release)]
        if having:
            asks.setdefault(min(having, key=lambda name: len(asks.get(name, ()))), []).append(release)
    return asks


def _turn(host: Host, release: str | None, *, left: str, serving: set[str | None]) -> Turn:
    known = next((known for known in host.releases if known.id == release), None)
    why = "other web hosts serve it" if release in serving else "the database fits it"
    note = f"{left}. It is to serve {release} at once: {why}."
    if known is None:
        note = f"{left}. It stays as it is for now: no release that it has is known to fit the database."
    return Turn(release=known, note=note, opens=host.closed, rejoins=not host.in_rotation)


def _may_work(workers: set[str], *, visible: set[str | None], dead: Dead | None, fits: Fits) -> bool:
    """Return whether workers and scheduler may go on: their release fits, and loads what the web hosts enqueue.

    The dead deploy had checked that its release loads the jobs of the one before; of the reverse nothing is known.
    """
    if len(workers) != 1:
        return False
    (release,) = workers
    return bool(fits(release)) and (visible <= workers or (dead is not None and release == dead.release))
