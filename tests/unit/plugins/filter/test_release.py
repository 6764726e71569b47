# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.carpentries.amy.plugins.filter.release import FilterModule

FILTERS = FilterModule().filters()


def test_filters_are_registered() -> None:
    assert set(FILTERS) == {"lacking_static", "release_id", "release_postactivate", "release_slug", "settings8"}
    assert FILTERS["release_id"]("v1", "0" * 40, {"A": 1}).startswith("v1-000000000000-")


@pytest.mark.parametrize(
    ("name", "arguments"), [("release_id", ("v1", "short", {})), ("release_postactivate", ({"A": "$B"},))]
)
def test_refusals_are_ansibles(name: str, arguments: tuple[object, ...]) -> None:
    with pytest.raises(AnsibleFilterError):
        FILTERS[name](*arguments)
