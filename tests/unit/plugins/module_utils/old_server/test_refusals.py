# SPDX-License-Identifier: GPL-3.0-or-later
"""Each thing that stands in the way of a move is named, with what to do; a server that fits is not refused."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.old_server.refusals import refusals

FOUND: dict[str, Any] = {
    "problem": "",
    "certificate": "/etc/letsencrypt/live/a/fullchain.pem",
    "certificate_days": 61,
    "modified": [],
    "settings": ["AMY_SECRET_KEY", "OLD_ONE"],
    "database_host": "db.example.org",
    "cron_jobs": [{"file": "/etc/cron.d/backup", "command": "/srv/backup.sh >> log"}],
    "redis_version": "7.0.15",
    "programs": [
        {"name": "gunicorn", "command": "gunicorn", "duty": "web"},
        {"name": "w", "command": "rqworker", "duty": "worker"},
        {"name": "s", "command": "rqscheduler", "duty": "scheduler"},
    ],
}


def refused(fleets_database: str = "DB.example.org", **changes: Any) -> list[str]:
    return list(
        refusals(
            {**FOUND, **changes},
            redis_version="7.0.15",
            settings=["AMY_SECRET_KEY"],
            left_behind=["OLD_ONE"],
            cron_left_behind=["backup.sh"],
            database_host=fleets_database,
            certificate_days=30,
        )
    )


def test_a_server_that_fits_is_not_refused() -> None:
    assert not refused()
    assert not refused(redis_version="6.0.16")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"problem": "nginx has no server"}, "nginx has no server."),
        ({"certificate_days": 29}, "ends in 29 days; 30 are needed"),
        ({"modified": ["amy/settings.py"]}, "changed by hand: amy/settings.py"),
        ({"settings": ["AMY_NEW", "OLD_ONE"]}, "that the stage does not: AMY_NEW."),
        (
            {"database_host": "other.example.org"},
            "is other.example.org, and the fleet would use DB.example.org.",
        ),
        ({"database_host": ""}, "Say which one does: modernize_database_setting"),
        ({"cron_jobs": [{"file": "/etc/cron.daily/a", "command": "mail"}]}, "cron runs mail (/etc/cron.daily/a), and"),
        ({"redis_version": "7.2.4"}, "Its Redis is 7.2.4, newer than the new host's 7.0.15"),
        ({"programs": [*FOUND["programs"], {"name": "c", "command": "celery", "duty": "unknown"}]}, "runs c (celery)"),
        ({"programs": FOUND["programs"][:2]}, "must run one scheduler program, and runs 0"),
    ],
)
def test_what_stands_in_the_way_is_named(changes: dict[str, Any], says: str) -> None:
    (line,) = refused(**changes)
    assert says in line


def test_a_fleet_that_would_get_an_empty_database_is_refused() -> None:
    (line,) = refused(fleets_database="")
    assert "the fleet would get a new, empty one. Set database_existing_endpoint" in line
