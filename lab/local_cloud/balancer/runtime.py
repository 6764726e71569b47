# SPDX-License-Identifier: GPL-3.0-or-later
"""HAProxy's runtime interface: commands on a Unix socket, and what they say about servers."""

from __future__ import annotations

import csv
import io
import re
import socket
from pathlib import Path

from .targets import Mode, Seen

SECONDS = 5.0


class RuntimeInterfaceError(RuntimeError):
    """HAProxy does not answer, or has refused a command."""


class Runtime:
    """The runtime interface of the HAProxy whose socket is at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def command(self, text: str) -> str:
        """Carry out one command and return its answer. Raises RuntimeInterfaceError if HAProxy does not answer."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(SECONDS)
                connection.connect(str(self._path))
                connection.sendall(text.encode() + b"\n")
                answer = b"".join(iter(lambda: connection.recv(65536), b""))
        except OSError as error:
            msg = f"HAProxy does not answer at {self._path}: {error}"
            raise RuntimeInterfaceError(msg) from error
        return answer.decode().strip()

    def expect(self, text: str, answer: str = "") -> None:
        """Carry out a command whose answer must contain `answer`, or be empty. Raises RuntimeInterfaceError."""
        given = self.command(text)
        if answer not in given or (given and not answer):
            msg = f"HAProxy's answer to `{text}`: {given}"
            raise RuntimeInterfaceError(msg)

    def worker(self) -> int:
        """Return the process id of the worker that answers. Raises RuntimeInterfaceError if there is none."""
        found = re.search(r"^Pid: (\d+)", self.command("show info"), re.MULTILINE)
        if found is None:
            msg = "HAProxy's `show info` has no process id."
            raise RuntimeInterfaceError(msg)
        return int(found[1])

    def servers(self) -> dict[tuple[str, str], dict[str, str]]:
        """Return the statistics of every server, by backend and name."""
        rows = csv.DictReader(io.StringIO(self.command("show stat -1 4 -1")))
        return {(row["# pxname"], row["svname"]): row for row in rows}


def seen(row: dict[str, str]) -> Seen:
    """Return what the checks say, from a row of statistics."""
    return Seen(
        up=row["status"].startswith("UP"),
        health=int(row["check_health"] or 0),
        status=row["check_status"].removeprefix("* "),
        code=row["check_code"],
    )


def mode(row: dict[str, str]) -> Mode:
    """Return what HAProxy does with a server, from a row of statistics."""
    if row["status"].startswith("MAINT"):
        return Mode.REST
    return Mode.DRAIN if row["status"].startswith("DRAIN") else Mode.SERVE
