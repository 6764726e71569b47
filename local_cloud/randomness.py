# SPDX-License-Identifier: GPL-3.0-or-later
"""moto's randomness, made a function of the request: the same requests give the same ids, in whatever company."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from moto.moto_api._internal.moto_random import MotoRandom

_thread = threading.local()


def _source() -> random.Random:
    if not hasattr(_thread, "source"):
        _thread.source = random.Random()  # noqa: S311  (identifiers, not secrets)
    source: random.Random = _thread.source
    return source


def install() -> None:
    """Give each thread a source of its own, so that a concurrent reader cannot disturb a seeded request."""

    def getrandbits(_: MotoRandom, bits: int) -> int:
        return _source().getrandbits(bits)

    def fraction(_: MotoRandom) -> float:
        return _source().random()

    MotoRandom.getrandbits = getrandbits
    MotoRandom.random = fraction


@contextmanager
def seeded(number: int) -> Iterator[None]:
    """Draw this thread's random values from the sequence that `number` begins."""
    _source().seed(number)
    try:
        yield
    finally:
        _source().seed()
