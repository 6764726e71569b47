# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a restore ends: whether the release that runs fits the restored database, and what to run next."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Ending:
    """`fits` tells whether the queues may be resumed; `next_step` is what the operator runs, and why."""

    fits: bool
    next_step: str


def restore_ending(
    running: str | None,
    *,
    previous: str | None,
    made_under: str,
    pending: Sequence[str],
    newer: Sequence[str],
    lived_with: Collection[str],
    unread: str,
    versions: Mapping[str, str],
    stage: str,
) -> Ending:
    """Return how a restore ends where the release `running` (its id) runs, None if none does.

    `previous` is the release that ran before it, `made_under` the one that ran when the backup was made, empty if the
    backup does not say so. `pending` and `newer` are what `running` says of the restored database; see
    `carpentries.amy.release_migrations_info`; `lived_with` is what it said of the database before the restore, with
    which it ran, or `unread` why it could say nothing: a database that has to be replaced may be one that no release
    can read. `versions` are what releases were deployed as, by id, as far as that is known.
    """
    beyond = [name for name in newer if name not in lived_with]
    opened = f"make maintenance MODE=off STAGE={stage}"
    if running is None or not (pending or beyond):
        return Ending(True, f"Open the site: {opened}")
    lacks = [f"lacks {', '.join(pending)}"] if pending else []
    has = [f"has {', '.join(beyond)}, which {running} does not know"] if beyond else []
    unknown = f"{_unknown(running, unread)} " if beyond and unread else ""
    return Ending(
        False,
        f"The database does not fit {running}, which runs: it {' and '.join(lacks + has)}. {unknown}"
        f"{_way(running, previous, made_under, versions, stage)} Then open the site: {opened}",
    )


def _unknown(running: str, unread: str) -> str:
    """Return why nothing counts as what `running` lived with; the last line of `unread` is the error itself."""
    return (
        f"Whether {running} lived with that before is not known: {running} could not read the database that was there "
        f"({unread.strip().splitlines()[-1].strip()})."
    )


def _way(running: str, previous: str | None, made_under: str, versions: Mapping[str, str], stage: str) -> str:
    """Return the command that brings release and database together."""
    if made_under:
        if made_under == previous:
            return f"The backup was made under {made_under}, which ran before. Run: make rollback STAGE={stage}"
        version = _version(made_under, versions)
        return f"The backup was made under {made_under}. Run: make deploy STAGE={stage} VERSION={version}"
    before = f"make rollback STAGE={stage} for {previous}, or " if previous else ""
    return (
        "The backup does not say which release it was made under. Deploy that release: "
        f"{before}make deploy STAGE={stage} VERSION=<its version>; "
        f"or migrate the database again: make deploy STAGE={stage} VERSION={_version(running, versions)}"
    )


def _version(release: str, versions: Mapping[str, str]) -> str:
    """Return what a release was deployed as; else what its id begins with, which is that as part of a file name."""
    return versions.get(release, release.rsplit("-", 2)[0])
