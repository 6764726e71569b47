# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError
from ansible_collections.carpentries.amy.plugins.module_utils.rq.jobs_check import probe


def probed(code: int, output: str = "", errors: str = "") -> dict[str, Any]:
    """What `probe` makes of a program that ends so."""
    module = SimpleNamespace(
        params={"path": "/site/releases/v2", "user": "amy"}, run_command=lambda *_, **__: (code, output, errors)
    )
    order = {"redis_url": "redis://amy:canary@redis.test/2", "queues": ["default"]}
    findings: dict[str, Any] = probe(module, order=order, timeout=5)
    return findings


def test_findings_are_the_programs_answer() -> None:
    assert probed(0, '{"jobs": [], "missing": ["gone"]}')["missing"] == ["gone"]


@pytest.mark.parametrize(
    ("code", "errors", "message"),
    [
        (127, "env: '/site/releases/v2/.venv/bin/with-environment': No such file", "No such file"),
        (1, "runuser: user amy does not exist", "user amy does not exist"),
        (124, "", "longer than 5 seconds"),
    ],
)
def test_a_release_that_cannot_be_asked_says_why(code: int, errors: str, message: str) -> None:
    with pytest.raises(QueueError, match=message) as failure:
        probed(code, errors=errors)
    assert "canary" not in str(failure.value)
