# SPDX-License-Identifier: GPL-3.0-or-later
"""A healthy stage has no findings; each thing that is broken is named, with a command."""

from __future__ import annotations

import json
import re
import shlex
from copy import deepcopy
from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.filter.stage_status import stage_status

CUT_OFF = "make deploy STAGE=test VERSION=v3 ARGS='-e @vars.yml'"
LOCK = {"owner": "maria@laptop", "taken": "2026-01-31T12:00:00.000Z", "reason": CUT_OFF, "version": "v3-77"}


def host(name: str, role: str) -> dict[str, Any]:
    state = {
        "active": {"id": "v2-0a1b", "ref": "v2"},
        "refused": {"v0-0000": {"reason": "web1: Prove that it serves"}},
        "maintenance": False,
        "maintenance_for_deploy": False,
        "maintenance_until": None,
        "free_bytes": 20 << 30,
        "lacks_shared_files": False,
    }
    if role == "redis":
        state["active"] = None
    commands = {"web": "gunicorn: master", "worker": "manage.py rqworker", "scheduler": "rqscheduler"}
    process = {"release": "v2-0a1b", "command": commands.get(role, "")}
    return {
        "inventory_hostname": name,
        "ec2_instance_id": f"i-{name}",
        "ec2_tags": {"Role": role},
        "status_host": {
            "state": state,
            "processes": [process, dict(process)] if role in commands else [],
            "down": {},
            "free_memory": 2 << 30,
            "outdated": [],
            "paused": False,
        },
    }


def healthy() -> dict[str, Any]:
    """The filter's arguments for a stage on which nothing needs a hand."""
    return {
        "hosts": [
            host("web1", "web"),
            host("web2", "web"),
            host("worker1", "worker"),
            host("scheduler1", "scheduler"),
            host("redis1", "redis"),
        ],
        "targets": [{"id": "i-web1", "state": "healthy"}, {"id": "i-web2", "state": "healthy"}],
        "queues": {
            "queues": {"default": {"queued": ["a"], "running": [], "failed": []}},
            "aside": {},
            "scheduled": [{"id": "b", "score": 1.0}],
            "workers": [{"name": "w1", "hostname": "worker1", "listening": True}],
            "schedulers": [{"name": "s", "seconds_left": 60}],
            "oldest_overdue_seconds": 3.0,
            "suspended_by": None,
        },
        "backup": {
            "rc": 0,
            "stdout": json.dumps({"name": "amy.dump", "age": 240, "size": 3 << 20, "s3": "s3://bucket/amy.dump"}),
        },
        "redis_backup": {
            "rc": 0,
            "stdout": json.dumps({"name": "redis.rdb", "age": 36000, "size": 1 << 20, "s3": ""}),
        },
        "lock": {"lock": None, "claim": "free"},
        "duties": {"leaving": [], "former": []},
        "balancer_page": {"mode": "off"},
        "certificate": {"changed": False, "arn": "arn:1", "not_after": "2026-08-31T12:00:00.000Z", "days": 212},
    }


def status(facts: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = stage_status(
        facts["hosts"], "test", **{name: facts[name] for name in facts if name != "hosts"}
    )
    return shown


def changed(path: str, value: Any) -> dict[str, Any]:
    """The facts of the healthy stage, but for one: `path` leads to it through keys and indices."""
    facts = deepcopy(healthy())
    *parents, last = (int(key) if key.isdigit() else key for key in path.split("/"))
    found: Any = facts
    for key in parents:
        found = found[key]
    found[last] = value
    return facts


def test_a_healthy_stage_is_a_table_without_findings() -> None:
    shown = status(healthy())
    assert shown["lines"] == [
        "web1        v2-0a1b  healthy  2 gunicorn     20.0 GiB free, 2.0 GiB of memory",
        "web2        v2-0a1b  healthy  2 gunicorn     20.0 GiB free, 2.0 GiB of memory",
        "worker1     v2-0a1b           2 rqworker     20.0 GiB free, 2.0 GiB of memory",
        "scheduler1  v2-0a1b           2 rqscheduler  20.0 GiB free, 2.0 GiB of memory",
        "redis1                                       20.0 GiB free, 2.0 GiB of memory",
        "queues: default: 1 queued, 0 running, 0 failed; 1 scheduled, the oldest due for 3 s; workers: 1 on worker1",
        "backup: amy.dump, 4 minutes old, 3.0 MiB, s3://bucket/amy.dump",
        "backup of Redis: redis.rdb, 600 minutes old, 1.0 MiB, on this host only",
        "certificate: good for 212 days",
        "lock: free",
    ]
    assert shown["findings"] == []


def test_what_is_odd_about_a_backup_is_shown_and_fails_nothing() -> None:
    odd = {"warnings": ["WARNING: collation"], "left_out": ["/backups/x.dump has no manifest"]}
    answer = {"name": "amy.dump", "age": 240, "size": 3 << 20, "s3": "", **odd}
    shown = status(changed("backup/stdout", json.dumps(answer)))
    assert "backup: WARNING: collation" in shown["lines"]
    assert "backup: /backups/x.dump has no manifest" in shown["lines"]
    assert shown["findings"] == []


def test_programs_get_the_same_as_facts() -> None:
    facts = healthy()
    facts["hosts"][1]["status_host"] = {"unreachable": True}
    facts["queues"] = {"msg": "Connection refused"}
    shown = json.loads(json.dumps(status(facts)))
    assert shown["hosts"][0] == {
        "name": "web1",
        "role": "web",
        "release": "v2-0a1b",
        "target_state": "healthy",
        "target_reason": "",
        "running": {"v2-0a1b": 2},
        "down": {},
        "own": None,
        "leaves": False,
        "outdated": [],
        "paused": False,
        "free_bytes": 20 << 30,
        "free_memory": 2 << 30,
        "maintenance": False,
        "lacks_shared_files": False,
    }
    assert (shown["hosts"][4]["release"], shown["hosts"][4]["running"]) == (None, {})
    assert (shown["hosts"][1]["release"], shown["hosts"][1]["free_bytes"]) == (None, None)
    assert (shown["stage"], shown["queues"], shown["errors"]) == ("test", None, {"queues": "Connection refused"})
    assert (shown["certificate"]["days"], shown["lock"], shown["backup"]["name"]) == (212, None, "amy.dump")


@pytest.mark.parametrize(
    ("path", "value", "what", "run"),
    [
        ("hosts/2/status_host", {"unreachable": True}, "worker1 does not answer", "describe-instance-status"),
        ("hosts/0/status_host/state/active", None, "web1 runs no release", "make deploy STAGE=test VERSION=v2"),
        (
            "hosts/0/status_host/state/refused/v2-0a1b",
            {"reason": "web1: 500"},
            "refused: web1: 500",
            "make deploy STAGE=test VERSION=v2",
        ),
        ("hosts/0/status_host/state/free_bytes", 5 << 20, "web1 has 5.0 MiB left", "du "),
        (
            "hosts/0/status_host/outdated",
            ["nginx", "supervisor"],
            "web1 runs nginx and supervisor as before a security update; a deploy restarts that",
            "make deploy STAGE=test VERSION=v2",
        ),
        (
            "hosts/4/status_host/outdated",
            ["redis-server"],
            "redis1 runs redis-server as before a security update",
            "on redis1: sudo systemctl restart redis-server",
        ),
        (
            "hosts/0/status_host/state/lacks_shared_files",
            True,
            "web1 lacks the files that the hosts share",
            "make configure",
        ),
        ("hosts/4/status_host/state/free_bytes", 5 << 20, "redis1 has 5.0 MiB left", "du "),
        ("hosts/4/status_host/free_memory", 50 << 20, "redis1 has 50.0 MiB of memory left", "ps aux"),
        ("hosts/0/status_host/processes", [], "web1 runs no gunicorn", "on web1: supervisorctl status"),
        (
            "hosts/2/status_host/processes/0/release",
            "v1-0000",
            "worker1 has processes of v1-0000, and its release is v2-0a1b",
            "make deploy STAGE=test VERSION=v2",
        ),
        (
            "hosts/2/status_host/down",
            {"rqworker:rqworker-1": "FATAL"},
            "worker1 should run rqworker:rqworker-1, which is FATAL$",
            "on worker1: supervisorctl start rqworker:rqworker-1",
        ),
        ("certificate/days", 12, "certificate expires in 12 days", "--certificate-arn arn:1"),
        ("certificate/days", -3, "certificate has expired", "--certificate-arn arn:1"),
        ("hosts/1/status_host/state/maintenance", True, "web2 shows the maintenance page", "make maintenance MODE=off"),
        ("targets/0/state", "draining", "web1 gets no requests: the load balancer calls it draining", "make deploy"),
        ("targets", [{"id": "i-web2", "state": "healthy"}], "web1 gets no requests: .* not in the", "make deploy"),
        ("queues", {"msg": "Connection refused"}, "cannot be read: Connection refused", "systemctl status redis"),
        ("queues", {"unreachable": True}, "cannot be read: its host does not answer", "systemctl status redis"),
        (
            "queues/workers",
            [],
            "Workers run on worker1, and the stage's Redis database knows none",
            "stage_redis_database",
        ),
        ("queues/queues/default/failed", [{"id": "a", "score": 1.0}], "1 job has failed", "make jobs STAGE=test"),
        ("queues/workers/0/listening", False, "Worker w1 on worker1 does not hear", "supervisorctl restart"),
        ("queues/schedulers", [], "0 schedulers are registered, not one$", "supervisorctl status"),
        ("queues/schedulers", [{}, {}], "2 schedulers are registered, .* killed counts", "supervisorctl status"),
        ("queues/oldest_overdue_seconds", 600.0, "due for 10 minutes", "supervisorctl status"),
        ("queues/suspended_by", {"value": "x"}, "suspended, and no deploy runs", "make deploy"),
        (
            "backup",
            {"rc": 1, "stdout": "", "stderr": "The newest backup is 90 minutes old"},
            "90 minutes",
            "make backup",
        ),
        ("backup", {"rc": 2, "msg": "No such file: amy-database"}, "No such file", "make backup"),
        ("redis_backup", {"unreachable": True}, "Redis has no recent backup: its host", "start amy-redis-backup"),
        ("lock", {"lock": LOCK, "claim": "dead"}, "runs no more", CUT_OFF),
        (
            "balancer_page",
            {"mode": "on"},
            "load balancer answers all visitors",
            'MODE=off STAGE=test ARGS="-e maintenance_at=',
        ),
    ],
)
def test_what_is_broken_is_named_alone_and_with_a_command(path: str, value: Any, what: str, run: str) -> None:
    (finding,) = status(changed(path, value))["findings"]
    assert re.search(what, finding["what"])
    assert run in finding["run"]


@pytest.mark.parametrize(
    ("reason", "description", "why"),
    [
        ("Target.FailedHealthChecks", "Health checks failed with these codes: [502]", r"\(Health checks .* \[502\]\)"),
        ("Target.FailedHealthChecks", "", r"\(Target.FailedHealthChecks\)"),
    ],
)
def test_why_a_host_gets_no_requests_is_what_the_load_balancer_says(reason: str, description: str, why: str) -> None:
    shown = status(
        changed("targets/0", {"id": "i-web1", "state": "unhealthy", "reason": reason, "description": description})
    )
    (finding,) = shown["findings"]
    assert re.search(f"web1 gets no requests: the load balancer calls it unhealthy {why}$", finding["what"])
    assert re.fullmatch(why, f"({shown['hosts'][0]['target_reason']})")


@pytest.mark.parametrize(
    ("path", "value", "what"),
    [
        (
            "hosts/0/status_host/paused",
            True,
            "web1 lets requests wait for a deploy that runs no more",
        ),
        # Not in a pause: the deploy died while it changed the programs, or while the site was closed.
        ("hosts/0/status_host/processes", [], "web1 runs no gunicorn"),
        ("hosts/2/status_host/down", {"rqworker:rqworker-1": "STOPPED"}, "worker1 should run rqworker:rqworker-1"),
        ("queues/workers", [], "No worker takes jobs"),
        ("queues/schedulers", [], "0 schedulers are registered"),
        ("queues/suspended_by", {"value": "x"}, "The queues are suspended, and no deploy runs"),
    ],
)
def test_what_a_dead_deploy_has_stopped_is_started_by_the_same_command(path: str, value: Any, what: str) -> None:
    facts = changed(path, value) | {"lock": {"lock": LOCK, "claim": "dead"}}
    if "paused" in path:
        facts["hosts"][0]["status_host"]["processes"] = []
    found = status(facts)["findings"]
    assert what in " ".join(finding["what"] for finding in found)
    assert {finding["run"] for finding in found} == {CUT_OFF}


def test_a_version_is_a_word_of_the_command() -> None:
    facts = changed("hosts/0/status_host/paused", True)
    for one in facts["hosts"][:4]:
        one["status_host"]["state"]["active"]["ref"] = "fix/it's"
    (finding,) = status(facts)["findings"]
    assert shlex.split(finding["run"]) == ["make", "deploy", "STAGE=test", "VERSION=fix/it's"]


def test_while_a_deploy_runs_its_pause_is_no_fault() -> None:
    facts = changed("hosts/0/status_host/paused", True) | {"lock": {"lock": LOCK, "claim": "foreign"}}
    facts["hosts"][0]["status_host"]["processes"] = []
    assert status(facts)["findings"] == []


def test_jobs_that_were_moved_aside_are_counted() -> None:
    facts = changed("queues/aside", {"20260331T120000Z-jobs": 2, "20260401T120000Z-jobs": 1})
    assert ", 3 aside; workers" in status(facts)["lines"][5]


def test_nothing_is_said_of_jobs_that_are_not_due() -> None:
    assert "; 1 scheduled; workers" in status(changed("queues/oldest_overdue_seconds", 0.0))["lines"][5]


def test_suspended_queues_are_shown() -> None:
    assert status(changed("queues/suspended_by", {"value": "x"}))["lines"][5].endswith("1 on worker1; suspended")


def test_what_a_stage_does_not_have_is_neither_shown_nor_missed() -> None:
    facts = healthy() | {"queues": None, "redis_backup": None}
    facts["hosts"] = [host("web1", "web"), host("web2", "web"), host("utility1", "utility")]
    shown = status(facts)
    assert [line.split()[0] for line in shown["lines"]] == [
        "web1",
        "web2",
        "utility1",
        "backup:",
        "certificate:",
        "lock:",
    ]
    assert shown["findings"] == []


def test_a_host_for_neither_visitors_nor_jobs_needs_the_release_too() -> None:
    facts = healthy() | {"queues": None, "redis_backup": None}
    facts["hosts"] = [host("web1", "web"), host("web2", "web"), host("utility1", "utility")]
    facts["hosts"][2]["status_host"]["state"]["active"] = None
    (finding,) = status(facts)["findings"]
    assert finding == {"what": "utility1 runs no release", "run": "make deploy STAGE=test VERSION=v2"}


def test_a_host_of_another_release_than_its_siblings_is_named() -> None:
    facts = changed("hosts/0/status_host/state/active/id", "v1-0000")
    for process in facts["hosts"][0]["status_host"]["processes"]:
        process["release"] = "v1-0000"
    (finding,) = status(facts)["findings"]
    assert finding == {"what": "web1 runs v1-0000, and most hosts another", "run": "make deploy STAGE=test VERSION=v2"}


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        ("certificate", {"msg": "AccessDenied"}, "certificate: AccessDenied"),
        ("certificate/days", None, "certificate: none in ACM"),
        (
            "hosts/0/status_host/processes",
            None,
            "web1        v2-0a1b  healthy                 20.0 GiB free, 2.0 GiB",
        ),
        ("hosts/0/status_host/free_memory", None, "web1        v2-0a1b  healthy  2 gunicorn     20.0 GiB free"),
    ],
)
def test_what_is_not_known_is_no_finding(path: str, value: Any, line: str) -> None:
    shown = status(changed(path, value))
    assert any(text.startswith(line) for text in shown["lines"])
    assert shown["findings"] == []


def test_old_processes_are_shown_with_their_release() -> None:
    shown = status(changed("hosts/2/status_host/processes/0/release", "v1-0000"))
    assert "1 rqworker of v1-0000, 1 rqworker" in shown["lines"][2]


def test_a_host_where_nothing_runs_is_named_once() -> None:
    facts = changed("hosts/2/status_host/processes", [])
    facts["hosts"][2]["status_host"]["down"] = {"rqworker:rqworker-0": "STOPPED"}
    (finding,) = status(facts)["findings"]
    assert finding["what"] == "worker1 runs no rqworker"


def test_a_deploy_may_stop_and_mix_processes() -> None:
    facts = changed("hosts/0/status_host/processes", [])
    facts["hosts"][1]["status_host"]["down"] = {"gunicorn": "STOPPED"}
    facts["hosts"][2]["status_host"]["processes"][0]["release"] = "v1-0000"
    facts["lock"] = {"lock": LOCK, "claim": "foreign"}
    assert status(facts)["findings"] == []


def test_a_page_that_is_on_is_shown_with_its_planned_end() -> None:
    facts = changed("hosts/0/status_host/state/maintenance", True)
    assert status(facts)["lines"][0].endswith("2.0 GiB of memory, maintenance page")
    facts["hosts"][0]["status_host"]["state"]["maintenance_until"] = "2026-01-31T15:30:00.000Z"
    assert status(facts)["lines"][0].endswith("memory, maintenance page until 2026-01-31T15:30:00.000Z")


def test_a_running_deploy_may_suspend_and_close() -> None:
    facts = changed("hosts/0/status_host/state/maintenance", True)
    facts["hosts"][0]["status_host"]["state"]["maintenance_for_deploy"] = True
    facts["queues"]["suspended_by"] = {"value": "x"}
    facts["lock"] = {"lock": LOCK, "claim": "foreign"}
    shown = status(facts)
    assert shown["findings"] == []
    assert shown["lines"][-1] == f"lock: maria@laptop since 2026-01-31T12:00:00.000Z ({CUT_OFF})"
    facts["lock"] = {"lock": None, "claim": "free"}
    assert [finding["what"] for finding in status(facts)["findings"]] == [
        "web1 shows the maintenance page of a deploy that runs no more",
        "The queues are suspended, and no deploy runs",
    ]


def leaving() -> dict[str, Any]:
    """The facts of a stage that is to lose its queues, and has deployed a release that knows none."""
    facts = healthy()
    facts["hosts"] = [*facts["hosts"], host("utility1", "utility")]
    for found in facts["hosts"]:
        if found["ec2_tags"]["Role"] in ("web", "utility"):
            found["status_host"]["state"]["active"] = {"id": "v3-77", "ref": "v3"}
            for process in found["status_host"]["processes"]:
                process["release"] = "v3-77"
    facts["duties"] = {"leaving": ["worker1", "scheduler1", "redis1"], "former": ["scheduler1"]}
    return facts


def test_hosts_that_are_about_to_go_are_named_with_the_command_that_removes_them() -> None:
    facts = leaving()
    # A deploy may have stopped them, and their disk is small enough not to matter.
    facts["hosts"][2]["status_host"]["processes"] = []
    facts["queues"] |= {"workers": [], "schedulers": []}
    assert status(facts)["findings"] == [
        {
            "what": "worker1, scheduler1, redis1: instances_counts has their kind no longer",
            "run": "make scale-in STAGE=test",
        }
    ]


def moving(**active: str) -> dict[str, Any]:
    """The facts of a stage that is to lose its queues; `active` is what a host runs by now, by its name.

    Before, the host that the stage has got for the move runs no release.
    """
    facts = leaving()
    facts["targets"] = [{"id": f"i-web{number}", "state": "healthy"} for number in (1, 2)]
    kinds = {"v2": ["web", "worker", "scheduler", "redis"], "v3": ["web", "utility"]}
    ids = {"v2": "v2-0a1b", "v3": "v3-77"}
    for found in facts["hosts"]:
        name = found["inventory_hostname"]
        ref = active.get(name, None if name == "utility1" else "v2")
        if found["ec2_tags"]["Role"] != "redis":
            record = ref and {"id": ids[ref], "ref": ref, "host_kinds": kinds[ref]}
            found["status_host"]["state"]["active"] = record
            for process in found["status_host"]["processes"]:
                process["release"] = ids[ref] if ref else ""
    return facts


GO = "worker1, scheduler1, redis1: instances_counts has their kind no longer"
WANTED = "release_version is to be one that does without them (docs/guides/without_rq.md)"


@pytest.mark.parametrize(
    ("active", "expected"),
    [
        # Provisioned, and nothing deployed yet: what runs was deployed for a stage with them.
        (
            {},
            {
                "utility1 runs no release": "make deploy STAGE=test",
                f"{GO}, and web1, web2 run a release that was deployed beside them; {WANTED}": (
                    "make deploy STAGE=test; then make scale-in STAGE=test"
                ),
            },
        ),
        # A deploy was cut off: the release that fits is known by now.
        (
            {"web1": "v3", "utility1": "v3"},
            {
                "web2 runs v2-0a1b, and most hosts another": "make deploy STAGE=test VERSION=v3",
                f"{GO}, and web2 runs a release that was deployed beside them; {WANTED}": (
                    "make deploy STAGE=test VERSION=v3; then make scale-in STAGE=test"
                ),
            },
        ),
        # The host that is to keep the backups has no release yet, with which it would prove that it can.
        (
            {"web1": "v3", "web2": "v3"},
            {
                "utility1 runs no release": "make deploy STAGE=test VERSION=v3",
                GO: "make deploy STAGE=test VERSION=v3; then make scale-in STAGE=test",
            },
        ),
        ({"web1": "v3", "web2": "v3", "utility1": "v3"}, {GO: "make scale-in STAGE=test"}),
    ],
)
def test_hosts_go_after_a_release_that_does_without_them(active: dict[str, str], expected: dict[str, str]) -> None:
    found = status(moving(**active))["findings"]
    assert {finding["what"]: finding["run"] for finding in found} == expected


def test_two_hosts_that_make_the_same_backups_are_found() -> None:
    facts = leaving()
    facts["hosts"][3]["status_host"]["timers"] = ["amy-database-backup.timer", "amy-figures.timer"]
    facts["hosts"][5]["status_host"]["timers"] = ["amy-database-backup.timer", "amy-figures.timer"]
    assert {
        "what": "scheduler1 still has amy-database-backup.timer, amy-figures.timer, which are another host's by now",
        "run": "make configure STAGE=test",
    } in status(facts)["findings"]
    assert len(status(facts)["findings"]) == 2


OWN = {
    "release": "/webapps/amy.example.test/releases/v2-0a1b",
    "logs": "/webapps/amy.example.test/logs",
    "programs": [{"name": "celery", "command": "celery -A site worker", "processes": 2, "stop_wait": 60}],
    "timers": [{"name": "emails", "command": "python manage.py emails", "schedule": "daily", "timeout": 60}],
}
WELL = {"emails": {"active": True, "result": "success"}}


def with_own(**answer: Any) -> dict[str, Any]:
    """The facts of a healthy stage whose scheduler host has a program and a timer of its own."""
    facts = healthy()
    facts["hosts"][3]["status_host"] |= {
        "own": OWN,
        "own_timers": WELL,
        "running": {"rqscheduler": 1, "stage": 2},
    } | answer
    return facts


def test_an_own_program_of_another_release_is_found_without_its_quotes() -> None:
    programs = [{"name": "celery", "command": """celery --conf '{"a": 1}'""", "processes": 1, "stop_wait": 60}]
    process = {"release": "v1-0a1b", "command": 'python /x/celery --conf {"a": 1}'}
    facts = with_own(
        own=OWN | {"programs": programs}, processes=[{"release": "v2-0a1b", "command": "rqscheduler"}, process]
    )
    assert [found["what"] for found in status(facts)["findings"]] == [
        "scheduler1 has own programs of v1-0a1b, and its release is v2-0a1b"
    ]


def test_own_programs_and_timers_are_shown() -> None:
    shown = status(with_own())
    assert shown["findings"] == []
    assert "2 rqscheduler, celery, emails" in shown["lines"][3]
    assert shown["hosts"][3]["own"]["programs"] == ["celery"]


@pytest.mark.parametrize(
    ("answer", "what", "run"),
    [
        # A pause has made supervisord and systemd forget them.
        (
            {"running": {"rqscheduler": 1}, "own_timers": {"emails": {"active": False, "result": "success"}}},
            "scheduler1 should run celery, emails, which are stopped",
            "make deploy STAGE=test VERSION=v2",
        ),
        (
            {"down": {"stage:celery-0": "BACKOFF"}},
            "scheduler1 should run stage:celery-0, which is BACKOFF",
            "on scheduler1: supervisorctl start stage:celery-0",
        ),
        # Its supervisord does not answer.
        (
            {"running": None},
            "scheduler1 should run stage:*, which is UNKNOWN",
            "on scheduler1: supervisorctl start stage:*",
        ),
        (
            {"own_timers": {"emails": {"active": True, "result": "exit-code"}}},
            "The last run of timer emails on scheduler1 has failed (exit-code)",
            "on scheduler1: tail -n 50 /webapps/amy.example.test/logs/timer_emails.log",
        ),
        (
            {
                "processes": [
                    {"release": "v2-0a1b", "command": "rqscheduler"},
                    {"release": "v1-0a1b", "command": "python /x/celery -A site worker"},
                ]
            },
            "scheduler1 has own programs of v1-0a1b, and its release is v2-0a1b",
            "make deploy STAGE=test VERSION=v2",
        ),
    ],
)
def test_own_programs_and_timers_that_do_not_do_well_are_named(answer: dict[str, Any], what: str, run: str) -> None:
    facts = with_own(**answer)
    assert status(facts)["findings"] == [{"what": what, "run": run}]
    # What a deploy has stopped meanwhile is no fault.
    facts["lock"] = {"lock": LOCK, "claim": "held"}
    assert status(facts)["findings"] == []
    # One that has died is gone on with by its own command.
    facts["lock"]["claim"] = "dead"
    assert all("has failed" in found["what"] or found["run"] == CUT_OFF for found in status(facts)["findings"])
    facts["lock"] = healthy()["lock"]
    facts["duties"] = {"leaving": ["scheduler1"], "former": []}
    assert [found["run"] for found in status(facts)["findings"]] == ["make scale-in STAGE=test"]


def test_a_stage_whose_workers_schedule_misses_no_scheduler() -> None:
    facts = healthy()
    facts["hosts"][3]["status_host"]["processes"] = []
    facts["queues"]["schedulers"] = []
    assert {found["what"].split(",")[0] for found in status(facts)["findings"]} == {
        "scheduler1 runs no rqscheduler",
        "0 schedulers are registered",
    }
    assert status(facts | {"schedules": False})["findings"] == []
