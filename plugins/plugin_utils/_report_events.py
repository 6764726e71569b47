# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The events that tasks return for the deploy's report, and what each needs.

Private to this collection.
"""

from __future__ import annotations

import re
from typing import Any

from ..module_utils._clock import parse_timestamp
from ._report_requests import check_counts

WINDOWS = {
    "site_closed": ("maintenance", "start"),
    "site_open": ("maintenance", "end"),
    "requests_held": ("hold", "start"),
    "requests_released": ("hold", "end"),
}
EVENT_TYPES = (
    *("plan", "host_out_of_service", "host_in_service", "host_release", "backup", "strategy", "requests", "outcome"),
    *WINDOWS,
)
# Refused: nothing was rolled out. Rolled back: the fleet runs its previous release again.
OUTCOMES = ("succeeded", "refused", "rolled_back", "failed")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}\Z")


class EventError(ValueError):
    """A `deploy_event` that the report cannot use."""


def check_event(event: dict[str, Any]) -> None:
    """Raise EventError unless `event` has what its type needs."""
    kind = event.get("type")
    if kind not in EVENT_TYPES:
        raise EventError(f"deploy_event has type {kind!r}; it must be one of: {', '.join(EVENT_TYPES)}")
    required = {"plan": ("deploy_id", "stage"), "host_release": ("to",), "outcome": ("outcome",)}.get(kind, ())
    missing = [key for key in required if not event.get(key)]
    if missing:
        raise EventError(f"deploy_event of type {kind} lacks: {', '.join(missing)}")
    for key in ("deploy_id", "stage"):
        if event.get(key) and not _NAME.match(str(event[key])):
            raise EventError(f"{key} {event[key]!r} cannot be a folder's name")
    if not isinstance(event.get("hosts") or {}, dict):
        raise EventError("hosts must map each host's name to its role")
    try:
        parse_timestamp(str(event.get("at") or "1970-01-01T00:00:00Z"))
    except ValueError as error:
        raise EventError(f"deploy_event happened at no time: {error}") from error
    if kind == "requests":
        try:
            check_counts(event)
        except ValueError as error:
            raise EventError(str(error)) from error
    if kind == "outcome" and event["outcome"] not in OUTCOMES:
        raise EventError(f"outcome is {event['outcome']!r}; it must be one of: {', '.join(OUTCOMES)}")
