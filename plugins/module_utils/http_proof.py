# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Proves by HTTP that a release serves: every check passes, several times in a row, before a deadline.

A check knows more than "it answers": AMY's login page fails without database or static files while `/version/` is fine.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from ._clock import Clock

_LARGEST_BODY = 4 << 20
_SHOWN_BODY = 300
# How a load balancer says by which scheme a visitor came.
FORWARDED_PROTO = "X-Forwarded-Proto"

# A check as a module's option.
CHECK_OPTIONS: dict[str, dict[str, Any]] = {
    "path": {"type": "str", "required": True},
    "host": {"type": "str", "required": True},
    "status": {"type": "raw"},
    "text": {"type": "str"},
    "scheme": {"type": "str", "choices": ["http", "https"]},
    "headers": {"type": "dict"},
}


class ProofError(Exception):
    """The checks did not pass in time. `str()` says which, what was answered instead, and where to look.

    `unresolved` tells that no answer came because no resolver here knows the server's name. That says nothing of the
    site.
    """

    def __init__(self, message: str, *, unresolved: bool = False) -> None:
        super().__init__(message)
        self.unresolved = unresolved


@dataclass(frozen=True)
class Check:
    """One GET and what its answer must be: one of `status`, with `text` somewhere in the body."""

    path: str
    host: str
    status: Collection[int] = (200,)
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_secure(self) -> bool:
        """Whether it is asked as by a visitor who came by HTTPS."""
        return self.headers.get(FORWARDED_PROTO) == "https"

    def __str__(self) -> str:
        return f"GET {self.path} as {self.host}"


@dataclass(frozen=True)
class Answer:
    """What came back; `location` is where a redirect leads.

    `error` says why nothing came, and `status` is 0 then. `late` tells that it did not come in time,
    `unresolved` that the server has no address, as far as is known here.
    """

    status: int = 0
    body: str = ""
    error: str = ""
    location: str = ""
    late: bool = False
    unresolved: bool = False


class Client(Protocol):
    """Whatever can make one request."""

    def get(self, check: Check) -> Answer:
        """The answer to the check's request; never raises for a server that fails."""


@dataclass(frozen=True)
class Patience:
    """Seconds to try for and between two rounds, and the rounds in a row in which every check must pass.

    `busy` are seconds more for a site that gives no wrong answer, but none in time: its workers are busy.
    """

    timeout: float
    interval: float
    consecutive: int
    busy: float = 0


def version_of(release: str) -> str:
    """The version that a tag such as `v4.7.0` names: `release` without a `v` before a digit."""
    return re.sub(r"\Av(?=[0-9])", "", release)


def check_from(item: Mapping[str, Any], *, release: str, version: str = "") -> Check:
    """A check as playbooks write it; in its text `{release}` stands for `release`, and `{version}` for `version`.

    Without one it is that of the tag that `release` is.
    """
    status = item.get("status") or 200
    headers = dict(item.get("headers") or {})
    if item.get("scheme"):
        headers[FORWARDED_PROTO] = str(item["scheme"])
    return Check(
        path=str(item["path"]),
        host=str(item["host"]),
        status=tuple(int(code) for code in (status if isinstance(status, list) else [status])),
        text=_filled(str(item.get("text") or ""), {"{release}": release, "{version}": version or version_of(release)}),
        headers=headers,
    )


def _filled(text: str, values: Mapping[str, str]) -> str:
    """`text` with each placeholder replaced, in one pass: what a tag is called is no placeholder itself."""
    return re.sub("|".join(map(re.escape, values)), lambda found: values[found[0]], text)


def difference(check: Check, answer: Answer) -> str:
    """How `answer` differs from what `check` expects; empty if it does not."""
    if answer.error:
        return f"gave no answer: {answer.error}"
    if answer.status not in check.status:
        told = f"answered {answer.status} (expected {' or '.join(map(str, check.status))})"
        sent_to_https = answer.location.startswith("https://") and not check.is_secure
        return f"{told}: it sends visitors to HTTPS, so the check needs `scheme: https`" if sent_to_https else told
    if check.text not in answer.body:
        return f"answered {answer.status} without the text {check.text!r}"
    return ""


def prove(*, checks: Sequence[Check], client: Client, patience: Patience, clock: Clock) -> list[tuple[Check, Answer]]:
    """Ask until all checks pass `consecutive` times in a row; returns each one with its last answer.

    Raises ProofError, without advice, when the time is over; at least one round is always made.
    """
    started = clock.monotonic()
    in_a_row = 0
    while True:
        answers = [(check, client.get(check)) for check in checks]
        wrong = [(check, answer, why) for check, answer in answers if (why := difference(check, answer))]
        in_a_row = 0 if wrong else in_a_row + 1
        if in_a_row >= patience.consecutive:
            return answers
        elapsed = clock.monotonic() - started
        only_late = all(answer.late for _check, answer, _why in wrong)
        if elapsed + patience.interval > patience.timeout + (patience.busy if only_late else 0):
            told = "; ".join(f"{check} {why}" for check, _answer, why in wrong)
            told = told or f"passed only {in_a_row} of {patience.consecutive} times in a row"
            shown = excerpt(wrong[0][1]) if wrong else ""
            unresolved = bool(wrong) and all(answer.unresolved for _check, answer, _why in wrong)
            raise ProofError(f"{told}, after {elapsed:.0f} s.{shown}", unresolved=unresolved)
        clock.sleep(patience.interval)


def excerpt(answer: Answer) -> str:
    """The beginning of an answer, as a sentence to add; empty if it has none."""
    return f" The answer began: {' '.join(answer.body.split())[:_SHOWN_BODY]}" if answer.body.strip() else ""


class TargetClient:
    """Asks one server, whatever name the check calls it by: `target` is http(s)://address:port or a socket's path."""

    def __init__(self, *, target: str, timeout: float, validate_certs: bool) -> None:
        self._target = target
        self._timeout = timeout
        self._context = ssl.create_default_context()
        if not validate_certs:
            self._context.check_hostname = False
            self._context.verify_mode = ssl.CERT_NONE

    def get(self, check: Check) -> Answer:
        """See `Client.get`. Redirects are answers, not followed: the check says which it wants."""
        connection = _Connection(self._connect, host=check.host, timeout=self._timeout)
        try:
            connection.request("GET", check.path, headers={"Host": check.host, **check.headers})
            answer = connection.getresponse()
            return Answer(
                status=answer.status,
                body=answer.read(_LARGEST_BODY).decode(errors="replace"),
                location=answer.headers.get("Location", ""),
            )
        except (OSError, http.client.HTTPException) as error:
            return Answer(
                error=str(error) or type(error).__name__,
                late=isinstance(error, TimeoutError),
                unresolved=isinstance(error, socket.gaierror),
            )
        finally:
            connection.close()

    def _connect(self, host: str) -> socket.socket:
        if self._target.startswith("/"):
            plain = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            plain.settimeout(self._timeout)
            plain.connect(self._target)
            return plain
        url = urlsplit(self._target)
        secure = url.scheme == "https"
        plain = socket.create_connection((url.hostname, url.port or (443 if secure else 80)), timeout=self._timeout)
        # The certificate must be good for the site's name, not for the address that was asked.
        return self._context.wrap_socket(plain, server_hostname=host) if secure else plain


class _Connection(http.client.HTTPConnection):
    """An HTTP connection over a socket that another object opens."""

    def __init__(self, opener: Any, *, host: str, timeout: float) -> None:
        super().__init__(host, timeout=timeout)
        self._opener = opener

    def connect(self) -> None:
        """Open the connection (called by http.client)."""
        self.sock = self._opener(self.host)
