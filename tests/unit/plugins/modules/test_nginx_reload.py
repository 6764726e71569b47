# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of an nginx that does not come back from a reload."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest

from plugins.module_utils._nginx_generation import NginxNotRunningError
from plugins.modules import nginx_reload


class FailedError(Exception):
    """The module has failed with this message."""


class Module:
    """As much of AnsibleModule as is used; every command succeeds."""

    check_mode = False

    def __init__(self, **_specification: Any) -> None:
        self.params = {"files": ["/etc/nginx/nginx.conf"], "pid_file": "/run/nginx.pid", "timeout": 1}

    def run_command(self, _command: list[str], **_options: Any) -> tuple[int, str, str]:
        return 0, "", ""

    def fail_json(self, *, msg: str) -> NoReturn:
        raise FailedError(msg)


def test_an_nginx_that_ends_while_it_reloads_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([True, False])

    def look(_module: Module) -> tuple[bool, list[Any]]:
        if next(looks):
            return False, []
        raise NginxNotRunningError("/run/nginx.pid names no process")

    monkeypatch.setattr(nginx_reload, "AnsibleModule", Module)
    monkeypatch.setattr(nginx_reload, "look", look)
    with pytest.raises(FailedError, match=r"names no process.*systemctl status nginx"):
        nginx_reload.main()
