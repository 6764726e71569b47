# SPDX-License-Identifier: GPL-3.0-or-later
"""What ends the state that a deploy which died has left, by all that is known of hosts, rotation, lock and database."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.filter.deploy_recovery import deploy_recovery

OTHERS = ("worker1", "scheduler1")
DEAD = {"deploy_id": "d1", "release": "v2"}
BY_DEAD = "deploy:d1"
# What a release says of the database.
FITS = {"pending": [], "newer": [], "migrates": False}
OUTGROWN = {**FITS, "newer": ["a.2"]}
LACKS = {**FITS, "pending": ["a.2"]}
MOVES = {**FITS, "migrates": True}
UNREAD = {"failed": True, "msg": "The release's own code has failed"}
# The database as a deploy of v2 leaves it, before and after its migrations, and in between.
BEFORE = {"v1": FITS, "v2": LACKS}
AFTER = {"v1": OUTGROWN, "v2": FITS}
MIGRATING = {"v1": MOVES, "v2": {**LACKS, "migrates": True}}

PAUSED: dict[str, Any] = {"paused": True}
# The pause has lasted too long, or the strategy was maintenance.
CLOSED: dict[str, Any] = {"maintenance": True, "maintenance_for_deploy": True}
BY_OPERATOR: dict[str, Any] = {"maintenance": True}
AWAY: dict[str, Any] = {"state": "unused"}
NEW: dict[str, Any] = {"active": "v2"}


def recovered(
    hosts: dict[str, dict[str, Any]] | None = None,
    *,
    dead: dict[str, str] | None = DEAD,
    answers: dict[str, dict[str, Any]] | None = None,
    holder: str = "",
    keeper: str | None = "scheduler1",
) -> dict[str, Any]:
    """What is recovered on a fleet that runs v1, in rotation, and has v2 staged; `hosts` says what differs."""
    differing = {name: dict((hosts or {}).get(name, {})) for name in (*OTHERS, "web1", "web2", *(hosts or {}))}
    states = {name: told.pop("state", "healthy") for name, told in differing.items()}
    hostvars = {name: known(name, **told) for name, told in differing.items()}
    hostvars["scheduler1"]["deploy_host"] = {"answers": answers or {}, "queue_holder": holder}
    hostvars["web1"]["deploy_host"] = {"answers": {}, "queue_holder": ""}
    deploy = {"dead": dead, "targets": {f"i-{name}": state for name, state in states.items()}}
    found: dict[str, Any] = deploy_recovery(deploy, sorted(hostvars), hostvars, keeper=keeper)
    return found


def known(name: str, *, active: str | None = "v1", staged: tuple[str, ...] = ("v1", "v2"), **told: Any) -> Any:
    """The variables of a host after it was looked at."""
    return {
        "inventory_hostname": name,
        "ec2_instance_id": f"i-{name}",
        "ec2_tags": {"Role": {"web": "web", "wor": "worker", "sch": "scheduler"}[name[:3]]},
        "check_host": {
            "active": {"id": active} if active else None,
            "kept": [{"id": release, "ref": f"ref of {release}", "version": None} for release in ("v0", *staged)],
            "staged": list(staged),
            "paused": False,
            "maintenance": False,
            "maintenance_for_deploy": False,
            "refused": {},
            **told,
        },
    }


def served(found: dict[str, Any]) -> dict[str, str | None]:
    """The release that each host is to serve at once, None where it stays as it is."""
    return {name: turn["release"] and turn["release"]["id"] for name, turn in found["turns"].items()}


BOTH_PAUSED = {"web1": PAUSED, "web2": PAUSED}
BOTH_CLOSED = {"web1": CLOSED, "web2": CLOSED}


@pytest.mark.parametrize(
    ("hosts", "known_of_it", "expected"),
    [
        # A deploy has died in a pause, before it migrated, and after that.
        (BOTH_PAUSED, {"answers": BEFORE}, {"web1": "v1", "web2": "v1"}),
        (BOTH_PAUSED, {"answers": AFTER}, {"web1": "v2", "web2": "v2"}),
        # The pause has reached its limit.
        ({"web1": {**PAUSED, **CLOSED}, "web2": PAUSED}, {"answers": AFTER}, {"web1": "v2", "web2": "v2"}),
        # It had run out of time for one of two migrations: no release fits.
        (BOTH_PAUSED, {"answers": {"v1": OUTGROWN, "v2": LACKS}}, {"web1": None, "web2": None}),
        # Its migration goes on without its controller.
        (BOTH_PAUSED, {"answers": MIGRATING}, {"web1": None, "web2": None}),
        # The database does not answer; nothing was asked yet.
        (BOTH_PAUSED, {"answers": {"v1": UNREAD, "v2": UNREAD}}, {"web1": None, "web2": None}),
        (BOTH_PAUSED, {}, {"web1": None, "web2": None}),
        # One host had its answer already.
        ({"web1": NEW, "web2": PAUSED}, {"answers": {"v1": OUTGROWN}}, {"web2": "v2"}),
        # ... and the other was given the release, but did not serve it yet.
        ({"web1": NEW, "web2": {**PAUSED, **NEW}}, {}, {"web2": "v2"}),
        # It had not paused all of them.
        ({"web2": PAUSED}, {}, {"web2": "v1"}),
        # The new release never came to the host.
        ({"web1": {**PAUSED, "staged": ("v1",)}}, {"answers": AFTER}, {"web1": "v1"}),
        ({"web1": {**PAUSED, "staged": ("v1",)}, "web2": PAUSED}, {"answers": AFTER}, {"web1": None, "web2": "v2"}),
        # The strategy was maintenance.
        (BOTH_CLOSED, {"answers": BEFORE}, {"web1": "v1", "web2": "v1"}),
        (BOTH_CLOSED, {"answers": AFTER}, {"web1": "v2", "web2": "v2"}),
        # It died while it opened the site.
        ({"web1": NEW, "web2": {**CLOSED, **NEW}}, {}, {"web2": "v2"}),
        # It was the first deploy of all.
        ({name: {**CLOSED, "active": None} for name in BOTH_CLOSED}, {"answers": AFTER}, {"web1": "v2", "web2": "v2"}),
        # After make unlock it is not known which deploy died: the release that is active, or none.
        (BOTH_PAUSED, {"dead": None, "answers": BEFORE}, {"web1": "v1", "web2": "v1"}),
        (BOTH_PAUSED, {"dead": None, "answers": AFTER}, {"web1": None, "web2": None}),
        # A deploy has failed, and left the page because no release served.
        (
            {"web1": {**CLOSED, **NEW, "refused": {"v2": {}}}, "web2": {**CLOSED, **NEW}},
            {"dead": None, "answers": AFTER},
            {"web1": None, "web2": "v2"},
        ),
        # The dead deploy was to try it again, and puts it on in any case.
        (
            {"web1": {**CLOSED, **NEW, "refused": {"v2": {}}}, "web2": CLOSED},
            {"answers": AFTER},
            {"web1": "v2", "web2": "v2"},
        ),
        # An operator has closed the site, before the deploy or since.
        ({"web1": BY_OPERATOR, "web2": BY_OPERATOR}, {"answers": BEFORE}, {}),
        ({"web1": {**PAUSED, **BY_OPERATOR}}, {}, {"web1": "v1"}),
        # A web host is out of rotation: before its release changed, after that, and the last one.
        ({"web1": AWAY}, {}, {"web1": "v1"}),
        ({"web1": {**AWAY, **NEW}}, {"answers": AFTER}, {"web1": "v2"}),
        ({"web1": {**AWAY, **NEW}, "web2": NEW}, {}, {"web1": "v2"}),
        # The others have the new release; whether the one before can live with its migrations need not be known.
        ({"web1": AWAY, "web2": NEW}, {"answers": {"v1": OUTGROWN}}, {"web1": "v2"}),
        (
            {"web1": {"state": "draining"}, "web2": {"state": "unhealthy"}},
            {"answers": BEFORE},
            {"web1": "v1", "web2": "v1"},
        ),
        # It is refused there, and no deploy was to put it on.
        (
            {"web1": {**AWAY, "active": "v0", "staged": ("v0", "v2"), "refused": {"v0": {}}}},
            {"answers": AFTER},
            {"web1": "v2"},
        ),
        # An operator may have taken it out, or the end of a deploy that failed.
        ({"web1": AWAY}, {"dead": None}, {}),
        # It is new, and has no release yet.
        ({"web3": {**AWAY, "active": None}}, {}, {}),
        # Nothing was left.
        ({}, {}, {}),
        ({}, {"dead": None}, {}),
    ],
)
def test_a_host_serves_at_once_what_the_database_fits(
    hosts: dict[str, dict[str, Any]], known_of_it: dict[str, Any], expected: dict[str, str | None]
) -> None:
    assert served(recovered(hosts, **known_of_it)) == expected


@pytest.mark.parametrize(
    ("hosts", "dead", "asks"),
    [
        # Each release once, and at the same time.
        (BOTH_PAUSED, DEAD, {"scheduler1": ["v1"], "web1": ["v2"]}),
        (BOTH_PAUSED, None, {"web1": ["v1"]}),
        # Other web hosts serve it.
        ({"web1": AWAY}, DEAD, {}),
        ({"web1": PAUSED}, None, {}),
        # The workers' release, whatever becomes of the queues.
        ({"web1": NEW, "web2": NEW}, DEAD, {"scheduler1": ["v1"]}),
        ({"web1": {**PAUSED, "staged": ("v1",)}}, DEAD, {}),
        ({}, None, {}),
    ],
)
def test_a_release_is_asked_once_and_only_if_it_matters(
    hosts: dict[str, dict[str, Any]], dead: dict[str, str] | None, asks: dict[str, list[str]]
) -> None:
    found = recovered(hosts, dead=dead)
    assert found["asks"] == asks
    assert {*found["asking"]} == {*asks, *(["scheduler1"] if dead else [])}


@pytest.mark.parametrize(
    ("hosts", "known_of_it", "resumes"),
    [
        ({}, {"holder": BY_DEAD}, True),
        # Paused by an operator, by a restore, by nothing.
        ({}, {"holder": "maria"}, False),
        ({}, {"holder": "deploy:20260101T000000Z-restore"}, False),
        ({}, {"holder": ""}, False),
        ({}, {"holder": BY_DEAD, "dead": None}, False),
        # The database goes where the workers' release cannot follow, or may do so.
        (BOTH_PAUSED, {"holder": BY_DEAD, "answers": AFTER}, False),
        (BOTH_PAUSED, {"holder": BY_DEAD, "answers": MIGRATING}, False),
        (BOTH_PAUSED, {"holder": BY_DEAD, "answers": BEFORE}, True),
        # They had the new release already.
        ({**BOTH_PAUSED, **dict.fromkeys(OTHERS, NEW)}, {"holder": BY_DEAD, "answers": AFTER}, True),
        (dict.fromkeys(OTHERS, NEW), {"holder": BY_DEAD, "answers": AFTER}, True),
        # One of them had.
        ({"worker1": NEW}, {"holder": BY_DEAD, "answers": {**AFTER, "v1": FITS}}, False),
        # Web hosts of the new release enqueue what the workers' release may not know.
        ({"web1": NEW, "web2": NEW}, {"holder": BY_DEAD, "answers": {"v1": FITS}}, False),
    ],
)
def test_jobs_run_again_where_the_workers_can_live_with_database_and_web_hosts(
    hosts: dict[str, dict[str, Any]], known_of_it: dict[str, Any], *, resumes: bool
) -> None:
    found = recovered(hosts, **known_of_it)
    assert found["resumes_queues"] is resumes
    assert ("scheduler1" in found["recovering"]) is resumes


@pytest.mark.parametrize(
    ("hosts", "answers", "unfit"),
    [
        (BOTH_PAUSED, AFTER, ["v1"]),
        (BOTH_PAUSED, BEFORE, ["v2"]),
        # It could not be asked; it was not asked.
        (BOTH_PAUSED, {"v1": UNREAD, "v2": FITS}, ["v1"]),
        (BOTH_PAUSED, {}, []),
        # The hosts have been recovered by now.
        ({"web1": NEW, "web2": NEW}, AFTER, ["v1"]),
        ({"web1": NEW, "web2": NEW}, {"v1": OUTGROWN}, ["v1"]),
        ({"web1": AWAY}, {}, []),
    ],
)
def test_what_the_database_is_not_known_to_fit_is_named(
    hosts: dict[str, dict[str, Any]], answers: dict[str, Any], unfit: list[str]
) -> None:
    assert recovered(hosts, answers=answers)["unfit"] == unfit


@pytest.mark.parametrize(
    ("hosts", "dead", "needed"),
    [({}, None, False), ({}, DEAD, True), ({"web1": CLOSED}, None, True), ({"web1": BY_OPERATOR}, None, False)],
)
def test_the_lock_is_needed_where_a_deploy_has_left_something(
    *, hosts: dict[str, Any], dead: dict[str, str] | None, needed: bool
) -> None:
    assert recovered(hosts, dead=dead)["needed"] is needed


def test_a_turn_says_all_that_is_done_and_why() -> None:
    found = recovered({"web1": {**PAUSED, **CLOSED}, "web2": {**PAUSED, **AWAY}}, answers=AFTER)
    assert found["turns"]["web1"] == {
        "release": {"id": "v2", "ref": "ref of v2", "version": ""},
        "note": "Requests wait there. It is to serve v2 at once: the database fits it.",
        "opens": True,
        "rejoins": False,
    }
    assert (found["turns"]["web2"]["opens"], found["turns"]["web2"]["rejoins"]) == (False, True)
    stays = recovered({"web1": CLOSED, "web2": CLOSED}, answers=MIGRATING)["turns"]["web1"]["note"]
    assert stays.endswith("It stays as it is for now: no release that it has is known to fit the database.")


def test_a_stage_without_queues_has_no_keeper() -> None:
    found = recovered(BOTH_PAUSED, keeper=None, answers=AFTER)
    assert (found["keeper"], found["recovering"]) == (None, ["web1", "web2"])


def test_where_no_deploy_runs_nothing_is_to_be_recovered() -> None:
    """Ansible asks for the hosts of each play, also by --list-hosts; and a host may not answer."""
    nothing = deploy_recovery({}, ["web1"], {"web1": {}})
    assert (
        nothing
        == deploy_recovery({}, [], {})
        == deploy_recovery({"dead": None}, ["web1"], {"web1": {"check_host": {}}})
    )
    assert not any(nothing.values())
