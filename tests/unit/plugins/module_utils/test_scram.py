# SPDX-License-Identifier: GPL-3.0-or-later
"""The form of a password; that PostgreSQL takes it is seen in tests/unit/roles/database_application."""

from __future__ import annotations

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.scram import verifier


def test_it_is_the_form_that_postgresql_makes() -> None:
    """As its function `scram_build_secret` makes it of this salt, with the keys of RFC 7677, section 3."""
    salt = bytes.fromhex("5b6d99689d12358eeca04b141236fa81")
    assert verifier("pencil", salt=salt) == (
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
        "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    )


@pytest.mark.parametrize("password", ["", "ä", "a\nb", "a\x00"])
def test_what_would_have_to_be_normalized_is_refused(password: str) -> None:
    with pytest.raises(ValueError, match="ASCII"):
        verifier(password, salt=b"0" * 16)
