# SPDX-License-Identifier: GPL-3.0-or-later
"""What role base leaves on a host."""

from __future__ import annotations

import pytest
from testinfra.host import Host

testinfra_hosts = ["ansible://amy-molecule-web"]

SITE = "/webapps/amy.molecule.test"


@pytest.mark.parametrize(
    ("path", "owner", "mode"),
    [
        ("", "root", 0o755),
        ("/DB_backups", "root", 0o700),
        ("/logs", "root", 0o750),
        ("/releases", "root", 0o755),
        ("/shared", "root", 0o755),
        ("/static", "root", 0o755),
    ],
)
def test_site_folder(host: Host, path: str, owner: str, mode: int) -> None:
    folder = host.file(SITE + path)
    assert folder.is_directory
    assert (folder.user, folder.group, folder.mode) == (owner, "amy", mode)


def test_application_user_cannot_log_in_nor_write_beside_its_data(host: Host) -> None:
    user = host.user("amy")
    assert (user.home, user.shell, user.group) == (SITE, "/usr/sbin/nologin", "amy")
    assert user.uid < 1000
    for path in ("", "/DB_backups", "/logs", "/releases", "/shared", "/static"):
        assert host.run(f"runuser -u amy -- touch {SITE}{path}/planted").failed


def test_others_cannot_read_backups(host: Host) -> None:
    for user in ("amy", "www-data"):
        assert host.run(f"runuser -u {user} -- ls {SITE}/DB_backups").failed


def test_only_security_updates_install_themselves(host: Host) -> None:
    settings = host.check_output("apt-config dump").splitlines()
    origins = [line for line in settings if line.startswith("Unattended-Upgrade::Origins-Pattern:: ")]
    assert len(origins) == 2
    assert all("-security" in line.lower() for line in origins)
    assert not [line for line in settings if line.startswith("Unattended-Upgrade::Allowed-Origins::")]
    assert 'APT::Periodic::Unattended-Upgrade "1";' in settings
    assert 'Unattended-Upgrade::Automatic-Reboot "false";' in settings
    assert host.service("apt-daily-upgrade.timer").is_running
    assert host.service("apt-daily-upgrade.timer").is_enabled


def test_no_service_is_restarted_for_a_library(host: Host) -> None:
    # As needrestart reads it, which is written in Perl.
    settings = "our %nrconf; do '/etc/needrestart/conf.d/amy.conf' or die; print $nrconf{restart}"
    assert host.check_output("perl -e %s", settings) == "l"


def test_no_package_restarts_what_serves(host: Host) -> None:
    assert host.run("/usr/sbin/policy-rc.d nginx.service restart").rc == 101
    assert host.run("/usr/sbin/policy-rc.d nginx.service start").rc == 0
    assert host.run("/usr/sbin/policy-rc.d chrony.service restart").rc == 0


def test_time_is_kept_from_boot_on(host: Host) -> None:
    assert host.service("chrony").is_enabled
    assert host.file("/etc/chrony/sources.d/amy.sources").contains("^server 169.254.169.123 prefer")
