# SPDX-License-Identifier: GPL-3.0-or-later
"""HAProxy's configuration: what it says, and that HAProxy accepts it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from moto.acm.models import CertBundle

from lab.local_cloud.balancer import conditions
from lab.local_cloud.balancer.config import (
    ERRORS,
    Files,
    Server,
    checked,
    error_page,
    fail_open,
    render,
    server_options,
)
from lab.local_cloud.balancer.model import Fleet, HealthCheck, Listener, LoadBalancer, Rule, TargetGroup
from lab.local_cloud.corrections.elbv2 import LOAD_BALANCER_ATTRIBUTES

CHECK = HealthCheck(
    protocol="HTTP",
    port=8081,
    path="/healthz?full=1",
    codes="200-299,301",
    interval=5,
    timeout=2,
    healthy_threshold=2,
    unhealthy_threshold=3,
)
WEB = TargetGroup(
    arn="arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/web/0123456789abcdef",
    name="web",
    protocol="HTTP",
    algorithm="round_robin",
    check=CHECK,
    deregistration_delay=30.0,
    idle_timeout=60,
    used=True,
)
NEW = replace(WEB, arn=WEB.arn.replace("web/0", "new/1"), name="new", algorithm="least_outstanding_requests")


def forward(*weights: tuple[TargetGroup, int]) -> dict[str, Any]:
    groups = [{"TargetGroupArn": group.arn, "Weight": weight} for group, weight in weights]
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}


def fixed(text: str, status: str = "404") -> dict[str, Any]:
    return {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": status, "MessageBody": text}}


def redirect(**config: str) -> dict[str, Any]:
    return {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_302", **config}}


def fleet(*rules: Rule, attributes: dict[str, str] | None = None, **listener: Any) -> Fleet:
    options = {"port": 8080, "protocol": "HTTP", "rules": rules, **listener}
    balancer = LoadBalancer(
        name="main",
        addresses=("127.77.9.9", "10.77.0.130"),
        listeners=(Listener(**options),),
        attributes={**LOAD_BALANCER_ATTRIBUTES, **(attributes or {})},
    )
    return Fleet(balancers=(balancer,), groups=(WEB, NEW))


def default(action: dict[str, Any]) -> Rule:
    return Rule(conditions=(), action=action)


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines()]


def accept(text: str, files: Files) -> None:
    """Let HAProxy itself read the configuration."""
    for status in ERRORS:
        files.error(status).write_text(error_page(status), newline="")
    files.state.write_text("1\n")
    path = files.directory / "haproxy.cfg"
    path.write_text(text)
    checked = subprocess.run(["haproxy", "-c", "-f", str(path)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr + text
    assert "[WARNING]" not in checked.stderr


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(directory=tmp_path)


ALL_CONDITIONS: list[dict[str, Any]] = [
    {"Field": "path-pattern", "Values": ["/a b/*", "/it's/?", "/{x}#"]},
    {"Field": "path-pattern", "PathPatternConfig": {"Values": ['/"q"\\*', "/ä%20"]}},
    {"Field": "host-header", "HostHeaderConfig": {"Values": ["*.example.org"]}},
    {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "User-Agent", "Values": ["*curl*", "$(x)"]}},
    {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["PUT", "PURGE"]}},
    {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "a", "Value": "b*"}, {"Value": "c"}]}},
    {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8", "2001:db8::/32"]}},
]
FLEETS = {
    "nothing": Fleet(),
    "forward": fleet(default(forward((WEB, 1)))),
    "weighted": fleet(default(forward((WEB, 80), (NEW, 20)))),
    "one of two has no weight": fleet(default(forward((WEB, 0), (NEW, 1)))),
    "no weight at all": fleet(default(forward((WEB, 0), (NEW, 0)))),
    "redirect": fleet(default(redirect(Protocol="HTTPS", Port="443"))),
    "redirect elsewhere": fleet(default(redirect(Host="www.#{host}", Path="/new/#{path}", Query="from=#{port}"))),
    "fixed": fleet(default(fixed('It\'s "gone"\nfor {good} # 100 % $HOME \\ äöü'))),
    "fixed without text": fleet(default(fixed("", status="503"))),
    "authentication": fleet(default({"Type": "authenticate-oidc"})),
    "conditions": fleet(
        *(Rule(conditions=(condition,), action=fixed("x", "200")) for condition in ALL_CONDITIONS),
        Rule(conditions=tuple(ALL_CONDITIONS), action=forward((WEB, 1))),
        default(fixed("none")),
    ),
    "attributes": fleet(
        default(forward((WEB, 1))),
        attributes={
            "idle_timeout.timeout_seconds": "4000",
            "routing.http.drop_invalid_header_fields.enabled": "true",
            "routing.http.xff_client_port.enabled": "true",
        },
    ),
    "xff removed": fleet(default(forward((WEB, 1))), attributes={"routing.http.xff_header_processing.mode": "remove"}),
}


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="HAProxy is not installed")
@pytest.mark.parametrize("name", FLEETS)
def test_haproxy_accepts_it(name: str, files: Files) -> None:
    servers = [Server(group=WEB.arn, name="i-1_80", address="10.77.0.4:80")] if FLEETS[name].groups else []
    accept(render(FLEETS[name], servers, files), files)


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="HAProxy is not installed")
@pytest.mark.parametrize(
    ("traffic", "check"), [("HTTP", "HTTP"), ("HTTPS", "HTTPS"), ("HTTP", "HTTPS"), ("HTTPS", "HTTP")]
)
def test_haproxy_accepts_tls_to_targets(traffic: str, check: str, files: Files) -> None:
    group = replace(WEB, protocol=traffic, check=replace(CHECK, protocol=check))
    whole = replace(fleet(default(forward((WEB, 1)))), groups=(group, NEW))
    accept(render(whole, [Server(group=WEB.arn, name="i-1_443", address="10.77.0.4:443")], files), files)


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="HAProxy is not installed")
def test_https_takes_several_certificates_and_http2(files: Files) -> None:
    paths = []
    for name in ("amy.example.org", "www.example.org"):
        bundle = CertBundle.generate_cert(name, "1", "us-east-1")
        assert x509.load_pem_x509_certificate(bundle.cert)
        paths.append(files.directory / f"{name}.pem")
        paths[-1].write_bytes(bundle.cert + bundle.key)
    https: dict[str, Any] = {"port": 8443, "protocol": "HTTPS", "certificates": tuple(paths)}
    text = render(fleet(default(forward((WEB, 1))), **https), [], files)
    accept(text, files)
    assert f"bind 127.77.9.9:8443,10.77.0.130:8443 ssl crt {paths[0]} crt {paths[1]} alpn h2,http/1.1" in lines(text)
    without = render(
        fleet(default(forward((WEB, 1))), attributes={"routing.http2.enabled": "false"}, **https), [], files
    )
    assert "alpn http/1.1" in without
    modern = render(
        fleet(default(forward((WEB, 1))), security_policy="ELBSecurityPolicy-TLS13-1-3-2021-06", **https), [], files
    )
    accept(modern, files)
    assert "ssl-min-ver TLSv1.3" in modern


def test_a_worker_that_is_being_replaced_still_forwards(files: Files) -> None:
    """nbsrv() is 0 there: without `stopping` each reload gives 503 to clients that kept their connection."""
    text = render(FLEETS["forward"], [], files)
    forwarding = [line for line in lines(text) if line.startswith(f"use_backend {checked(WEB)} ")]
    assert forwarding
    assert all("{ stopping }" in line for line in forwarding)


def test_a_weighted_choice_does_not_fail_over(files: Files) -> None:
    uses = [line.split()[1] for line in lines(render(FLEETS["weighted"], [], files)) if "use_backend" in line]
    assert uses == [checked(WEB), fail_open(WEB), "none", checked(NEW), fail_open(NEW), "none"]


def test_a_request_is_sent_once(files: Files) -> None:
    text = render(FLEETS["forward"], [], files)
    assert "retries 0" in lines(text)
    assert "redispatch" not in text


def test_a_check_has_its_own_port_and_codes() -> None:
    assert server_options(WEB) == "check inter 5000ms rise 2 fall 3 port 8081"
    assert "port" not in server_options(replace(WEB, check=replace(CHECK, port=None)))


def test_servers_do_not_belong_to_the_structure(files: Files) -> None:
    server = Server(group=WEB.arn, name="i-1_80", address="10.77.0.4:80")
    assert render(FLEETS["forward"], [], files) != render(FLEETS["forward"], [server], files)
    assert "10.77.0.4" not in render(FLEETS["forward"], [], files)


def test_a_new_group_of_an_old_name_is_another_backend() -> None:
    assert checked(WEB) != checked(replace(WEB, arn=WEB.arn.replace("0123", "9999")))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("/plain", "'/plain'"),
        ('a b#$"\\', "'a b#$\"\\'"),
        ("it's", "it\\x27s"),
        ("a\nb", "a\\x0ab"),
        ("ä", "\\xc3\\xa4"),
    ],
)
def test_any_text_is_one_word(text: str, word: str) -> None:
    assert conditions.quoted(text) == word
