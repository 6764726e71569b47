# SPDX-License-Identifier: GPL-3.0-or-later
"""The order in which the files of the stage's tests run: each begins with what the one before it has left."""

from __future__ import annotations

from pathlib import Path

# They measure what a load of the stage loses.
ALONE = (
    "good_deploys",
    "broken_releases",
    "interrupted",
    "positive_control",
    "backup_and_maintenance",
    "shared_media",
    "risky_migrations",
)
ORDER = (
    *ALONE,
    "without_a_hand",
    "bad_input",
    "dry_run",
    "change_of_distribution",
    "installed",
    "queues_come_and_go",
    "move_to_fleet",
    "one_web_host",
    "outsiders",
    "scale",
    "status_findings",
    "another_application",
)


def place(file: Path) -> int:
    """The place of a file of tests in the order. Raises ValueError if it has none."""
    return ORDER.index(concern(file))


def runs_alone(file: Path) -> bool:
    """Whether nothing may run beside the tests of a file."""
    return concern(file) in ALONE


def concern(file: Path) -> str:
    """What the tests of a file are about, for example `good_deploys`."""
    return file.stem.removeprefix("test_")
