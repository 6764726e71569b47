# SPDX-License-Identifier: GPL-3.0-or-later
"""Which host of a stage runs which of its own programs and timers, and which lists a stage cannot have."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.fleet_plan import duties
from ansible_collections.carpentries.amy.plugins.module_utils.stage_programs import (
    complaint,
    places,
    programs_of,
    supervisor_command,
    systemd_command,
)
from hypothesis import given
from hypothesis import strategies as st

QUEUES = {
    "web": ["web1", "web2"],
    "worker": ["worker10", "worker2", "worker1"],
    "scheduler": ["scheduler1"],
    "redis": ["redis1"],
}
NO_QUEUES = {"web": ["web1", "web2"], "utility": ["utility2", "utility1"]}
CELERY = {"name": "celery", "command": "celery -A site worker", "role": "worker", "processes": 2, "stop_wait": 300}
BEAT = {"name": "beat", "command": "celery -A site beat"}
EMAILS = {"name": "emails", "command": "python manage.py send_emails", "schedule": "*-*-* 03:15:00"}


def placed(groups: dict[str, list[str]], counts: dict[str, int] | None = None) -> dict[str, list[str]]:
    known = duties(counts=counts or {}, groups=groups)
    found: dict[str, list[str]] = places(groups=groups, utility=known.utility, releases=known.releases)
    return found


def hosts_of(name: str, groups: dict[str, list[str]], counts: dict[str, int] | None = None, **lists: Any) -> list[str]:
    """The hosts of `groups` that run NAME, sorted."""
    found = []
    for host in sorted(host for hosts in groups.values() for host in hosts):
        programs = lists.get("programs", [])
        has = programs_of(host, programs=programs, timers=lists.get("timers", []), places=placed(groups, counts))
        if name in [entry["name"] for entry in has["programs"] + has["timers"]]:
            found.append(host)
    return found


@pytest.mark.parametrize(
    ("program", "groups", "hosts"),
    [
        # Every host of the kind, unless a number of them is asked for: the first by their numbers.
        (CELERY, QUEUES, ["worker1", "worker10", "worker2"]),
        (CELERY | {"hosts": 2}, QUEUES, ["worker1", "worker2"]),
        (CELERY | {"hosts": 1}, QUEUES, ["worker1"]),
        (CELERY | {"role": "utility"}, NO_QUEUES, ["utility1", "utility2"]),
        # Without a role it is the host that builds and migrates.
        (BEAT, QUEUES, ["scheduler1"]),
        (BEAT, NO_QUEUES, ["utility1"]),
    ],
)
def test_a_program_is_on_the_first_hosts_of_its_kind(
    program: dict[str, Any], groups: dict[str, list[str]], hosts: list[str]
) -> None:
    assert hosts_of(program["name"], groups, programs=[program]) == hosts
    assert complaint(programs=[program], timers=[], places=placed(groups)) == ""


@pytest.mark.parametrize(
    ("timer", "groups", "host"),
    [
        (EMAILS, QUEUES, "scheduler1"),
        (EMAILS, NO_QUEUES, "utility1"),
        (EMAILS | {"role": "worker"}, QUEUES, "worker1"),
        (EMAILS | {"role": "utility"}, NO_QUEUES, "utility1"),
    ],
)
def test_a_timer_is_on_one_host(timer: dict[str, Any], groups: dict[str, list[str]], host: str) -> None:
    assert hosts_of("emails", groups, timers=[timer]) == [host]


@pytest.mark.parametrize(
    ("counts", "host"),
    [
        ({"web": 2, "utility": 1}, "utility1"),
        ({"web": 2, "worker": 1, "scheduler": 1, "redis": 1}, "scheduler1"),
    ],
)
def test_a_host_that_is_about_to_leave_runs_none(counts: dict[str, int], host: str) -> None:
    both = {**QUEUES, "utility": ["utility1"]}
    assert hosts_of("emails", both, counts, timers=[EMAILS]) == [host]


def test_a_host_is_told_what_it_needs_to_run_them() -> None:
    assert programs_of("worker1", programs=[CELERY, BEAT], timers=[EMAILS], places=placed(QUEUES)) == {
        "programs": [{"name": "celery", "command": "celery -A site worker", "processes": 2, "stop_wait": 300}],
        "timers": [],
    }
    assert programs_of("scheduler1", programs=[CELERY, BEAT], timers=[EMAILS], places=placed(QUEUES)) == {
        "programs": [{"name": "beat", "command": "celery -A site beat", "processes": 1, "stop_wait": 60}],
        "timers": [EMAILS | {"timeout": 3600}],
    }


@pytest.mark.parametrize(
    ("programs", "timers", "says"),
    [
        ("celery", [], "stage_programs must be a list."),
        (["celery"], [], "'celery' is no map with name, command"),
        ([{"command": "celery"}], [], "the name None is not of letters, digits and -"),
        ([CELERY | {"name": "../celery"}], [], "the name '../celery' is not"),
        ([CELERY | {"name": "rqworker"}], [], "rqworker is the name of a program that the stage runs anyway"),
        ([CELERY | {"procesess": 2}], [], "celery has an unknown key 'procesess'"),
        ([CELERY | {"schedule": "hourly"}], [], "celery has an unknown key 'schedule'"),
        ([], [EMAILS | {"processes": 2}], "In stage_timers, emails has an unknown key 'processes'"),
        ([{"name": "celery"}], [], "command of celery must be a text"),
        ([CELERY | {"command": " "}], [], "command of celery must be a text"),
        ([], [{"name": "emails", "command": "x"}], "schedule of emails must be a text"),
        ([], [EMAILS | {"schedule": "daily\nUnit=x"}], "schedule of emails must be a text in one line"),
        ([CELERY | {"processes": 0}], [], "processes of celery is 0, and must be a whole number of 1 or more"),
        ([CELERY | {"hosts": "2"}], [], "hosts of celery is '2'"),
        ([CELERY | {"stop_wait": True}], [], "stop_wait of celery is True"),
        ([CELERY | {"command": "celery 'x"}], [], "the command of celery cannot be divided into words"),
        ([CELERY | {"command": "celery ; rm"}], [], "the command of celery has a ; or #"),
        # Supervisord's file has another spelling of it.
        ([CELERY | {"command": r"celery a\ \;b"}], [], "the command of celery has a ; or #"),
        ([CELERY | {"command": "celery\nuser=root"}], [], "command of celery must be a text in one line"),
        ([CELERY], [EMAILS | {"name": "celery"}], "celery is the name of two of stage_programs and stage_timers."),
        ([CELERY | {"role": "web"}], [], "celery cannot run on web hosts"),
        ([CELERY | {"role": "redis"}], [], "There is no role 'redis'; the role of celery is one of worker, scheduler"),
        ([CELERY | {"role": "utility"}], [], "celery needs 1 utility hosts, and 0 of the stage's are there to stay."),
        ([CELERY | {"hosts": 4}], [], "celery needs 4 worker hosts, and 3 of the stage's"),
        ([BEAT | {"hosts": 2}], [], "beat needs 2 utility hosts, and 1 of the stage's"),
    ],
)
def test_a_list_that_a_stage_cannot_have_is_refused_in_a_sentence(programs: Any, timers: Any, says: str) -> None:
    said = complaint(programs=programs, timers=timers, places=placed(QUEUES))
    assert says in said
    assert said.endswith(".")


def test_lists_that_a_stage_can_have_are_not_refused() -> None:
    assert complaint(programs=[CELERY, BEAT], timers=[EMAILS], places=placed(QUEUES)) == ""
    assert complaint(programs=[], timers=[], places=placed(NO_QUEUES)) == ""


@pytest.mark.parametrize(
    ("command", "supervisor", "systemd"),
    [
        ("python manage.py report", "python manage.py report", '"python" "manage.py" "report"'),
        ("celery -n w@%h", "celery -n w@%%h", '"celery" "-n" "w@%%h"'),
        ("""run '{"a": 1}'""", """run '{"a": 1}'""", r'"run" "{\"a\": 1}"'),
        ("pay $HOME", "pay '$HOME'", '"pay" "$$HOME"'),
        (r"find a\\b", r"find 'a\b'", r'"find" "a\\b"'),
    ],
)
def test_a_command_reaches_the_program_word_for_word(command: str, supervisor: str, systemd: str) -> None:
    assert (supervisor_command(command), systemd_command(command)) == (supervisor, systemd)


@given(st.lists(st.text(st.characters(exclude_categories=["C"])), min_size=1))
def test_supervisord_divides_a_command_into_the_same_words(words: list[str]) -> None:
    assert shlex.split(supervisor_command(shlex.join(words)) % ()) == words
