# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from plugins.module_utils.release.accounts import group_id, user_id
from plugins.module_utils.release.failure import ReleaseError


def test_those_that_are_there_have_a_number() -> None:
    assert (user_id("root"), group_id("root")) == (0, 0)


def test_those_that_are_not_are_named() -> None:
    with pytest.raises(ReleaseError, match="no user unknown-name on this host"):
        user_id("unknown-name")
    with pytest.raises(ReleaseError, match="no group unknown-name on this host"):
        group_id("unknown-name")
