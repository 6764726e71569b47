# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from lab.local_cloud import acme
from lab.local_cloud.acme import Acme, ask_for, configuration
from lab.local_cloud.engine import EngineError
from lab.local_cloud.service import World
from lab.local_cloud.settings import Settings


def test_hosts_reach_the_authority_and_only_this_computer_its_management() -> None:
    said = configuration(Settings())["pebble"]
    assert (said["listenAddress"], said["managementListenAddress"]) == ("10.77.0.1:14000", "127.0.0.1:15000")
    # A certificate is for what is reached on the ports that the world uses.
    assert (said["httpPort"], said["tlsPort"]) == (80, 443)


def test_nothing_runs_until_a_client_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/pebble")
    service = Acme(Settings(directory=tmp_path), World())
    service.after_replay()
    service.tick()
    service.close()
    assert list(tmp_path.iterdir()) == []


def test_who_asks_in_vain_is_told_where_to_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/pebble")
    monkeypatch.setattr(acme, "START_SECONDS", 0.05)
    with pytest.raises(EngineError, match=f"pebble does not start; see {tmp_path}/acme"):
        ask_for(Settings(directory=tmp_path))
