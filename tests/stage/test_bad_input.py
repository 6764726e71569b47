# SPDX-License-Identifier: GPL-3.0-or-later
"""Deploys that cannot succeed: each says what is wrong and stops before it has touched anything."""

from __future__ import annotations

import subprocess
from contextlib import nullcontext

import pytest

from tests.stage import trouble
from tests.stage.fleet import Fleet, eventually
from tests.stage.operator import ROOT, deploy


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (trouble.missing_secret, r"lacks secrets in SSM Parameter Store:\s+/amy/local/secret_key"),
        (trouble.unreachable_host, r"worker1 cannot be reached over SSH"),
        pytest.param(trouble.obstructed_host, r"worker1 could not be prepared", marks=pytest.mark.thorough),
        (trouble.full_disk, r"web1 has .* free under /webapps"),
        (trouble.redis_down, r"gets no answer from Redis at .*"),
        (trouble.database_down, r"gets no answer from PostgreSQL at .*"),
        (trouble.lock_of_another, r"held by maria@laptop"),
        (trouble.expired_credentials, r"RequestExpired"),
    ],
    ids=lambda value: getattr(value, "__name__", "says"),
)
def test_a_deploy_that_cannot_succeed_touches_nothing(on_v1: Fleet, broken: trouble.Trouble, message: str) -> None:
    assert_refused_untouched(on_v1, broken, version="v2", message=message)


def test_an_unknown_version_is_refused(on_v1: Fleet) -> None:
    assert_refused_untouched(on_v1, nullcontext, version="v99", message=r"has no tag, branch or commit '+v99'")


def test_an_unknown_stage_is_refused() -> None:
    refused = subprocess.run(["make", "deploy", "STAGE=nowhere"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    stages = " ".join(sorted(path.name for path in (ROOT / "inventories").iterdir()))
    assert f'There is no stage "nowhere". Stages are the folders of inventories/: {stages}\n' in refused.stderr


def assert_refused_untouched(fleet: Fleet, broken: trouble.Trouble, *, version: str, message: str) -> None:
    """Require that a deploy to a broken stage says `message`, and leaves everything as it was."""
    eventually(fleet.programs_run, within=180, what="every program runs again")
    before = fleet.fingerprint()
    with broken(fleet):
        refused = deploy(version)
    assert refused.code != 0, refused
    assert refused.says(message), refused
    eventually(lambda: fleet.fingerprint() == before, within=180, what="everything is as it was")
