# SPDX-License-Identifier: GPL-3.0-or-later
"""Shortens every sleep of the Python processes that find this on their path: the API of these tests needs no patience.

Modules sleep seconds after a creation and while they back off; what they do is the same without.
"""

from __future__ import annotations

import time

LONGEST = 0.02  # seconds

_sleep = time.sleep


def _hurry(seconds: float, /) -> None:
    _sleep(min(seconds, LONGEST))


setattr(time, "sleep", _hurry)  # noqa: B010 - the stub's `sleep` takes more than floats
