# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a release says nothing of its database is told apart from every other failure."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest

from plugins.modules import release_migrations_info


class FailedError(Exception):
    """The module has failed with this result."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__(result["msg"])
        self.result = result


class Module:
    """As much of AnsibleModule as is used; the release's code ends with `code`."""

    code = 1

    def __init__(self, **_specification: Any) -> None:
        self.params = {"path": "/srv/site/releases/v1", "user": "amy", "other": None}

    def run_command(self, _command: list[str], **_options: Any) -> tuple[int, str, str]:
        return self.code, "", "Traceback\nOperationalError: the database does not exist"

    def fail_json(self, **result: Any) -> NoReturn:
        raise FailedError(result)


@pytest.mark.parametrize(
    ("code", "unread"),
    [
        (1, True),
        # The release is not there, or cannot be run.
        (127, False),
        (126, False),
    ],
)
def test_a_release_that_cannot_read_the_database_says_why(
    monkeypatch: pytest.MonkeyPatch, *, code: int, unread: bool
) -> None:
    monkeypatch.setattr(Module, "code", code)
    monkeypatch.setattr(release_migrations_info, "AnsibleModule", Module)
    with pytest.raises(FailedError) as failed:
        release_migrations_info.main()
    assert failed.value.result["msg"].endswith("OperationalError: the database does not exist")
    assert ("unread" in failed.value.result) is unread
