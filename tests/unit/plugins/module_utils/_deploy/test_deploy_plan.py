# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils._deploy.plan import Host, plan
from hypothesis import given
from hypothesis import strategies as st


def web(name: str, active: str | None, state: str = "healthy", **known: Any) -> Host:
    return Host(**{"name": name, "role": "web", "active": active, "current": True, "target_state": state, **known})


def worker(active: str | None, **known: Any) -> Host:
    return Host(**{"name": "worker1", "role": "worker", "active": active, "current": True, **known})


def utility(active: str | None) -> Host:
    return Host(name="utility1", role="utility", active=active, current=True)


@pytest.mark.parametrize(
    ("hosts", "rejoin", "roll", "change", "previous"),
    [
        ([web("web1", "v2"), web("web2", "v2"), worker("v2")], [], [], [], "v2"),
        ([web("web1", "v1"), web("web2", "v1"), worker("v1")], [], ["web1", "web2"], ["worker1"], "v1"),
        ([web("web1", None, "unused"), worker(None)], ["web1"], [], ["worker1"], None),
        # Without background jobs there is a utility host, which has the release, too.
        ([web("web1", "v1"), utility("v1")], [], ["web1"], ["utility1"], "v1"),
        ([web("web1", "v2"), utility("v1")], [], [], ["utility1"], "v1"),
        ([web("web1", "v2"), utility("v2")], [], [], [], "v2"),
        # A controller died after web1 had left: it comes back before web2 may leave.
        ([web("web1", "v2", "unused"), web("web2", "v1"), worker("v2")], ["web1"], ["web2"], [], "v1"),
        # All run the release, but one was left out of rotation.
        ([web("web1", "v2"), web("web2", "v2", "draining"), worker("v2")], ["web2"], [], [], "v2"),
        # A deploy that died had closed web1, or left it without gunicorn: what runs there is proved before it opens.
        ([web("web1", "v2", closed=True), web("web2", "v2"), worker("v2")], [], ["web1"], [], "v2"),
        # A deploy that could not go back left a release that was refused: a mark goes when the host has proved it.
        ([web("web1", "v2", refused=True), worker("v2", refused=True)], [], ["web1"], ["worker1"], "v2"),
        ([web("web1", "v1", refused=True), web("web2", "v2")], [], ["web1"], [], "v1"),
        # Settings of the programs have changed, the release has not.
        ([web("web1", "v2", current=False), worker("v2", current=False)], [], ["web1"], ["worker1"], "v2"),
        # An update of a package has replaced on the disk what runs.
        ([web("web1", "v2", outdated=["nginx"]), web("web2", "v2"), worker("v2")], [], ["web1"], [], "v2"),
        ([web("web1", "v2"), worker("v2", outdated=["supervisor"])], [], [], ["worker1"], "v2"),
        # The only web host has no rotation to leave: the status says what to do by hand.
        ([web("web1", "v2", outdated=["nginx"]), worker("v2")], [], [], [], "v2"),
    ],
)
def test_who_is_touched(
    hosts: list[Host], rejoin: list[str], roll: list[str], change: list[str], previous: str | None
) -> None:
    result = plan(hosts=hosts, release="v2")
    assert (result.rejoin, result.roll, result.change, result.previous) == (rejoin, roll, change, previous)
    assert result.needed is bool(rejoin or roll or change)
    assert result.pause_queues is bool(change)
    assert result.pause_programs == change
    assert set(result.reasons) == {*rejoin, *roll, *change}


@pytest.mark.parametrize(
    ("hosts", "dead", "done", "begun"),
    [
        ([web("web1", "v2", deploy="d1"), web("web2", "v1", deploy="d0")], "d1", ["web1"], ["web1"]),
        # The deploy that died is not the one that has given it the release: only that one host had been away.
        ([web("web1", "v2", deploy="d0"), web("web2", "v1", deploy="d")], "d1", ["web1"], []),
        ([web("web1", "v2", deploy="d1"), web("web2", "v1")], "", ["web1"], []),
        ([web("web1", "v2"), web("web2", "v1")], "", ["web1"], []),
        # No host runs another release.
        ([web("web1", "v2", deploy="d1"), web("web2", None)], "d1", [], []),
        ([web("web1", "v2", deploy="d1"), web("web2", "v2", deploy="d1")], "d1", [], []),
    ],
)
def test_hosts_are_told_that_have_the_release_before_the_others(
    hosts: list[Host], dead: str, done: list[str], begun: list[str]
) -> None:
    result = plan(hosts=hosts, release="v2", dead=dead)
    assert (result.done, result.begun) == (done, begun)


def queues(*, workers: str | None = None, scheduler: str | None = None) -> dict[str, Any]:
    """What rq_queue_state says of who holds the workers and the scheduler's lock."""
    claims = {"suspended_by": workers, "scheduler_locked_by": scheduler}
    return {key: holder and {"holder": holder, "seconds_left": 80000} for key, holder in claims.items()}


@pytest.mark.parametrize(
    ("found", "reasons"),
    [
        (queues(), {}),
        # In check mode they were not asked.
        ({"skipped": True}, {}),
        (queues(workers="deploy:a-restore"), {"the queues": "are paused by a-restore, which does not run any more"}),
        (queues(scheduler="deploy:a-restore"), {"the queues": "are paused by a-restore, which does not run any more"}),
        # `rq suspend`; and a scheduler in its tick.
        (queues(workers="1"), {}),
        (queues(workers="1", scheduler="cd0a9f"), {}),
    ],
)
def test_what_a_dead_deploy_holds_is_taken_over(found: dict[str, Any], reasons: dict[str, str]) -> None:
    result = plan(hosts=[web("web1", "v2"), worker("v2")], release="v2", queues=found)
    assert (result.rejoin, result.roll, result.change) == ([], [], [])
    assert result.reasons == reasons
    assert result.pause_queues is result.needed is bool(reasons)


@pytest.mark.parametrize("others", [[worker("v2")], [utility("v2")]], ids=["queues", "no queues"])
def test_a_database_that_lacks_what_the_running_release_wants_is_migrated(others: list[Host]) -> None:
    """A restore has put an older backup in its place."""
    result = plan(hosts=[web("web1", "v2"), *others], release="v2", lacks=["a.2", "a.3"])
    assert (result.rejoin, result.roll, result.change) == ([], [], [])
    assert result.reasons == {"the database": "lacks a.2, a.3, which v2 wants"}
    assert result.previous == "v2"
    # No job begins while it changes under the workers, and nothing else of the stage writes.
    assert result.pause_programs == [host.name for host in others]
    assert result.pause_queues is result.needed is True


HOSTS = st.lists(
    st.builds(
        web,
        name=st.uuids().map(str),
        active=st.sampled_from([None, "v1", "v2"]),
        state=st.sampled_from(["healthy", "unused", "draining", "unhealthy", "initial"]),
        current=st.booleans(),
    )
)


@given(HOSTS)
def test_only_hosts_in_rotation_are_rolled_and_no_host_is_touched_twice(hosts: list[Host]) -> None:
    result = plan(hosts=hosts, release="v2")
    healthy = {host.name for host in hosts if host.target_state == "healthy"}
    assert set(result.roll) <= healthy
    assert not set(result.rejoin) & healthy
    assert {host.name for host in hosts} - healthy == set(result.rejoin)


@pytest.mark.parametrize(
    ("hosts", "host"),
    [
        ([web("web1", "v1"), worker("v1")], "worker1"),
        # The host that migrates has joined since: another one knows the release that runs.
        ([web("web1", "v1"), web("web2", "v1"), utility(None)], "web1"),
        ([web("web1", None), utility(None)], None),
    ],
)
def test_a_host_is_named_that_can_be_asked_about_the_release_that_runs(hosts: list[Host], host: str | None) -> None:
    assert plan(hosts=hosts, release="v2").previous_host == host


def test_hosts_that_are_about_to_leave_stop_their_own_programs_with_the_others() -> None:
    result = plan(hosts=[web("web1", "v1"), utility("v1")], release="v2", leaving=["worker1"], working_off=["worker1"])
    assert (result.pause_programs, result.resume_programs) == (["utility1", "worker1"], [])
    # They do not start them for a database that changes under them.
    result = plan(hosts=[web("web1", "v2"), utility("v2")], release="v2", lacks=["a.2"], leaving=["worker1"])
    assert (result.pause_programs, result.resume_programs) == (["utility1", "worker1"], ["utility1"])
    assert plan(hosts=[web("web1", "v1"), utility("v2")], release="v2", leaving=["worker1"]).pause_programs == []


def test_what_the_fleet_goes_back_to_is_called_what_it_was_deployed_as() -> None:
    hosts = [web("web1", "v1-0", ref="main", version="3fc1"), web("web2", "v2-0", ref="v2"), utility(None)]
    result = plan(hosts=hosts, release="v2-0", ref="v2")
    assert (result.previous_ref, result.previous_version) == ("main", "3fc1")
    assert plan(hosts=[web("web1", None)], release="v2-0", ref="v2").previous_ref == "v2"


@pytest.mark.parametrize(("closed", "found"), [(True, True), (False, False)])
def test_a_site_that_a_dead_deploy_has_closed_is_found(*, closed: bool, found: bool) -> None:
    assert plan(hosts=[web("web1", "v1"), web("web2", "v1", closed=closed)], release="v2").found_closed is found
