# SPDX-License-Identifier: GPL-3.0-or-later
"""A deploy in check mode: it says what it would do, touches nothing, and does not fail over what it has not done."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.stage.fleet import Fleet
from tests.stage.operator import ROOT, Deploy, deploy

pytestmark = pytest.mark.thorough

SAMPLE = ROOT / ".local" / "sample_application"


@pytest.fixture
def never_built(tmp_path: Path) -> Path:
    """Return a repository whose branch `next` no host and no bucket has."""
    repository = tmp_path / "repository"
    identity = ["-c", "user.name=A developer", "-c", "user.email=developer@example.org"]
    subprocess.run(["git", "clone", "--quiet", SAMPLE, repository], check=True)
    subprocess.run(["git", "-C", repository, "checkout", "--quiet", "-b", "next", "v2"], check=True)
    subprocess.run(["git", "-C", repository, *identity, "commit", "--quiet", "--allow-empty", "-m", "Next"], check=True)
    return repository


def test_a_release_that_was_never_built(on_v1: Fleet, never_built: Path) -> None:
    before = on_v1.fingerprint()
    predicted = deploy("next", "--check", "-e", f"release_repository={never_built}")
    assert_predicted(predicted)
    assert predicted.says("is not built")
    assert on_v1.fingerprint() == before


def test_a_release_that_the_hosts_have(on_v2_after_v1: Fleet) -> None:
    before = on_v2_after_v1.fingerprint()
    assert_predicted(deploy("v1", "--check"))
    assert on_v2_after_v1.fingerprint() == before


def assert_predicted(predicted: Deploy) -> None:
    """Require that a dry run went through, named what every host runs, and did not speak of a release that serves."""
    assert predicted.code == 0, predicted
    assert predicted.says("web1.{1,5}runs v"), predicted
    assert not predicted.says("is served at"), predicted
