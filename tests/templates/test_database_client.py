# SPDX-License-Identifier: GPL-3.0-or-later
"""Which client of PostgreSQL a host gets, which key of a repository is accepted, and where copies go to a bucket."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.templates.programs import program
from tests.templates.rendering import Template, evaluate, render

# As gpg prints a key with two subkeys.
KEY = """tru::1:1795570789:0:3:1:5
pub:-:4096:1:7FCC7D46ACCC4CF8:1318523163:::-:::scESC::::::23::0:
fpr:::::::::B97B0AFCAA1A47F044F244A07FCC7D46ACCC4CF8:
uid:-::::1318523163::0C5E0FA0::A name::::::::::0:
sub:-:4096:1:1111111111111111:1318523163::::::e::::::23:
fpr:::::::::1111111111111111111111111111111111111111:
"""


@pytest.mark.parametrize("repository_is_new", [False, True])
@pytest.mark.parametrize("check_mode", [False, True])
def test_a_check_does_not_look_for_a_package_in_a_repository_that_it_has_not_added(
    check_mode: bool, repository_is_new: bool
) -> None:
    packages = evaluate(
        "database_backup",
        "__database_backup_client_packages",
        ansible_check_mode=check_mode,
        __database_backup_repository={"changed": repository_is_new},
        database_backup_server_version=16,
    )
    assert packages == ([] if check_mode and repository_is_new else ["postgresql-client-16"])


def test_the_program_uses_the_tools_of_the_servers_version() -> None:
    settings = json.loads(render(Template("database_backup", "settings.json.j2"), database_backup_server_version=15))
    assert settings["programs"] == "/usr/lib/postgresql/15/bin"


@pytest.mark.parametrize(
    ("distribution", "version", "can"),
    [
        ("Debian", "12.11", True),
        ("Debian", "13", True),
        ("Ubuntu", "22.04", False),
        ("Ubuntu", "24.04", True),
    ],
)
def test_no_copy_is_promised_that_boto3_cannot_send(distribution: str, version: str, can: bool) -> None:
    facts = {"distribution": distribution, "distribution_version": version}
    assert evaluate("database_backup", "__database_backup_can_send_checksums", ansible_facts=facts) is can


def fingerprints(listing: str) -> list[str]:
    """The fingerprints that the role reads out of gpg's listing."""
    key = {"stdout": listing}
    found: list[str] = evaluate("database_backup", "__database_backup_key_fingerprints", __database_backup_key=key)
    return found


def test_the_fingerprint_is_the_primary_keys_and_a_second_key_is_seen() -> None:
    known = "B97B0AFCAA1A47F044F244A07FCC7D46ACCC4CF8"
    assert fingerprints(KEY) == [known]
    assert fingerprints(KEY + KEY.replace("B97B", "AAAA")) == [known, known.replace("B97B", "AAAA")]
    assert fingerprints("") == []


def test_a_real_gpg_prints_what_is_read(tmp_path: Path) -> None:
    home = ["--homedir", str(tmp_path), "--batch"]
    gpg = program("gpg")
    subprocess.run(
        [gpg, *home, "--passphrase", "", "--quick-generate-key", "tests@example.test", "ed25519"],
        check=True,
        capture_output=True,
    )
    exported = subprocess.run([gpg, *home, "--armor", "--export"], check=True, capture_output=True).stdout
    (tmp_path / "key.asc").write_bytes(exported)
    shown = subprocess.run(
        [gpg, *home, "--show-keys", "--with-colons", str(tmp_path / "key.asc")],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    (found,) = fingerprints(shown)
    assert len(found) == 40
    assert found in shown
