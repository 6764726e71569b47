# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs are told apart by their command, or by the script that it is."""

from __future__ import annotations

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.old_server.programs import programs_of

SCRIPTS = {
    "/webapps/a/run.sh": "source bin/activate\nexec gunicorn config.wsgi\n",
    "/webapps/a/both.sh": "gunicorn config.wsgi & python manage.py rqworker\n",
}


@pytest.mark.parametrize(
    ("command", "duty"),
    [
        ("/webapps/a/repo/.venv/bin/python manage.py rqworker default ; comment", "worker"),
        ("bash -c '. .venv/bin/activate && exec python manage.py rqscheduler -i 60'", "scheduler"),
        ("/webapps/a/run.sh", "web"),
        ("/webapps/a/both.sh", "unknown"),
        ("/usr/bin/celery -A amy worker", "unknown"),
    ],
)
def test_a_program_is_known_by_what_it_runs(command: str, duty: str) -> None:
    text = f"[program:one]\ncommand={command}\nenvironment=A='%(ENV_A)s'\n"
    (program,) = programs_of({"/etc/supervisor/conf.d/one.conf": text}, lambda path: SCRIPTS.get(path, ""))
    assert (program.name, program.duty) == ("one", duty)


def test_other_sections_are_no_programs() -> None:
    assert not programs_of({"a.conf": "[group:amy]\nprograms=one\n[supervisord]\nnodaemon=true\n"}, lambda _path: "")
