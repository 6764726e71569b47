# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from plugins.module_utils.release.git_settings import environment, reach


@pytest.mark.parametrize(
    ("entry", "counts"),
    [
        ("credential.helper\nstore", True),
        ("url.ssh://git@git.example.test/.insteadof\nhttps://git.example.test/", True),
        ("http.https://git.example.test/.extraheader\nAuthorization: x\ny", True),
        ("http.proxy\nhttp://proxy.example.test:3128", True),
        ("core.sshcommand\nssh -i key", True),
        ("core.autocrlf\ntrue", False),
        ("log.showsignature\ntrue", False),
        ("alias.show\nlog", False),
        ("remote.origin.url\nhttps://git.example.test/", False),
    ],
)
def test_only_what_leads_to_a_repository_counts(entry: str, counts: bool) -> None:
    name, _, value = entry.partition("\n")
    assert reach(f"user.name\nA\0{entry}\0") == ([(name, value)] if counts else [])


def test_a_switch_without_a_value_is_on() -> None:
    assert reach("http.sslverify\0") == [("http.sslverify", "true")]


def test_settings_are_given_in_their_order() -> None:
    given = environment({}, reaching=[("credential.helper", ""), ("credential.helper", "store")])
    assert given["GIT_CONFIG_COUNT"] == "2"
    assert (given["GIT_CONFIG_KEY_1"], given["GIT_CONFIG_VALUE_0"], given["GIT_CONFIG_VALUE_1"]) == (
        "credential.helper",
        "",
        "store",
    )


@pytest.mark.parametrize(
    ("base", "reaching", "command"),
    [
        ({}, [], "ssh -oBatchMode=yes"),
        ({"GIT_SSH_COMMAND": "ssh -i key"}, [], "ssh -i key"),
        ({"GIT_SSH": "/opt/ssh"}, [], None),
        ({}, [("core.sshcommand", "ssh -i key")], None),
    ],
)
def test_ssh_asks_no_questions_unless_the_operator_says_how_it_is_run(
    base: dict[str, str], reaching: list[tuple[str, str]], command: str | None
) -> None:
    assert environment(base, reaching=reaching).get("GIT_SSH_COMMAND") == command


def test_variables_of_git_do_not_count_but_for_the_way_to_a_repository() -> None:
    base = {"GIT_DIR": "/x", "GIT_EXTERNAL_DIFF": "x", "GIT_SSL_CAINFO": "/ca", "HTTPS_PROXY": "http://p", "LANG": "de"}
    given = environment(base)
    assert given.keys() & base.keys() == {"GIT_SSL_CAINFO", "HTTPS_PROXY", "LANG"}
