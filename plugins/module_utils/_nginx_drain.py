# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether nginx still has requests in flight, by the evidence of its stub_status page.

Private to this collection; standard library only, because it runs on the hosts. All times are seconds.
https://nginx.org/en/docs/http/ngx_http_stub_status_module.html names the counters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Callable

from ._clock import Clock, timestamp

_PAGE = re.compile(
    r"Active connections:\s*(?P<active>\d+)\s+"
    r"server accepts handled requests\s+"
    r"(?P<accepts>\d+)\s+(?P<handled>\d+)\s+(?P<requests>\d+)\s+"
    r"Reading:\s*(?P<reading>\d+)\s+Writing:\s*(?P<writing>\d+)\s+Waiting:\s*(?P<waiting>\d+)"
)
# The request for the status page is itself being answered while nginx counts.
_OWN_REQUESTS = 1


class NotAStatusPageError(ValueError):
    """The answer is not stub_status's."""


class DrainTimeoutError(Exception):
    """Requests were still in flight, or still arriving, at the end of the time."""


@dataclass(frozen=True)
class Status:
    """nginx's counters: connections now (`reading`, `writing`, `waiting` = idle keep-alive), `requests` ever."""

    requests: int
    reading: int
    writing: int
    waiting: int

    @property
    def in_flight(self) -> int:
        """Requests being received or answered, the one for this page not counted. Idle connections are none."""
        return max(0, self.reading + self.writing - _OWN_REQUESTS)


def parse(page: str) -> Status:
    """Read a stub_status page. Raises NotAStatusPageError."""
    match = _PAGE.search(page)
    if match is None:
        raise NotAStatusPageError(f"not a stub_status page: {page[:80]!r}")
    return Status(**{name: int(match[name]) for name in ("requests", "reading", "writing", "waiting")})


@dataclass(frozen=True)
class Rule:
    """When nginx counts as drained.

    `samples` consecutive looks, `interval` apart, with nothing in flight and at most `background` new requests since
    the look before; not earlier than `quiet_seconds` and not later than `timeout` after the beginning.
    `background` are requests that are no traffic: the load balancer's health checks. Without that count, fast requests
    could slip between all the looks unseen.
    A watch may be cut into spells: one ends, for the next to go on, at a look that finds requests when `spell` seconds
    of it have passed. The looks in a row are all of one spell, so that nothing can have come between them.
    """

    samples: int
    interval: float
    quiet_seconds: float
    timeout: float
    background: int
    spell: float | None = None


@dataclass
class Drain:
    """Watches nginx until it is drained. `timeline` keeps each change of the picture.

    `watched` are the seconds of the spells before this one.
    """

    look: Callable[[], Status]
    clock: Clock
    watched: float = 0.0
    timeline: list[dict[str, Any]] = field(default_factory=list)
    in_flight: int = 0
    arrived: int = 0

    def __post_init__(self) -> None:
        self._started = self.clock.monotonic()
        self._requests: int | None = None

    @property
    def waited(self) -> float:
        """Seconds since the beginning of the first spell."""
        return round(self.watched + self.clock.monotonic() - self._started, 3)

    def sample(self) -> Status:
        """Look once; sets `in_flight` and `arrived` (requests since the look before, our own not counted)."""
        status = self.look()
        since = status.requests if self._requests is None else status.requests - self._requests
        # The first look has nothing to compare with, and a restarted nginx counts from zero.
        self.arrived = 0 if self._requests is None or since < 0 else max(0, since - _OWN_REQUESTS)
        self._requests = status.requests
        self.in_flight = status.in_flight
        self._note()
        return status

    def until(self, rule: Rule) -> bool:
        """Whether nginx is drained; if not, the spell is over. Raises DrainTimeoutError, and whatever `look` raises.

        The first look has no other to tell by what arrived; only the very first of all counts in spite of that.
        """
        quiet = -1 if self.watched else 0
        while True:
            self.sample()
            quiet = quiet + 1 if self.in_flight == 0 and self.arrived <= rule.background else 0
            if quiet >= rule.samples and self.waited >= rule.quiet_seconds:
                return True
            if self.waited >= rule.timeout:
                raise DrainTimeoutError(
                    f"nginx is not idle after {self.waited:g} s: {self.in_flight} request(s) in flight, "
                    f"{self.arrived} new one(s) in the last {rule.interval:g} s."
                )
            if quiet == 0 and rule.spell is not None and self.waited - self.watched >= rule.spell:
                return False
            self.clock.sleep(rule.interval)

    def _note(self) -> None:
        picture = {"in_flight": self.in_flight, "arrived": self.arrived}
        if not self.timeline or {key: self.timeline[-1][key] for key in picture} != picture:
            self.timeline.append({"at": timestamp(self.clock.now()), "seconds": self.waited, **picture})
