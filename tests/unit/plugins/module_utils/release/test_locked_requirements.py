# SPDX-License-Identifier: GPL-3.0-or-later
"""Markers that leave out what an application needs."""

from __future__ import annotations

import pytest

from plugins.module_utils.release.failure import ReleaseError
from plugins.module_utils.release.requirements import require_packages

# As poetry exports a lock for Python 3.12 and newer.
POETRY = """\
asgiref==3.8.1 ; python_version >= "3.12" and python_version < "4.0" \\
    --hash=sha256:3e1e3ecc849832fe52ccf2cb6686b7a55f82bb1d6aee72a58826471390335e47
Django==5.2 ; python_version >= "3.12" and python_version < "4.0" \\
    --hash=sha256:91ceed4e3a6db5aedced65e3c8f963118ea9ba753fc620831c77074e620e7d83
"""
UV = """\
--extra-index-url https://packages.example.org/simple
django==5.2 \\
    --hash=sha256:91ceed4e3a6db5aedced65e3c8f963118ea9ba753fc620831c77074e620e7d83
exceptiongroup==1.2.2 ; python_full_version < '3.11'  # has it by itself
audioop-lts==0.2.1 ; python_full_version >= '3.13'
tzdata==2025.1 ; sys_platform == 'win32'
./vendored
"""
TWO = 'django==4.2 ; python_version < "3.10"\ndjango==5.2 ; python_version >= "3.10"\n'
GUNICORN = 'django==5.2\ngunicorn==23 ; python_full_version >= "3.13.1"\n'


@pytest.mark.parametrize(
    ("text", "python", "left_out", "advice"),
    [
        (POETRY, "3.12.4", "", ""),
        (POETRY, "3.11.2", "django", "Set release_python to one of 3.12, 3.13, 3.14, 3.15 "),
        (POETRY.replace("Django", "flask"), "3.11.2", "all packages", "one of 3.12"),
        (UV, "3.11.2", "", ""),
        (UV, "3.10.1", "", ""),
        (TWO, "3.9.1", "", ""),
        (TWO, "3.11.2", "", ""),
        (GUNICORN, "3.13.5", "", ""),
        (GUNICORN, "3.13.0", "gunicorn", "one of 3.13, 3.14, 3.15"),
        ('django==5.2 ; sys_platform == "win32"\n', "3.11.2", "django", "Make the lock for this machine"),
        ("", "3.11.2", "", ""),
        ("# nothing\n-r other.txt\n", "3.11.2", "", ""),
    ],
)
def test_a_list_that_leaves_out_what_is_needed_is_refused(text: str, python: str, left_out: str, advice: str) -> None:
    if not left_out:
        require_packages(text, file="The lock", python=python)
        return
    with pytest.raises(ReleaseError, match=f"The lock leaves out {left_out} on Python {python}") as refused:
        require_packages(text, file="The lock", python=python)
    assert advice in str(refused.value)
