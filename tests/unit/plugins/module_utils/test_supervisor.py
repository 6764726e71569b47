# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
import socket
import threading
import xmlrpc.client
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from plugins.module_utils._supervisor import (
    Process,
    Program,
    ProgramDownError,
    Step,
    Supervisor,
    SupervisorError,
    UnknownProgramError,
    answers_http,
    await_up,
    plan,
    removal,
)
from tests.unit.plugins.module_utils.fake_clock import FakeClock

RESTART = [Step("stopProcessGroup", "web"), Step("removeProcessGroup", "web"), Step("addProcessGroup", "web")]


def program(*states: str, added: bool = False, changed: bool = False) -> Program:
    processes = tuple(Process(name=f"web-{number}", state=state) for number, state in enumerate(states))
    return Program(name="web", added=added, changed=changed, processes=processes)


@pytest.mark.parametrize(
    ("found", "steps"),
    [
        (program("RUNNING"), []),
        (program("RUNNING", "STARTING", "BACKOFF", "STOPPING"), []),
        (program(added=True), [Step("addProcessGroup", "web")]),
        (program("RUNNING", changed=True), RESTART),
        (program("STOPPED", changed=True), RESTART),
        (program("RUNNING", "STOPPED"), [Step("startProcess", "web:web-1")]),
        (program("FATAL", "EXITED"), [Step("startProcess", "web:web-0"), Step("startProcess", "web:web-1")]),
    ],
)
def test_plan(found: Program, steps: list[Step]) -> None:
    assert plan(found) == steps


@pytest.mark.parametrize(
    ("found", "steps"),
    [
        (program("RUNNING", "FATAL"), RESTART[:2]),
        # Stopped by hand, or its file is gone already: supervisord would go on to show it.
        (program("STOPPED"), RESTART[:2]),
        (program("RUNNING", changed=True), RESTART[:2]),
        # A file that nothing was started from is no program yet.
        (program(added=True), []),
        (program(), []),
    ],
)
def test_a_program_that_is_to_be_absent_is_forgotten(found: Program, steps: list[Step]) -> None:
    assert removal(found) == steps


def test_the_log_of_the_process_that_is_not_up_is_shown() -> None:
    group = (
        Process(name="beat", state="RUNNING", log="/logs/beat.log"),
        Process(name="celery", state="FATAL", log="/logs/celery.log"),
    )
    with pytest.raises(ProgramDownError) as failure:
        await_up(processes=lambda: group, answers=lambda _remaining: True, clock=FakeClock(), timeout=5)
    assert failure.value.log == "/logs/celery.log"


def test_a_program_that_no_file_names_is_an_error() -> None:
    with pytest.raises(UnknownProgramError, match="web"):
        plan(program())


def states_over_time(clock: FakeClock, *changes: tuple[float, str]) -> tuple[Process, ...]:
    state = [state for since, state in changes if since <= clock.elapsed][-1]
    return (Process(name="web", state=state, problem="can't find command" if state == "FATAL" else ""),)


def test_waits_until_it_runs_and_answers() -> None:
    clock = FakeClock()
    await_up(
        processes=lambda: states_over_time(clock, (0, "STARTING"), (2, "RUNNING")),
        answers=lambda _remaining: clock.elapsed >= 5,
        clock=clock,
        timeout=60,
    )
    assert clock.elapsed == 5


def test_answer_is_told_how_long_it_may_take() -> None:
    clock, told = FakeClock(), []
    await_up(
        processes=lambda: states_over_time(clock, (0, "STARTING"), (50, "RUNNING")),
        answers=lambda remaining: not told.append(remaining),  # type: ignore[func-returns-value]
        clock=clock,
        timeout=60,
    )
    assert told == [10]


def test_does_not_wait_when_supervisord_has_given_up() -> None:
    clock = FakeClock()
    with pytest.raises(ProgramDownError, match=r"given up.*can't find command"):
        await_up(
            processes=lambda: states_over_time(clock, (0, "BACKOFF"), (3, "FATAL")),
            answers=lambda _remaining: True,
            clock=clock,
            timeout=60,
        )
    assert clock.elapsed == 3


@pytest.mark.parametrize(("state", "says"), [("BACKOFF", "web: BACKOFF"), ("RUNNING", "answers no request")])
def test_gives_up_after_the_timeout(state: str, says: str) -> None:
    clock = FakeClock()
    with pytest.raises(ProgramDownError, match=f"not up after 7 s.*{says}"):
        await_up(
            processes=lambda: states_over_time(clock, (0, state)),
            answers=lambda _remaining: False,
            clock=clock,
            timeout=7,
        )
    assert clock.elapsed == 7


def request_of(connection: socket.socket) -> bytes:
    """All that the client sends: a head, and a body if the head says so."""
    request = b""
    while b"\r\n\r\n" not in request and (part := connection.recv(65536)):
        request += part
    head, _, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    while length and len(body) < int(length[1]) and (part := connection.recv(65536)):
        body += part
    return head + b"\r\n\r\n" + body


@contextmanager
def listening(path: Path, answer: bytes) -> Iterator[list[bytes]]:
    """A server on the Unix socket PATH that gives each connection ANSWER; yields what it was sent."""
    received: list[bytes] = []
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen()

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                received.append(request_of(connection))
                connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield received
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(timeout=5)


def answer_of(body: str, status: str = "200 OK") -> bytes:
    return f"HTTP/1.0 {status}\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def test_any_http_answer_is_one(tmp_path: Path) -> None:
    with listening(tmp_path / "s", b"HTTP/1.0 400 Bad Request\r\n\r\n") as received:
        assert answers_http(str(tmp_path / "s"), host="amy.example.org", url_path="/health", seconds=5)
    # By a name that the application knows: by any other it would write to its administrators (DisallowedHost).
    assert received[0].splitlines()[:2] == [b"GET /health HTTP/1.0", b"Host: amy.example.org"]


def test_a_closed_connection_and_silence_are_none(tmp_path: Path) -> None:
    with listening(tmp_path / "closes", b""):
        assert not answers_http(str(tmp_path / "closes"), host="localhost", url_path="/", seconds=5)
    assert not answers_http(str(tmp_path / "absent"), host="localhost", url_path="/", seconds=5)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent"))
        silent.listen()
        assert not answers_http(str(tmp_path / "silent"), host="localhost", url_path="/", seconds=0.1)


def test_absent_supervisord_is_told(tmp_path: Path) -> None:
    with pytest.raises(SupervisorError, match=r"cannot reach supervisord at .*absent"):
        Supervisor(str(tmp_path / "absent")).program("web")


def test_refusal_is_told(tmp_path: Path) -> None:
    fault = xmlrpc.client.dumps(xmlrpc.client.Fault(92, "CANT_REREAD: bad file"), methodresponse=True)
    with (
        listening(tmp_path / "s", answer_of(fault)),
        pytest.raises(SupervisorError, match="refuses reloadConfig: CANT_REREAD: bad file"),
    ):
        Supervisor(str(tmp_path / "s")).program("web")


def test_start_does_not_wait(tmp_path: Path) -> None:
    with listening(tmp_path / "s", answer_of(xmlrpc.client.dumps((True,), methodresponse=True))) as received:
        Supervisor(str(tmp_path / "s")).perform(Step("startProcess", "web:web"))
    assert b"startProcess" in received[0]
