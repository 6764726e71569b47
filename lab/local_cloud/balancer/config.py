# SPDX-License-Identifier: GPL-3.0-or-later
"""HAProxy's configuration for a fleet: a pure function of the fleet and of the servers that exist already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import conditions
from .conditions import quoted
from .model import Fleet, HealthCheck, Listener, LoadBalancer, TargetGroup

# An ALB gives a target ten seconds to accept a connection.
CONNECT_SECONDS = 10
# In-flight requests of a configuration that is replaced get this long to end.
RELOAD_MINUTES = 10

ERRORS = {502: "Bad Gateway", 503: "Service Temporarily Unavailable", 504: "Gateway Time-out"}


@dataclass(frozen=True, kw_only=True)
class Server:
    """A target as HAProxy knows it: `name` is unique within its group."""

    group: str  # ARN
    name: str
    address: str


@dataclass(frozen=True, kw_only=True)
class Files:
    """Where HAProxy's files are."""

    directory: Path

    @property
    def socket(self) -> Path:
        """The runtime interface."""
        return self.directory / "admin.sock"

    @property
    def state(self) -> Path:
        """The servers' state, handed from one configuration to the next."""
        return self.directory / "servers.state"

    def error(self, status: int) -> Path:
        """The answer that HAProxy gives itself with `status`."""
        return self.directory / f"{status}.http"


def error_page(status: int) -> str:
    """Return the whole answer of an ALB that could not get one from a target."""
    title = f"{status} {ERRORS[status]}"
    heading = f"<center><h1>{title}</h1></center>"
    body = f"<html>\r\n<head><title>{title}</title></head>\r\n<body>{heading}</body>\r\n</html>\r\n"
    head = f"HTTP/1.1 {title}\r\nServer: awselb/2.0\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n"
    return head + body


def checked(group: TargetGroup) -> str:
    """The backend whose servers are health-checked."""
    return f"tg_{group.key}"


def fail_open(group: TargetGroup) -> str:
    """The backend that takes over when no target is healthy."""
    return f"open_{group.key}"


def server_options(group: TargetGroup) -> str:
    """Return what a server needs besides its address to be reached and checked."""
    check = group.check
    tls = " ssl verify none" if group.protocol == "HTTPS" else ""
    check_tls = {("HTTP", "HTTPS"): " check-ssl verify none", ("HTTPS", "HTTP"): " no-check-ssl"}.get(
        (group.protocol, check.protocol), ""
    )
    port = f" port {check.port}" if check.port else ""
    return (
        f"check inter {check.interval * 1000}ms rise {check.healthy_threshold} fall {check.unhealthy_threshold}"
        f"{port}{tls}{check_tls}"
    )


def twin_options(group: TargetGroup) -> str:
    """Return the same for a server of the fail-open backend, which is not checked."""
    return "ssl verify none" if group.protocol == "HTTPS" else ""


def render(fleet: Fleet, servers: Iterable[Server], files: Files) -> str:
    """Return the whole configuration."""
    servers = list(servers)
    lines = [*_preamble(files), "", "backend none"]
    for group in fleet.groups:
        lines += ["", *_backends(group, [server for server in servers if server.group == group.arn], files)]
    groups = {group.arn: group for group in fleet.groups}
    for balancer in fleet.balancers:
        for listener in balancer.listeners:
            lines += ["", *_frontend(balancer, listener, groups)]
    return "\n".join(lines) + "\n"


def _preamble(files: Files) -> list[str]:
    return [
        "global",
        f"    stats socket {files.socket} mode 600 level admin expose-fd listeners",
        f"    server-state-file {files.state}",
        f"    hard-stop-after {RELOAD_MINUTES}m",
        "    maxconn 4000",
        "    log stdout format raw local0",
        "    ssl-default-bind-options ssl-min-ver TLSv1.2",
        "",
        "defaults",
        "    mode http",
        "    log global",
        "    option httplog",
        # An ALB sends a request once; a target that fails it is not given to another.
        "    retries 0",
        "    http-reuse always",
        f"    timeout connect {CONNECT_SECONDS}s",
        "    timeout client 60s",
        "    timeout server 60s",
        "    load-server-state-from-file global",
        *(f"    errorfile {status} {files.error(status)}" for status in ERRORS),
    ]


def _backends(group: TargetGroup, servers: list[Server], files: Files) -> Iterator[str]:
    yield f"backend {checked(group)}"
    yield from _common(group, files)
    yield from _health(group.check)
    options = server_options(group)
    yield from (f"    server {server.name} {server.address} {options}" for server in servers)
    yield ""
    yield f"backend {fail_open(group)}"
    yield from _common(group, files)
    twin = f" {twin_options(group)}".rstrip()
    yield from (f"    server {server.name} {server.address} disabled{twin}" for server in servers)


def _common(group: TargetGroup, files: Files) -> Iterator[str]:
    yield f"    balance {'leastconn' if group.algorithm == 'least_outstanding_requests' else 'roundrobin'}"
    yield f"    timeout server {group.idle_timeout}s"
    # HAProxy says 503 when it cannot connect. An ALB says 502 if it was refused, 504 if it waited in vain, and 503
    # only without targets; such requests go to the backend `none` and never get here.
    yield f"    errorfile 503 {files.error(502)}"
    yield "    http-request set-var(txn.begun) date(0,ms)"
    yield "    http-response set-var(txn.answered) bool(true)"
    unanswered = "{ status 503 } !{ var(txn.answered) -m found }"
    waited = f"{{ date(0,ms),sub(txn.begun) -m int ge {CONNECT_SECONDS * 1000} }}"
    yield f"    http-after-response set-status 504 if {unanswered} {waited}"
    yield f"    http-after-response set-status 502 if {unanswered}"


def _health(check: HealthCheck) -> Iterator[str]:
    yield f"    timeout check {check.timeout}s"
    yield "    option httpchk"
    yield (
        f"    http-check send meth GET uri {quoted(check.path)} ver HTTP/1.1 hdr Host health-check"
        " hdr User-Agent ELB-HealthChecker/2.0 hdr Connection close"
    )
    yield f"    http-check expect status {check.codes}"


def _frontend(balancer: LoadBalancer, listener: Listener, groups: dict[str, TargetGroup]) -> Iterator[str]:
    idle = balancer.attributes["idle_timeout.timeout_seconds"]
    yield f"frontend {balancer.name}:{listener.port}"
    addresses = ",".join(f"{address}:{listener.port}" for address in balancer.addresses)
    yield f"    bind {addresses}{_tls(balancer, listener)}"
    yield f"    timeout client {idle}s"
    yield f"    timeout http-keep-alive {idle}s"
    yield from _headers(balancer, listener)
    for number, rule in enumerate(listener.rules):
        tests = ["!{ var(txn.rule) -m found }", *(conditions.render(condition) for condition in rule.conditions)]
        yield f"    http-request set-var(txn.rule) int({number}) if {' '.join(tests)}"
    forwards: list[str] = []
    for number, rule in enumerate(listener.rules):
        chosen = f"{{ var(txn.rule) -m int eq {number} }}"
        kind = rule.action["Type"]
        if kind == "redirect":
            yield from _redirect(rule.action["RedirectConfig"], listener, chosen)
        elif kind == "fixed-response":
            yield _fixed_response(rule.action["FixedResponseConfig"], chosen)
        elif kind == "forward":
            choice, uses = _forward(rule.action, chosen, groups)
            yield from choice
            forwards += uses
        else:  # the authentication of users needs an identity provider
            yield f"    http-request return status 501 if {chosen}"
    yield from forwards
    yield "    default_backend none"


def _tls(balancer: LoadBalancer, listener: Listener) -> str:
    if listener.protocol != "HTTPS":
        return ""
    certificates = "".join(f" crt {path}" for path in listener.certificates)
    protocols = "http/1.1" if balancer.attributes["routing.http2.enabled"] == "false" else "h2,http/1.1"
    minimum = " ssl-min-ver TLSv1.3" if "TLS13-1-3" in listener.security_policy else ""
    return f" ssl{certificates} alpn {protocols}{minimum}"


def _headers(balancer: LoadBalancer, listener: Listener) -> Iterator[str]:
    attributes = balancer.attributes
    if attributes["routing.http.drop_invalid_header_fields.enabled"] == "true":
        yield "    http-request del-header '[^-A-Za-z0-9]' -m reg"
    client = "%[src]:%[src_port]" if attributes["routing.http.xff_client_port.enabled"] == "true" else "%[src]"
    mode = attributes["routing.http.xff_header_processing.mode"]
    if mode == "append":
        known = "{ req.fhdr(X-Forwarded-For) -m found }"
        yield f"    http-request set-header X-Forwarded-For '%[req.fhdr(X-Forwarded-For)], {client}' if {known}"
        yield f"    http-request set-header X-Forwarded-For {client} unless {known}"
    elif mode == "remove":
        yield "    http-request del-header X-Forwarded-For"
    yield f"    http-request set-header X-Forwarded-Proto {listener.protocol.lower()}"
    yield f"    http-request set-header X-Forwarded-Port {listener.port}"
    traced = "{ req.hdr(X-Amzn-Trace-Id) -m found }"
    yield f"    http-request set-header X-Amzn-Trace-Id Root=1-%[date,hex]-%[uuid] unless {traced}"


def _redirect(config: dict[str, Any], listener: Listener, chosen: str) -> Iterator[str]:
    placeholders = {
        "#{protocol}": listener.protocol.lower(),
        "#{host}": "%[req.hdr(host),field(1,:)]",
        "#{port}": str(listener.port),
        "#{path}": "%[path,regsub(^/,)]",
        "#{query}": "%[query]",
    }

    def filled(name: str, default: str) -> str:
        text = str(config.get(name) or default)
        for placeholder, value in placeholders.items():
            text = text.replace(placeholder, value)
        return text

    protocol = filled("Protocol", "#{protocol}").lower()
    location = f"{protocol}://{filled('Host', '#{host}')}:{filled('Port', '#{port}')}{filled('Path', '/#{path}')}"
    query = filled("Query", "#{query}")
    code = config["StatusCode"].removeprefix("HTTP_")
    with_query = "" if query != placeholders["#{query}"] else " { query -m found } { query -m len gt 0 }"
    yield f'    http-request redirect code {code} location "{location}?{query}" if {chosen}{with_query}'
    if with_query:
        yield f'    http-request redirect code {code} location "{location}" if {chosen}'


def _fixed_response(config: dict[str, Any], chosen: str) -> str:
    text = config.get("MessageBody") or ""
    body = f" content-type {config.get('ContentType') or 'text/plain'} string {quoted(text)}" if text else ""
    return f"    http-request return status {config['StatusCode']}{body} if {chosen}"


def _forward(action: dict[str, Any], chosen: str, groups: dict[str, TargetGroup]) -> tuple[list[str], list[str]]:
    """Return the lines that choose one of the action's target groups, and those that use it."""
    weighted = action.get("ForwardConfig", {}).get("TargetGroups") or [{"TargetGroupArn": action["TargetGroupArn"]}]
    weights = [int(entry.get("Weight", 1)) for entry in weighted]
    several = len(weighted) > 1
    choice = [f"    http-request set-var(txn.draw) rand({max(sum(weights), 1)}) if {chosen}"] if several else []
    uses, bound = [], 0
    for entry, weight in zip(weighted, weights, strict=True):
        bound += weight
        group = groups[entry["TargetGroupArn"]]
        if weight == 0:
            continue
        drawn = f" {{ var(txn.draw) -m int lt {bound} }}" if several else ""
        # nbsrv() is 0 in a process that is being replaced; its keep-alive clients must not get a 503 for that.
        alive = f"{chosen}{drawn} {{ nbsrv({checked(group)}) gt 0 }} || {chosen}{drawn} {{ stopping }}"
        uses.append(f"    use_backend {checked(group)} if {alive}")
        uses.append(f"    use_backend {fail_open(group)} if {chosen}{drawn} {{ nbsrv({fail_open(group)}) gt 0 }}")
        if several:
            uses.append(f"    use_backend none if {chosen}{drawn}")
    return choice, uses
