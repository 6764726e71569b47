# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Take, renew and release the deploy lock.

Private to this collection. Every change names the exact version it replaces, so losing a race is noticed and looked at
again instead of overwriting what the winner wrote.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Callable
from uuid import uuid4

from ._clock import Clock, timestamp
from ._lock_document import Claim, Lock, Process, claim, refusal
from ._lock_store import LockStore

# The winner of a race holds the lock; a second loss needs that winner to give it up meanwhile.
MAX_RACES = 10


class LockHeldError(Exception):
    """Another run holds the lock."""


@dataclass(frozen=True)
class Wish:
    """What to write into a lock that is taken; `ttl` is seconds until it expires."""

    stage: str
    owner: str
    reason: str
    version: str
    deploy_id: str
    ttl: int


@dataclass(frozen=True)
class Outcome:
    """The lock before and after, and how it came about."""

    before: Lock | None
    after: Lock | None
    changed: bool
    taken_over: Claim | None = None


@dataclass(frozen=True)
class Keeper:
    """One run's hands on the lock. `token` stands in for the process where that cannot be known."""

    store: LockStore
    clock: Clock
    me: Process | None
    lives: Callable[[Process], bool]
    token: str = ""
    dry: bool = False

    def hold(self, wish: Wish, *, renew: bool = False) -> Outcome:
        """Take or keep the lock, as wished. Our own says what it said until the wish names a version, then that.

        With `renew`, or once expired, it lasts `ttl` more.

        Raises LockHeldError when another run has it.
        """
        return self._settle(lambda found: self._try_hold(found, wish, renew=renew))

    def release(self, *, force: bool = False) -> Outcome:
        """Give up our own lock or remove an abandoned one; with `force` any lock. Raises LockHeldError."""
        return self._settle(lambda found: self._try_release(found, force=force))

    def _settle(self, attempt: Callable[[tuple[Lock, str] | None], Outcome | None]) -> Outcome:
        for _race in range(MAX_RACES):
            outcome = attempt(self.store.read())
            if outcome is not None:
                return outcome
        raise LockHeldError(
            f"The deploy lock changed hands {MAX_RACES} times while it was being changed; run the same command again."
        )

    def _claim(self, lock: Lock | None) -> Claim:
        return claim(lock=lock, me=self.me, token=self.token, now=self.clock.now(), lives=self.lives)

    def _try_hold(self, found: tuple[Lock, str] | None, wish: Wish, *, renew: bool) -> Outcome | None:
        if found is None:
            mine = self._new(wish)
            won = self.dry or self.store.create(mine)
            return Outcome(before=None, after=mine, changed=True) if won else None
        lock, etag = found
        status = self._claim(lock)
        if status is Claim.FOREIGN:
            raise LockHeldError(refusal(lock=lock, now=self.clock.now()))
        mine = self._own(lock, wish, renew=renew) if status is Claim.OWN else self._new(wish)
        if mine == lock:
            return Outcome(before=lock, after=lock, changed=False)
        if not (self.dry or self.store.replace(mine, etag=etag)):
            return None
        return Outcome(before=lock, after=mine, changed=True, taken_over=status if status.takeable else None)

    def _try_release(self, found: tuple[Lock, str] | None, *, force: bool) -> Outcome | None:
        if found is None:
            return Outcome(before=None, after=None, changed=False)
        lock, etag = found
        if self._claim(lock) is Claim.FOREIGN and not force:
            raise LockHeldError(refusal(lock=lock, now=self.clock.now()))
        won = self.dry or self.store.delete(etag=etag)
        return Outcome(before=lock, after=None, changed=True) if won else None

    def _own(self, lock: Lock, wish: Wish, *, renew: bool) -> Lock:
        """Return what our own lock says from now on. A run may hold it before it knows the version that it deploys."""
        if renew or lock.expired(self.clock.now()):
            lock = replace(lock, expires=self._expiry(wish))
        if not wish.version:
            return lock
        return replace(lock, version=wish.version, reason=wish.reason, deploy_id=wish.deploy_id)

    def _expiry(self, wish: Wish) -> str:
        return timestamp(self.clock.now() + timedelta(seconds=wish.ttl))

    def _new(self, wish: Wish) -> Lock:
        return Lock(
            stage=wish.stage,
            owner=wish.owner,
            reason=wish.reason,
            version=wish.version,
            deploy_id=wish.deploy_id,
            token=str(uuid4()),
            taken=timestamp(self.clock.now()),
            expires=self._expiry(wish),
            process=self.me,
        )
