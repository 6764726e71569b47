# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which releases may go, and their removal. A release that serves, served last or is still in use never goes.

The Pythons below the site go with the last release that uses them.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .earlier import FOLDER, surplus
from .files import remove_tree
from .history import Activation, previous_release, read_history
from .pythons import surplus as surplus_pythons
from .site import PARTIAL, PYTHON_RECORD, RECORD, Site
from .static_tree import merge_static, prune_static

# Seconds. A deploy stages before it takes the lock: what is younger may be another deploy's.
FRESH = 24 * 3600.0


@dataclass(frozen=True)
class PrunePlan:
    """`keep` names the reason for each release that stays; `remove` the releases and remains that go.

    `remove_earlier` are those of which only the static files are here, and go; `remove_pythons` the Pythons that go.
    """

    keep: Mapping[str, str]
    remove: Sequence[str]
    remove_earlier: Sequence[str] = ()
    remove_pythons: Sequence[str] = ()

    @property
    def changes(self) -> bool:
        """Whether anything goes."""
        return bool(self.remove or self.remove_earlier or self.remove_pythons)


def prune_plan(
    *,
    staged: Mapping[str, float],
    history: Sequence[Activation],
    active: str | None,
    keep: int,
    keep_ids: Collection[str],
    running: Collection[str],
    refused: Collection[str] = (),
) -> PrunePlan:
    """Decide for every release of `staged` (id to age in seconds).

    `keep` counts the releases activated last. One that never was is kept while it is fresh, for it may be about to be.
    """
    activated = list(dict.fromkeys(past.to for past in reversed(history) if past.to in staged))
    never = [release for release in staged if release not in activated]
    reasons = dict.fromkeys(activated[:keep], f"one of the {keep} activated last")
    reasons.update({release: "staged less than a day ago" for release in never if staged[release] < FRESH})
    reasons.update({release: "asked to be kept" for release in keep_ids if release in staged})
    previous = previous_release(history, active=active, refused=refused)
    reasons.update({release: "ran before the active one" for release in staged if release == previous})
    reasons.update({release: "in use by a process" for release in staged if release in running})
    reasons.update({release: "active" for release in staged if release == active})
    return PrunePlan(keep=reasons, remove=sorted(set(staged) - set(reasons)))


def plan_for_site(site: Site, *, keep: int, keep_ids: Collection[str], now: float, proc: Path) -> PrunePlan:
    """The plan for what is on this host at `now` (epoch seconds); `proc` is where the kernel lists processes."""
    staged = {release: now - _written_at(site.directory(release) / RECORD) for release in site.staged()}
    history = read_history(site.history)
    plan = prune_plan(
        staged=staged,
        history=history,
        active=site.active(),
        keep=keep,
        keep_ids=keep_ids,
        running=in_use(site.releases, proc=proc),
        refused=site.refusals(),
    )
    pythons = {python: now - _written_at(site.python(python) / PYTHON_RECORD) for python in site.python_records()}
    used = {str((site.record(release) or {}).get("python", "")) for release in plan.keep}
    earlier = {release: str(record["activated"]) for release, record in site.earlier_records().items()}
    return PrunePlan(
        keep=plan.keep,
        remove=[*plan.remove, *_old_remains(site.releases, known=staged, now=now)],
        remove_earlier=[
            *surplus(earlier, staged=staged, history=history, keep=keep),
            *_old_remains(site.earlier, known=earlier, now=now),
        ],
        remove_pythons=[
            *surplus_pythons(pythons, used=used, running=in_use(site.pythons, proc=proc), fresh=FRESH),
            *_old_remains(site.pythons, known=pythons, now=now),
        ],
    )


def prune(site: Site, plan: PrunePlan, *, static_directory: str, group: int) -> int:
    """Carry out `plan`; returns how many static files were removed, which no release serves any more.

    Static files of one name that differ were linked from one release only (see static_tree); if that one goes, the
    name is linked from a release that stays.
    """
    for release in plan.remove:
        remove_tree(site.directory(release))
    for release in plan.remove_earlier:
        remove_tree(site.earlier / release)
    for python in plan.remove_pythons:
        remove_tree(site.python(python))
    removed = prune_static(site.static) if plan.remove or plan.remove_earlier else 0
    sources = [site.directory(release) / static_directory for release in plan.keep]
    for source in [*sources, *(site.earlier / release / FOLDER for release in site.earlier_records())]:
        merge_static(source, into=site.static, group=group)
    return removed


def in_use(place: Path, *, proc: Path) -> set[str]:
    """The directories in `place` that any process runs from: by its program, its directory or its command line."""
    within = f"{place}/"
    return {
        text.split(within, 1)[1].split("/", 1)[0].split("\0", 1)[0]
        for process in proc.iterdir()
        if process.name.isdigit()
        for text in _traces(process)
        if within in text
    }


def _traces(process: Path) -> Iterator[str]:
    # A process may end while it is looked at, and the kernel's own have no program.
    for link in ("exe", "cwd"):
        try:
            yield str((process / link).readlink())
        except OSError:
            continue
    try:
        yield from (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return


def _written_at(path: Path) -> float:
    return path.stat().st_mtime


def _old_remains(place: Path, *, known: Collection[str], now: float) -> list[str]:
    """Directories in `place` that a died run has left: no complete release, and untouched for a day."""
    if not place.is_dir():
        return []
    return sorted(
        entry.name
        for entry in os.scandir(place)
        if entry.is_dir(follow_symlinks=False)
        and entry.name not in known
        and (entry.name.endswith(PARTIAL) or not _has_record(Path(entry.path)))
        and now - entry.stat(follow_symlinks=False).st_mtime > FRESH
    )


def _has_record(directory: Path) -> bool:
    return any((directory / record).exists() for record in (RECORD, PYTHON_RECORD))
