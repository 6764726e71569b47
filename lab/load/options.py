# SPDX-License-Identifier: GPL-3.0-or-later
"""What a load is made of: one dataclass describes the command line, its help and its bounds."""

from __future__ import annotations

import argparse
import ssl
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from lab.load.destination import Destination, Fixed, Followed, is_ours

MAX_RATE = 500.0  # requests a second, all kinds together
MAX_DURATION = 3600.0  # seconds
MAX_UPLOAD = 20 * 1024 * 1024  # bytes, the sample application's own limit


def _option(default: Any, description: str) -> Any:
    return field(default=default, metadata={"help": description})


@dataclass(frozen=True, kw_only=True)
class Options:
    """A load. Rates are requests a second and start at their own times, whether earlier ones were answered or not.

    Raises ValueError for an address that is not on this machine and for anything beyond the bounds.
    """

    url: str = _option(
        "http://127.77.0.10",
        "http address of the load balancer, in 127.0.0.0/8; with a resolver, the site's http or https address by name",
    )
    resolver: str = _option("", "address (and :port) of the name server to follow, in 127.0.0.0/8 or 10.77.0.0/24")
    ca_file: str = _option("", "certificates (PEM) of the authorities to trust for https")
    host: str = _option("amy.carpentries.test", "Host header")
    duration: float = _option(60.0, f"seconds, at most {MAX_DURATION:g}")
    rate: float = _option(40.0, "quick requests a second: front page, an inner page and static files in turn")
    front_page: str = _option("/", "path of the front page, which names static files")
    front_text: str = _option("Log in", "text that the front page must have")
    inner_page: str = _option("/account/login/", "path of another page")
    inner_text: str = _option("csrfmiddlewaretoken", "text that it must have")
    static_url: str = _option("/static/", "how the paths of static files begin")
    slow_rate: float = _option(0.2, "slow requests a second")
    slow_seconds: float = _option(10.0, "seconds that the application takes to answer a slow request, at most 60")
    upload_rate: float = _option(0.2, "uploads a second")
    upload_bytes: int = _option(512 * 1024, "bytes of each upload")
    upload_seconds: float = _option(6.0, "seconds over which each upload is sent")
    enqueue_rate: float = _option(0.0, "jobs enqueued a second")
    schedule_rate: float = _option(0.0, "jobs scheduled a second")
    schedule_in: float = _option(5.0, "seconds from the request to a scheduled job's first run")
    schedule_every: int = _option(0, "seconds between the runs of a scheduled job; 0: it runs once")
    schedule_times: int = _option(3, "runs of a repeatedly scheduled job")
    job_seconds: float = _option(1.0, "seconds that each job takes")
    timeout: float = _option(60.0, "seconds until an unanswered request counts as lost")
    run: str = _option("", "name of this run, the beginning of all its ids; default: a random one")
    report: str = _option("", "file to write the JSON report to")
    stop_file: str = _option("", "file whose appearance ends the load early (so do SIGTERM and SIGINT)")

    def __post_init__(self) -> None:
        """Check the bounds."""
        self._check_address()
        rates = {name: getattr(self, name) for name in RATES}
        if min(rates.values()) < 0 or not 0 < sum(rates.values()) <= MAX_RATE:
            raise ValueError(f"The rates together must be above 0 and at most {MAX_RATE:g} a second: {rates}.")
        if not 0 < self.duration <= MAX_DURATION:
            raise ValueError(f"The duration must be above 0 and at most {MAX_DURATION:g} s, not {self.duration:g}.")
        if not 0 <= self.upload_bytes <= MAX_UPLOAD:
            raise ValueError(f"An upload may have at most {MAX_UPLOAD} bytes, not {self.upload_bytes}.")

    def _check_address(self) -> None:
        parts = urlsplit(self.url)
        if self.resolver:
            if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
                raise ValueError(f"{self.url} is no http or https address of a site, such as https://amy.example.org.")
            if not is_ours(self.name_server[0]):
                raise ValueError(
                    f"{self.resolver} is neither in 127.0.0.0/8 nor in 10.77.0.0/24: this load is for a stage on this "
                    "machine only. Give the local cloud's resolver, 10.77.0.1."
                )
        elif parts.scheme != "http" or parts.path.strip("/") or not _is_loopback(parts.hostname or ""):
            raise ValueError(
                f"{self.url} is no http address in 127.0.0.0/8: this load is for a stage on this machine only. "
                "Give the load balancer's loopback address, such as http://127.77.0.10, or --resolver."
            )

    @property
    def name_server(self) -> tuple[str, int]:
        """The address and port of the resolver."""
        address, _, port = self.resolver.partition(":")
        return address, int(port or 53)

    def destination(self) -> Destination:
        """Where the load's connections go."""
        parts = urlsplit(self.url)
        name, tls = str(parts.hostname), parts.scheme == "https"
        port = parts.port or (443 if tls else 80)
        if not self.resolver:
            return Fixed((name, port))
        context = ssl.create_default_context(cafile=self.ca_file or None) if tls else None
        return Followed(name=name, port=port, resolver=self.name_server, context=context)

    def arguments(self) -> list[str]:
        """Return the command line that means the same."""
        return [f"--{_flag(item.name)}={getattr(self, item.name)}" for item in fields(self)]


RATES = ("rate", "slow_rate", "upload_rate", "enqueue_rate", "schedule_rate")


def parse(arguments: list[str] | None = None) -> Options:
    """Read the command line; exits with code 2 and a message when it is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m lab.load",
        description="Load a local stage and count what it loses. Assumed of a client: a connection that was idle for "
        "20 seconds is not used again; with a resolver, its answer is used for the answer's TTL.",
    )
    for item in fields(Options):
        parser.add_argument(
            f"--{_flag(item.name)}",
            type=type(item.default),
            default=item.default,
            help=f"{item.metadata['help']} (default: %(default)s)" if item.default else item.metadata["help"],
        )
    try:
        return Options(**vars(parser.parse_args(arguments)))
    except ValueError as error:
        parser.error(str(error))


def _flag(name: str) -> str:
    return name.replace("_", "-")


def _is_loopback(host: str) -> bool:
    return host.startswith("127.") and is_ours(host)
