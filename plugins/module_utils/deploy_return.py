# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the release before can serve again if a deploy fails: not on a schema that it cannot live with."""

from __future__ import annotations


def can_return(
    previous: str | None,
    *,
    strategy: str | None,
    breaking: bool,
    migrated: bool | None,
    ahead: bool,
    found_closed: bool,
) -> bool:
    """Return whether the release `previous` (its id) can live with what the database is now.

    `strategy` is the way that was chosen, None if the deploy has not come to that. `breaking` tells that `previous`
    cannot live with the migrations that it does not know, `migrated` whether the database has any of them, None if the
    deploy has not come to that, either; `ahead` whether it had some before. `found_closed` tells that a dead deploy
    had closed the site.
    """
    if previous is None:
        return False
    if strategy in (None, "refused"):
        # Nothing was migrated since; but what had the dead one migrated, and which hosts had it changed?
        return not found_closed
    return not (breaking and (ahead if migrated is None else migrated))
