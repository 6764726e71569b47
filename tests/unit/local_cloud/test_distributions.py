# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from lab.local_cloud.distributions import DISTRIBUTIONS, package_sources

ONE_LINE = "deb [signed-by=/k] http://mirror/debian bookworm main contrib\ndeb https://other bookworm stable\n"
STANZAS = (
    "Types: deb deb-src\nURIs: http://mirror/security\nSuites: bookworm-security\nComponents: main\n\n"
    "Types: deb-src\nURIs: http://mirror/debian\nSuites: bookworm\nComponents: main\n"
)
UBUNTU = "deb http://archive/ubuntu noble main universe\ndeb http://archive/ubuntu noble-updates main universe\n"


@pytest.mark.parametrize(
    ("name", "image"),
    [
        ("debian12", "debian:bookworm"),
        ("debian13", "debian:trixie"),
        ("ubuntu2204", "ubuntu:jammy"),
        ("ubuntu2404", "ubuntu:noble"),
    ],
)
def test_public_image(name: str, image: str) -> None:
    assert DISTRIBUTIONS[name].public_image == image


@pytest.mark.parametrize(("name", "codename"), [("debian12", "bookworm"), ("debian13", "trixie")])
def test_sources_of_both_formats_without_third_parties(name: str, codename: str) -> None:
    assert package_sources([ONE_LINE, STANZAS], DISTRIBUTIONS[name]) == [
        f"deb http://mirror/debian {codename} main",
        f"deb http://mirror/security {codename}-security main",
    ]


def test_sources_of_ubuntu_have_what_its_community_packages() -> None:
    assert package_sources([UBUNTU], DISTRIBUTIONS["ubuntu2204"]) == [
        "deb http://archive/ubuntu jammy main universe",
        "deb http://archive/ubuntu jammy-updates main universe",
    ]


def test_a_mirror_that_is_named_for_two_releases_is_taken_once() -> None:
    texts = [ONE_LINE, ONE_LINE.replace("bookworm", "trixie")]
    assert package_sources(texts, DISTRIBUTIONS["debian13"]) == ["deb http://mirror/debian trixie main"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param(UBUNTU, "debian13", id="another family"),
        pytest.param(ONE_LINE, "ubuntu2404", id="another family, the other way round"),
        pytest.param(STANZAS.partition("\n\n")[0], "debian12", id="security fixes alone"),
    ],
)
def test_sources_that_cannot_make_the_distribution_are_not_taken(text: str, name: str) -> None:
    assert package_sources([text], DISTRIBUTIONS[name]) == []
