# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pickle
import zlib

import pytest

from plugins.module_utils.rq.jobs_probe import (
    client,
    function_name,
    load,
    refuse_database,
    waiting,
)


class Store:
    """The lists and sorted sets of a Redis."""

    def __init__(self, content: dict[str, list[bytes]]) -> None:
        self._content = content

    def lrange(self, key: str, _first: int, _last: int) -> list[bytes]:
        return self._content.get(key, [])

    zrange = lrange


def test_every_place_where_a_job_may_wait_is_looked_at() -> None:
    content = {
        "rq:queue:default": [b"queued"],
        "rq:queue:default:intermediate": [b"taken"],
        "rq:wip:default": [b"running:execution"],
        "rq:deferred:default": [b"deferred"],
        "rq:scheduled:default": [b"scheduled"],
        "rq:scheduler:scheduled_jobs": [b"later"],
        "rq:queue:other": [b"of another queue"],
    }
    found = [job for job, _place in waiting(Store(content), ["default"])]
    assert found == ["queued", "taken", "running", "deferred", "scheduled", "later"]


def test_a_url_that_cannot_be_read_is_refused_without_the_password() -> None:
    with pytest.raises(SystemExit, match="cannot be read") as failure:
        client(redis_url="redis://amy:canary/bird@127.0.0.1/2", queue="default")
    assert "canary" not in str(failure.value)


def test_an_id_may_have_a_colon_where_none_is_added_to_it() -> None:
    keys = ("rq:queue:default", "rq:deferred:default", "rq:scheduled:default", "rq:scheduler:scheduled_jobs")
    for key in keys:
        assert list(waiting(Store({key: [b"mail:7"]}), ["default"])) == [("mail:7", key)]
    assert list(waiting(Store({"rq:wip:default": [b"mail:execution"]}), ["default"])) == [("mail", "rq:wip:default")]


@pytest.mark.parametrize("pack", [zlib.compress, bytes])
def test_a_method_of_an_instance_is_loaded(pack: type[bytes]) -> None:
    assert load(pack(pickle.dumps(("upper", "text", (), {}))), pickle.dumps({})) == "upper"


def test_a_method_that_is_gone_is_no_job() -> None:
    with pytest.raises(AttributeError):
        load(zlib.compress(pickle.dumps(("no_such_method", "text", (), {}))), None)


@pytest.mark.parametrize(
    ("data", "name"),
    [(zlib.compress(pickle.dumps(("app.jobs.send", None, (), {}))), "app.jobs.send"), (b"damaged", "unknown")],
)
def test_a_job_that_cannot_be_loaded_is_named_without_running_it(data: bytes, name: str) -> None:
    assert function_name(data) == name


def test_loading_a_job_opens_no_database() -> None:
    with pytest.raises(RuntimeError, match="database"):
        refuse_database()
