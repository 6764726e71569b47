# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs in cron's tables, whichever way they are written."""

from __future__ import annotations

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.old_server.cron import Job, jobs_of


@pytest.mark.parametrize(
    ("path", "line", "command"),
    [
        ("/etc/cron.d/amy", "*/30 * * * * amy /webapps/a/backup.sh >> /log 2>&1", "/webapps/a/backup.sh >> /log 2>&1"),
        ("/etc/cron.d/amy", "@daily amy manage.py clearsessions", "manage.py clearsessions"),
        ("/var/spool/cron/crontabs/amy", "0 3 * * 1-5 report --to=a", "report --to=a"),
        ("/var/spool/cron/crontabs/amy", "@reboot\tstart", "start"),
        ("/var/spool/cron/crontabs/amy", "  5 4\t* * *   spaced  out", "spaced  out"),
    ],
)
def test_a_job_is_its_command(path: str, line: str, command: str) -> None:
    assert jobs_of({path: f"{line}\n"}) == [Job(path, command)]


@pytest.mark.parametrize(
    "line", ["", "# 0 3 * * * amy report", "MAILTO=admin@example.org", "SHELL = /bin/sh", "0 3 * * *"]
)
def test_what_is_no_job_is_passed_over(line: str) -> None:
    assert jobs_of({"/etc/cron.d/amy": f"{line}\n"}) == []
