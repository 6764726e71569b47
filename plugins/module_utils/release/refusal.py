# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Releases that a deploy has tried and given up: a mark in the release's folder, with who, when and why.

A rollback passes over them. Who names such a release gets it all the same, and the mark goes when it has proved itself.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from .history import read_history
from .site import REFUSAL, Site
from .stage import File, write_file


@dataclass(frozen=True)
class Refusal:
    """Why a release was given up: `time` is ISO 8601 in UTC, `by` the operator whose deploy it was."""

    time: str
    by: str
    deploy_id: str
    reason: str


def refuse(site: Site, release: str, refusal: Refusal, *, dry: bool) -> bool:
    """Mark `release` if that deploy has tried it on this host; return whether it has. With `dry`, only look.

    A deploy may fail before it changes anything, by which a release is neither good nor bad.
    """
    tried = any(
        past.deploy_id == refusal.deploy_id and release in (past.to, past.came_from)
        for past in read_history(site.history)
    )
    if tried and not dry and site.record(release) is not None:
        directory = site.directory(release)
        mark = File(REFUSAL, text=json.dumps(asdict(refusal)) + "\n", mode=0o640)
        write_file(directory / REFUSAL, file=mark, group=directory.stat().st_gid)
    return tried


def accept(site: Site, release: str, *, dry: bool) -> bool:
    """Take the mark of `release` away; return whether there is one. With `dry`, only look."""
    mark = site.directory(release) / REFUSAL
    marked = mark.exists()
    if not dry:
        mark.unlink(missing_ok=True)
    return marked
