# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts of a deploy have the new release, which go back, and which run none again."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.deploy_fleet import Fleet, Host, deploy_fleet

PLAN: dict[str, Any] = {
    "rejoin": [],
    "roll": ["web1", "web2"],
    "hand_over": ["worker1"],
    "done": [],
    "begun": [],
    "previous": "v1",
}


def fleet(plan: dict[str, Any], *, changed: str = "", failed: str = "", new: str = "", **facts: Any) -> Fleet:
    """What `deploy_fleet` says; `changed`, `failed` and `new` (never had v1) are names of hosts."""
    hosts = [
        Host(
            name=name,
            is_web=name.startswith("web"),
            staged=["v2"] if name in new.split() else ["v1", "v2"],
            has_release=name in changed.split(),
            failed=name in failed.split(),
        )
        for name in ("web1", "web2", "web3", "worker1")
    ]
    return deploy_fleet(hosts, plan={**PLAN, **plan}, **{"release": "v2", "chosen": True, "returns": True, **facts})


DEAD = {"done": ["web3"], "begun": ["web3"]}
# Nothing tells that a deploy which died has changed it.
OTHER = {"done": ["web3"]}


@pytest.mark.parametrize(
    ("plan", "facts", "expected"),
    [
        ({}, {}, {"untried": ["web1", "web2", "worker1"]}),
        (
            {},
            {"changed": "worker1 web1", "failed": "web2"},
            {"changed": ["web1", "worker1"], "serving": ["web1"], "untried": []},
        ),
        # A deploy that died had changed web3, which does not differ from what this one wants.
        (
            DEAD,
            {"changed": "worker1", "failed": "web1"},
            {"changed": ["web3", "worker1"], "untried": ["web2"]},
        ),
        # It was out of rotation, too, and this deploy has not come to it.
        (
            {**DEAD, "rejoin": ["web3"]},
            {"failed": "worker1"},
            {"changed": ["web3"], "untried": ["web3", "web1", "web2"]},
        ),
        # The deploy that died had made the release active there, and not yet stopped the workers of the one before.
        (
            {"done": ["worker1"], "begun": ["worker1"]},
            {"failed": "web1", "returns": False},
            {"changed": ["worker1"], "keeping": ["worker1"], "untried": ["web2", "worker1"]},
        ),
        # It did not come to a choice: what the migrations of the dead deploy allow is not known.
        (DEAD, {"failed": "worker1", "chosen": False}, {"keeping": ["web3"], "untried": ["web1", "web2"]}),
        # The release before cannot live with the schema.
        (
            DEAD,
            {"failed": "worker1", "returns": False},
            {"changed": ["web3"], "keeping": ["web3"], "untried": ["web1", "web2"]},
        ),
        (OTHER, {"failed": "worker1"}, {"keeping": ["web3"], "untried": ["web1", "web2"]}),
        # It has proved itself again, or refused it.
        (
            {**OTHER, "rejoin": ["web3"]},
            {"changed": "web3", "failed": "web1"},
            {"changed": ["web3"], "serving": ["web3"]},
        ),
        ({**OTHER, "rejoin": ["web3"]}, {"failed": "web3"}, {"untried": ["web1", "web2", "worker1"]}),
        # The stage has got workers, and the web hosts refuse the release: the workers do not work with it alone.
        (
            {},
            {"changed": "web1 worker1", "failed": "web2", "new": "worker1"},
            {"changed": ["web1", "worker1"], "serving": ["web1"], "withdrawn": ["worker1"]},
        ),
        # A web host that has joined.
        ({}, {"changed": "worker1", "failed": "web1", "new": "web1"}, {"withdrawn": ["web1"]}),
        ({}, {"failed": "web1", "new": "web2"}, {"withdrawn": []}),
        ({}, {"failed": "worker1", "new": "worker1"}, {"withdrawn": []}),
        # A dead deploy had given it the release.
        (DEAD, {"failed": "web1", "new": "web3"}, {"withdrawn": ["web3"]}),
        # Nothing goes back: all went well, or there is no way back.
        ({}, {"changed": "web1 web2 worker1", "new": "worker1", "returns": False}, {"withdrawn": []}),
        ({"previous": "v2"}, {"failed": "web2", "changed": "worker1", "new": "worker1"}, {"withdrawn": []}),
        ({"previous": None}, {"failed": "web2", "changed": "worker1", "new": "worker1"}, {"withdrawn": []}),
    ],
)
def test_where_hosts_stand(plan: dict[str, Any], facts: dict[str, Any], expected: dict[str, list[str]]) -> None:
    found = fleet(plan, **facts)
    assert {name: getattr(found, name) for name in expected} == expected
    if "keeping" not in expected:
        assert found.keeping == []
