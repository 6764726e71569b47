# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Decide to which release a rollback goes, and whether the stage is one for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ..host_kinds import QUEUE_KINDS
from ..release.python_asked import Verdict, remedy
from ..typed_command import DEPLOY, typed_command

# What the deploy lock says of a rollback, and of a lock whose holder runs no more.
ROLLBACK = "make rollback"
ABANDONED = ("expired", "dead")


def candidates(hosts: list[dict[str, Any]], *, lock: dict[str, Any] | None, claim: str) -> list[dict[str, Any]]:
    """Return the releases to which the hosts would go back: of one id, unless they ran different ones.

    `hosts` are what release_state says of each, `lock` and `claim` what deploy_lock_info says. A rollback that was cut
    off has changed some hosts, for which the release before is another one by now: it goes on to its own release.
    """
    if lock and claim in ABANDONED and lock["reason"].startswith(ROLLBACK):
        records = [record for host in hosts for record in (host["active"], host["previous"]) if record]
        if begun := [record for record in records if record["id"] == lock["version"]]:
            return begun
    return [host["previous"] for host in hosts if host["previous"]]


def refusal(record: Mapping[str, Any], *, kinds: Collection[str], python: Mapping[str, Any] | None, stage: str) -> str:
    """Return why the stage cannot go back to a release, and the steps after which it can; empty if it can.

    `record` is the release's own, `kinds` are the kinds of hosts that the stage is to have, and `python` is the verdict
    of carpentries.amy.release_source; None as long as it is not asked for. Only what serves background jobs counts:
    which of the other hosts keeps the backups is the stage's choice, whatever release runs.
    """
    missing = [kind for kind in QUEUE_KINDS if kind in record.get("host_kinds", ()) and kind not in kinds]
    if not missing:
        return ""
    ref, folder = record["ref"], f"inventories/{stage}/group_vars/all"
    verdict = Verdict(**python) if python else None
    steps = [
        f"Give instances_counts {_listed(missing)} hosts in {folder}/provision.yml, and undo what else was changed "
        "when they went (docs/guides/without_rq.md).",
        f"Run: make provision STAGE={stage}",
    ]
    if verdict and verdict.fitting and not verdict.fits:
        steps.append(
            f"{remedy(verdict, stage=stage)}: {ref} asks for Python {verdict.text} ({verdict.file}), and it is "
            f"{verdict.version}."
        )
    # A branch may mean another commit by now.
    version = record["commit"] if record.get("version") else ref
    steps.append(f"Run: {typed_command(DEPLOY, stage=stage, version=version)}")
    return "\n".join(
        [
            f"{ref} ran on a stage with {_listed(missing)} hosts, and instances_counts of stage {stage} has none of "
            "them. Nothing has been touched. To go back to it:",
            *(f"{number}. {step}" for number, step in enumerate(steps, start=1)),
        ]
    )


def _listed(kinds: list[str]) -> str:
    *others, last = kinds
    return f"{', '.join(others)} and {last}" if others else last


def other_python(hosts: list[dict[str, Any]], *, release: str, today: str, stage: str) -> str:
    """Return what an operator is told whose rollback to `release` builds it for another Python than it ran on.

    `hosts` are what release_state says of each, `today` is the stage's release_python. Empty if that is the same but
    for its correction, or unknown.
    """
    ran_on = [_ran_on(host, release) for host in hosts]
    other = {version for found in ran_on if _minor(today) not in map(_minor, found) for version in found}
    if not other or not today:
        return ""
    ref = next(record["ref"] for host in hosts for record in _records(host, release))
    return (
        f"{ref} ran on Python {' and '.join(sorted(other))}, and release_python of stage {stage} is {today} today: it "
        "is built once more, for that, which may fail. Nothing is touched then. To have what ran, set release_python "
        f"(and release_python_archives) back in inventories/{stage}/group_vars/all/release.yml, and run: make rollback "
        f"STAGE={stage}"
    )


def _records(host: dict[str, Any], release: str) -> Iterator[dict[str, Any]]:
    """Give what a host knows of `release`, which it runs or ran before."""
    return (record for record in (host["active"], host["previous"]) if record and record["id"] == release)


def _ran_on(host: dict[str, Any], release: str) -> list[str]:
    """Return which Python `release` had on a host: none if it was not there, or nothing is noted of it."""
    pythons = [record["python"] for record in _records(host, release) if "python" in record]
    # Without one of its own a release runs on one of the distribution's.
    return [version for python in pythons for version in ([python.split("-")[0]] if python else host["pythons"])]


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]
