# SPDX-License-Identifier: GPL-3.0-or-later
"""A lease in memory."""

from __future__ import annotations

from ansible_collections.carpentries.amy.plugins.module_utils.rq.lease import Claim


class FakeLease:
    """As `RedisLease`, but its time to live stands still."""

    def __init__(self, claim: Claim | None = None) -> None:
        self._claim = claim

    def claim(self) -> Claim | None:
        return self._claim

    def take(self, *, holder: str, seconds: int) -> bool:
        if self._claim is not None:
            return False
        self._claim = Claim(holder, seconds)
        return True

    def replace(self, *, expected: str, holder: str, seconds: int) -> bool:
        if self._claim is None or self._claim.holder != expected:
            return False
        self._claim = Claim(holder, seconds)
        return True

    def give_up(self, *, expected: str) -> bool:
        if self._claim is None or self._claim.holder != expected:
            return False
        self._claim = None
        return True
