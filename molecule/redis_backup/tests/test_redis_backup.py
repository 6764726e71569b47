# SPDX-License-Identifier: GPL-3.0-or-later
"""What the units do that copy Redis and prove the copy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import support
from bucket import bucket

if TYPE_CHECKING:
    from testinfra.host import Host

testinfra_hosts = ["ansible://amy-molecule-redis"]

ADMIN = "REDISCLI_AUTH=molecule-administrator redis-cli --user admin"


def newest(host: Host) -> dict[str, Any]:
    """What the program says of the newest backup."""
    shown: dict[str, Any] = json.loads(host.check_output("amy-redis check"))
    return shown


def test_the_role_has_made_the_first_backup(host: Host) -> None:
    assert newest(host)["size"] > 0


def test_the_unit_makes_a_backup_in_the_bucket_and_the_drill_loads_it(host: Host) -> None:
    host.check_output(f"{ADMIN} MSET rq:a 1 rq:b 2 rq:c 3")
    try:
        with bucket() as stage:
            applied = support.converge("redis_backup", "-e", stage.variables("redis_backup"))
            assert applied.succeeded, applied.text
            host.check_output("systemctl start amy-redis-backup")
            made = newest(host)
            key = f"backups/redis/{made['name']}"
            assert made["s3"] == f"s3://molecule-backups/{key}"
            assert {key, f"{key}.manifest.json"} <= stage.keys()
            host.check_output("systemctl start amy-redis-drill")
            assert '"keys": 3' in host.check_output("journalctl -u amy-redis-drill -n 5 -o cat")
    finally:
        host.check_output(f"{ADMIN} FLUSHALL")


def test_a_backup_that_fails_fails_the_unit_and_the_last_one_stays(host: Host) -> None:
    good = newest(host)["name"]
    host.check_output("systemctl stop redis-server")
    try:
        assert host.run("systemctl start amy-redis-backup").failed
        assert "Redis does not serve" in host.check_output("journalctl -u amy-redis-backup -n 20 -o cat")
    finally:
        host.check_output("systemctl start redis-server")
    assert newest(host)["name"] == good


def test_the_timers_run_after_a_restart(host: Host) -> None:
    support.restart(host)
    timers = host.check_output("systemctl list-timers --no-legend")
    assert "amy-redis-backup.timer" in timers
    assert "amy-redis-drill.timer" in timers


def test_only_root_reads_backups_and_passwords(host: Host) -> None:
    for path in ("/etc/amy-redis/settings.json", f"/var/backups/amy-redis/{newest(host)['name']}"):
        assert host.run("runuser -u daemon -- cat %s", path).failed
