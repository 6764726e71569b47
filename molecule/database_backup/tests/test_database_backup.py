# SPDX-License-Identifier: GPL-3.0-or-later
"""What the units do that make backups and prove them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import support
from bucket import Bucket, bucket

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testinfra.host import Host

testinfra_hosts = ["ansible://amy-molecule-worker"]


def sql(host: Host, statement: str, database: str = "amy") -> str:
    """What PostgreSQL answers to the owner."""
    asked = "PGPASSWORD=molecule:database psql --host=127.0.0.1 --username=amy --no-align --tuples-only --command=%s %s"
    return host.check_output(asked, statement, database)


def newest(host: Host) -> dict[str, Any]:
    """What the program says of the newest backup."""
    shown: dict[str, Any] = json.loads(host.check_output("amy-database check"))
    return shown


def boto3_is_too_old(host: Host) -> bool:
    """Whether the distribution's boto3 cannot copy to a bucket."""
    return bool(host.system_info.codename == "jammy")


@pytest.fixture
def table(host: Host) -> Iterator[None]:
    """A table with three rows."""
    sql(host, "CREATE TABLE person AS SELECT generate_series(1, 3) AS id")
    yield
    sql(host, "DROP TABLE person")


def test_the_unit_makes_a_backup_in_the_bucket_and_the_drill_proves_it(host: Host, table: None) -> None:
    if boto3_is_too_old(host):
        pytest.skip("the role refuses a bucket here")
    with bucket() as stage:
        applied = support.converge("database_backup", "-e", stage.variables("database_backup"))
        assert applied.succeeded, applied.text
        host.check_output("systemctl start amy-database-backup")
        made = newest(host)
        assert made["s3"] == f"s3://molecule-backups/backups/{made['name']}"
        assert_stored(stage, f"backups/{made['name']}", size=made["size"])
        host.check_output("systemctl start amy-database-drill")
        assert '"rows": 3' in host.check_output("journalctl -u amy-database-drill -n 5 -o cat")
    assert sql(host, "SELECT count(*) FROM pg_database WHERE datname LIKE 'amy%'") == "1"


def assert_stored(stage: Bucket, key: str, *, size: int) -> None:
    """The object is whole, has a manifest and is encrypted."""
    assert {key, f"{key}.manifest.json"} <= stage.keys()
    head = stage.client.head_object(Bucket="molecule-backups", Key=key)
    assert (head["ContentLength"], head["ServerSideEncryption"]) == (size, "AES256")


def test_the_client_is_of_the_servers_version_and_nothing_else_is_used(host: Host) -> None:
    applied = support.converge("database_backup")
    assert applied.succeeded, applied.text
    server = host.check_output("pg_lsclusters --no-header").split()[0]
    told = json.loads(host.file("/etc/amy-database/settings.json").content_string)
    assert told["programs"] == f"/usr/lib/postgresql/{server}/bin"
    host.check_output("systemctl start amy-database-backup")
    manifest = host.file(f"/var/backups/amy/{newest(host)['name']}.manifest.json")
    made = json.loads(manifest.content_string)
    assert made["client_version"] == made["server_version"] == int(server)


def test_a_backup_that_fails_fails_the_unit_and_the_last_one_stays(host: Host) -> None:
    applied = support.converge("database_backup")
    assert applied.succeeded, applied.text
    host.check_output("systemctl start amy-database-backup")
    good = newest(host)["name"]
    host.check_output("systemctl stop postgresql")
    try:
        assert host.run("systemctl start amy-database-backup").failed
        assert "PostgreSQL refuses a connection to amy" in host.check_output(
            "journalctl -u amy-database-backup -n 20 -o cat"
        )
    finally:
        host.check_output("systemctl start postgresql")
    assert newest(host)["name"] == good


def test_the_timers_run_after_a_restart(host: Host) -> None:
    support.restart(host)
    timers = host.check_output("systemctl list-timers --no-legend")
    assert "amy-database-backup.timer" in timers
    assert "amy-database-drill.timer" in timers


def test_only_root_reads_backups_and_passwords(host: Host) -> None:
    for path in ("/etc/amy-database/pgpass", f"/var/backups/amy/{newest(host)['name']}"):
        assert host.run("runuser -u daemon -- cat %s", path).failed


@pytest.mark.parametrize("version", [9, 99], ids=["older", "newer"])
def test_a_server_of_another_version_without_a_repository_is_refused_before_anything(host: Host, version: int) -> None:
    refused = support.converge("database_backup", "-e", f"database_backup_server_version={version}")
    assert not refused.succeeded
    assert "Set database_backup_repository_url" in refused.text


def test_a_bucket_is_refused_where_no_copy_could_be_made(host: Host) -> None:
    if not boto3_is_too_old(host):
        pytest.skip("the distribution's boto3 can copy to a bucket")
    refused = support.converge("database_backup", "-e", "database_backup_bucket=molecule-backups")
    assert not refused.succeeded
    assert "does not know S3's checksums" in refused.text
