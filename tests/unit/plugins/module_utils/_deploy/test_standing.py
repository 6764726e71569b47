# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a deploy stands, by what its phases have noted: what the plays of a deploy decide, they read here."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.filter.deploy_standing import deploy_standing
from hypothesis import given
from hypothesis import strategies as st

OTHERS = ["worker1", "scheduler1", "scheduler2"]
PLAN: dict[str, Any] = {
    "needed": True,
    "rejoin": [],
    "roll": ["web1", "web2"],
    "change": OTHERS,
    "pause_programs": OTHERS,
    "resume_programs": [],
    "pause_queues": True,
    "keeper": "scheduler1",
    "working_off": [],
    "migrator": "scheduler1",
    "previous": "v1",
    "previous_ref": "v1",
    "previous_version": "",
    "previous_host": "scheduler1",
    "found_closed": False,
    "reasons": {"web1": "runs v1"},
    "done": [],
    "begun": [],
}
NO_QUEUES = {"change": ["utility1"], "pause_programs": ["utility1"], "keeper": None, "migrator": "utility1"}
ROLES = {"web": "web", "wor": "worker", "sch": "scheduler", "uti": "utility", "loc": ""}

ROLLING = {"strategy": "rolling", "breaking": False}
# The release before cannot live with the schema afterwards.
BREAKING = {"strategy": "rolling", "breaking": True}
PAUSE = {"strategy": "pause", "breaking": True}
CLOSED = {"strategy": "maintenance", "breaking": True}
TOO_FAR = {"strategy": "refused", "breaking": False}
COMPARED: dict[str, Any] = {"pending": [], "ahead": {}, "behind": {}}
PENDING: dict[str, Any] = {**COMPARED, "pending": ["a.2"]}
AHEAD: dict[str, Any] = {**COMPARED, "ahead": {"a.2": []}}
MIGRATED: dict[str, Any] = {"migrations": PENDING, "migrating": True, "applied": ["a.2"]}


def test_a_deploy_that_is_not_planned_concerns_no_host() -> None:
    """Ansible asks for the hosts of each play, also where no deploy runs."""
    assert not any(deploy_standing({}, ["web1"], {"web1": {}})["turns"].values())
    assert not any(deploy_standing({}, [], {})["turns"].values())


def failure(message: str = "it does not start", **more: Any) -> dict[str, Any]:
    """A step that has failed, as tasks/attempt.yml notes it."""
    return {"host": "a host", "step": "Do it", "message": message, "applied": None, **more}


FAILED: dict[str, Any] = {"failures": [failure()]}
STRANDED: dict[str, Any] = {"failures": [failure()], "stranded": [failure()]}
NEW: dict[str, Any] = {"has_release": True}


def stood(
    plan: dict[str, Any] | None = None, hosts: dict[str, dict[str, Any]] | None = None, **deploy: Any
) -> dict[str, Any]:
    """Where a deploy of v2 stands. Each host had v1 and v2 staged; `hosts` says what is noted of it besides."""
    planned = {**PLAN, **(plan or {})}
    names = [
        "web1",
        "web2",
        *(["web3"] if "web3" in str((plan, hosts)) else []),
        *(OTHERS if planned["keeper"] else ["utility1"]),
        "localhost",
    ]
    noted = {
        name: {
            "name": name,
            "role": ROLES[name[:3]],
            "staged": ["v1", "v2"],
            "page": False,
            "closed": False,
            "active": "v1",
            **(hosts or {}).get(name, {}),
        }
        for name in names
    }
    known = {
        "release": "v2",
        "ref": "v2",
        "version": "",
        "plan": planned,
        "stage": "test",
        "url": "https://a.test",
        "command": "make deploy",
        "targets": {},
    }
    hostvars = {name: {"inventory_hostname": name, "deploy_host": host} for name, host in noted.items()}
    found: dict[str, Any] = deploy_standing({**known, "target_group": "a-web", **deploy}, names[:-1], hostvars)
    return found


def turns(found: dict[str, Any]) -> dict[str, list[str]]:
    """The turns that concern some host."""
    return {name: hosts for name, hosts in found["turns"].items() if hosts}


ALL = {
    "migrator": ["scheduler1"],
    "roll": ["web1", "web2"],
    "change": OTHERS,
    "pause_programs": OTHERS,
    "keeper": ["scheduler1"],
}


@pytest.mark.parametrize(
    ("plan", "deploy", "expected"),
    [
        ({}, {}, ALL),
        ({"needed": False}, {}, {}),
        # A dry run has put the release on no host.
        ({}, {"dry": True}, {}),
        # A deploy that has died holds the queues.
        (
            {"change": [], "pause_programs": []},
            {},
            {"migrator": ["scheduler1"], "roll": ["web1", "web2"], "keeper": ["scheduler1"]},
        ),
        (
            NO_QUEUES,
            {},
            {
                "migrator": ["utility1"],
                "roll": ["web1", "web2"],
                "change": ["utility1"],
                "pause_programs": ["utility1"],
            },
        ),
        # The database lacks migrations of the release that runs: what writes to it pauses, and goes on.
        (
            {"rejoin": ["web2"], "roll": [], "change": [], "resume_programs": OTHERS},
            {},
            {
                "migrator": ["scheduler1"],
                "rejoin": ["web2"],
                "pause_programs": OTHERS,
                "resume_programs": OTHERS,
                "keeper": ["scheduler1"],
            },
        ),
    ],
)
def test_which_hosts_a_deploy_concerns(plan: dict[str, Any], deploy: dict[str, Any], expected: dict[str, Any]) -> None:
    assert turns(stood(plan, **deploy)) == expected


DEAD = {"done": ["web3"], "begun": ["web3"]}
# Nothing tells that a deploy which died has changed it.
OTHER = {"done": ["web3"]}


@pytest.mark.parametrize(
    ("plan", "hosts", "choice", "back"),
    [
        # All went well.
        ({}, {"web1": NEW, "web2": NEW, "worker1": NEW}, ROLLING, {}),
        (
            {},
            {"web1": NEW, "worker1": NEW, "scheduler1": NEW, "web2": FAILED},
            ROLLING,
            {
                "roll_back_web": ["web1"],
                "roll_back_others": ["worker1", "scheduler1"],
                "roll_back_keeper": ["scheduler1"],
                "settle_queues": ["scheduler1"],
            },
        ),
        # No worker has changed: the queues are paused for the way there only.
        ({}, {"web1": NEW, "web2": FAILED}, ROLLING, {"roll_back_web": ["web1"], "settle_queues": ["scheduler1"]}),
        (
            NO_QUEUES,
            {"web1": NEW, "utility1": NEW, "web2": FAILED},
            ROLLING,
            {"roll_back_web": ["web1"], "roll_back_others": ["utility1"]},
        ),
        # A deploy that died had given the release to web1 and worker1, and this one had only web2 to change.
        (
            {
                "roll": ["web2"],
                "change": [],
                "pause_programs": [],
                "pause_queues": False,
                "done": ["web1", "worker1"],
                "begun": ["web1", "worker1"],
            },
            {"web2": FAILED},
            ROLLING,
            {
                "roll_back_web": ["web1"],
                "roll_back_others": ["worker1"],
                "roll_back_keeper": ["scheduler1"],
                "settle_queues": ["scheduler1"],
            },
        ),
        # What the dead deploy's migrations allow is not known yet.
        ({"done": ["web1"], "begun": ["web1"]}, {"scheduler1": FAILED}, None, {"settle_queues": ["scheduler1"]}),
        ({"done": ["web1"]}, {"scheduler1": FAILED}, ROLLING, {"settle_queues": ["scheduler1"]}),
        # There is no way back.
        ({"previous": None}, {"web1": NEW, "web2": FAILED}, ROLLING, {"settle_queues": ["scheduler1"]}),
    ],
)
def test_which_hosts_go_back(
    plan: dict[str, Any], hosts: dict[str, Any], choice: dict[str, Any] | None, back: dict[str, list[str]]
) -> None:
    after = ("roll_back_web", "roll_back_others", "roll_back_keeper", "settle_queues")
    assert {name: names for name, names in turns(stood(plan, hosts, choice=choice)).items() if name in after} == back


@pytest.mark.parametrize(
    ("plan", "hosts", "deploy", "expected"),
    [
        ({}, {}, {}, {"untried": ["web1", "web2", *OTHERS], "keeping": [], "serving": []}),
        (
            {},
            {"worker1": NEW, "web1": NEW, "web2": FAILED},
            {},
            {"serving": ["web1"], "untried": ["scheduler1", "scheduler2"]},
        ),
        # A deploy that died had changed web3, which does not differ from what this one wants.
        (DEAD, {"web1": FAILED}, {}, {"keeping": []}),
        # It had made the release active there, and not yet stopped the workers of the one before.
        (
            {"done": ["worker1"], "begun": ["worker1"]},
            {"web1": FAILED},
            MIGRATED | {"choice": BREAKING},
            {"keeping": ["worker1"]},
        ),
        # It did not come to a choice: what the migrations of the dead deploy allow is not known.
        (DEAD, {"worker1": FAILED}, {"choice": None}, {"keeping": ["web3"]}),
        (DEAD, {"worker1": FAILED}, MIGRATED | {"choice": BREAKING}, {"keeping": ["web3"]}),
        (OTHER, {"worker1": FAILED}, {}, {"keeping": ["web3"]}),
        # It has proved itself again, or refused it.
        ({**OTHER, "rejoin": ["web3"]}, {"web3": NEW, "web1": FAILED}, {}, {"serving": ["web3"], "keeping": []}),
        ({**OTHER, "rejoin": ["web3"]}, {"web3": FAILED}, {}, {"untried": ["web1", "web2", *OTHERS], "keeping": []}),
    ],
)
def test_where_hosts_stand(
    plan: dict[str, Any], hosts: dict[str, Any], deploy: dict[str, Any], expected: dict[str, list[str]]
) -> None:
    found = stood(plan, hosts, **{"choice": ROLLING, **deploy})
    assert {name: found[name] for name in expected} == expected


def joined(*names: str) -> dict[str, dict[str, Any]]:
    """Hosts that never had v1, and have got v2 in this deploy."""
    return {name: {"staged": ["v2"], **NEW} for name in names}


@pytest.mark.parametrize(
    ("plan", "hosts", "withdrawn"),
    [
        # The stage has got workers, and the web hosts refuse the release: the workers do not work with it alone.
        ({}, {**joined(*OTHERS), "web1": NEW, "web2": FAILED}, OTHERS),
        # Web hosts that have joined.
        ({}, {"web1": NEW, "web3": {"staged": ["v2"], **FAILED}}, ["web3"]),
        ({}, {**joined("web3"), "web2": FAILED}, ["web3"]),
        # They have not come to the release.
        ({}, {"web3": {"staged": ["v2"]}, "web1": NEW, "web2": FAILED}, []),
        ({}, {"worker1": {"staged": ["v2"], **FAILED}}, []),
        # A dead deploy had given it the release.
        (DEAD, {"web3": {"staged": ["v2"]}, "web1": FAILED}, ["web3"]),
        # All went well; the fleet runs the release; nothing is gone back to before the first release.
        ({}, joined("web1", "web2", *OTHERS), []),
        ({"previous": "v2"}, {**joined("worker1", "web3"), "web2": FAILED}, []),
        ({"previous": None}, {**joined("worker1", "web3"), "web2": FAILED}, []),
    ],
)
def test_hosts_that_never_had_the_release_before_run_none_again(
    plan: dict[str, Any], hosts: dict[str, Any], withdrawn: list[str]
) -> None:
    assert sorted(stood(plan, hosts, choice=ROLLING)["withdrawn"]) == sorted(withdrawn)


@pytest.mark.parametrize(
    ("plan", "deploy", "failed", "can"),
    [
        ({}, {"choice": ROLLING, **MIGRATED}, {}, True),
        ({}, {"choice": CLOSED, **MIGRATED}, {}, False),
        ({}, {"choice": CLOSED, **MIGRATED, "applied": []}, {}, True),
        # It has failed before it migrated; a deploy that died may have done it.
        ({}, {"choice": CLOSED, "migrations": PENDING}, {}, True),
        ({}, {"choice": CLOSED, "migrations": AHEAD}, {}, False),
        ({}, {"choice": ROLLING, "migrations": AHEAD}, {}, True),
        ({"found_closed": True}, {"choice": CLOSED, "migrations": COMPARED}, {}, True),
        ({"found_closed": True}, {"choice": CLOSED, "migrations": AHEAD}, {}, False),
        # It has failed before it compared the releases and the database.
        ({}, {}, {}, True),
        ({"found_closed": True}, {}, {}, False),
        # What a dead deploy had left was recovered, and then the database was not known to fit the release before.
        ({}, {"unfit": ["v1"]}, {}, False),
        ({}, {"unfit": ["v0"]}, {}, True),
        ({}, {"unfit": ["v1"], "choice": ROLLING, "migrations": COMPARED}, {}, True),
        # The wanted release cannot live with the schema: some hosts may be of one release, some of the other.
        ({}, {"choice": TOO_FAR}, {}, True),
        ({"found_closed": True}, {"choice": TOO_FAR}, {}, False),
        # The migrations broke off: it says which were applied, or the host is out of reach and may go on.
        ({}, {"choice": CLOSED, **MIGRATED, "applied": None}, failure(applied=[]), True),
        ({}, {"choice": CLOSED, **MIGRATED, "applied": None}, failure(applied=["a.2"]), False),
        ({}, {"choice": CLOSED, **MIGRATED, "applied": None}, failure(), False),
        ({}, {"choice": CLOSED, **MIGRATED, "migrations": COMPARED, "applied": None}, failure(), True),
        ({"previous": None}, {"choice": ROLLING}, {}, False),
    ],
)
def test_the_release_before_serves_again_only_on_a_schema_that_it_can_live_with(
    *, plan: dict[str, Any], deploy: dict[str, Any], failed: dict[str, Any], can: bool
) -> None:
    hosts = {"scheduler1": {"failures": [failed]}} if failed else {}
    assert stood(plan, hosts, **deploy)["can_roll_back"] is can


def test_a_failure_after_a_recovery_leaves_the_web_hosts_open_and_the_queues_paused() -> None:
    """A dead deploy has migrated. Its web hosts serve the new release again, and the backup of this one fails."""
    plan = {"roll": [], "done": ["web1", "web2"], "begun": ["web1", "web2"]}
    found = stood(plan, {"scheduler1": FAILED}, choice=None, unfit=["v1"])
    assert found["keeps_queues_paused"]
    assert turns(found)["settle_queues"] == ["scheduler1"]
    assert "roll_back_web" not in turns(found)
    assert (found["closes_site"], found["outcome"]["result"]) == (False, "failed")
    said = found["outcome"]["next_step"]
    assert said.startswith("web1, web2 had v2 before this deploy, and keep it. The database has become, or may have")
    assert "so no host goes back to it." in said


@pytest.mark.parametrize(
    ("hosts", "deploy", "forward", "halted"),
    [
        ({"web1": NEW}, {}, False, False),
        # The fleet goes back.
        ({"web1": NEW, "web2": FAILED}, {"choice": ROLLING}, False, True),
        # It cannot: the deploy goes on without the host.
        ({"web1": NEW, "web2": FAILED}, {"choice": PAUSE, **MIGRATED}, True, False),
        # No other host serves.
        ({"web2": FAILED}, {"choice": PAUSE, **MIGRATED}, False, True),
    ],
)
def test_a_deploy_goes_forward_where_it_cannot_go_back_and_some_host_serves(
    *, hosts: dict[str, Any], deploy: dict[str, Any], forward: bool, halted: bool
) -> None:
    found = stood({}, hosts, **deploy)
    assert (found["rolls_forward"], found["halted"]) == (forward, halted)
    assert found["go_on"] is not (forward or halted)


@pytest.mark.parametrize(
    ("refused_by", "changed", "deploy", "kept", "tried"),
    [
        # Requests wait, every web host has refused the release, and the workers have what they had.
        (["web1", "web2"], [], MIGRATED, True, False),
        # The migrations broke off.
        (["scheduler1"], [], {**MIGRATED, "applied": None}, True, False),
        # The site is closed, and the workers have the release that the web hosts refuse.
        (["web1", "web2"], OTHERS, MIGRATED, False, True),
        # Of those, one has refused it.
        (["worker1"], OTHERS, MIGRATED, True, False),
        (["scheduler1"], [], {**MIGRATED, "applied": []}, False, False),
        ([], [], MIGRATED, False, False),
    ],
)
def test_queues_are_kept_from_workers_that_cannot_live_with_the_schema(
    *, refused_by: list[str], changed: list[str], deploy: dict[str, Any], kept: bool, tried: bool
) -> None:
    hosts = {
        name: (NEW if name in changed else {}) | (FAILED if name in refused_by else {})
        for name in {*changed, *refused_by}
    }
    found = stood({}, hosts, choice=PAUSE, **deploy)
    assert found["keeps_queues_paused"] is kept
    assert (found["untried"] == []) is tried


@pytest.mark.parametrize(
    ("deploy", "failed", "kept"),
    [
        # It was restored from an older backup, and the rehearsal, or the migration itself, has failed.
        ({"lacks": ["a.2"]}, True, True),
        ({"lacks": ["a.2"], **MIGRATED, "applied": None}, True, True),
        # It has been migrated, and the host has failed later.
        ({"lacks": [], **MIGRATED}, True, False),
        ({"lacks": []}, False, False),
        ({}, True, False),
    ],
)
def test_queues_are_kept_from_workers_whose_release_lacks_migrations(
    *, deploy: dict[str, Any], failed: bool, kept: bool
) -> None:
    plan: dict[str, Any] = {"roll": [], "change": [], "previous": "v2"}
    found = stood(plan, {"scheduler1": FAILED if failed else {}}, own_programs=True, **deploy)
    assert found["keeps_queues_paused"] is kept
    said = found["outcome"]["next_step"]
    assert ("the queues stay paused" in said, "own programs and timers stay stopped" in said) == (kept, kept)
    without = stood({**plan, **NO_QUEUES}, {"utility1": FAILED if failed else {}}, **deploy)["outcome"]["next_step"]
    assert "stay" not in without


def test_workers_that_are_about_to_leave_stop_where_they_cannot_live_with_the_schema() -> None:
    plan = {**NO_QUEUES, "keeper": "scheduler1", "working_off": ["worker1"]}
    assert stood(plan, choice=PAUSE, **MIGRATED)["turns"]["outgrown"] == ["worker1"]
    assert stood(plan, choice=ROLLING, **MIGRATED)["turns"]["outgrown"] == []
    assert stood(plan, choice=PAUSE)["turns"]["outgrown"] == []
    # Jobs of theirs would fail, too, where the deploy halts before it has stopped them.
    halted = stood({**plan, "change": []}, {"web1": FAILED}, choice=PAUSE, **MIGRATED)
    assert halted["keeps_queues_paused"]
    stopped = {"web1": FAILED, "worker1": {"stopped": True}}
    assert not stood({**plan, "change": []}, stopped, choice=PAUSE, **MIGRATED)["keeps_queues_paused"]


@pytest.mark.parametrize(
    ("paused", "hosts", "deploy", "restarts"),
    [
        # The fleet has gone back, or nothing has changed yet.
        (True, {"web1": FAILED}, {}, True),
        # It did not come to the pause: a deploy that died may have stopped them, and migrated the database.
        (False, {"web1": FAILED}, {}, False),
        # Putting the previous release back starts them.
        (True, {"web1": FAILED, "worker1": NEW}, {}, False),
        # The deploy goes forward without a web host: what leaves runs the release before, which the schema has left.
        (True, {"web1": FAILED, "web2": NEW}, {"choice": PAUSE, **MIGRATED}, False),
        (True, {"web1": FAILED}, {"choice": PAUSE, **MIGRATED}, False),
        (True, {}, {}, False),
    ],
)
def test_own_programs_start_again_where_the_release_before_fits_the_database(
    *, paused: bool, hosts: dict[str, Any], deploy: dict[str, Any], restarts: bool
) -> None:
    noted = {**hosts, "worker1": {**hosts.get("worker1", {}), "paused": paused}}
    found = stood({}, noted, **{"choice": ROLLING, **deploy})
    assert found["turns"]["restart_programs"] == (["worker1"] if restarts else [])


@pytest.mark.parametrize(("failed", "forgotten"), [({}, ["worker1"]), ({"web1": FAILED}, [])])
def test_a_timer_that_has_gone_to_another_host_is_not_started_again_on_one_that_leaves(
    failed: dict[str, Any], forgotten: list[str]
) -> None:
    plan = {**NO_QUEUES, "pause_programs": ["utility1", "worker1"]}
    assert stood(plan, failed, choice=ROLLING)["turns"]["forget_programs"] == forgotten


def test_workers_go_back_only_while_their_queues_are_paused() -> None:
    hosts = {"web1": FAILED, "worker1": NEW}
    assert stood({}, hosts, choice=ROLLING)["queues_paused"]
    found = stood({}, {**hosts, "scheduler1": {"unpaused": [failure("a job does not end")]}}, choice=ROLLING)
    assert not found["queues_paused"]
    assert "a host: Do it: a job does not end" in found["failures"]


@pytest.mark.parametrize(
    ("hosts", "can_roll_back", "expected"),
    [
        ({}, True, []),
        # The migration has failed, and only web1 has gone back to the release before.
        ({"web2": STRANDED}, True, ["web2"]),
        ({"web2": FAILED}, True, []),
        # No host serves: the page that both show is better than nothing.
        ({"web1": STRANDED, "web2": STRANDED}, True, []),
        # The database has moved on, and only web1 has gone with it.
        ({"web1": NEW, "web2": FAILED}, False, ["web2"]),
        ({"web2": FAILED}, False, []),
    ],
)
def test_visitors_are_kept_from_web_hosts_that_run_no_release_while_others_serve(
    *, hosts: dict[str, Any], can_roll_back: bool, expected: list[str]
) -> None:
    choice = {"strategy": "pause", "breaking": not can_roll_back}
    assert stood({}, hosts, choice=choice, **MIGRATED)["to_deregister"] == expected


SHUT: dict[str, Any] = {"answer": {"allowed": False}}


@pytest.mark.parametrize(
    ("hosts", "deploy", "expected"),
    [
        ({}, {}, ["web1", "web2"]),
        ({"web2": FAILED}, {"choice": CLOSED}, ["web1", "web2"]),
        ({"web2": STRANDED}, {"choice": ROLLING}, ["web1"]),
        # Some serve the new release, and there is no way back.
        ({"web1": NEW, "web2": FAILED}, {"choice": CLOSED, **MIGRATED}, ["web1"]),
        ({"web2": FAILED}, {"choice": CLOSED, **MIGRATED}, []),
        # Its requests had to be answered by the page.
        ({"scheduler1": FAILED, "web1": SHUT, "web2": SHUT}, {"choice": PAUSE, **MIGRATED}, []),
    ],
)
def test_visitors_come_back_where_a_release_answers(
    hosts: dict[str, Any], deploy: dict[str, Any], expected: list[str]
) -> None:
    assert stood({}, hosts, **deploy)["to_open"] == expected


def test_a_page_of_an_operator_stays() -> None:
    hosts = {"web1": {"page": True}, "web2": {"page": True, "closed": True}}
    found = stood({"found_closed": True}, hosts)
    assert (found["closed_by_operator"], found["closed"], found["closes_site"]) == (["web1"], ["web1", "web2"], True)
    found = stood({}, {"web1": {"page": True}})
    assert (found["closed_by_operator"], found["closed"], found["closes_site"]) == (["web1"], ["web1"], False)
    assert stood({}, choice=CLOSED)["closed"] == ["web1", "web2"]


@pytest.mark.parametrize(
    ("hosts", "deploy", "release", "allowed"),
    [
        ({}, {}, "v2", True),
        ({"scheduler1": FAILED}, {"migrations": PENDING}, "v1", True),
        ({"scheduler1": FAILED}, MIGRATED, "v1", False),
    ],
)
def test_requests_that_have_waited_get_their_answer_from_the_release_that_the_database_allows(
    *, hosts: dict[str, Any], deploy: dict[str, Any], release: str, allowed: bool
) -> None:
    answer = stood({"previous_ref": "main", "previous_version": "3fc1"}, hosts, choice=PAUSE, **deploy)["answer"]
    assert (answer["release"], answer["allowed"]) == (release, allowed)
    assert (answer["ref"], answer["version"]) == (("main", "3fc1") if release == "v1" else ("v2", ""))


@pytest.mark.parametrize(
    ("plan", "deploy", "runs"),
    [
        ({}, {}, True),
        # A deploy that only mends hosts puts no release on.
        ({"previous": "v2"}, {"migrations": COMPARED}, False),
        ({"previous": "v2"}, {"migrations": PENDING}, True),
        ({"previous": None}, {}, True),
    ],
)
def test_the_commands_of_a_release_run_once_for_each_that_is_put_on(
    *, plan: dict[str, Any], deploy: dict[str, Any], runs: bool
) -> None:
    assert stood(plan, **deploy)["runs_commands"] is runs


@pytest.mark.parametrize(
    ("migrations", "backup"),
    # A deploy that died had migrated, or it is not known whether it had.
    [(COMPARED, "made.dump"), (AHEAD, "<its name>"), (None, "<its name>")],
)
def test_the_backup_is_named_that_the_release_before_can_live_with(
    migrations: dict[str, Any] | None, backup: str
) -> None:
    plan = {"found_closed": migrations is None}
    deploy = {"migrations": migrations, "migrating": True, "applied": ["a.2"], "backup": "made.dump"}
    choice = None if migrations is None else PAUSE
    said = stood(plan, {"web1": FAILED}, choice=choice, **deploy)["outcome"]["next_step"]
    assert f"make restore STAGE=test FROM={backup}" in said


@pytest.mark.parametrize(
    ("hosts", "deploy", "result", "headline", "verdict"),
    [
        ({}, {}, "succeeded", "", "accepted"),
        # The backup, the rehearsal, the queues: the fleet runs what it ran.
        ({"scheduler1": FAILED}, {}, "refused", "v2 (v2) was not deployed.", "refused"),
        ({"localhost": {"failures": [{"message": "too far"}]}}, {"choice": TOO_FAR}, "refused", "was not", "refused"),
        ({"web1": FAILED}, {}, "rolled_back", "v2 (v2) was not deployed.", "refused"),
        ({"worker1": {**FAILED, **NEW}}, {}, "rolled_back", "v2 (v2) was not deployed.", "refused"),
        # The site was closed, or the database was to be migrated.
        ({"scheduler1": FAILED}, {"choice": CLOSED}, "rolled_back", "v2 (v2) was not deployed.", "refused"),
        ({"scheduler1": FAILED}, {**MIGRATED, "applied": []}, "rolled_back", "v2 (v2) was not deployed.", "refused"),
        ({}, {"absent": ["web2"]}, "failed", "but not by every web host.", "accepted"),
        ({}, {"absent": ["web1", "web2"]}, "failed", "but no web host serves it", "accepted"),
        ({"web1": {"still_closed": [failure()]}}, {"absent": ["web2"]}, "failed", "but no web host serves", "accepted"),
    ],
)
def test_how_a_deploy_has_ended(
    hosts: dict[str, Any], deploy: dict[str, Any], result: str, headline: str, verdict: str
) -> None:
    outcome = stood({}, hosts, **{"choice": ROLLING, **deploy})["outcome"]
    assert (outcome["result"], outcome["verdict"]) == (result, verdict)
    assert headline in outcome["headline"]
    assert bool(headline) == bool(outcome["headline"])


def test_every_failure_is_named_and_what_the_deploy_as_a_whole_was_refused_for_without_a_host() -> None:
    twice = {"failures": [failure(host="web1"), failure("it was away", host="web1")]}
    found = stood({}, {"web1": twice, "localhost": {"failures": [{"message": "The database is too far."}]}})
    assert found["failures"] == [
        "web1: Do it: it does not start",
        "web1: Do it: it was away",
        "The database is too far.",
    ]


@pytest.mark.parametrize(("previous", "missed"), [("v1", ["web1"]), ("v2", ["web1", "web2"])])
def test_a_web_host_that_has_joined_and_left_again_is_not_missed(previous: str, missed: list[str]) -> None:
    hosts = {"web2": {"staged": [], **FAILED}}
    found = stood({"previous": previous}, hosts, choice=ROLLING, absent=["web1", "web2"])
    assert found["absences"] == [f"{name} is not healthy in target group a-web" for name in missed]


@pytest.mark.parametrize(
    ("hosts", "deploy", "points"),
    [
        ({}, {}, ["after_migrate", "after_success"]),
        ({"web2": FAILED}, {}, ["after_failure"]),
        # It is served, but not by every host.
        ({}, {"absent": ["web1"]}, ["after_migrate", "after_failure"]),
        ({}, {"dry": True}, []),
    ],
)
def test_a_stages_own_steps_run_where_the_deploy_comes_to_them(
    hosts: dict[str, Any], deploy: dict[str, Any], points: list[str]
) -> None:
    step = [{"command": "python manage.py warm"}]
    hooks = {"after_migrate": step, "after_success": step, "after_failure": step, "before_migrate": []}
    found = stood({}, hosts, choice=ROLLING, hooks=hooks, **deploy)["hooks"]
    assert {point: names for point, names in found.items() if names} == {point: ["scheduler1"] for point in points}


NOTED = st.fixed_dictionaries(
    {
        "has_release": st.booleans(),
        "paused": st.booleans(),
        "staged": st.sampled_from([["v1", "v2"], ["v2"]]),
        "failures": st.sampled_from([[], [failure()]]),
        "stranded": st.sampled_from([[], [failure()]]),
    }
)


@given(
    hosts=st.dictionaries(st.sampled_from(["web1", "web2", *OTHERS]), NOTED),
    choice=st.sampled_from([None, ROLLING, PAUSE, CLOSED, TOO_FAR]),
    deploy=st.sampled_from([{}, {"migrations": PENDING}, MIGRATED, {**MIGRATED, "applied": None}]),
    previous=st.sampled_from([None, "v1", "v2"]),
)
def test_a_deploy_goes_on_or_back_or_forward_or_stands(
    hosts: dict[str, Any], choice: dict[str, Any] | None, deploy: dict[str, Any], previous: str | None
) -> None:
    found = stood({"previous": previous}, hosts, choice=choice, **deploy)
    assert [found["go_on"], found["halted"], found["rolls_forward"]].count(True) == 1
    going_back = found["turns"]["roll_back_web"] + found["turns"]["roll_back_others"]
    assert not going_back or (found["halted"] and found["can_roll_back"])
    # A host that is kept from visitors leaves another that serves.
    assert len(found["to_deregister"]) < 2
    assert (found["outcome"]["result"] == "succeeded") is found["go_on"] or found["stranded"]
    assert not (found["keeps_queues_paused"] and found["go_on"])
