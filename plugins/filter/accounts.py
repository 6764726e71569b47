# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the application runs as, for the role that creates it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..module_utils.account_numbers import Account, complaint


def account_complaint(
    entries: Mapping[str, Sequence[str]],
    kind: str,
    name: str,
    number: int,
    variable: str,
    *,
    shares_files: bool = False,
) -> str:
    """Return why a host with these entries cannot have the account; empty if it can."""
    account = Account(kind=kind, name=name, number=int(number), variable=variable)
    return complaint(account, entries=entries, shares_files=shares_files)


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., str]]:
        """By its name in playbooks."""
        return {"account_complaint": account_complaint}
