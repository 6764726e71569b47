# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from plugins.module_utils.release.failure import ReleaseError
from plugins.module_utils.release.names import (
    artifact_key,
    digest8,
    manifest_key,
    release_id,
    release_slug,
    require_release_id,
)

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("ref", "slug"),
    [
        ("v4.2.4", "v4.2.4"),
        ("feature/New_Mail", "feature-new-mail"),
        ("../../etc", "etc"),
        ("---", "release"),
        ("x" * 80, "x" * 40),
    ],
)
def test_slug(ref: str, slug: str) -> None:
    assert release_slug(ref) == slug


def test_id_has_the_three_parts() -> None:
    assert release_id(ref="v1", commit=COMMIT, environment={}, recipe={}) == f"v1-0123456789ab-{digest8({})}"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"A": "1", "B": "2"}, {"B": "2", "A": "1"}, True),
        ({"A": "1"}, {"A": "2"}, False),
        ({"A": "1"}, {}, False),
    ],
)
def test_id_changes_with_what_the_application_sees(one: dict[str, Any], other: dict[str, Any], same: bool) -> None:
    ids = [release_id(ref="v1", commit=COMMIT, environment=environment, recipe={}) for environment in (one, other)]
    assert (ids[0] == ids[1]) is same


def test_id_changes_with_the_recipe() -> None:
    ids = {
        release_id(ref="v1", commit=COMMIT, environment={}, recipe={"python": python}) for python in ("3.11", "3.12")
    }
    assert len(ids) == 2


def test_short_commit_is_refused() -> None:
    with pytest.raises(ReleaseError, match="no full commit id"):
        release_id(ref="v1", commit=COMMIT[:12], environment={}, recipe={})


@pytest.mark.parametrize("value", ["", "..", "v1", "../x-0123456789ab-01234567", "a/b-0123456789ab-01234567", "repo"])
def test_what_is_no_id_never_becomes_a_path(value: str) -> None:
    with pytest.raises(ReleaseError, match="no release id"):
        require_release_id(value)


def test_every_id_is_accepted_as_one() -> None:
    value = release_id(ref="Feature/ü", commit=COMMIT, environment={"A": "b"}, recipe={})
    assert require_release_id(value) == value


def test_keys() -> None:
    key = artifact_key(prefix="artifacts/", commit=COMMIT, platform="debian12-x86_64")
    assert key == f"artifacts/{COMMIT}-debian12-x86_64.tar.zst"
    assert manifest_key(key) == f"artifacts/{COMMIT}-debian12-x86_64.json"
