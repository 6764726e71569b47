# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Let requests wait while no application runs: nginx connects to a link, and the link leads to a socket that waits.

The waiting socket is systemd's, with a backlog; what has connected to it is passed on to the application by
systemd-socket-proxyd, which starts when the hold ends. A symbolic link is followed by connect(2) and replaced at once
by rename(2): at every moment a request gets either to the application or into the backlog.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ._clock import Clock

SOCKET_UNIT = "request-hold.socket"
SERVICE_UNIT = "request-hold.service"
LIMIT_UNIT = "request-hold-limit"
# States in /proc/net/unix: SS_CONNECTING, a connection that waits in a backlog; SS_CONNECTED, one that was accepted.
CONNECTED = ("02", "03")
# The column of the flags, and __SO_ACCEPTCON.
FLAGS, LISTENING = 3, "00010000"
INTERVAL = 0.1

# Runs a command. Raises HoldError if it fails.
Run = Callable[..., None]


class HoldError(Exception):
    """Requests cannot be held or resumed; the message says why and what to run."""


def connections(unix_sockets: str, path: Path) -> int:
    """Return how many connections the socket `path` has; `unix_sockets` is the text of /proc/net/unix (proc(5))."""
    rows = [line.split() for line in unix_sockets.splitlines()]
    return sum(state in CONNECTED for *_before, state, _inode, named in filter(len, rows) if named == str(path))


def listens(unix_sockets: str, path: Path) -> bool:
    """Whether a process listens at the socket `path`; `unix_sockets` is the text of /proc/net/unix (proc(5))."""
    rows = [line.split() for line in unix_sockets.splitlines()]
    return any(row[FLAGS] == LISTENING and row[-1] == str(path) for row in rows if len(row) > FLAGS)


def leads_to_waiting(directory: Path) -> bool:
    """Whether the link in `directory`, to which nginx connects, leads to the socket that waits."""
    link = directory / "application.sock"
    return link.is_symlink() and link.readlink() == directory / "waiting.sock"


def is_unfinished(directory: Path) -> bool:
    """Whether requests wait, or a pause of them was cut off before all that had waited were answered."""
    return leads_to_waiting(directory) or (directory / "held").exists()


@dataclass(frozen=True)
class RequestHold:
    """The hold of one host: `directory` has the link, the waiting socket and the marks; `application` is a socket."""

    directory: Path
    application: Path
    run: Run
    look: Callable[[], str]  # the text of /proc/net/unix
    clock: Clock

    @property
    def held(self) -> bool:
        """Whether new requests wait."""
        return leads_to_waiting(self.directory)

    @property
    def lets_wait(self) -> bool:
        """Whether there is a socket for requests to wait in. A hold that was closed has none."""
        return listens(self.look(), self._waiting)

    @property
    def unfinished(self) -> bool:
        """Whether there is anything for `release` to do. One that was cut off has turned the link already."""
        return is_unfinished(self.directory) or self.lets_wait

    def hold(self, *, limit: float, when_over: list[str], patience: float) -> float:
        """Let new requests wait, and return after how many seconds the last one that was in flight had ended.

        After `limit` seconds the host runs the command `when_over` by itself, even without a controller to end the
        hold, and then closes the socket: those that wait get nginx's answer. Raises HoldError, and holds nothing, when
        requests in flight do not end within `patience` seconds.
        """
        began = self.clock.monotonic()
        self._open.unlink(missing_ok=True)
        self.run("systemctl", "start", SOCKET_UNIT)
        self._limit_ends()
        timer = (f"--unit={LIMIT_UNIT}", f"--on-active={limit}", "--timer-property=AccuracySec=1s")
        close = f"ExecStartPost=systemctl stop {SOCKET_UNIT} {SERVICE_UNIT}"
        # A command that has failed would stay loaded and be in the way of the next hold: hence `--collect`.
        self.run("systemd-run", "--collect", *timer, "--service-type=oneshot", f"--property={close}", *when_over)
        self._mark.touch()
        self._lead_to(self._waiting)
        while connections(self.look(), self.application):
            if self.clock.monotonic() - began > patience:
                self.release(patience=patience)
                raise HoldError(
                    f"Requests that were in flight have not ended within {patience:.0f} s, so none is held and "
                    "nothing has changed. Look for what takes so long (nginx_access.log, seconds), then run the same "
                    "command again."
                )
            self.clock.sleep(INTERVAL)
        return round(self.clock.monotonic() - began, 1)

    def release(self, *, patience: float) -> float:
        """Resume the requests that wait, and let new ones pass; return after how many seconds none waited any more.

        Raises HoldError when some still wait after `patience` seconds; they go on waiting. Can be cut off and done
        again.
        """
        began = self.clock.monotonic()
        self._lead_to(self.application)
        self._limit_ends()
        self._open.touch()
        try:
            self._await_passed_on(began=began, patience=patience)
        finally:
            # Whatever becomes of those that wait: new requests reach the application, and it must say itself whether
            # it is well. Not before: it may be slow to say so while all that have waited come at once.
            self._mark.unlink(missing_ok=True)
        self._close_socket()
        return round(self.clock.monotonic() - began, 1)

    def close(self) -> None:
        """End all waits: requests that wait, and new ones, get nginx's answer, as when the limit is reached.

        The hold stays until it is released, when requests reach the application again.
        """
        self._limit_ends()
        self._close_socket()

    def _await_passed_on(self, *, began: float, patience: float) -> None:
        while connections(self.look(), self._waiting):
            if self.clock.monotonic() - began > patience:
                raise HoldError(
                    f"Requests still wait after {patience:.0f} s. Look on the host: systemctl status {SERVICE_UNIT}"
                )
            self.clock.sleep(INTERVAL)

    def _close_socket(self) -> None:
        self.run("systemctl", "stop", SOCKET_UNIT, SERVICE_UNIT)

    def _limit_ends(self) -> None:
        self.run("systemctl", "stop", f"{LIMIT_UNIT}.timer", f"{LIMIT_UNIT}.service", may_fail=True)

    def _lead_to(self, target: Path) -> None:
        successor = self._link.with_suffix(".new")
        successor.unlink(missing_ok=True)
        successor.symlink_to(target)
        successor.replace(self._link)

    @property
    def _link(self) -> Path:
        return self.directory / "application.sock"

    @property
    def _waiting(self) -> Path:
        return self.directory / "waiting.sock"

    @property
    def _mark(self) -> Path:
        return self.directory / "held"

    @property
    def _open(self) -> Path:
        return self.directory / "open"
