# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Make what supervisord runs be what its configuration files say.

Private to this collection; standard library only, because it runs on the hosts. All times are seconds.
http://supervisord.org/api.html describes the calls, http://supervisord.org/subprocess.html the states.
"""

from __future__ import annotations

import http.client
import socket
import xmlrpc.client
from dataclasses import dataclass
from typing import Any, Callable

from ._clock import Clock

# supervisord is at work on these itself; it starts none of the others unless told to.
_ON_ITS_WAY = frozenset({"STARTING", "RUNNING", "BACKOFF", "STOPPING"})
_INTERVAL = 0.25


class SupervisorError(Exception):
    """supervisord cannot be reached, or refuses."""


class UnknownProgramError(SupervisorError):
    """No configuration file names the program."""


class ProgramDownError(Exception):
    """The program did not come up; `log` is that of a process which is to blame, empty if none is known."""

    def __init__(self, message: str, *, log: str = "") -> None:
        super().__init__(message)
        self.log = log


@dataclass(frozen=True)
class Process:
    """One process of a program; `problem` is supervisord's word on why it could not be started, `log` its log file."""

    name: str
    state: str
    problem: str = ""
    log: str = ""


@dataclass(frozen=True)
class Program:
    """A program (in supervisord's words a group) as supervisord knows it: how its files differ, and its processes."""

    name: str
    added: bool
    changed: bool
    processes: tuple[Process, ...]


@dataclass(frozen=True)
class Step:
    """A call of supervisord's API with its one argument."""

    call: str
    argument: str


def plan(program: Program) -> list[Step]:
    """The steps from what runs to what is configured; none if that is the same. Raises UnknownProgramError."""
    if program.changed:
        return [
            Step("stopProcessGroup", program.name),
            Step("removeProcessGroup", program.name),
            Step("addProcessGroup", program.name),
        ]
    if program.added:
        return [Step("addProcessGroup", program.name)]
    if not program.processes:
        raise UnknownProgramError(f"no configuration file of supervisord names a program {program.name}")
    return [
        Step("startProcess", f"{program.name}:{process.name}")
        for process in program.processes
        if process.state not in _ON_ITS_WAY
    ]


def removal(program: Program) -> list[Step]:
    """The steps after which supervisord runs the program no more, and does not know it; none if it does not know it."""
    if not program.processes:
        return []
    return [Step("stopProcessGroup", program.name), Step("removeProcessGroup", program.name)]


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self._path)


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        return _UnixConnection(self._path)


class Supervisor:
    """supervisord's API over its Unix socket. Every method raises SupervisorError."""

    def __init__(self, socket_path: str) -> None:
        self._socket_path = socket_path
        self._proxy = xmlrpc.client.ServerProxy("http://localhost", transport=_UnixTransport(socket_path))

    def program(self, name: str) -> Program:
        """The program NAME after reading the configuration files; nothing that runs is touched by reading."""
        [[added, changed, _removed]] = self._call("reloadConfig")
        return Program(name=name, added=name in added, changed=name in changed, processes=self.processes(name))

    def processes(self, name: str) -> tuple[Process, ...]:
        """The processes of the program NAME now."""
        return tuple(
            Process(
                name=info["name"], state=info["statename"], problem=info["spawnerr"], log=info.get("stdout_logfile", "")
            )
            for info in self._call("getAllProcessInfo")
            if info["group"] == name
        )

    def perform(self, step: Step) -> None:
        """Make the call. Stopping returns when the processes have ended, starting at once."""
        if step.call == "startProcess":
            self._call(step.call, step.argument, False)
        else:
            self._call(step.call, step.argument)

    def _call(self, method: str, *arguments: Any) -> Any:
        try:
            return getattr(self._proxy.supervisor, method)(*arguments)
        except xmlrpc.client.Fault as error:
            raise SupervisorError(f"supervisord refuses {method}: {error.faultString}") from error
        except (OSError, http.client.HTTPException, xmlrpc.client.ProtocolError) as error:
            raise SupervisorError(f"cannot reach supervisord at {self._socket_path}: {error}") from error


def await_up(
    *, processes: Callable[[], tuple[Process, ...]], answers: Callable[[float], bool], clock: Clock, timeout: float
) -> None:
    """Return when every process runs and `answers`, which is told how many seconds remain, is true.

    Raises ProgramDownError after `timeout`, and at once when supervisord has given up on a process.
    """
    deadline = clock.monotonic() + timeout
    while True:
        now = processes()
        given_up = [process for process in now if process.state == "FATAL"]
        if given_up:
            raise ProgramDownError(f"supervisord has given up on it ({describe(given_up)})", log=given_up[0].log)
        running = bool(now) and all(process.state == "RUNNING" for process in now)
        remaining = deadline - clock.monotonic()
        if running and remaining > 0 and answers(remaining):
            return
        if clock.monotonic() >= deadline:
            raise ProgramDownError(
                f"it is not up after {timeout:g} s ({describe(now)}{'; it answers no request' if running else ''})",
                log=next((process.log for process in now if process.state != "RUNNING"), ""),
            )
        clock.sleep(_INTERVAL)


def describe(processes: list[Process] | tuple[Process, ...]) -> str:
    """For people: `web: RUNNING, other: BACKOFF (can't find command)`."""
    return ", ".join(
        f"{process.name}: {process.state}" + (f" ({process.problem})" if process.problem else "")
        for process in processes
    )


def answers_http(path: str, *, host: str, url_path: str, seconds: float) -> bool:
    """Whether the server on the Unix socket PATH, asked as HOST, gives any HTTP answer within SECONDS.

    An error page counts: it, too, is written by a process that has loaded the application.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(seconds)
            connection.connect(path)
            connection.sendall(f"GET {url_path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode("ascii"))
            return connection.recv(5) == b"HTTP/"
    except OSError:
        return False
