# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Watch nginx in spells, so that something can be told between them.

Private to this collection. The module runs on the host and answers when it ends; it is the module that counts, and a
spell that ends early has not made its rule less strict (see `Rule`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..module_utils._clock import Clock

# Each spell costs a round trip. The first is over at once, so that there is a figure from the beginning.
SPELL = 2.0


def watch_in_spells(
    watch: Callable[[Mapping[str, float]], dict[str, Any]], *, tell: Callable[[str], None], clock: Clock
) -> dict[str, Any]:
    """What one long watch would return. `watch` runs the module with these options besides its own."""
    began = clock.monotonic()
    watched, timeline = 0.0, []
    while True:
        answer = watch({"watched": watched, "spell": SPELL if watched else 0.0})
        timeline += answer.get("timeline", [])
        if is_final(answer):
            return {**answer, "timeline": timeline} if "timeline" in answer else answer
        tell(f"{answer['in_flight']} in flight")
        watched = clock.monotonic() - began


def is_final(answer: Mapping[str, Any]) -> bool:
    """Whether the module has come to an end; otherwise its spell was over."""
    return bool(answer.get("failed") or answer.get("drained", True) or answer["timed_out"])
