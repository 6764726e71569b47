# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs are told apart by their command, or by the script that it is."""

from __future__ import annotations

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.old_server.programs import ProgramsError, programs_of

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
        ("/usr/bin/celery -A amy worker ; was rqworker", "unknown"),
        ("/webapps/a/run.sh --title=AMY's", "web"),
    ],
)
def test_a_program_is_known_by_what_it_runs(command: str, duty: str) -> None:
    text = f"[program:one]\ncommand={command}\nenvironment=A='%(ENV_A)s'\n"
    (program,) = programs_of({"/etc/supervisor/conf.d/one.conf": text}, lambda path: SCRIPTS.get(path, ""))
    assert (program.name, program.duty) == ("one", duty)


@pytest.mark.parametrize("text", ["environment=KEY=canary\n", "[program:one]\ncanary\n"])
def test_a_file_that_cannot_be_read_is_named_without_what_is_in_it(text: str) -> None:
    with pytest.raises(ProgramsError, match=r"/etc/supervisor/one\.conf") as failure:
        programs_of({"/etc/supervisor/one.conf": text}, lambda _path: "")
    assert "canary" not in str(failure.value)


def test_other_sections_are_no_programs() -> None:
    assert not programs_of({"a.conf": "[group:amy]\nprograms=one\n[supervisord]\nnodaemon=true\n"}, lambda _path: "")
