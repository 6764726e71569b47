# SPDX-License-Identifier: GPL-3.0-or-later
"""A site in a temporary directory, and releases on it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from plugins.module_utils.release import stage
from plugins.module_utils.release.build_run import pack
from plugins.module_utils.release.files import sha256_of
from plugins.module_utils.release.site import Site
from tests.unit.plugins.module_utils.release.sites import OWNER, Staged, release_named


@pytest.fixture
def site(tmp_path: Path) -> Site:
    for name in ("releases", "shared", "static"):
        (tmp_path / "site" / name).mkdir(parents=True)
    return Site(tmp_path / "site")


@pytest.fixture
def staged(site: Site, tmp_path: Path) -> Staged:
    """Stages a release with the given static files; returns its id."""
    if os.getuid() != 0:
        pytest.skip("staging gives files to root")

    def put(name: str, static: dict[str, str]) -> str:
        tree = tmp_path / f"tree-{name}"
        (tree / ".venv/bin").mkdir(parents=True)
        (tree / "mediafiles").mkdir()
        (tree / "mediafiles/seed").write_text(name)
        (tree / "manage.py").write_text("#!/usr/bin/env python")
        (tree / "manage.py").chmod(0o777)
        for path, text in static.items():
            (tree / "staticfiles" / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / "staticfiles" / path).write_text(text)
        archive = tmp_path / f"{name}.tar.zst"
        pack(tree, output=archive, moment=1_700_000_000)
        release = release_named(name, sha256=sha256_of(archive))
        partial = stage.unpack(archive, to=site.directory(release.id))
        stage.secure(partial, owner=OWNER)
        stage.finish(partial, site=site, release=release, owner=OWNER)
        stage.publish(partial, to=site.directory(release.id))
        stage.merge(site, release=release, owner=OWNER)
        return release.id

    return put
