# SPDX-License-Identifier: GPL-3.0-or-later
"""Which controllers the thorough test makes, and what it tells them of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.controllers.machine import environment
from tests.controllers.table import CONTROLLERS, chosen

ROOT = Path(__file__).resolve().parents[2]


def test_all_are_tested_unless_some_are_named() -> None:
    assert chosen([]) == list(CONTROLLERS)
    assert [(made.python, made.ansible) for made in chosen(["python3.13-ansible14"])] == [("3.13", 14)]
    with pytest.raises(ValueError, match=r"no controller python2\. Controllers are: python3\.11-ansible12, "):
        chosen(["python2"])


def test_each_supported_ansible_and_python_is_among_them() -> None:
    """As docs/guides/install_from_galaxy.md says."""
    assert {controller.ansible for controller in CONTROLLERS} == {12, 13, 14}
    assert {controller.python for controller in CONTROLLERS} == {"3.11", "3.13", "3.14"}


def test_what_is_tested_is_there() -> None:
    paths = {path for each in CONTROLLERS for tests in each.tests for path in tests if not path.startswith("-")}
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


def test_a_controller_is_told_the_way_to_the_registries_and_nothing_else() -> None:
    told = environment({"HTTPS_PROXY": "http://proxy:3128", "AWS_SECRET_ACCESS_KEY": "x", "PATH": "/mine"})
    assert told["HTTPS_PROXY"] == "http://proxy:3128"
    assert told["SSL_CERT_FILE"] == "/etc/ssl/certs/ca-certificates.crt"
    assert "AWS_SECRET_ACCESS_KEY" not in told
    assert "/mine" not in told["PATH"]
