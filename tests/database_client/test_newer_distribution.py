# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with Debian 13, whose own client is of PostgreSQL 17, and a server of version 15.

The client of 15 comes from a signed repository with Debian 12's package, as a stage names one, by the role's own tasks.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.database_client import repository
from tests.servers.postgresql import PASSWORD, USER, Cluster, binaries, cluster
from tests.standalone_python.build import debian
from tests.templates.rendering import Template, render

pytestmark = pytest.mark.thorough

SERVER = 15
ROLES = Path(__file__).parents[2] / "roles"
PROGRAM = "/usr/local/lib/amy-backup"


class Host:
    """Another root folder; the server's socket is at the same path there."""

    def __init__(self, root: Path, server: Cluster) -> None:
        self.root, self.server = root, server
        for role in ("backup_library", "database_backup"):
            shutil.copytree(ROLES / role / "files", root / PROGRAM[1:], dirs_exist_ok=True)
        (root / "root/service.conf").write_text(f"[amy]\nhost={server.directory}\nuser={USER}\npassword={PASSWORD}\n")
        (root / str(server.directory)[1:]).mkdir(parents=True)
        (root / "root/backups").mkdir()

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command there; what it mounts is gone with it."""
        mounts = f'mount --bind "{self.server.directory}" "{self.root}{self.server.directory}"'
        script = f'{mounts} && mount -t proc proc "{self.root}/proc" && exec chroot "{self.root}" "$@"'
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": PROGRAM, "DEBIAN_FRONTEND": "noninteractive"}
        unshared = ["unshare", "--mount", "--fork", "--pid", "sh", "-c", script, "sh", *command]
        return subprocess.run(unshared, env=environment, capture_output=True, text=True, check=False)

    def check(self, *command: str) -> str:
        """What a command prints that must succeed."""
        done = self.run(*command)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    def amy_database(self, client: int, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the program, told of a client."""
        told: dict[str, Any] = {
            "database": "amy",
            "programs": f"/usr/lib/postgresql/{client}/bin",
            "service": "amy",
            "service_file": "/root/service.conf",
            "directory": "/root/backups",
            "log_file": "/root/log",
            "lock": {"file": "/root/lock", "wait": 10},
            "keep": {"newest": 9, "days": 9, "months": 9},
            "bucket": {"name": "", "prefix": "", "encryption": "AES256", "kms_key": "", "endpoint_url": ""},
        }
        (self.root / "root/settings.json").write_text(json.dumps(told), encoding="utf-8")
        return self.run("python3", "-m", "database_backup", "--settings", "/root/settings.json", *arguments)


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """A server of version 15 with one table."""
    programs = binaries()
    if os.geteuid() != 0 or programs is None or programs.parent.name != str(SERVER):
        pytest.skip(
            f"root, and PostgreSQL {SERVER} as this computer's newest, are needed: apt-get install postgresql-15"
        )
    with cluster(programs) as started:
        started.execute("postgres", f"CREATE DATABASE amy OWNER {USER}")
        started.execute("amy", "CREATE TABLE person AS SELECT generate_series(1, 3) AS id")
        yield started


@pytest.fixture(scope="module")
def host(server: Cluster) -> Iterator[Host]:
    """Debian 13 with its own client, and that of the server's version."""
    with tempfile.TemporaryDirectory(prefix="amy-host-", dir="/tmp") as name:
        root = debian("trixie", Path(name) / "root", "ca-certificates", "postgresql-client", "python3-psycopg2")
        older = debian("bookworm", Path(name) / "older", "apt", variant="apt")
        told: list[str | Path] = [
            "chroot",
            older,
            "sh",
            "-c",
            f"cd /tmp && apt-get update -q && apt-get download postgresql-client-{SERVER}",
        ]
        subprocess.run(told, check=True, capture_output=True)
        fingerprint = repository.make(root / "srv/repository", sorted((older / "tmp").glob("*.deb")), "trixie-pgdg")
        assert len(fingerprint) == 40
        added = Host(root, server)
        key = "/etc/apt/keyrings/postgresql.asc"
        shutil.copy2(root / "srv/repository" / repository.KEY, root / key[1:])
        sources = render(
            Template("database_backup", "postgresql.sources.j2"),
            ansible_facts={"distribution_release": "trixie"},
            database_backup_repository_url="file:///srv/repository",
        )
        (root / "etc/apt/sources.list.d/postgresql.sources").write_text(sources, encoding="utf-8")
        added.check("apt-get", "update", "-q")
        added.check("apt-get", "install", "-q", "-y", "--no-install-recommends", f"postgresql-client-{SERVER}")
        yield added


def test_the_distributions_own_client_dumps_what_the_server_does_not_take(host: Host) -> None:
    connection = "service=amy dbname=amy"
    environment = ["env", "PGSERVICEFILE=/root/service.conf"]
    programs = "/usr/lib/postgresql/17/bin"
    host.server.execute("postgres", f"CREATE DATABASE other OWNER {USER}")
    host.check(*environment, f"{programs}/pg_dump", "--format=custom", "--file=/root/17.dump", f"--dbname={connection}")
    restore = [f"{programs}/pg_restore", "--exit-on-error", "--dbname=service=amy dbname=other", "/root/17.dump"]
    failed = host.run(*environment, *restore)
    assert failed.returncode != 0
    assert 'unrecognized configuration parameter "transaction_timeout"' in failed.stderr


def test_the_program_makes_no_backup_with_it(host: Host) -> None:
    refused = host.amy_database(17, "backup")
    assert refused.returncode == 1
    assert f"pg_dump is of PostgreSQL 17, the server is {SERVER}" in refused.stderr


def test_the_client_of_the_servers_version_restores_what_it_dumps(host: Host) -> None:
    made = host.amy_database(SERVER, "backup")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["client_version"] == SERVER
    for command in ("drill", "copy", "restore"):
        restored = host.amy_database(SERVER, command, "newest")
        assert restored.returncode == 0, restored.stderr
        assert json.loads(restored.stdout)["rows"] == 3
