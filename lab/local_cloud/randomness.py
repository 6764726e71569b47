# SPDX-License-Identifier: GPL-3.0-or-later
"""moto's randomness, made a function of the request: the same requests give the same ids, in whatever company."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.core.base_backend import AccountSpecificBackend
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
    _seed_backends()


def _seed_backends() -> None:
    """moto makes a backend at the first request for it: which request that is must make no difference."""
    make = AccountSpecificBackend.__getitem__

    def get(self: AccountSpecificBackend, region: str) -> Any:
        if dict.__contains__(self, region):  # its own `in` also knows regions without a backend
            return dict.__getitem__(self, region)
        with seeded(f"{self.service_name} {self.account_id} {region}"):
            return make(self, region)

    AccountSpecificBackend.__getitem__ = get


@contextmanager
def seeded(seed: int | str) -> Iterator[None]:
    """Draw this thread's random values from the sequence that `seed` begins; afterwards go on as before."""
    source = _source()
    state = source.getstate()
    source.seed(seed)
    try:
        yield
    finally:
        source.setstate(state)
