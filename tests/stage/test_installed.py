# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as Galaxy gives it to others: installed into an empty folder, it deploys without its checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.stage.conftest import assert_nothing_lost, under_load
from tests.stage.fleet import Fleet
from tests.stage.operator import CONVERGED, ROOT

pytestmark = pytest.mark.thorough


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return an operator's folder as docs/guides/install_from_galaxy.md makes it, with the local stage's inventory."""
    galaxy = ["ansible-galaxy", "collection"]
    subprocess.run([*galaxy, "build", "--output-path", tmp_path], cwd=ROOT, check=True)
    (tarball,) = tmp_path.glob("carpentries-amy-*.tar.gz")
    folder = tmp_path / "deployments"
    folder.mkdir()
    install = [*galaxy, "install", "--offline", "--no-deps", str(tarball), "-p", ".collections"]
    subprocess.run(install, cwd=folder, env=stranger(), check=True)
    shutil.copy(folder / ".collections/ansible_collections/carpentries/amy/ansible.cfg", folder)
    shutil.copytree(ROOT / "inventories/local", folder / "inventories/local")
    (folder / ".local").symlink_to(ROOT / ".local")
    return folder


def stranger() -> dict[str, str]:
    """Return the environment of an operator who has no checkout."""
    ours = ("ANSIBLE_COLLECTIONS_PATH", "ANSIBLE_CONFIG", "PYTHONPATH")
    return {name: value for name, value in os.environ.items() if name not in ours} | {"ANSIBLE_NOCOLOR": "1"}


def test_a_deploy_from_an_empty_folder_loses_nothing(on_v1: Fleet, project: Path) -> None:
    command = ["ansible-playbook", "-i", "inventories/local", "carpentries.amy.deploy", "-e", "release_version=v2"]
    with under_load(on_v1) as loaded:
        done = subprocess.run(
            [*command, *CONVERGED], cwd=project, env=stranger(), capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    assert str(ROOT) not in done.stdout.replace(f"{ROOT}/.local", "")
    assert set(on_v1.active_releases().values()) == {"v2"}
    assert list(project.glob("reports/local/*/report.html"))
    assert_nothing_lost(on_v1, loaded)
