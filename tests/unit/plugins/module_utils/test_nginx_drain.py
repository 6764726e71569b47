# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import http.client
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugins.module_utils._clock import SystemClock
from plugins.module_utils._nginx_drain import Drain, DrainTimeoutError, NotAStatusPageError, Rule, Status, parse
from plugins.modules.nginx_drain import look
from tests.unit.plugins.module_utils.fake_clock import FakeClock

PAGE = """Active connections: 291
server accepts handled requests
 16630948 16630948 31070465
Reading: 6 Writing: 179 Waiting: 106
"""
RULE = Rule(samples=3, interval=1, quiet_seconds=0, timeout=20, background=1)


def test_the_page_is_read() -> None:
    assert parse(PAGE) == Status(requests=31070465, reading=6, writing=179, waiting=106)


@pytest.mark.parametrize("page", ["", "<html>Welcome to nginx!</html>", PAGE.replace("Reading: 6", "Reading: x")])
def test_anything_else_is_refused(page: str) -> None:
    with pytest.raises(NotAStatusPageError):
        parse(page)


def test_the_own_request_and_idle_connections_are_not_in_flight() -> None:
    assert Status(requests=9, reading=0, writing=1, waiting=50).in_flight == 0
    assert Status(requests=9, reading=1, writing=3, waiting=0).in_flight == 3


class Nginx:
    """Gives one look a second: `in_flight[n]` requests running and `arrived[n]` new ones at the n-th; then nothing."""

    def __init__(self, *, in_flight: list[int], arrived: list[int] | None = None) -> None:
        self.in_flight = in_flight
        self.arrived = arrived or []
        self.looks = 0
        self.requests = 1000

    def __call__(self) -> Status:
        running = self.in_flight[self.looks] if self.looks < len(self.in_flight) else 0
        self.requests += 1 + (self.arrived[self.looks] if self.looks < len(self.arrived) else 0)
        self.looks += 1
        return Status(requests=self.requests, reading=0, writing=1 + running, waiting=0)


@pytest.mark.parametrize(
    ("in_flight", "arrived", "seconds"),
    [
        pytest.param([], [], 2, id="idle: three looks"),
        pytest.param([2, 2, 1], [], 5, id="three quiet looks after the last request"),
        pytest.param([0, 0, 1], [], 5, id="a late request starts the count again"),
        pytest.param([], [0, 5, 5], 5, id="fast requests between the looks are traffic"),
        pytest.param([], [0, 1, 0, 1], 2, id="health checks are not"),
    ],
)
def test_drained_is_so_many_quiet_looks_in_a_row(in_flight: list[int], arrived: list[int], seconds: float) -> None:
    clock = FakeClock()
    Drain(look=Nginx(in_flight=in_flight, arrived=arrived), clock=clock).until(RULE)
    assert clock.elapsed == seconds


def test_it_watches_for_the_quiet_seconds_at_least() -> None:
    clock = FakeClock()
    Drain(look=Nginx(in_flight=[]), clock=clock).until(Rule(3, 1, 7, 20, 1))
    assert clock.elapsed == 7


def test_a_request_that_does_not_end_is_reported() -> None:
    clock = FakeClock()
    drain = Drain(look=Nginx(in_flight=[4] + [1] * 100), clock=clock)
    with pytest.raises(DrainTimeoutError, match=r"not idle after 20 s: 1 request\(s\) in flight"):
        drain.until(RULE)
    assert [(entry["seconds"], entry["in_flight"]) for entry in drain.timeline] == [(0, 4), (1, 1)]


def test_a_restarted_nginx_counts_from_zero() -> None:
    requests = iter([1000, 1, 2, 3])
    drain = Drain(look=lambda: Status(requests=next(requests), reading=0, writing=1, waiting=0), clock=FakeClock())
    drain.until(RULE)
    assert all(entry["arrived"] == 0 for entry in drain.timeline)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def slow_backend() -> Iterator[int]:
    """The port of a server that answers after two seconds."""
    server = socket.create_server(("127.0.0.1", 0))

    def answer(connection: socket.socket) -> None:
        with connection:
            connection.recv(65536)
            time.sleep(2)
            connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:  # closed: the test is over
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield int(server.getsockname()[1])
    server.shutdown(socket.SHUT_RDWR)
    server.close()


@pytest.fixture
def nginx(tmp_path: Path, slow_backend: int) -> Iterator[tuple[int, str]]:
    """A real nginx before the slow server: its port, and the address of its status page."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if program is None:
        pytest.skip("nginx is not installed")
    port, status_port = free_port(), free_port()
    configuration = tmp_path / "nginx.conf"
    temporary = "".join(
        f"{name}_temp_path {tmp_path};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration.write_text(
        f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}\n"
        f"http {{ access_log off; {temporary}\n"
        f"server {{ listen 127.0.0.1:{port};\n"
        f"location / {{ proxy_pass http://127.0.0.1:{slow_backend}; }} location /fast {{ return 200 ok; }} }}\n"
        f"server {{ listen 127.0.0.1:{status_port}; location / {{ stub_status; }} }} }}\n"
    )
    process = subprocess.Popen([program, "-e", str(tmp_path / "error.log"), "-c", str(configuration)])
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", status_port), timeout=1).close()
            break
        except ConnectionRefusedError:
            time.sleep(0.05)
    yield port, f"http://127.0.0.1:{status_port}/"
    process.terminate()
    process.wait(timeout=10)


def test_a_real_nginx_is_drained_when_its_slow_request_has_ended(nginx: tuple[int, str]) -> None:
    port, status_url = nginx
    finished: list[float] = []

    def slow() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"ok"
        finished.append(time.monotonic())

    # An idle keep-alive connection, as a load balancer's pool holds them, must not look like a request.
    idle = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    idle.request("GET", "/fast")
    idle.getresponse().read()
    client = threading.Thread(target=slow)
    client.start()
    time.sleep(0.3)
    drain = Drain(look=lambda: look(status_url), clock=SystemClock())
    drain.until(Rule(samples=3, interval=0.1, quiet_seconds=0, timeout=15, background=2))
    drained = time.monotonic()
    client.join()
    idle.close()
    assert [entry["in_flight"] for entry in drain.timeline][:1] == [1]
    assert 0 < drained - finished[0] < 1.5


def test_no_listener_is_a_refused_connection() -> None:
    with pytest.raises(ConnectionRefusedError):
        look(f"http://127.0.0.1:{free_port()}/")


def test_an_error_page_is_no_status_page(nginx: tuple[int, str]) -> None:
    port, _ = nginx
    with pytest.raises(NotAStatusPageError):
        look(f"http://127.0.0.1:{port}/fast")
