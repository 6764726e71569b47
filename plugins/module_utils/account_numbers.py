# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a host can have the application's user and group with the numbers that the stage wants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# In the middle of the system's numbers, 100 to 999: `adduser --system` takes the lowest that is free, systemd-sysusers
# the highest. Not above: there logind takes the user for a person, and removes shared memory and semaphores when a
# session of that person ends, whatever else runs (RemoveIPC in logind.conf).
SUGGESTED = 550


@dataclass(frozen=True)
class Account:
    """A user or a group (`kind`), the number that it should have, 0 for any, and the variable that says so."""

    kind: str
    name: str
    number: int
    variable: str


def complaint(account: Account, *, entries: Mapping[str, Sequence[str]], shares_files: bool) -> str:
    """Return why the host cannot have the account, and what to set instead; empty if it can.

    `entries` are those of getent's passwd or group on the host: by name, the password and the number first.
    A host that `shares_files` with others needs their number, which its distribution does not know.
    """
    numbers = {name: int(entry[1]) for name, entry in entries.items()}
    kind, name, number, variable = account.kind, account.name, account.number, account.variable
    there = numbers.get(name)
    if there is not None and number not in (0, there):
        return (
            f"The {kind} {name} has the number {there} here, and {variable} is {number}. It owns files, and its "
            f"programs run, so it keeps its number. Set {variable} to {there}."
        )
    if there is None and number == 0 and shares_files:
        return (
            f"There is no {kind} {name} here yet, and {variable} is 0, but hosts that share files need the same "
            f"number. Set {variable} to what `id {name}` says on a host that has it; if none has it, to {SUGGESTED}."
        )
    owner = next((other for other, taken in numbers.items() if taken == number), name)
    if there is None and number != 0 and owner != name:
        return (
            f"{variable} is {number}, and that is the number of the {kind} {owner} here. Set it to one that is free on "
            f"every host, such as {SUGGESTED}."
        )
    return ""
