# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.carpentries.amy.plugins.filter.database_client import FilterModule
from ansible_collections.carpentries.amy.plugins.module_utils.database_client import database_client


@pytest.mark.parametrize(
    ("distribution", "version", "server", "from_repository"),
    [
        pytest.param("Debian", "12.11", 15, False, id="the distribution's own"),
        pytest.param("Debian", "12", 15, False, id="a version without a point release"),
        pytest.param("Debian", "12.11", 14, True, id="an older server"),
        pytest.param("Debian", "12.11", 16, True, id="a newer server"),
        pytest.param("Debian", "13.1", 17, False, id="the next distribution's own"),
        pytest.param("Debian", "13.1", 15, True, id="Debian 13, and a server of Debian 12"),
        pytest.param("Ubuntu", "22.04", 14, False, id="Ubuntu's own"),
        pytest.param("Ubuntu", "22.04", 15, True, id="newer than Ubuntu's"),
        pytest.param("Ubuntu", "24.04", 16, False, id="the next Ubuntu's own"),
        pytest.param("Ubuntu", "24.04", 15, True, id="older than Ubuntu's"),
        pytest.param("Ubuntu", "24.10", 16, True, id="an Ubuntu in between"),
        pytest.param("Mint", "22", 16, True, id="an unknown distribution"),
    ],
)
def test_the_client_is_of_the_servers_own_version(
    distribution: str, version: str, server: int, from_repository: bool
) -> None:
    client = database_client(server=server, distribution=distribution, version=version)
    assert client.package == f"postgresql-client-{server}"
    assert client.programs == f"/usr/lib/postgresql/{server}/bin"
    assert client.from_repository is from_repository


@pytest.mark.parametrize(("distribution", "has"), [("Debian", 17), ("Mint", 0)])
def test_what_the_distribution_has_is_named(distribution: str, has: int) -> None:
    assert database_client(server=15, distribution=distribution, version="13").distribution_has == has


def test_a_stage_may_say_the_version_as_text() -> None:
    client = FilterModule().filters()["database_client"]("15", "Debian", "13.1")
    assert (client["package"], client["from_repository"]) == ("postgresql-client-15", True)
