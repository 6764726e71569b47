# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import socket
import socketserver
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from plugins.module_utils.http_proof import (
    Answer,
    Check,
    Patience,
    ProofError,
    TargetClient,
    check_from,
    difference,
    prove,
    version_of,
)
from tests.serving import serving
from tests.unit.plugins.module_utils.fake_clock import FakeClock

LOGIN = Check(path="/account/login/", host="amy.example.org", text="password")
GOOD = Answer(status=200, body="your password, please")
BAD = Answer(status=500, body="<h1>Server\n   Error</h1>")


class Scripted:
    """Gives ANSWERS one after the other, the last one for ever."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked = 0

    def get(self, check: Check) -> Answer:
        """The next answer."""
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def run(client: Scripted, *, timeout: float = 30, consecutive: int = 3) -> list[tuple[Check, Answer]]:
    """Prove the login page."""
    patience = Patience(timeout=timeout, interval=1, consecutive=consecutive)
    return prove(checks=[LOGIN], client=client, patience=patience, clock=FakeClock())


def test_three_good_answers_in_a_row_are_needed() -> None:
    client = Scripted(GOOD, GOOD, BAD, GOOD)
    assert run(client) == [(LOGIN, GOOD)]
    assert client.asked == 6


def test_failure_says_what_was_asked_expected_and_answered() -> None:
    with pytest.raises(ProofError) as failure:
        run(Scripted(BAD))
    message = str(failure.value)
    assert "GET /account/login/ as amy.example.org answered 500 (expected 200), after 30 s" in message
    assert "<h1>Server Error</h1>" in message


@pytest.mark.parametrize(
    ("headers", "location", "told"),
    [
        (
            {},
            "https://amy.example.org/account/login/",
            ": it sends visitors to HTTPS, so the check needs `scheme: https`",
        ),
        ({}, "/elsewhere/", ""),
        ({"X-Forwarded-Proto": "https"}, "https://amy.example.org/elsewhere/", ""),
    ],
)
def test_a_check_that_is_sent_to_https_is_told_what_it_lacks(headers: dict[str, str], location: str, told: str) -> None:
    check = Check(path="/account/login/", host="amy.example.org", headers=headers)
    assert difference(check, Answer(status=301, location=location)) == f"answered 301 (expected 200){told}"


def test_each_of_two_checks_of_the_same_path_has_its_own_answer() -> None:
    plain = Check(path="/", host="amy.example.org", status=(301,))
    secure = Check(path="/", host="amy.example.org", headers={"X-Forwarded-Proto": "https"})
    moved, patience = Answer(status=301), Patience(timeout=5, interval=1, consecutive=2)
    client = Scripted(moved, GOOD, moved, GOOD)
    answers = prove(checks=[plain, secure], client=client, patience=patience, clock=FakeClock())
    assert answers == [(plain, moved), (secure, GOOD)]

    with pytest.raises(ProofError, match="Server Error"):
        prove(checks=[plain, secure], client=Scripted(moved, BAD), patience=patience, clock=FakeClock())


def test_flapping_is_a_failure() -> None:
    with pytest.raises(ProofError):
        run(Scripted(*[GOOD, GOOD, BAD] * 20))


LATE = Answer(error="timed out", late=True)


def test_a_site_that_is_busy_has_more_time() -> None:
    patience = Patience(timeout=10, interval=1, consecutive=2, busy=20)
    client, clock = Scripted(*[LATE] * 25, GOOD), FakeClock()
    assert prove(checks=[LOGIN], client=client, patience=patience, clock=clock) == [(LOGIN, GOOD)]
    assert clock.elapsed == 26


@pytest.mark.parametrize(("answer", "seconds"), [(LATE, 30), (BAD, 10), (Answer(error="Connection refused"), 10)])
def test_only_a_late_answer_has_more_time(answer: Answer, seconds: float) -> None:
    patience, clock = Patience(timeout=10, interval=1, consecutive=2, busy=20), FakeClock()
    with pytest.raises(ProofError):
        prove(checks=[LOGIN], client=Scripted(answer), patience=patience, clock=clock)
    assert clock.elapsed == seconds


def test_a_server_that_does_not_answer_in_time_is_late(tmp_path: Path) -> None:
    path = str(tmp_path / "silent.sock")
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(path)
        silent.listen()
        assert TargetClient(target=path, timeout=0.1, validate_certs=True).get(LOGIN).late
    assert not TargetClient(target=path, timeout=0.1, validate_certs=True).get(LOGIN).late


def test_one_round_is_made_even_without_time() -> None:
    assert run(Scripted(GOOD), timeout=0, consecutive=1)


def test_too_little_time_for_all_rounds_is_told() -> None:
    with pytest.raises(ProofError, match="passed only 2 of 3 times in a row"):
        run(Scripted(GOOD), timeout=1)


@pytest.mark.parametrize(
    ("check", "answer", "text"),
    [
        (LOGIN, GOOD, ""),
        (LOGIN, BAD, "answered 500 (expected 200)"),
        (LOGIN, Answer(status=200, body="nothing"), "answered 200 without the text 'password'"),
        (LOGIN, Answer(error="refused"), "gave no answer: refused"),
        (Check(path="/", host="a", status=(301, 302)), Answer(status=302), ""),
        (Check(path="/", host="a", status=(301, 302)), Answer(status=200), "answered 200 (expected 301 or 302)"),
    ],
)
def test_difference(check: Check, answer: Answer, text: str) -> None:
    assert difference(check, answer) == text


@pytest.mark.parametrize(
    ("release", "version"),
    [
        ("v4.7.0", "4.7.0"),
        ("4.7.0", "4.7.0"),
        ("v2", "2"),
        ("vv4", "vv4"),
        ("v4.7.0-v1", "4.7.0-v1"),
        ("victoria", "victoria"),
        ("main", "main"),
        ("v", "v"),
        ("", ""),
    ],
)
def test_the_version_is_the_tag_without_its_v(release: str, version: str) -> None:
    assert version_of(release) == version


@pytest.mark.parametrize(
    ("text", "release", "expected"),
    [
        ("{release}", "v4.7.0", "v4.7.0"),
        ("{version}", "v4.7.0", "4.7.0"),
        ("{version} is {release}", "v4.7.0", "4.7.0 is v4.7.0"),
        ("{release}", "{version}", "{version}"),
        ("{other}", "v4.7.0", "{other}"),
    ],
)
def test_placeholders_of_a_text(text: str, release: str, expected: str) -> None:
    assert check_from({"path": "/", "host": "a", "text": text}, release=release).text == expected


@pytest.mark.parametrize(
    ("release", "version", "expected"),
    [
        ("develop", "4.9.0", "develop is 4.9.0"),
        ("0a1b2c3", "", "0a1b2c3 is 0a1b2c3"),
        ("v4.7.0", "", "v4.7.0 is 4.7.0"),
    ],
)
def test_a_branch_or_a_commit_is_of_the_version_that_it_states(release: str, version: str, expected: str) -> None:
    item = {"path": "/", "host": "a", "text": "{release} is {version}"}
    assert check_from(item, release=release, version=version).text == expected


@pytest.mark.parametrize(
    ("item", "check"),
    [
        ({"path": "/", "host": "a"}, Check(path="/", host="a")),
        ({"path": "/", "host": "a", "status": None, "text": None, "scheme": None, "headers": None}, Check("/", "a")),
        ({"path": "/", "host": "a", "status": "302"}, Check("/", "a", status=(302,))),
        ({"path": "/", "host": "a", "status": [200, "302"]}, Check("/", "a", status=(200, 302))),
        ({"path": "/", "host": "a", "text": "v{release}!"}, Check("/", "a", text="v4.2!")),
        ({"path": "/", "host": "a", "scheme": "https"}, Check("/", "a", headers={"X-Forwarded-Proto": "https"})),
    ],
)
def test_check_from(item: dict[str, Any], check: Check) -> None:
    assert check_from(item, release="4.2") == check


class Echo(BaseHTTPRequestHandler):
    """Answers with the Host header it was sent."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(302)
        self.end_headers()
        self.wfile.write(f"{self.headers['Host']} {self.headers['X-Forwarded-Proto']}".encode())

    def log_message(self, *_arguments: object) -> None:
        """Keep the tests quiet."""


class UnixServer(socketserver.UnixStreamServer):
    """An HTTP server on a Unix socket, as gunicorn's is."""

    def get_request(self) -> tuple[Any, tuple[str, int]]:
        """A connection; http.server wants an address with it."""
        connection, _address = super().get_request()
        return connection, ("unix", 0)


@pytest.mark.parametrize("kind", ["socket", "address"])
def test_real_server_is_asked_by_the_sites_name(kind: str, tmp_path: Path) -> None:
    server: socketserver.BaseServer
    if kind == "socket":
        target = str(tmp_path / "socket")
        server = UnixServer(target, Echo)
    else:
        tcp = socketserver.TCPServer(("127.0.0.1", 0), Echo)
        server, target = tcp, f"http://127.0.0.1:{tcp.server_address[1]}"
    with serving(server):
        check = Check(path="/", host="amy.example.org", headers={"X-Forwarded-Proto": "https"})
        answer = TargetClient(target=target, timeout=5, validate_certs=True).get(check)
    assert answer == Answer(status=302, body="amy.example.org https")


def test_a_name_that_no_resolver_knows_says_nothing_of_the_site() -> None:
    client = TargetClient(target="https://amy.example.invalid", timeout=1, validate_certs=True)
    assert client.get(LOGIN).unresolved
    with pytest.raises(ProofError) as caught:
        prove(checks=[LOGIN], client=client, patience=Patience(timeout=0, interval=1, consecutive=1), clock=FakeClock())
    assert caught.value.unresolved


@pytest.mark.parametrize(
    "answers",
    [
        [Answer(error="Name or service not known", unresolved=True), Answer(status=500)],
        [Answer(error="Connection refused"), Answer(error="Connection refused")],
        [Answer(status=200), Answer(status=500)],
    ],
)
def test_a_site_that_answers_wrongly_is_not_excused_by_its_name(answers: list[Answer]) -> None:
    with pytest.raises(ProofError) as caught:
        prove(
            checks=[LOGIN] * len(answers),
            client=Scripted(*answers),
            patience=Patience(timeout=0, interval=1, consecutive=1),
            clock=FakeClock(),
        )
    assert not caught.value.unresolved


@pytest.mark.parametrize("target", ["/nonexistent/socket", "http://127.0.0.1:9"])
def test_server_that_is_not_there_is_an_answer_too(target: str) -> None:
    answer = TargetClient(target=target, timeout=1, validate_certs=True).get(LOGIN)
    assert answer.status == 0
    assert answer.error
