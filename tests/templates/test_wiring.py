# SPDX-License-Identifier: GPL-3.0-or-later
"""What the playbooks tell roles, and which hosts a deploy groups, on a stage with background jobs and without."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible.template import Templar, trust_as_template

from plugins.module_utils.host_kinds import KINDS, NAMES
from plugins.module_utils.rq.state import counted
from tests.templates.rendering import LOADER, ROLES

VARS = ROLES.parent / "playbooks/vars"
QUEUES = {
    "web": ["web1", "web2"],
    "worker": ["worker1"],
    "scheduler": ["scheduler1", "scheduler2"],
    "redis": ["redis1"],
}
PLAN: dict[str, Any] = {
    **{key: [] for key in ("rejoin", "change", "pause_programs", "resume_programs", "working_off", "done", "begun")},
    **{"pause_queues": False, "found_closed": False, "keeper": "scheduler1", "migrator": "scheduler1", "reasons": {}},
    **{"previous": "v1", "previous_ref": "v1", "previous_version": "", "previous_host": "web1"},
}
CHOICE = {"strategy": "rolling", "breaking": False}
NO_QUEUES = {"web": ["web1", "web2"], "utility": ["utility1"]}


def evaluate(expression: str, fleet: dict[str, list[str]], host: str = "localhost", **facts: Any) -> Any:
    """The value of an expression on HOST of a stage with FLEET; `facts` are those that localhost has.

    `told` among them is what the stage's inventory says, `known` what is known of each host.
    """
    groups = {kind: fleet.get(kind, []) for kind in NAMES}
    groups["application"] = [name for kind in KINDS if kind.takes_release for name in groups[kind.name]]
    groups["fleet"] = [name for kind in NAMES for name in groups[kind]]
    counts = {kind: len(hosts) for kind, hosts in fleet.items()}
    hostvars: dict[str, Any] = {
        name: {"inventory_hostname": name, "ansible_host": "10.0.0.1"} for name in groups["fleet"]
    }
    for name, more in facts.pop("known", {}).items():
        hostvars[name] |= more
    variables: dict[str, Any] = {
        "groups": groups,
        "group_names": [name for name, hosts in groups.items() if host in hosts],
        "hostvars": hostvars | {"localhost": {"instances_counts": counts} | facts},
        "inventory_hostname": host,
        "instances_counts": counts,
        "stage_parameters": {"redis_application_password": "secret", "database_password": "secret"},
        **facts.pop("told", {}),
    }
    for file in ("wiring.yml", "deploy.yml"):
        variables |= LOADER.load_from_file(str(VARS / file), trusted_as_template=True)
    variables["hostvars"].setdefault("localhost", {})
    variables["hostvars"]["localhost"] = {"deploy": {"release": "v2"}} | variables["hostvars"]["localhost"]
    return Templar(loader=LOADER, variables=variables).template(trust_as_template("{{ " + expression + " }}"))


@pytest.mark.parametrize(
    ("password", "quoted"), [("aZ9", "aZ9"), ("a/b#c?d@e:f%g", "a%2Fb%23c%3Fd%40e%3Af%25g")], ids=["made", "by hand"]
)
def test_a_password_is_quoted_in_the_url_of_redis(password: str, quoted: str) -> None:
    told = {"stage_parameters": {"redis_application_password": password}}
    url = evaluate("queue_redis_url", QUEUES, told=told)
    assert url == f"redis://amy:{quoted}@10.0.0.1:6379/2"


@pytest.mark.parametrize(("told", "user"), [({}, "amy"), ({"stage_redis_user": "portal"}, "portal")])
def test_the_stage_names_the_user_of_redis_for_the_application(told: dict[str, str], user: str) -> None:
    assert evaluate("redis_application_user", QUEUES, told=told) == user


@pytest.mark.parametrize(("told", "database"), [({}, 2), ({"stage_redis_database": 0}, 0)], ids=["AMY", "most"])
def test_the_stage_says_which_database_of_redis_the_application_uses(told: dict[str, int], database: int) -> None:
    secret = {"stage_parameters": {"redis_application_password": "secret"}}
    assert evaluate("queue_redis_url", QUEUES, told=secret | told).endswith(f"@10.0.0.1:6379/{database}")


@pytest.mark.parametrize(
    ("known", "names"),
    [
        ({}, ["default"]),
        ({"worker1": {"rq_worker_queues": ["emails"]}}, ["emails"]),
        (
            {"worker1": {"rq_worker_queues": ["high", "low"]}, "worker2": {"rq_worker_queues": ["low", "reports"]}},
            ["high", "low", "reports"],
        ),
    ],
)
def test_every_command_knows_the_queues_of_all_workers(known: dict[str, Any], names: list[str]) -> None:
    fleet = QUEUES | {"worker": ["worker1", "worker2"] if "worker2" in known else ["worker1"]}
    for host in ("scheduler1", "worker1", "localhost"):
        assert evaluate("queue_names", fleet, host, known=known) == names
    assert evaluate("figures_queues", fleet, "scheduler1", known=known) == names
    # Their hosts may be the first that a stage is without.
    assert evaluate("queue_names", {"scheduler": ["scheduler1"]}) == ["default"]


def test_gunicorn_is_asked_by_the_name_of_the_site() -> None:
    assert evaluate("gunicorn_domain", QUEUES, "web1", told={"domain": "amy.example.org"}) == "amy.example.org"


@pytest.mark.parametrize(
    ("fleet", "utility", "has_queues"), [(QUEUES, "scheduler1", True), (NO_QUEUES, "utility1", False)]
)
def test_one_host_builds_and_keeps_the_backups(fleet: dict[str, list[str]], utility: str, has_queues: bool) -> None:
    assert evaluate("utility_host", fleet) == utility
    assert evaluate("stage_has_queues", fleet) is has_queues
    builders = [name for hosts in fleet.values() for name in hosts if evaluate("release_builds", fleet, name)]
    keepers = [
        name
        for hosts in fleet.values()
        for name in hosts
        if "database_backup" in evaluate("host_telling_roles", fleet, name)
    ]
    assert builders == keepers == [utility]


@pytest.mark.parametrize(
    ("newer", "builders"),
    [
        (["web2"], ["scheduler1", "web2"]),
        (["web1", "web2", "worker1"], ["scheduler1", "worker1"]),
        (["web1", "web2", "worker1", "scheduler1", "scheduler2"], ["scheduler1"]),
    ],
)
def test_one_host_of_each_distribution_builds(newer: list[str], builders: list[str]) -> None:
    known = {
        name: {
            "ec2_tags": {"Role": role},
            "check_host": {"platform": f"debian{13 if name in newer else 12}-x86_64"},
        }
        for role, names in QUEUES.items()
        for name in names
    }
    assert evaluate("release_builders", QUEUES, known=known) == builders
    assert evaluate("release_builds", QUEUES, "web2", known=known) is ("web2" in builders)


def test_a_stage_without_hosts_has_none_for_it() -> None:
    assert evaluate("utility_hosts", {}) == []


def test_figures_of_queues_are_taken_where_there_are_queues() -> None:
    assert evaluate("figures_redis_url", QUEUES, "scheduler1") == "redis://amy:secret@10.0.0.1:6379/2"
    # Redis without jobs belongs to the application.
    assert evaluate("figures_redis_url", NO_QUEUES | {"redis": ["redis1"]}, "utility1") == ""
    assert evaluate("figures_redis_url", NO_QUEUES, "utility1") == ""


@pytest.mark.parametrize(
    ("fleet", "host", "metric", "program"),
    [
        (QUEUES, "scheduler1", "BackupAgeSeconds", "amy-database"),
        (NO_QUEUES, "utility1", "BackupAgeSeconds", "amy-database"),
        (QUEUES, "redis1", "RedisBackupAgeSeconds", "amy-redis"),
        (NO_QUEUES | {"redis": ["redis1"]}, "redis1", "RedisBackupAgeSeconds", "amy-redis"),
    ],
)
def test_each_host_that_keeps_backups_tells_their_age(
    fleet: dict[str, list[str]], host: str, metric: str, program: str
) -> None:
    assert host in evaluate("figures_hosts", fleet)
    assert evaluate("host_telling_roles", fleet, host).count("figures") == 1
    assert evaluate("figures_backup_metric", fleet, host) == metric
    assert evaluate("figures_backup_command", fleet, host) == [program, "check"]


def test_queues_are_counted_on_one_host() -> None:
    assert evaluate("figures_redis_url", QUEUES, "redis1") == ""
    assert "figures" not in evaluate("host_telling_roles", QUEUES, "scheduler2")


def test_each_kind_of_host_has_credentials_of_its_own() -> None:
    assert evaluate("instance_profiles_roles", NO_QUEUES) == ["web", "utility"]
    assert evaluate("stage_hosts_have_credentials | default(true)", NO_QUEUES) is True


def test_a_host_that_is_to_run_no_own_programs_is_left_no_note_of_them() -> None:
    (told,) = yaml.safe_load((VARS.parent / "tasks/forget_programs.yml").read_text(encoding="utf-8"))
    # What the role leaves of a host that it is told to run nothing is looked at in molecule/programs.
    assert told["ansible.builtin.include_role"] == {"name": "carpentries.amy.programs"}
    assert (told["vars"]["programs_supervised"], told["vars"]["programs_timers"]) == ([], [])
    withdraw = yaml.safe_load((VARS.parent / "tasks/withdraw_host.yml").read_text(encoding="utf-8"))
    assert "forget_programs.yml" in [task.get("ansible.builtin.include_tasks") for task in withdraw]


def test_a_worker_host_that_is_out_of_reach_is_not_counted_as_one_without_workers() -> None:
    (held,) = yaml.safe_load((VARS.parent / "tasks/pause_queues.yml").read_text(encoding="utf-8"))
    (told,) = [task["carpentries.amy.rq_hold"] for task in held["block"] if "carpentries.amy.rq_hold" in task]
    answers = [
        {"worker_host": "worker1", "running": {"rqworker": 2}},
        {"worker_host": "worker2", "unreachable": True, "msg": "no route"},
        {"worker_host": "worker3", "failed": True, "msg": "no folder"},
        {"worker_host": "worker4", "running": None},
        {"worker_host": "worker5", "running": {}},
    ]
    expression = told["supervised"].strip().removeprefix("{{").removesuffix("}}")
    supervised = evaluate(expression, QUEUES, told={"hold_of_hosts": {"results": answers}})
    assert counted(supervised) == {"worker1": 2, "worker2": None, "worker3": None, "worker4": None, "worker5": 0}


def test_the_queues_pause_for_commands_that_visitors_slow_down() -> None:
    rehearsed = {"release": "v2", "rehearsal": {"seconds": 500.5}}
    assert evaluate("deploy_work_seconds", QUEUES, deploy=rehearsed) == 2101
    # No migration is pending, and commands run that no copy has measured.
    assert evaluate("deploy_work_seconds", QUEUES) == 600
    assert evaluate("deploy_work_seconds", QUEUES, told={"release_migrate_timeout": 3600}) == 3600


def test_the_commands_of_a_deploy_end_before_the_pause_of_its_queues() -> None:
    migrate, release, queues = (
        (VARS.parent / f"tasks/{name}.yml").read_text(encoding="utf-8")
        for name in ("migrate", "pause_queues_for_release", "pause_queues")
    )
    assert 'release_migrate_limit: "{{ deploy_work_seconds }}"' in migrate
    assert 'pause_work_seconds: "{{ deploy_work_seconds }}"' in release
    # What the jobs in hand may take before, and the change of the workers after, has a quarter of an hour.
    assert 'pause_seconds: "{{ 900 + pause_work_seconds' in queues


def test_a_deploy_stands_where_its_phases_have_noted() -> None:
    """The variables of the playbooks, and the facts of their hosts, are what the filter reads."""
    deploy: dict[str, Any] = {"release": "v2", "ref": "v2", "plan": PLAN | {"roll": ["web1", "web2"], "needed": True}}
    known: dict[str, Any] = {
        "web1": {"deploy_host": {"name": "web1", "role": "web", "has_release": True}},
        "web2": {"deploy_host": {"name": "web2", "role": "web", "failures": [{"host": "web2", "message": "500"}]}},
    }
    facts: dict[str, Any] = {
        "deploy": deploy,
        "deploy_host": {"name": "localhost", "failures": [{"message": "too far"}]},
        "known": known,
    }
    for host in ("localhost", "web1"):
        found = evaluate("standing", QUEUES, host, **facts)
        assert found["failures"] == ["web2: 500", "too far"]
        assert (found["serving"], found["turns"]["roll"]) == (["web1"], ["web1", "web2"])
    assert evaluate("standing.turns.roll_back_web", QUEUES, **{**facts, "deploy": deploy | {"choice": CHOICE}}) == [
        "web1"
    ]


def test_what_a_dead_deploy_has_left_is_read_of_its_hosts() -> None:
    """Also where no deploy runs, and on a stage without queues: the hosts of plays are asked for."""
    assert evaluate("recovery.asking + recovery.recovering", {}) == []
    state = {
        "active": {"id": "v1"},
        "kept": [{"id": "v2", "ref": "v2", "version": None}],
        "staged": ["v2"],
        "refused": {},
    }
    flags = {"maintenance": False, "maintenance_for_deploy": False}
    known = {
        name: {"ec2_tags": {"Role": role}, "check_host": {**state, **flags, "paused": role == "web"}}
        for name, role in (("web1", "web"), ("scheduler1", "scheduler"), ("utility1", "utility"))
    }
    deploy = {"dead": {"deploy_id": "d1", "release": "v2"}, "targets": {}}
    for fleet, keeper in ((QUEUES, "scheduler1"), (NO_QUEUES, None)):
        of_fleet = {name: known[name] for names in fleet.values() for name in names if name in known}
        found = evaluate("recovery", fleet, "web1", known=of_fleet, deploy=deploy)
        assert (found["asks"], found["keeper"]) == ({"web1": ["v2"]}, keeper)
    web = {"web1": known["web1"]}
    assert evaluate("recovery.needed", QUEUES, known=web, deploy={"targets": {}})


def test_visitors_are_served_while_a_deploy_waits_for_a_timer_to_end() -> None:
    deploy = yaml.safe_load((VARS.parent / "deploy.yml").read_text(encoding="utf-8"))
    phases = [phase["ansible.builtin.import_playbook"].removeprefix("phases/") for phase in deploy]
    (stop,) = yaml.safe_load((VARS.parent / "phases/pause_programs.yml").read_text(encoding="utf-8"))
    assert stop["hosts"] == "{{ standing.turns.pause_programs }}"
    # The lock outlasts it.
    assert "deploy_pause_seconds" in (VARS.parent / "phases/rehearse.yml").read_text(encoding="utf-8")
    # A page for visitors, and a pause of the queues that ends by itself, begin after it.
    assert phases.index("rehearse.yml") < phases.index("pause_programs.yml") < phases.index("close_site.yml")


CELERY = {"name": "celery", "command": "celery -A site worker", "role": "worker", "stop_wait": 500}
EMAILS = {"name": "emails", "command": "python manage.py send_emails", "schedule": "daily", "timeout": 30}


@pytest.mark.parametrize(
    ("host", "programs", "timers"),
    [("worker1", ["celery"], []), ("scheduler1", [], ["emails"]), ("scheduler2", [], []), ("web1", [], [])],
)
def test_a_host_is_told_which_of_the_stages_own_programs_it_runs(
    host: str, programs: list[str], timers: list[str]
) -> None:
    told = {"stage_programs": [CELERY], "stage_timers": [EMAILS]}
    assert [entry["name"] for entry in evaluate("programs_supervised", QUEUES, host, told=told)] == programs
    assert [entry["name"] for entry in evaluate("programs_timers", QUEUES, host, told=told)] == timers


@pytest.mark.parametrize(
    ("fleet", "host", "told", "waits"),
    [
        (QUEUES, "web1", {}, [60, 0]),
        (QUEUES, "worker1", {}, [450, 500]),
        (QUEUES, "worker1", {"rq_worker_stop_wait": 900}, [900, 500]),
        (QUEUES, "scheduler1", {}, [60, 0]),
        (QUEUES, "scheduler1", {"stage_programs": [CELERY | {"role": ""}, {"name": "a", "command": "b"}]}, [60, 500]),
        (NO_QUEUES, "utility1", {"stage_programs": [CELERY | {"role": ""}]}, [500]),
    ],
)
def test_a_host_that_stops_waits_for_every_program(
    fleet: dict[str, list[str]], host: str, told: dict[str, Any], waits: list[int]
) -> None:
    assert evaluate("supervisor_stop_waits", fleet, host, told={"stage_programs": [CELERY]} | told) == waits


def test_the_build_proves_and_the_lock_outlasts_the_stages_own_programs() -> None:
    told = {"stage_programs": [CELERY], "stage_timers": [EMAILS]}
    assert evaluate("release_programs", NO_QUEUES, told=told) == [
        "gunicorn",
        "celery -A site worker",
        "python manage.py send_emails",
    ]
    assert (evaluate("deploy_pause_seconds", QUEUES, told=told), evaluate("deploy_pause_seconds", QUEUES)) == (500, 0)


@pytest.mark.parametrize(
    ("fleet", "counts", "programs"),
    [
        (
            QUEUES,
            {kind: len(hosts) for kind, hosts in QUEUES.items()},
            ["gunicorn", "python manage.py rqworker", "python manage.py rqscheduler"],
        ),
        (NO_QUEUES, {"web": 2, "utility": 1}, ["gunicorn"]),
        # The hosts of the queues are about to leave: a release without RQ has nothing for them.
        (QUEUES | {"utility": ["utility1"]}, {"web": 2, "utility": 1}, ["gunicorn"]),
    ],
)
def test_a_release_has_the_programs_that_the_stage_is_to_run(
    fleet: dict[str, list[str]], counts: dict[str, int], programs: list[str]
) -> None:
    assert evaluate("release_programs", fleet, instances_counts=counts) == programs


DATABASE = {"project": "amy", "stage": "test", "database_host": "database.example.test", "database_user": "amy"}
REHEARSAL = "copies.abcdef.eu-west-1.rds.example.test"


@pytest.mark.parametrize("elsewhere", [{}, {"database_backup_rehearsal_host": ""}])
def test_copies_are_made_on_the_databases_own_server(elsewhere: dict[str, str]) -> None:
    told = DATABASE | elsewhere
    assert evaluate("rehearsal_server", QUEUES, told=told) == {}
    assert evaluate("rehearsal_identifier", QUEUES, told=told) == "amy-test"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, {"port": 5432, "user": "amy", "password": "secret"}),
        (
            {"database_backup_rehearsal_port": 5433, "database_backup_rehearsal_user": "copier"},
            {"port": 5433, "user": "copier", "password": "secret"},
        ),
    ],
)
def test_a_release_is_led_to_the_server_that_the_stage_names(more: dict[str, Any], expected: dict[str, Any]) -> None:
    told = DATABASE | {"database_backup_rehearsal_host": REHEARSAL} | more
    assert evaluate("rehearsal_server", QUEUES, told=told) == {"host": REHEARSAL, **expected}
    assert evaluate("rehearsal_identifier", QUEUES, told=told) == "copies"


DIVIDED = DATABASE | {"database_application_user": "amy_app"}


def test_a_database_of_one_user_is_migrated_as_the_release_says() -> None:
    told = DATABASE | {"release_secrets": {"PASSWORD": "secret"}}
    assert evaluate("release_migrate_server", QUEUES, told=told) == {}
    assert evaluate("settings_at_fault", QUEUES, told=told) == {}


def test_of_two_users_the_owner_migrates_and_the_application_does_not_know_its_password() -> None:
    assert evaluate("release_migrate_server", QUEUES, told=DIVIDED) == {"user": "amy", "password": "secret"}
    assert evaluate("database_backup_user", QUEUES, told=DIVIDED) == "amy"
    settings = {"URL": "postgres://amy_app:own@host/amy", "OLD_URL": "postgres://amy:secret@host/amy"}
    found = evaluate("settings_at_fault", QUEUES, told=DIVIDED | {"release_secrets": settings})
    assert found == {"OLD_URL": "has the password of the database's owner, and the application is amy_app"}


@pytest.mark.parametrize(
    ("told", "answer", "reload", "drain"),
    [
        ({}, "75s", "120s", 90),
        # Reports of five minutes: nginx would have given up first, and a deploy stopped gunicorn in their middle.
        ({"gunicorn_timeout": 300, "load_balancer_deregistration_delay": 320}, "315s", "360s", 320),
        # Of an ASGI server gunicorn's patience says nothing.
        ({"longest_request": 120, "load_balancer_deregistration_delay": 120}, "135s", "180s", 120),
        # A short one is no reason to give up those that have waited in a hold.
        ({"longest_request": 15, "load_balancer_deregistration_delay": 20}, "75s", "120s", 20),
    ],
)
def test_whatever_waits_for_a_request_waits_for_the_longest(
    told: dict[str, int], answer: str, reload: str, drain: int
) -> None:
    found = {name: evaluate(name, QUEUES, told=told) for name in ("nginx_upstream_timeout", "nginx_shutdown_timeout")}
    assert found == {"nginx_upstream_timeout": answer, "nginx_shutdown_timeout": reload}
    assert evaluate("rotation_drain_timeout", QUEUES, told=told) == drain


SECRETS = {
    "APP_REDIS_URL": "redis://amy:secret@{{ hostvars[groups.redis[0]].ansible_host }}:6379/",
    "APP_SECRET_KEY": "{{ stage_parameters.database_password }}",
}
LEAVING = {"web": 2, "utility": 1}


def settings_at_fault(fleet: dict[str, list[str]], counts: dict[str, int]) -> dict[str, str]:
    secrets = {name: trust_as_template(value) for name, value in SECRETS.items()}
    files = {"local.py": trust_as_template(f'REDIS = "{SECRETS["APP_REDIS_URL"]}"')}
    told = {"release_secrets": secrets, "release_environment": {"APP_NAME": "amy"}, "release_files": files}
    found: dict[str, str] = evaluate("settings_at_fault", fleet, told=told, instances_counts=counts)
    return found


def test_a_setting_that_leads_to_a_host_that_leaves_is_named() -> None:
    counts = {kind: len(hosts) for kind, hosts in QUEUES.items()}
    assert settings_at_fault(QUEUES, counts) == {}
    found = settings_at_fault(QUEUES | {"utility": ["utility1"]}, LEAVING)
    # The hosts of this test have one address.
    assert list(found) == ["APP_REDIS_URL", "local.py"]
    assert all("which is to be removed" in why for why in found.values())


def test_a_setting_that_needs_a_host_that_is_gone_is_named() -> None:
    found = settings_at_fault(NO_QUEUES, LEAVING)
    assert list(found) == ["APP_REDIS_URL", "local.py"]
    assert all("needs a host" in why for why in found.values())


def test_while_a_stage_changes_its_kinds_of_hosts_one_host_keeps_the_backups() -> None:
    both = QUEUES | {"utility": ["utility1"]}
    assert evaluate("utility_hosts", both, instances_counts=LEAVING) == ["utility1"]
    assert evaluate("stage_duties.former", both, instances_counts=LEAVING) == ["scheduler1", "scheduler2"]
    assert evaluate("application_hosts", both, instances_counts=LEAVING) == ["web1", "web2", "utility1"]
    at_work = evaluate("stage_duties.working_off", both, instances_counts=LEAVING)
    assert at_work == ["worker1", "scheduler1", "scheduler2"]
    # The queues are counted as long as they are there, by the host that counts everything else.
    assert evaluate("figures_redis_url", both, "utility1", instances_counts=LEAVING) != ""
    assert evaluate("figures_redis_url", both, "scheduler1", instances_counts=LEAVING) == ""
    back = dict.fromkeys(QUEUES, 1)
    assert evaluate("utility_hosts", both, instances_counts=back) == ["scheduler1"]
    assert evaluate("stage_duties.former", both, instances_counts=back) == ["scheduler2", "utility1"]
    assert evaluate("application_hosts", both, instances_counts=back) == [
        "web1",
        "web2",
        "worker1",
        "scheduler1",
        "scheduler2",
    ]


def test_a_stage_is_watched_as_what_it_is_to_be() -> None:
    both = QUEUES | {"utility": ["utility1"]}
    for variable, value in (
        ("monitoring_has_queues", False),
        ("monitoring_has_redis", False),
        ("monitoring_mounts", 3),
        ("instance_profiles_roles", ["web", "utility"]),
    ):
        assert evaluate(variable, both, instances_counts=LEAVING) == value, variable
    # Not those of hosts that are there until `make scale-in`.
    assert not set(evaluate("instance_profiles_former", both, instances_counts=LEAVING)) & set(both)
    unwanted = [kind for kind in NAMES if kind not in LEAVING]
    assert evaluate("instance_profiles_former", NO_QUEUES, instances_counts=LEAVING) == unwanted


@pytest.mark.parametrize(
    ("site_url", "asked"),
    [
        # The name is asked of no resolver of the controller's, before the move and after it.
        ("https://amy.example.org", "https://balancer.example.net"),
        # A stage whose address is no name of DNS is asked there.
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ],
)
@pytest.mark.parametrize("domain_is_ours", [True, False])
def test_a_release_is_proved_at_the_balancer_whatever_the_domain_leads_to(
    site_url: str, asked: str, domain_is_ours: bool
) -> None:
    told = {
        "domain": "amy.example.org",
        "domain_is_ours": domain_is_ours,
        "site_url": site_url,
        "stage_parameters": {"load_balancer": "balancer.example.net"},
    }
    assert evaluate("site_proof_url", QUEUES, told=told) == asked
