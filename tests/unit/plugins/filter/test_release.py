# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.carpentries.amy.plugins.filter.release import FilterModule

FILTERS = FilterModule().filters()


def test_filters_are_registered() -> None:
    assert set(FILTERS) == {
        "distribution_python",
        "lacking_static",
        "left_out_refusal",
        "python_refusal",
        "release_builders",
        "release_files",
        "release_id",
        "release_postactivate",
        "release_references",
        "release_slug",
        "settings8",
    }
    assert FILTERS["release_id"]("v1", "0" * 40, {"A": "1"}).startswith("v1-000000000000-")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("release_id", ("v1", "short", {})),
        ("release_postactivate", ({"A": True},)),
        ("distribution_python", ("3", {})),
        ("release_files", ({"../a": "b"}, [], "static")),
    ],
)
def test_refusals_are_ansibles(name: str, arguments: tuple[object, ...]) -> None:
    with pytest.raises(AnsibleFilterError):
        FILTERS[name](*arguments)


def test_a_python_that_fits_needs_no_words() -> None:
    verdict = {"version": "3.12", "fits": True, "file": "", "text": "", "fitting": []}
    assert FILTERS["python_refusal"](verdict, ref="v1", stage="test") == ""
    refused = {**verdict, "fits": False, "file": "uv.lock", "text": ">=3.14", "fitting": ["3.14"]}
    assert 'release_python: "3.14"' in FILTERS["python_refusal"](refused, ref="v1", stage="test")
