# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator falls back on: the maintenance page, a backup."""

from __future__ import annotations

import json

from tests.stage.conftest import assert_only_the_maintenance_page, under_load
from tests.stage.fleet import Fleet
from tests.stage.operator import run_playbook

BACKUPS = "/webapps/amy.carpentries.test/DB_backups"


def on_backup_host(fleet: Fleet, command: str) -> tuple[int, str]:
    """Run a shell command as root; return its exit code and all that it prints."""
    code, output = fleet.container("scheduler1").exec_run(["sh", "-c", command])
    return int(code), output.decode()


def test_closed_site_is_healthy_and_says_503_until_it_is_opened(on_v1: Fleet) -> None:
    assert run_playbook("backup").code == 0
    well = run_playbook("status")
    assert well.code == 0, well
    closed = run_playbook("maintenance", "-e", "maintenance_mode=on")
    assert closed.code == 0, closed
    assert on_v1.fetch("/account/login/")[0] == 503
    assert on_v1.in_rotation()
    in_need = run_playbook("status")
    assert in_need.code == 2, in_need
    assert in_need.says("web1 .*Run: make maintenance MODE=off STAGE=local"), in_need
    opened = run_playbook("maintenance", "-e", "maintenance_mode=off")
    assert opened.code == 0, opened
    assert on_v1.fetch("/account/login/")[0] == 200


def test_closing_and_opening_under_load_gives_answers_or_the_page(on_v1: Fleet) -> None:
    with under_load(on_v1) as loaded:
        for mode in ("on", "off", "on", "off"):
            assert run_playbook("maintenance", "-e", f"maintenance_mode={mode}").code == 0
            assert on_v1.in_rotation()
    assert_only_the_maintenance_page(on_v1, loaded)


def test_damaged_backups_are_refused_and_the_whole_one_restores(on_v1: Fleet) -> None:
    made = run_playbook("backup")
    assert made.code == 0, made
    code, answer = on_backup_host(on_v1, "amy-database check")
    assert code == 0, answer
    name = json.loads(answer)["name"]
    for damage in (
        "truncate --size=-100 damaged.dump",
        "truncate --size=0 damaged.dump",
        "printf x | dd of=damaged.dump bs=1 seek=5000 conv=notrunc",
    ):
        copy = f"cd {BACKUPS} && cp {name} damaged.dump && cp {name}.manifest.json damaged.dump.manifest.json"
        code, output = on_backup_host(on_v1, f"{copy} && {damage} && amy-database drill damaged.dump")
        assert code == 1, output
        assert "not what it was" in output
    on_backup_host(on_v1, f"rm {BACKUPS}/damaged.dump*")
    drilled = run_playbook("restore_drill")
    assert drilled.code == 0, drilled
    # The timer may have made one meanwhile.
    newest = json.loads(on_backup_host(on_v1, "amy-database check")[1])["name"]
    assert drilled.says(rf"({name}|{newest}) restores in .* rows"), drilled
    assert drilled.says(r"\.rdb loads in .* keys"), drilled


def test_a_restore_needs_a_confirmation_and_a_closed_site(on_v1: Fleet) -> None:
    unconfirmed = run_playbook("restore", "-e", "restore_from=newest")
    assert unconfirmed.code != 0
    assert "CONFIRM=local/amy" in unconfirmed.output
    open_site = run_playbook("restore", "-e", "restore_from=newest", "-e", "restore_confirm=local/amy")
    assert open_site.code != 0
    assert "MODE=on" in open_site.output
    assert on_v1.fetch("/account/login/")[0] == 200


def test_a_restored_database_has_what_the_backup_had(on_v1: Fleet) -> None:
    everything = "SELECT md5(string_agg(u::text, ',' ORDER BY u.id)) FROM ledger_uploadrecord AS u"
    assert run_playbook("backup").code == 0
    name = json.loads(on_backup_host(on_v1, "amy-database check")[1])["name"]
    before = on_v1.query(everything)
    assert on_v1.fetch("/upload/?request_id=after-the-backup", method="POST")[0] == 200
    assert on_v1.query(everything) != before
    assert run_playbook("maintenance", "-e", "maintenance_mode=on").code == 0
    # Not the newest: that may be the timer's, with the upload in it.
    restored = run_playbook("restore", "-e", f"restore_from={name}", "-e", "restore_confirm=local/amy")
    assert restored.code == 0, restored
    assert run_playbook("maintenance", "-e", "maintenance_mode=off").code == 0
    assert on_v1.query(everything) == before
    assert on_v1.fetch("/account/login/")[0] == 200
    kept = on_v1.query("SELECT datname FROM pg_database WHERE datname LIKE 'amy_before_%'")
    assert kept, restored
