# SPDX-License-Identifier: GPL-3.0-or-later
"""One host of each platform builds."""

from __future__ import annotations

import pytest

from plugins.module_utils.release.builders import Host, builders

OLD, NEW, ARM = "debian12-x86_64", "debian13-x86_64", "debian13-aarch64"


def fleet(*lines: str) -> list[Host]:
    """Hosts of LINES like `web1 debian12-x86_64`; the role is the name without its number."""
    return [
        Host(name, name.rstrip("0123456789"), platform) for name, _, platform in (line.partition(" ") for line in lines)
    ]


@pytest.mark.parametrize(
    ("hosts", "utility", "building"),
    [
        # All of one platform.
        (fleet(f"web1 {OLD}", f"web2 {OLD}", f"scheduler1 {OLD}"), ["scheduler1"], ["scheduler1"]),
        # A web host of another platform has none but itself.
        (fleet(f"web1 {OLD}", f"web2 {NEW}", f"scheduler1 {OLD}"), ["scheduler1"], ["scheduler1", "web2"]),
        # A worker rather than a web host, however they are ordered.
        (
            fleet(f"web1 {NEW}", f"web2 {NEW}", f"worker1 {NEW}", f"worker2 {NEW}", f"scheduler1 {OLD}"),
            ["scheduler1"],
            ["scheduler1", "worker1"],
        ),
        # The second scheduler rather than a worker.
        (
            fleet(f"worker1 {NEW}", f"scheduler1 {OLD}", f"scheduler2 {NEW}"),
            ["scheduler1"],
            ["scheduler1", "scheduler2"],
        ),
        (
            fleet(f"web1 {OLD}", f"web2 {NEW}", f"web3 {ARM}", f"utility1 {OLD}"),
            ["utility1"],
            ["utility1", "web3", "web2"],
        ),
        # Nothing is known yet, or only of the others.
        (fleet("web1", "utility1"), ["utility1"], ["utility1"]),
        (fleet(f"web1 {OLD}", "utility1"), ["utility1"], ["utility1"]),
        ([], [], []),
    ],
)
def test_one_host_of_each_platform_builds(hosts: list[Host], utility: list[str], building: list[str]) -> None:
    assert builders(hosts, utility=utility) == building
