# SPDX-License-Identifier: GPL-3.0-or-later
"""The phase that recovers, by real Ansible: what it asks and does. Modules and roles only write that down."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
HOSTS = {"web": ["web1", "web2"], "worker": ["worker1"], "scheduler": ["scheduler1"], "redis": ["redis1"]}
MODULES = {
    "deploy_lock": "state version deploy_id",
    "alb_targets_info": "",
    "release_state": "site_root",
    "release_migrations_info": "path",
    "rq_queue_state": "",
    "rq_hold": "state owner",
    "rq_scheduler_lock": "state owner",
}
# A task file of each role, and the variables that it is told.
ROLES = {
    ("release", "activate"): "release_id release_deploy_id",
    ("gunicorn", "change"): "gunicorn_release",
    ("release", "prove"): "release_proof_text",
    ("request_hold", "release"): "",
    ("maintenance", "main"): "maintenance_mode",
    ("rotation", "main"): "",
}
MODULE = """#!/usr/bin/python
# WANT_JSON
import json, os, sys
options = json.load(open(sys.argv[1]))
told = [str(options.get(name)) for name in {told!r}.split()]
with open({folder!r} + "/said", "a") as said:
    said.write(" ".join([{name!r}, *told]) + chr(10))
answers = json.load(open({folder!r} + "/answers.json"))[{name!r}]
by = os.path.basename(told[0]) if told else ""
print(json.dumps(answers.get(by, answers)))
"""

DEAD = {"version": "v2", "deploy_id": "d1", "reason": "make deploy STAGE=local VERSION=v2"}
FITS: dict[str, Any] = {"pending": [], "newer": [], "migrates": False}
AFTER = {"v1": {**FITS, "newer": ["a.2"]}, "v2": FITS}
BEFORE = {"v1": FITS, "v2": {**FITS, "pending": ["a.2"]}}
PAUSED = {"paused": True}
CLOSED = {"paused": True, "maintenance": True, "maintenance_for_deploy": True}


def state(**more: Any) -> dict[str, Any]:
    """What release_state says of a host that runs v1 and has v2."""
    return {
        "active": {"id": "v1", "ref": "v1", "version": ""},
        "kept": [{"id": release, "ref": release, "version": ""} for release in ("v1", "v2")],
        "staged": ["v1", "v2"],
        "refused": {},
        **dict.fromkeys(("paused", "maintenance", "maintenance_for_deploy"), False),
        **more,
    }


def recover(folder: Path, answers: dict[str, Any]) -> list[str]:
    """What modules and roles were told in a run of the phase."""
    collection = folder / "ansible_collections/carpentries/amy"
    modules = collection / "plugins/modules"
    modules.mkdir(parents=True)
    for part in ("playbooks", "meta"):
        (collection / part).symlink_to(ROOT / part)
    for plugins in (ROOT / "plugins").iterdir():
        if plugins.name != "modules":
            (collection / "plugins" / plugins.name).symlink_to(plugins)
    (modules / "deploy_event.py").symlink_to(ROOT / "plugins/modules/deploy_event.py")
    for name, told in MODULES.items():
        (modules / f"{name}.py").write_text(MODULE.format(name=name, told=told, folder=str(folder)))
    for (role, file), told in ROLES.items():
        tasks = collection / "roles" / role / "tasks"
        tasks.mkdir(parents=True, exist_ok=True)
        words = ["{{ inventory_hostname }}", role, file, *(f"{{{{ {name} }}}}" for name in told.split())]
        shell = {"cmd": f"echo {' '.join(words)} >> {folder}/said"}
        (tasks / f"{file}.yml").write_text(json.dumps([{"name": "Write it down", "ansible.builtin.shell": shell}]))
    (folder / "answers.json").write_text(json.dumps(answers))
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "ansible_become": False}
    groups = {
        kind: {"hosts": {name: {"ec2_tags": {"Role": kind}, "ec2_instance_id": f"i-{name}"} for name in names}}
        for kind, names in HOSTS.items()
    }
    redis = groups.pop("redis")
    fleet = {"children": {"application": {"children": groups}, "redis": redis}}
    (folder / "hosts.yml").write_text(json.dumps({"all": {"vars": local, "children": {"fleet": fleet}}}))
    variables = {
        **{"stage": "local", "project": "a", "domain": "a.test", "bucket": "b", "release_version": "v2"},
        **{"instances_counts": {kind: len(names) for kind, names in HOSTS.items()}, "aws_environment": {}},
        **{"queue_redis_url": "redis://", "queue_names": ["default"], "stage_parameters": {}},
        "site_root": "/webapps/{{ inventory_hostname }}",
    }
    (folder / "vars.json").write_text(json.dumps(variables))
    command = ["ansible-playbook", "-i", str(folder / "hosts.yml"), "-e", f"@{folder / 'vars.json'}"]
    done = subprocess.run(
        [*command, str(collection / "playbooks/phases/recover.yml")],
        cwd=folder,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(folder), "ANSIBLE_GATHERING": "explicit"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return (folder / "said").read_text(encoding="utf-8").splitlines()


def fleet(
    *, dead: dict[str, str] | None, migrations: dict[str, Any], away: str = "", holder: str = "", **hosts: Any
) -> dict[str, Any]:
    """What the modules answer."""
    names = [name for names in HOSTS.values() for name in names]
    targets = [{"id": f"i-{name}", "state": "unused" if name == away else "healthy"} for name in HOSTS["web"]]
    return {
        "deploy_lock": {"changed": True, "taken_over": dead is not None, **({"previous": dead} if dead else {})},
        "alb_targets_info": {"targets": targets},
        "release_state": {name: state(**hosts.get(name, {})) for name in names},
        "release_migrations_info": migrations,
        "rq_queue_state": {"suspended_by": {"holder": holder} if holder else None, "scheduler_locked_by": None},
        "rq_hold": {},
        "rq_scheduler_lock": {},
    }


LOOK = {"deploy_lock held None None", "alb_targets_info"} | {
    f"release_state /webapps/{name}" for names in HOSTS.values() for name in names
}
LOCKED = "deploy_lock held v2 d1"


def test_a_fleet_of_which_nothing_was_left_is_looked_at_and_not_touched(tmp_path: Path) -> None:
    said = recover(tmp_path, fleet(dead=None, migrations={}))
    assert len(said) == len(LOOK)
    assert {*said} == LOOK


def test_web_hosts_serve_the_release_of_a_deploy_that_died_behind_its_migrations(tmp_path: Path) -> None:
    answers = fleet(dead=DEAD, migrations=AFTER, holder="deploy:d1", web1=PAUSED, web2=CLOSED)
    said = recover(tmp_path, answers)
    for host in HOSTS["web"]:
        done = [line for line in said if line.startswith(f"{host} ")]
        expected = [
            f"{host} release activate v2 d1",
            f"{host} gunicorn change /webapps/{host}/releases/v2",
            f"{host} release prove v2",
            f"{host} request_hold release",
        ]
        assert done == [*expected, *(["web2 maintenance main off"] if host == "web2" else [])]
        assert said.index(LOCKED) < said.index(done[0])
        assert said.count(f"release_state /webapps/{host}") == 2
    asked = [line.partition("/releases/")[2] for line in said if line.startswith("release_migrations_info")]
    assert sorted(asked) == ["v1", "v2"]
    # The workers' release cannot live with the database.
    assert not [line for line in said if line.startswith(("rq_hold", "rq_scheduler_lock"))]
    assert said.count("alb_targets_info") == 2
    assert said[-1] == "alb_targets_info"


def test_before_its_migrations_hosts_serve_and_rejoin_with_the_release_that_they_have_and_jobs_run(
    tmp_path: Path,
) -> None:
    said = recover(tmp_path, fleet(dead=DEAD, migrations=BEFORE, holder="deploy:d1", away="web2", web1=PAUSED))
    assert {f"{host} release activate v1 d1" for host in HOSTS["web"]} <= {*said}
    assert [line for line in said if "rotation" in line] == ["web2 rotation main"]
    assert {"rq_hold released d1", "rq_scheduler_lock released d1"} <= {*said}
    assert "deploy_lock released None None" not in said


def test_after_the_lock_was_removed_it_is_given_back(tmp_path: Path) -> None:
    said = recover(tmp_path, fleet(dead=None, migrations=BEFORE, web1=PAUSED))
    assert [line for line in said if line.startswith("web2 ")] == []
    assert "web1 request_hold release" in said
    assert said[-1] == "deploy_lock released None None"
