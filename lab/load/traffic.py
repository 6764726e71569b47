# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of requests, and what a correct answer to each looks like."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from lab.load.http1 import Answer, Request
from lab.load.options import Options

MAX_STATIC = 32  # addresses of static files remembered; those of earlier releases are asked for on purpose


class BadAnswerError(Exception):
    """A 2xx answer with the wrong content; the message says what is wrong."""


@dataclass(frozen=True, kw_only=True)
class Shot:
    """A request of a kind, and the check of its answer (raises BadAnswerError)."""

    kind: str
    id: str
    request: Request
    check: Callable[[Answer], None]


class Traffic:
    """Makes shots, and remembers what the answers to them promised."""

    def __init__(self, *, options: Options, run: str) -> None:
        self._options = options
        self._run = run
        self._static_file = re.compile(f'"({re.escape(options.static_url)}[^"]+)"'.encode())
        self._static: deque[str] = deque(maxlen=MAX_STATIC)
        self._static_bodies: dict[str, str] = {}
        self._numbers = iter(range(1, 10**9))
        self._random = random.Random(run)  # noqa: S311 - a choice of files, no secret
        self.uploads: list[str] = []
        self.jobs: dict[str, int] = {}
        self.scheduled: dict[str, int] = {}

    def streams(self) -> Iterator[tuple[float, Callable[[], Shot]]]:
        """Yield each stream of shots: how many a second, and what makes the next one."""
        options = self._options
        yield options.rate, self._quick
        yield options.slow_rate, self._slow
        yield options.upload_rate, self._upload
        yield options.enqueue_rate, self._enqueue
        yield options.schedule_rate, self._schedule

    def _id(self) -> str:
        return f"{self._run}-{next(self._numbers)}"

    def _quick(self) -> Shot:
        number = next(self._numbers)
        shot_id = f"{self._run}-{number}"
        if number % 3 == 0 and self._static:
            target = self._random.choice(self._static)
            request = Request(target=target)
            return Shot(
                kind="static", id=shot_id, request=request, check=lambda answer: self._check_static(target, answer)
            )
        if number % 3 == 1:
            request = Request(target=self._options.inner_page)
            return Shot(kind="inner", id=shot_id, request=request, check=self._check_inner_page)
        request = Request(target=self._options.front_page)
        return Shot(kind="front", id=shot_id, request=request, check=self._check_front_page)

    def _slow(self) -> Shot:
        seconds = self._options.slow_seconds
        request = Request(target=f"/slow/?seconds={seconds:g}")
        return Shot(kind="slow", id=self._id(), request=request, check=lambda answer: _expect(answer, seconds=seconds))

    def _upload(self) -> Shot:
        upload_id = self._id()
        body = random.Random(upload_id).randbytes(self._options.upload_bytes)  # noqa: S311
        request = Request(
            method="POST",
            target=f"/upload/?request_id={upload_id}",
            headers={"Content-Type": "application/octet-stream", "X-Request-Id": upload_id},
            body=body,
            sending_seconds=self._options.upload_seconds,
        )
        digest = hashlib.sha256(body).hexdigest()

        def check(answer: Answer) -> None:
            _expect(answer, request_id=upload_id, size=len(body), sha256=digest)
            self.uploads.append(upload_id)

        return Shot(kind="upload", id=upload_id, request=request, check=check)

    def _enqueue(self) -> Shot:
        job = self._id()
        target = f"/enqueue/?count=1&seconds={self._options.job_seconds:g}&id={job}"
        owed = {f"{job}-0": 1}
        return self._job_shot(kind="enqueue", shot_id=job, target=target, owed=owed, promised=self.jobs)

    def _schedule(self) -> Shot:
        options, job = self._options, self._id()
        target = f"/schedule/?in={options.schedule_in:g}&seconds={options.job_seconds:g}&id={job}"
        owed = {job: 1}
        if options.schedule_every:
            target += f"&every={options.schedule_every}&times={options.schedule_times}"
            owed = {job: options.schedule_times}
        return self._job_shot(kind="schedule", shot_id=job, target=target, owed=owed, promised=self.scheduled)

    @staticmethod
    def _job_shot(*, kind: str, shot_id: str, target: str, owed: dict[str, int], promised: dict[str, int]) -> Shot:
        def check(answer: Answer) -> None:
            _expect(answer, jobs=owed)
            promised.update(owed)

        return Shot(kind=kind, id=shot_id, request=Request(method="POST", target=target), check=check)

    def _check_front_page(self, answer: Answer) -> None:
        _expect_text(answer, self._options.front_text)
        for match in self._static_file.findall(answer.body):
            target = match.decode("ascii")
            if target not in self._static:
                self._static.append(target)

    def _check_inner_page(self, answer: Answer) -> None:
        _expect_text(answer, self._options.inner_text)

    def _check_static(self, target: str, answer: Answer) -> None:
        """A hashed name stands for one content, whichever host and release answers."""
        digest = hashlib.sha256(answer.body).hexdigest()
        if not answer.body or self._static_bodies.setdefault(target, digest) != digest:
            raise BadAnswerError(f"{target} has another content than before")


def _expect_text(answer: Answer, text: str) -> None:
    if text.encode() not in answer.body:
        raise BadAnswerError(f"the page does not say {text!r}")


def _expect(answer: Answer, **expected: Any) -> None:
    """Compare members of the JSON answer with those expected."""
    try:
        actual = json.loads(answer.body)
    except ValueError as error:
        raise BadAnswerError(f"no JSON: {error}") from error
    for name, value in expected.items():
        if not isinstance(actual, dict) or actual.get(name) != value:
            raise BadAnswerError(f"{name} is not {value!r}")
