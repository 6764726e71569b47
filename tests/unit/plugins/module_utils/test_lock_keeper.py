# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import boto3
import pytest

from plugins.module_utils._aws_client import AwsError
from plugins.module_utils._lock_document import Claim, Lock, Process, UnreadableLockError
from plugins.module_utils._lock_keeper import MAX_RACES, Keeper, LockHeldError, Wish
from plugins.module_utils._lock_store import LockStore, S3LockStore
from tests.unit.plugins.module_utils.fake_clock import FakeClock

ME = Process(host="laptop", machine="m1", boot_id="b1", namespace="pid:[1]", pid=1, started=1)
OTHER = replace(ME, pid=2)
WISH = Wish(stage="local", owner="maria@laptop", reason="release", version="v2", deploy_id="d1", ttl=3600)
KEY = "locks/local.json"


@pytest.fixture
def store(aws: Callable[[str], Any]) -> S3LockStore:
    s3 = aws("s3")
    s3.create_bucket(Bucket="stage")
    return S3LockStore(client=s3, bucket="stage", key=KEY)


def keeper(
    store: LockStore, *, me: Process | None = ME, lives: bool = True, clock: FakeClock | None = None, dry: bool = False
) -> Keeper:
    return Keeper(store=store, clock=clock or FakeClock(), me=me, lives=lambda _: lives, dry=dry)


def test_a_free_lock_is_taken_and_released(store: S3LockStore) -> None:
    taken = keeper(store).hold(WISH)
    assert taken.changed
    found = store.read()
    assert found is not None
    assert found[0] == taken.after
    assert (found[0].taken, found[0].expires) == ("2026-01-31T12:00:00.000Z", "2026-01-31T13:00:00.000Z")
    assert keeper(store).release().changed
    assert store.read() is None


def test_taking_and_releasing_twice_changes_nothing(store: S3LockStore) -> None:
    first = keeper(store).hold(WISH)
    again = keeper(store).hold(WISH)
    assert (again.changed, again.after) == (False, first.after)
    keeper(store).release()
    assert not keeper(store).release().changed


def test_another_runs_lock_is_neither_taken_nor_released(store: S3LockStore) -> None:
    taken = keeper(store, me=OTHER).hold(WISH)
    with pytest.raises(LockHeldError, match="make unlock STAGE=local"):
        keeper(store).hold(WISH)
    with pytest.raises(LockHeldError):
        keeper(store).release()
    found = store.read()
    assert found is not None
    assert found[0] == taken.after


def test_force_releases_any_lock(store: S3LockStore) -> None:
    keeper(store, me=OTHER).hold(WISH)
    assert keeper(store).release(force=True).changed
    assert store.read() is None


def test_renewing_extends_our_own_lock_and_keeps_its_token(store: S3LockStore) -> None:
    clock = FakeClock()
    first = keeper(store, clock=clock).hold(WISH).after
    clock.sleep(600)
    renewed = keeper(store, clock=clock).hold(WISH, renew=True).after
    assert first is not None
    assert renewed == replace(first, expires="2026-01-31T13:10:00.000Z")


def test_our_own_lock_says_the_version_once_that_is_known(store: S3LockStore) -> None:
    """A deploy takes over what a dead one has left before it knows what it deploys itself."""
    left = keeper(store).hold(WISH).after
    assert left is not None
    unknown = replace(WISH, version="", reason="make deploy", deploy_id="d2")
    assert keeper(store).hold(unknown).after == left
    known = keeper(store).hold(replace(unknown, version="v3"))
    assert known.changed
    assert known.after == replace(left, version="v3", reason="make deploy", deploy_id="d2")
    assert not keeper(store).hold(replace(unknown, version="v3")).changed


def test_our_own_expired_lock_is_extended_unasked(store: S3LockStore) -> None:
    clock = FakeClock()
    keeper(store, clock=clock).hold(WISH)
    clock.sleep(7200)
    again = keeper(store, clock=clock).hold(WISH)
    assert again.changed
    assert again.taken_over is None
    assert again.after is not None
    assert again.after.expires == "2026-01-31T15:00:00.000Z"


@pytest.mark.parametrize(("lives", "seconds", "why"), [(False, 1, Claim.DEAD), (True, 3600, Claim.EXPIRED)])
def test_an_abandoned_lock_is_taken_over(store: S3LockStore, lives: bool, seconds: float, why: Claim) -> None:
    clock = FakeClock()
    left = keeper(store, me=OTHER, clock=clock).hold(WISH).after
    clock.sleep(seconds)
    taken = keeper(store, lives=lives, clock=clock).hold(WISH)
    assert (taken.taken_over, taken.before) == (why, left)
    assert taken.after is not None
    assert taken.after.process == ME


def test_any_run_may_release_an_abandoned_lock(store: S3LockStore) -> None:
    keeper(store, me=OTHER).hold(WISH)
    assert keeper(store, lives=False).release().changed


def test_a_dry_run_changes_nothing(store: S3LockStore) -> None:
    assert keeper(store, dry=True).hold(WISH).changed
    assert store.read() is None
    keeper(store).hold(WISH)
    assert keeper(store, dry=True).release().changed
    assert store.read() is not None


def test_a_holder_who_lost_the_lock_does_not_remove_the_successors(store: S3LockStore) -> None:
    """Between our look and our delete the lock changes hands: the delete must miss, and the second look must see it."""
    keeper(store).hold(WISH)

    class Raced(S3LockStore):
        def delete(self, *, etag: str) -> bool:
            found = self.read()
            assert found is not None
            self.replace(replace(found[0], process=OTHER, token="theirs"), etag=found[1])
            return super().delete(etag=etag)

    with pytest.raises(LockHeldError):
        keeper(Raced(client=store.client, bucket="stage", key=KEY)).release()
    found = store.read()
    assert found is not None
    assert found[0].token == "theirs"


def test_an_endless_race_ends() -> None:
    class Unlucky:
        looks = 0

        def read(self) -> tuple[Lock, str] | None:
            self.looks += 1
            return None

        def create(self, lock: Lock) -> bool:
            return False

        def replace(self, lock: Lock, *, etag: str) -> bool:
            return False

        def delete(self, *, etag: str) -> bool:
            return False

    store = Unlucky()
    with pytest.raises(LockHeldError, match="changed hands"):
        keeper(store).hold(WISH)
    assert store.looks == MAX_RACES


class InTurn(S3LockStore):
    """S3 looks and writes in one step, moto in two."""

    turn = threading.Lock()

    def create(self, lock: Lock) -> bool:
        with self.turn:
            return super().create(lock)


def test_of_a_hundred_simultaneous_takers_exactly_one_wins(store: S3LockStore) -> None:
    start = threading.Barrier(100)
    serialized = InTurn(client=store.client, bucket=store.bucket, key=store.key)

    def take(number: int) -> bool:
        start.wait()
        try:
            return keeper(serialized, me=replace(ME, pid=number)).hold(WISH).changed
        except LockHeldError:
            return False

    with ThreadPoolExecutor(max_workers=100) as pool:
        winners = [number for number, won in enumerate(pool.map(take, range(100))) if won]
    assert len(winners) == 1
    found = store.read()
    assert found is not None
    assert found[0].process == replace(ME, pid=winners[0])


def test_a_missing_bucket_tells_how_to_create_it(store: S3LockStore) -> None:
    with pytest.raises(AwsError, match="make provision"):
        keeper(S3LockStore(client=store.client, bucket="absent", key=KEY)).hold(WISH)


def test_a_foreign_object_is_not_overwritten(store: S3LockStore) -> None:
    boto3.client("s3", region_name="us-east-1").put_object(Bucket="stage", Key=KEY, Body=b"mine")
    with pytest.raises(UnreadableLockError):
        keeper(store).hold(WISH)
