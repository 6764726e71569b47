# SPDX-License-Identifier: GPL-3.0-or-later
"""Where new requests lead, when the last one in flight has ended, and what is left behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.request_hold import (
    HoldError,
    RequestHold,
    connections,
    is_unfinished,
    listens,
)

HEAD = "Num       RefCount Protocol Flags    Type St Inode Path\n"


class Host:
    """A clock, the kernel's table of sockets and systemd, for one web host."""

    def __init__(self, tmp_path: Path) -> None:
        self.application = tmp_path / "gunicorn.sock"
        self.commands: list[tuple[str, ...]] = []
        self.cut_off_at: tuple[str, ...] = ()
        self.listens = False
        self.tables: list[dict[Path, int]] = []
        self.seconds = 0.0
        self.hold = RequestHold(
            directory=tmp_path, application=self.application, run=self.run, look=self.look, clock=self
        )
        (tmp_path / "application.sock").symlink_to(self.application)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def run(self, *command: str, may_fail: bool = False) -> None:
        if command == self.cut_off_at:
            raise ConnectionError
        self.commands.append(command)
        if "request-hold.socket" in command:
            self.listens = command[1] == "start"

    def look(self) -> str:
        table = self.tables.pop(0) if len(self.tables) > 1 else self.tables[0]
        rows = [f"0: 00000003 0 0 0001 03 42 {path}" for path, count in table.items() for _ in range(count)]
        listening = (
            [f"0: 00000002 0 00010000 0001 01 10 {self.hold.directory / 'waiting.sock'}"] if self.listens else []
        )
        return HEAD + "\n".join([*rows, *listening])

    def ran(self, *words: str) -> bool:
        return any(set(words) <= set(command) for command in self.commands)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


TABLE = HEAD + "\n".join(
    [
        "0: 00000002 00000000 00010000 0001 01 10 /run/a.sock",  # listens
        "0: 00000003 00000000 00000000 0001 03 11 /run/a.sock",  # accepted
        "0: 00000002 00000000 00000000 0001 02 0 /run/a.sock",  # in the backlog
        "0: 00000003 00000000 00000000 0001 03 12 /run/b.sock",
        "0: 00000003 00000000 00000000 0001 03 13",  # the other end has no name
    ]
)


def test_only_connections_of_the_socket_count_accepted_or_not() -> None:
    assert connections(TABLE, Path("/run/a.sock")) == 2


def test_only_a_socket_that_listens_lets_requests_wait() -> None:
    assert listens(TABLE, Path("/run/a.sock"))
    assert not listens(TABLE, Path("/run/b.sock"))


def test_new_requests_wait_as_soon_as_the_socket_is_there_and_the_limit_is_set(host: Host) -> None:
    host.tables = [{host.application: 2}, {host.application: 1}, {}]
    assert host.hold.hold(limit=45, when_over=["true"], patience=30) == 0.2
    assert host.hold.held
    assert host.ran("start", "request-hold.socket")
    closes = "--property=ExecStartPost=systemctl stop request-hold.socket request-hold.service"
    assert host.ran("systemd-run", "--collect", "--on-active=45", closes, "true")
    assert (host.hold.directory / "held").exists()


def test_a_request_that_does_not_end_leaves_everything_as_it_was(host: Host) -> None:
    host.tables = [{host.application: 1}]
    with pytest.raises(HoldError, match="none is held and nothing has changed"):
        host.hold.hold(limit=45, when_over=["true"], patience=3)
    assert not host.hold.held
    assert not (host.hold.directory / "held").exists()
    assert host.ran("stop", "request-hold.socket")


def test_all_that_have_waited_are_passed_on_before_the_socket_goes(host: Host) -> None:
    waiting = host.hold.directory / "waiting.sock"
    host.tables = [{}]
    host.hold.hold(limit=45, when_over=["true"], patience=30)
    host.tables = [{waiting: 700}, {waiting: 3}, {host.application: 1}]
    assert host.hold.release(patience=30) == 0.2
    assert not host.hold.held
    assert (host.hold.directory / "open").exists()
    assert host.commands[-1] == ("systemctl", "stop", "request-hold.socket", "request-hold.service")


def test_those_that_still_wait_go_on_waiting_and_the_application_is_asked_again_whether_it_is_well(host: Host) -> None:
    host.tables = [{}]
    host.hold.hold(limit=45, when_over=["true"], patience=30)
    host.tables = [{host.hold.directory / "waiting.sock": 1}]
    with pytest.raises(HoldError, match=r"systemctl status request-hold\.service"):
        host.hold.release(patience=3)
    assert not host.ran("stop", "request-hold.socket")
    assert not (host.hold.directory / "held").exists()


@pytest.mark.parametrize("cut_off_at", ["limit", "socket"])
def test_a_release_that_was_cut_off_can_be_done_again(host: Host, cut_off_at: str) -> None:
    host.tables = [{}]
    host.hold.hold(limit=45, when_over=["true"], patience=30)
    commands = {
        "limit": ("systemctl", "stop", "request-hold-limit.timer", "request-hold-limit.service"),
        "socket": ("systemctl", "stop", "request-hold.socket", "request-hold.service"),
    }
    host.cut_off_at = commands[cut_off_at]
    with pytest.raises(ConnectionError):
        host.hold.release(patience=30)
    assert not host.hold.held
    assert host.hold.unfinished

    host.cut_off_at = ()
    host.hold.release(patience=30)
    assert set(commands.values()) <= set(host.commands)
    assert not (host.hold.directory / "held").exists()
    assert not host.hold.unfinished


def test_a_hold_that_leaves_nothing_but_its_mark_is_unfinished(host: Host) -> None:
    host.tables = [{}]
    assert not host.hold.unfinished
    (host.hold.directory / "held").touch()
    assert host.hold.unfinished


def test_what_a_dead_controller_has_left_is_seen_without_the_kernels_table(host: Host) -> None:
    host.tables = [{}]
    assert not is_unfinished(host.hold.directory)
    assert not is_unfinished(host.hold.directory / "on a host that is not prepared")
    host.hold.hold(limit=45, when_over=["true"], patience=30)
    assert is_unfinished(host.hold.directory)
    host.hold.close()
    assert is_unfinished(host.hold.directory)
    host.hold.release(patience=30)
    assert not is_unfinished(host.hold.directory)


def test_a_second_hold_forgets_that_the_first_was_opened(host: Host) -> None:
    host.tables = [{}]
    host.hold.hold(limit=45, when_over=["true"], patience=30)
    host.hold.release(patience=30)
    host.hold.hold(limit=45, when_over=["true"], patience=30)
    assert not (host.hold.directory / "open").exists()


def test_a_closed_hold_lets_no_request_wait_and_is_one_until_it_is_released(host: Host) -> None:
    host.tables = [{}]
    host.hold.hold(limit=45, when_over=["true"], patience=30)
    host.hold.close()
    assert host.commands[-1] == ("systemctl", "stop", "request-hold.socket", "request-hold.service")
    assert host.ran("stop", "request-hold-limit.timer")
    assert host.hold.held
