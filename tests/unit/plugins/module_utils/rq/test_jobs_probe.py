# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import pickle
import zlib
from typing import Any

import pytest

from plugins.module_utils.rq.jobs_probe import (
    client,
    entries,
    examine_kept,
    function_name,
    kind_of,
    load,
    refuse_database,
)


class Store:
    """The lists and sorted sets of a Redis."""

    def __init__(self, content: dict[str, list[bytes]]) -> None:
        self._content = content

    def lrange(self, key: str, _first: int, _last: int) -> list[bytes]:
        return self._content.get(key, [])

    def zrange(self, key: str, _first: int, _last: int, *, withscores: bool = False) -> list[Any]:
        return [(member, 7.0) if withscores else member for member in self._content.get(key, [])]


def test_every_place_where_a_job_may_be_is_looked_at() -> None:
    content = {
        "rq:queue:default": [b"queued"],
        "rq:queue:default:intermediate": [b"taken"],
        "rq:wip:default": [b"running:execution"],
        "rq:deferred:default": [b"deferred"],
        "rq:scheduled:default": [b"scheduled"],
        "rq:scheduler:scheduled_jobs": [b"later"],
        "rq:failed:default": [b"failed"],
        "rq:queue:other": [b"of another queue"],
    }
    found = {job: kind for kind, _key, job, _score in entries(Store(content), ["default"])}
    assert list(found) == ["running", "taken", "queued", "scheduled", "later", "deferred", "failed"]
    assert [job for job, kind in found.items() if kind.is_timed] == ["scheduled", "later"]
    assert [job for job, kind in found.items() if kind.in_hand] == ["running", "taken"]
    assert [job for job, kind in found.items() if not kind.runs] == ["failed"]
    assert all(kind is kind_of(key) for kind, key, _job, _score in entries(Store(content), ["default"]))


@pytest.mark.parametrize("key", ["rq:queue:", "rq:workers", "rq:job:a", "rq:scheduler:scheduled_jobs:b", "x:rq:wip:a"])
def test_other_keys_hold_no_jobs(key: str) -> None:
    with pytest.raises(ValueError, match="holds no jobs"):
        kind_of(key)


def test_a_url_that_cannot_be_read_is_refused_without_the_password() -> None:
    with pytest.raises(SystemExit, match="cannot be read") as failure:
        client(redis_url="redis://amy:canary/bird@127.0.0.1/2", queue="default")
    assert "canary" not in str(failure.value)


def test_an_id_may_have_a_colon_where_none_is_added_to_it() -> None:
    keys = ("rq:queue:default", "rq:deferred:default", "rq:scheduled:default", "rq:scheduler:scheduled_jobs")
    for key in keys:
        assert [found[1:3] for found in entries(Store({key: [b"mail:7"]}), ["default"])] == [(key, "mail:7")]
    (running,) = entries(Store({"rq:wip:default": [b"mail:execution"]}), ["default"])
    assert running[1:3] == ("rq:wip:default", "mail")


@pytest.mark.parametrize("pack", [zlib.compress, bytes])
def test_a_method_of_an_instance_is_loaded(pack: type[bytes]) -> None:
    assert load(pack(pickle.dumps(("upper", "text", (), {}))), pickle.dumps({})) == "upper"


def test_a_method_that_is_gone_is_no_job() -> None:
    with pytest.raises(AttributeError):
        load(zlib.compress(pickle.dumps(("no_such_method", "text", (), {}))), None)


class Letter:
    """What a job may be a method of."""

    def __init__(self, to: str) -> None:
        self.to = to

    def send(self) -> None:
        """Do nothing."""


LETTER = f"{__name__}.Letter.send"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    ("call", "name"),
    [
        (("app.jobs.send", None, ("amy",), {}), "app.jobs.send"),
        (("send", Letter("amy"), (), {}), LETTER),
        (("upper", "text", (), {}), "upper"),
    ],
)
def test_a_job_is_named_without_running_it(call: tuple[Any, ...], name: str, protocol: int) -> None:
    assert function_name(zlib.compress(pickle.dumps(call, protocol))) == name


@pytest.mark.parametrize("data", [b"", b"damaged", b"\xff", pickle.dumps(7), pickle.dumps(())])
def test_what_is_no_job_has_no_name(data: bytes) -> None:
    assert function_name(data) == "unknown"


def test_jobs_that_are_not_in_redis_are_loaded_from_the_order() -> None:
    def encoded(value: object) -> str:
        return base64.b64encode(pickle.dumps(value)).decode()

    good = {"id": "good", "data": encoded(("upper", "text", (), {})), "meta": encoded({})}
    bad = {"id": "bad", "data": encoded(("no_such_method", "text", (), {})), "meta": None}
    found = examine_kept([good, bad])["errors"]
    assert list(found) == ["bad"]
    assert "no_such_method" in found["bad"]


def test_loading_a_job_opens_no_database() -> None:
    with pytest.raises(RuntimeError, match="database"):
        refuse_database()
