# SPDX-License-Identifier: GPL-3.0-or-later
"""The application's user has the number that the stage wants, or the host is refused before it is touched."""

from __future__ import annotations

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.account_numbers import Account, complaint

# A new host of Debian 13, and one that the distribution has given the number 996.
NEW = {"root": ["x", "0", ""], "messagebus": ["x", "996", ""], "admin": ["x", "1000", ""]}
OLD = {"root": ["x", "0", ""], "amy": ["x", "996", ""]}


@pytest.mark.parametrize(
    ("entries", "number", "shares_files", "said"),
    [
        pytest.param(NEW, 550, True, [], id="free"),
        pytest.param({**NEW, "amy": ["x", "550", ""]}, 550, True, [], id="there already"),
        pytest.param(NEW, 0, False, [], id="the distribution may choose"),
        pytest.param(OLD, 0, True, [], id="the distribution has chosen"),
        pytest.param(OLD, 996, True, [], id="told as it is"),
        pytest.param(OLD, 550, False, ["has the number 996 here", "Set base_group_id to 996"], id="another number"),
        pytest.param(NEW, 0, True, ["no group amy here yet", "`id amy`", "to 550"], id="a share, and no number told"),
        pytest.param(NEW, 996, False, ["is 996, and that is the number of the group messagebus here"], id="taken"),
        pytest.param(NEW, 1000, False, ["of the group admin here"], id="a person's"),
    ],
)
def test_what_is_said_of_an_account(
    entries: dict[str, list[str]], number: int, shares_files: bool, said: list[str]
) -> None:
    account = Account(kind="group", name="amy", number=number, variable="base_group_id")
    found = complaint(account, entries=entries, shares_files=shares_files)
    assert bool(found) == bool(said)
    assert [text for text in said if text not in found] == []
