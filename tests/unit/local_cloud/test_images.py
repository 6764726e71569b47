# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lab.local_cloud.distributions import DISTRIBUTIONS
from lab.local_cloud.images import (
    RECIPE,
    base_tag,
    certificate_bundle,
    database_tag,
    fingerprint,
    missing_certificates,
    overlay,
    packages,
)

OURS = {
    "ansible",
    "nginx",
    "gunicorn",
    "redis-server",
    "redis",
    "postgresql",
    "supervisor",
    "git",
    "uv",
    "python3-venv",
}


def pem(body: str) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----"


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    return Path(shutil.copytree(RECIPE, tmp_path / "image"))


def test_machine_image_has_nothing_of_our_stack() -> None:
    assert not OURS.intersection(packages(RECIPE))
    assert {"systemd", "openssh-server", "python3", "sudo"} <= set(packages(RECIPE))


@pytest.mark.parametrize("name", ["base.sh", "packages.txt", "base/usr/local/sbin/boot"])
def test_tag_follows_every_part_of_the_recipe(recipe: Path, name: str) -> None:
    before = base_tag(recipe, "")
    assert before == base_tag(RECIPE, "")
    with (recipe / name).open("a") as file:
        file.write("\n")
    assert base_tag(recipe, "") != before


def test_tag_follows_trusted_certificates() -> None:
    assert base_tag(RECIPE, "") != base_tag(RECIPE, pem("x"))


def test_tag_names_the_distribution() -> None:
    tags = {base_tag(RECIPE, "", distribution).partition(":")[0] for distribution in DISTRIBUTIONS.values()}
    assert tags == {"amy-local/debian12", "amy-local/debian13", "amy-local/ubuntu2204", "amy-local/ubuntu2404"}


def test_database_tag_follows_its_recipe_and_its_base(recipe: Path) -> None:
    before = database_tag(recipe, "a")
    assert database_tag(recipe, "b") != before
    (recipe / "database.sh").write_text("")
    assert database_tag(recipe, "a") != before


def test_fingerprint_sees_borders() -> None:
    assert fingerprint([b"ab", b"c"]) != fingerprint([b"a", b"bc"])


def test_overlay_keeps_programs_executable() -> None:
    modes = {file.path: file.mode for file in overlay(RECIPE / "base")}
    assert modes["usr/local/sbin/boot"] == 0o755
    assert modes["etc/systemd/system/ssh-host-keys.service"] == 0o644


def test_missing_certificates_ignore_layout() -> None:
    present = pem("AAAA\nBBBB")
    assert missing_certificates(pem("AA\nAABBBB") + "\n" + pem("CCCC"), present) == [pem("CCCC")]


def test_certificate_bundle_is_the_first_that_exists(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("text")
    assert certificate_bundle({"SSL_CERT_FILE": str(tmp_path / "none"), "PIP_CERT": str(bundle)}) == "text"
    assert certificate_bundle({}) == ""
