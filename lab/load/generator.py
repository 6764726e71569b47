# SPDX-License-Identifier: GPL-3.0-or-later
"""Send the traffic at its planned times until the duration ends or the caller says stop, then wait for the answers."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from lab.load.http1 import Answer, Client, ExchangeError
from lab.load.options import Options
from lab.load.report import MAX_DETAILS, Kind, Report
from lab.load.traffic import BadAnswerError, Shot, Traffic

MAX_UNANSWERED = 2000  # requests at a time, so that a dead server does not exhaust this machine
STOP_FILE_INTERVAL = 0.2  # seconds between looks at the stop file


class Generator:
    """One load. Call `run` once; `stop` may be called from a signal handler of the same event loop."""

    def __init__(self, *, options: Options) -> None:
        self._options = options
        self._run = options.run or f"load-{secrets.token_hex(4)}"
        self._destination = options.destination()
        self._client = Client(destination=self._destination, host=options.host)
        self._traffic = Traffic(options=options, run=self._run)
        self._stop = asyncio.Event()
        self._stopped_by = "duration"
        self._kinds: dict[str, Kind] = {}
        self._releases: Counter[str] = Counter()
        self._servers: Counter[str] = Counter()
        self._losses: list[dict[str, Any]] = []
        self._uploads_lost: list[str] = []
        self._skipped = 0
        self._begin = 0.0
        self._unanswered: set[asyncio.Task[None]] = set()

    def stop(self, *, reason: str) -> None:
        """Send nothing more; what was sent is still waited for."""
        if not self._stop.is_set():
            self._stopped_by = reason
            self._stop.set()

    async def run(self) -> Report:
        """Send everything, wait for the answers and return the report."""
        started = _now()
        self._begin = time.monotonic()
        watch = asyncio.create_task(self._watch_stop_file())
        streams = [
            asyncio.create_task(self._fire(rate=rate, make=make)) for rate, make in self._traffic.streams() if rate
        ]
        await asyncio.gather(*streams)
        await asyncio.gather(*self._unanswered)
        watch.cancel()
        self._client.close()
        return self._report(started=started)

    async def _fire(self, *, rate: float, make: Callable[[], Shot]) -> None:
        """Start a shot every 1/`rate` seconds of the plan; when this process was late, the late ones at once."""
        for number in range(int(self._options.duration * rate) or 1):
            planned = self._begin + (number + 0.5) / rate
            if await self._stopped_before(planned):
                return
            if len(self._unanswered) >= MAX_UNANSWERED:
                self._skipped += 1
                continue
            task = asyncio.create_task(self._shoot(make(), planned=planned))
            self._unanswered.add(task)
            task.add_done_callback(self._unanswered.discard)

    async def _stopped_before(self, moment: float) -> bool:
        """Wait until `moment` (monotonic seconds); return early, with True, when the load is stopped."""
        left = moment - time.monotonic()
        if left > 0 and not self._stop.is_set():
            try:
                await asyncio.wait_for(self._stop.wait(), left)
            except TimeoutError:
                return False
        return self._stop.is_set()

    async def _shoot(self, shot: Shot, *, planned: float) -> None:
        kind = self._kinds.setdefault(shot.kind, Kind())
        kind.sent += 1
        try:
            answer = await self._client.ask(shot.request, timeout=self._options.timeout)
            _check(shot, answer)
        except _Lost as loss:
            self._lose(shot, reason=loss.reason, detail=loss.detail)
        except ExchangeError as error:
            self._lose(shot, reason=error.reason, detail=str(error))
        else:
            kind.ok += 1
            kind.latencies.append(time.monotonic() - planned)
            self._releases.update(filter(None, [answer.headers.get("x-release")]))
            self._servers.update(filter(None, [answer.headers.get("x-served-by")]))

    def _lose(self, shot: Shot, *, reason: str, detail: str) -> None:
        kind = self._kinds[shot.kind]
        kind.lost += 1
        kind.reasons[reason] += 1
        if shot.kind == "upload":
            self._uploads_lost.append(shot.id)
        if len(self._losses) < MAX_DETAILS:
            at = round(time.monotonic() - self._begin, 3)
            self._losses.append({"at": at, "kind": shot.kind, "id": shot.id, "reason": reason, "detail": detail})

    async def _watch_stop_file(self) -> None:
        while self._options.stop_file:
            if Path(self._options.stop_file).exists():
                self.stop(reason="stop file")
                return
            await asyncio.sleep(STOP_FILE_INTERVAL)

    def _report(self, *, started: str) -> Report:
        kinds = self._kinds.values()
        return Report(
            run=self._run,
            url=self._options.url,
            started=started,
            finished=_now(),
            stopped_by=self._stopped_by,
            sent=sum(kind.sent for kind in kinds),
            ok=sum(kind.ok for kind in kinds),
            lost=sum(kind.lost for kind in kinds),
            skipped=self._skipped,
            reopened=self._client.reopened,
            connections=dict(self._destination.opened),
            kinds={name: self._kinds[name].summary() for name in sorted(self._kinds)},
            releases=dict(self._releases),
            servers=dict(self._servers),
            uploads=self._traffic.uploads,
            uploads_lost=self._uploads_lost,
            jobs=self._traffic.jobs,
            scheduled=self._traffic.scheduled,
            losses=self._losses,
        )


class _Lost(Exception):  # noqa: N818 - an outcome, not a fault of this program
    """An answer came, but not a correct 2xx one."""

    def __init__(self, *, reason: str, detail: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


def _check(shot: Shot, answer: Answer) -> None:
    if not 200 <= answer.status < 300:
        raise _Lost(reason=f"status {answer.status}", detail=answer.body[:200].decode("utf-8", "replace"))
    try:
        shot.check(answer)
    except BadAnswerError as error:
        raise _Lost(reason="bad body", detail=str(error)) from error


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")
