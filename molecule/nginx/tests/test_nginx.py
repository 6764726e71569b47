# SPDX-License-Identifier: GPL-3.0-or-later
"""What nginx answers: to the site's visitors, to strangers, to the load balancer, and when something is broken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import support
from testinfra.host import Host

testinfra_hosts = ["ansible://amy-molecule-web"]

SITE = "/webapps/amy.molecule.test"
URL = "http://amy.molecule.test"
ACCESS_LOG = f"{SITE}/logs/nginx_access.log"


@dataclass(frozen=True)
class Answer:
    """What curl saw; status 0 if the connection was closed without an answer."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.body)
        return document


def ask(host: Host, url: str, *options: str) -> Answer:
    """Ask for URL with curl's OPTIONS; the site's name stands for the host itself."""
    arguments = " ".join(f"'{option}'" for option in options)
    result = host.run(
        "curl --silent --insecure --max-time 20 --include --noproxy '*' --resolve amy.molecule.test:80:127.0.0.1 "
        f"--resolve amy.molecule.test:443:127.0.0.1 {arguments} '{url}'"
    )
    head, _, body = result.stdout.replace("\r\n", "\n").partition("\n\n")
    if not head:
        return Answer(0, {}, "")
    status, *fields = head.splitlines()
    headers = {name.lower(): value for name, _, value in (field.partition(": ") for field in fields)}
    return Answer(int(status.split()[1]), headers, body)


def last_request(host: Host, path: str) -> dict[str, Any]:
    """The newest entry of the access log whose path is PATH."""
    entries = [json.loads(line) for line in host.file(ACCESS_LOG).content_string.splitlines()]
    found: dict[str, Any] = [entry for entry in entries if entry["path"] == path][-1]
    return found


def workers(host: Host) -> set[str]:
    return set(host.check_output("pgrep -f '^nginx: worker process$'").split())


@pytest.fixture
def maintenance(host: Host) -> Iterator[None]:
    """The maintenance page, on."""
    host.check_output(f"mv {SITE}/maintenance_off.html {SITE}/maintenance_on.html")
    yield
    host.check_output(f"mv {SITE}/maintenance_on.html {SITE}/maintenance_off.html")


@pytest.fixture
def application_down(host: Host) -> Iterator[None]:
    host.check_output("supervisorctl stop gunicorn")
    yield
    host.check_output("supervisorctl start gunicorn")
    support.until(lambda: ask(host, URL).status == 200, what="the application answers again")


def test_request_reaches_the_application(host: Host) -> None:
    answer = ask(host, f"{URL}/path", "--data", "x" * 5000)
    assert answer.status == 200
    assert (answer.json["release"], answer.json["method"], answer.json["length"]) == ("one", "POST", 5000)
    assert answer.json["headers"]["HTTP_HOST"] == "amy.molecule.test"
    assert answer.headers["server"] == "nginx"


def test_load_balancer_is_believed(host: Host) -> None:
    told = ("-H", "X-Forwarded-For: 192.0.2.7", "-H", "X-Forwarded-Proto: https", "-H", "X-Amzn-Trace-Id: Root=1-67")
    answer = ask(host, f"{URL}/balanced?token=secret-token", "--interface", "127.0.0.9", *told)
    headers = answer.json["headers"]
    assert answer.json["scheme"] == "https"
    assert headers["HTTP_X_FORWARDED_FOR"] == "192.0.2.7"
    assert headers["HTTP_X_REQUEST_ID"] == "Root=1-67"
    entry = last_request(host, "/balanced")
    assert (entry["client"], entry["request_id"], entry["status"]) == ("192.0.2.7", "Root=1-67", 200)
    assert entry["peer"] == "127.0.0.9"
    assert "secret-token" not in host.file(ACCESS_LOG).content_string


def test_stranger_is_not_believed(host: Host) -> None:
    told = ("-H", "X-Forwarded-For: 192.0.2.7", "-H", "X-Forwarded-Proto: https", "-H", "X-Amzn-Trace-Id: Root=1-67")
    answer = ask(host, f"{URL}/stranger", "--interface", "127.0.0.5", *told)
    headers = answer.json["headers"]
    assert answer.json["scheme"] == "http"
    assert headers["HTTP_X_FORWARDED_FOR"] == "127.0.0.5"
    assert len(headers["HTTP_X_REQUEST_ID"]) == 32
    assert last_request(host, "/stranger")["request_id"] == headers["HTTP_X_REQUEST_ID"]


def test_unknown_name_does_not_reach_the_application(host: Host) -> None:
    for url in ("http://127.0.0.1/", "https://127.0.0.1/"):
        assert ask(host, url).status == 421
        assert ask(host, url, "-H", "Host: evil.example").status == 421
        assert ask(host, url, "-H", "Host: amy.molecule.test").status == 200


def test_tls(host: Host) -> None:
    assert ask(host, "https://amy.molecule.test/").json["scheme"] == "https"
    assert ask(host, "https://amy.molecule.test/", "--tls-max", "1.1").status == 0


def test_too_large_an_upload_is_refused(host: Host) -> None:
    host.check_output("head -c 3000000 /dev/zero > /var/tmp/large")
    assert ask(host, URL, "-H", "Expect:", "--data-binary", "@/var/tmp/large").status == 413


@pytest.mark.parametrize(
    ("name", "content", "caching"),
    [
        ("site.0123456789ab.css", "new", "public, max-age=31536000, immutable"),
        ("site.css", "new", "public, max-age=300"),
        ("site.ba9876543210.css", "old", "public, max-age=31536000, immutable"),
    ],
)
def test_static_file(host: Host, name: str, content: str, caching: str) -> None:
    answer = ask(host, f"{URL}/static/{name}")
    assert (answer.status, answer.body, answer.headers["cache-control"]) == (200, content, caching)
    assert answer.headers["content-type"].startswith("text/css")


def test_absent_static_file_is_not_cached(host: Host) -> None:
    answer = ask(host, f"{URL}/static/absent.0123456789ab.css")
    assert answer.status == 404
    assert "cache-control" not in answer.headers


def test_files_outside_are_not_served(host: Host) -> None:
    for path in ("/static/../../maintenance_off.html", "/media/..%2f..%2fmaintenance_off.html", "/static/"):
        answer = ask(host, URL + path, "--path-as-is")
        assert answer.status in (400, 404)


def test_upload_is_served(host: Host) -> None:
    answer = ask(host, f"{URL}/media/upload.txt")
    assert (answer.status, answer.body) == (200, "upload")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.usefixtures("maintenance")
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/", "/maintenance_on.html", "/static/site.css", "/media/absent", "/down.html"])
def test_maintenance_page_answers_everything(host: Host, method: str, path: str) -> None:
    body = ("--data", "body") if method in ("POST", "PUT") else ()
    answer = ask(host, URL + path, "--request", method, *body)
    assert answer.status == 503
    assert "<h1>Down for maintenance</h1>" in answer.body
    assert (answer.headers["retry-after"], answer.headers["cache-control"]) == ("300", "no-store")


@pytest.mark.usefixtures("maintenance")
def test_host_in_maintenance_is_healthy(host: Host) -> None:
    answer = ask(host, "http://127.0.0.1:8081/healthz")
    assert (answer.status, answer.body) == (200, "maintenance\n")


def test_maintenance_pages_cannot_be_asked_for(host: Host) -> None:
    assert ask(host, f"{URL}/maintenance_on.html").status == 404


def test_health_is_the_application_s(host: Host) -> None:
    assert ask(host, "http://127.0.0.1:8081/healthz").status == 200
    assert ask(host, "http://127.0.0.1:8081/anything").status == 404


@pytest.mark.usefixtures("application_down")
def test_application_down(host: Host) -> None:
    for options in ((), ("--data", "body")):
        answer = ask(host, f"{URL}/path", *options)
        assert answer.status == 502
        assert "<h1>Back in a moment</h1>" in answer.body
        assert answer.headers["cache-control"] == "no-store"
    assert ask(host, "http://127.0.0.1:8081/healthz").status == 502
    assert ask(host, f"{URL}/static/site.css").status == 200


def test_status_is_for_the_host_itself_only(host: Host) -> None:
    assert "Writing: 1" in ask(host, "http://127.0.0.1:8082/").body
    address = host.check_output("hostname -i").split()[0]
    assert ask(host, f"http://{address}:8082/").status == 0


def test_logs_are_rotated_without_losing_a_line(host: Host) -> None:
    host.check_output("rm -f %s.*", ACCESS_LOG)
    ask(host, f"{URL}/before-rotation")
    host.check_output("logrotate --force /etc/logrotate.d/amy-nginx")
    support.until(
        lambda: ask(host, f"{URL}/after-rotation").status == 200 and host.file(ACCESS_LOG).size > 0,
        what="nginx writes to the new log",
    )
    lines = host.check_output(f"cat {ACCESS_LOG} {ACCESS_LOG}.1")
    assert "/before-rotation" in lines
    assert "/after-rotation" in lines


def test_refused_configuration_leaves_the_old_one_serving(host: Host) -> None:
    before, served_by = host.file("/etc/nginx/nginx.conf").content, workers(host)
    run = support.converge("nginx", "-e", "nginx_client_max_body_size=banana")
    assert not run.succeeded
    assert "client_max_body_size" in run.text
    assert host.file("/etc/nginx/nginx.conf").content == before
    assert workers(host) == served_by
    assert ask(host, URL).status == 200


def test_reload_that_was_cut_off_is_made_up_for(host: Host) -> None:
    before = workers(host)
    host.check_output("touch /etc/nginx/nginx.conf")
    run = support.converge("nginx", "--check")
    assert "changed=1" in run.text
    assert workers(host) == before
    run = support.converge("nginx")
    assert run.succeeded, run.text
    assert "changed=1" in run.text
    assert not workers(host) & before


def test_serves_again_after_kill(host: Host) -> None:
    host.check_output("kill -9 $(cat /run/nginx.pid)")
    support.until(lambda: ask(host, URL).status == 200, what="nginx answers after kill -9")
    support.until(lambda: host.service("nginx").is_running, what="systemd has a new nginx")
    host.check_output("pkill -9 -f '^nginx: worker process$'")
    support.until(lambda: ask(host, URL).status == 200, what="nginx answers after kill -9 of its workers")


def test_serves_after_a_reboot(host: Host) -> None:
    support.restart(host)
    support.until(lambda: ask(host, URL).status == 200, what="nginx and gunicorn answer after the reboot")


@pytest.mark.usefixtures("maintenance")
def test_who_works_during_maintenance_gets_the_application(host: Host) -> None:
    balancer = ("--interface", "127.0.0.9")
    assert ask(host, f"{URL}/path", *balancer, "--header", "X-Forwarded-For: 192.0.2.7").status == 200
    assert ask(host, f"{URL}/path", *balancer, "--header", "X-Forwarded-For: 192.0.2.8").status == 503
    assert ask(host, f"{URL}/path", "--header", "X-Forwarded-For: 192.0.2.7").status == 503
