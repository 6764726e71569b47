# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator, the application and nginx find on a host that has gone through three releases."""

from __future__ import annotations

import json
from typing import Any

import pytest
from testinfra.host import Host

testinfra_hosts = ["ansible://amy-molecule-release"]

SITE = "/webapps/amy.molecule.test"
JOINED = "/webapps/joined.molecule.test"


def module(host: Host, name: str, **arguments: Any) -> dict[str, Any]:
    """Run one of the collection's modules on the host."""
    result: dict[str, Any] = host.ansible(
        f"carpentries.amy.{name}", json.dumps({"site_root": SITE} | arguments), check=False
    )
    assert not result.get("failed"), result.get("msg")
    return result


def activated(host: Host) -> list[str]:
    """The ids of v1, v2 and the other v2: the last three of the history, in the order of their activation."""
    lines = host.file(f"{SITE}/releases/history.jsonl").content_string.splitlines()
    return [json.loads(line)["to"] for line in lines][-3:]


def hashed_files(host: Host, release: str) -> set[str]:
    """The names of the static files of a release."""
    found = host.check_output(f"find {SITE}/releases/{release}/staticfiles -type f -printf '%P\\n'")
    return set(found.splitlines())


def test_the_last_release_is_active_and_knows_its_predecessor(host: Host) -> None:
    state = module(host, "release_state")
    first, second, third = activated(host)
    assert state["active"]["id"] == third
    assert state["previous"]["id"] == second
    assert {first, second, third} <= set(state["staged"])
    assert state["active"]["commit"] == state["previous"]["commit"]
    assert host.check_output(f"readlink {SITE}/repo") == f"releases/{third}"


def test_documented_way_into_the_environment_works(host: Host) -> None:
    script = (
        f"set -e; source {SITE}/repo/.venv/bin/activate; source {SITE}/repo/.venv/bin/postactivate; "
        f"cd {SITE}/repo; python manage.py check; printenv APP_SECRET_KEY APP_SITE_BANNER"
    )
    said = host.run("bash -c %s", script)
    assert said.rc == 0, said.stderr
    assert "no issues" in said.stdout
    assert said.stdout.splitlines()[-2:] == ['it\'s "quoted" # and $strange', "testing"]


def test_launcher_gives_the_application_user_the_environment(host: Host) -> None:
    run = f"runuser -u amy -- {SITE}/repo/.venv/bin/with-environment printenv VIRTUAL_ENV APP_SITE_BANNER"
    assert host.check_output(run).splitlines() == [f"{SITE}/releases/{activated(host)[2]}/.venv", "testing"]


@pytest.mark.parametrize(
    ("user", "command", "allowed"),
    [
        ("amy", f"cat {SITE}/repo/.venv/bin/postactivate", True),
        ("daemon", f"cat {SITE}/repo/.venv/bin/postactivate", False),
        ("release-build", f"cat {SITE}/repo/.venv/bin/postactivate", False),
        ("amy", f"touch {SITE}/repo/manage.py", False),
        ("amy", f"touch {SITE}/repo/.venv/bin/postactivate", False),
        ("amy", f"mkdir {SITE}/repo/new", False),
        ("amy", f"touch {SITE}/repo/mediafiles/upload", True),
    ],
)
def test_permissions(host: Host, user: str, command: str, allowed: bool) -> None:
    assert (host.run(f"runuser -u {user} -- {command}").rc == 0) is allowed


def test_no_program_has_a_path_of_the_build(host: Host) -> None:
    found = host.run(f"grep -rIl /var/lib/release-build {SITE}/repo/.venv/bin")
    assert found.stdout == ""


def test_uploads_survive_a_change_of_the_release(host: Host) -> None:
    first = activated(host)[0]
    host.check_output(f"runuser -u amy -- touch {SITE}/repo/mediafiles/kept")
    assert host.file(f"{SITE}/releases/{first}/mediafiles/kept").exists


def test_static_files_of_every_release_are_in_one_tree_as_links(host: Host) -> None:
    first, second, _third = activated(host)
    only_first = hashed_files(host, first) - hashed_files(host, second)
    assert only_first, "v2 must have changed a hashed file, or this proves nothing"
    for name in only_first:
        assert host.check_output(f"stat -c %i {SITE}/static/{name}") == host.check_output(
            f"stat -c %i {SITE}/releases/{first}/staticfiles/{name}"
        )


def test_a_host_that_joined_serves_what_pages_of_earlier_releases_ask_for(host: Host) -> None:
    first, second, third = activated(host)
    asked_for = hashed_files(host, first) | hashed_files(host, second)
    only_first = hashed_files(host, first) - hashed_files(host, third)
    assert only_first, "v1 must have a file of its own, or this proves nothing"
    found = host.check_output(f"cd {JOINED}/static && find . -type f -group amy -printf '%P\\n'")
    assert asked_for <= set(found.splitlines())
    for name in only_first:
        built = host.file(f"{SITE}/releases/{first}/staticfiles/{name}")
        assert host.file(f"{JOINED}/static/{name}").sha256sum == built.sha256sum


def test_a_host_that_joined_has_nothing_else_of_earlier_releases(host: Host) -> None:
    first, second, third = activated(host)
    assert host.check_output(f"ls {JOINED}/releases") == third
    assert host.check_output(f"ls {JOINED}/static-earlier").split() == sorted([first, second])
    assert host.check_output(f"ls {JOINED}/static-earlier/{first}") == "static"
    state = module(host, "release_state", site_root=JOINED)
    assert state["staged"] == [third]
    assert {kept["id"] for kept in state["kept"] if kept["activated"]} == {first, second}


def test_pruning_keeps_what_is_used(host: Host) -> None:
    first, second, third = activated(host)
    only_first = hashed_files(host, first) - hashed_files(host, second)
    pid = host.check_output(f"cd {SITE}/releases/{first}; nohup sleep 300 >/dev/null 2>&1 & echo $!")
    kept = module(host, "release_prune", keep=1, group="amy")
    assert first not in kept["removed"]
    assert kept["kept"][first] == "in use by a process"

    host.check_output(f"kill {pid}")
    pruned = module(host, "release_prune", keep=1, group="amy")
    assert first in pruned["removed"]
    assert set(pruned["kept"]) == {second, third}
    assert not any(host.file(f"{SITE}/static/{name}").exists for name in only_first)
    assert all(host.file(f"{SITE}/static/{name}").exists for name in hashed_files(host, second))
    assert module(host, "release_prune", keep=1, group="amy")["changed"] is False
