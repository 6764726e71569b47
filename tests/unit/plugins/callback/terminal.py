# SPDX-License-Identifier: GPL-3.0-or-later
"""A terminal of a fixed size that a program runs in, and what can be read on it."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import time
from collections.abc import Sequence
from pathlib import Path

_CONTROL = re.compile(r"\x1b\[(\??)(\d*)(?:;\d+)*([A-Za-z])")


class Terminal:
    """What a program has written, as its reader sees it. Knows the control sequences that are used here, no others."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.cursor_is_shown = True
        self._lines = [""]
        self._rest = ""
        self._row = self._column = 0

    @property
    def lines(self) -> list[str]:
        """All lines, those that have scrolled away included."""
        return [line.rstrip() for line in self._lines]

    def feed(self, text: str) -> None:
        """Show `text`."""
        text, self._rest = self._rest + text, ""
        # A read may end within a control sequence.
        if (begun := text.rfind("\x1b")) >= 0 and not _CONTROL.match(text, begun):
            text, self._rest = text[:begun], text[begun:]
        position = 0
        while position < len(text):
            if found := _CONTROL.match(text, position):
                self._obey(*found.groups())
                position = found.end()
                continue
            self._put(text[position])
            position += 1

    def _obey(self, private: str, number: str, command: str) -> None:
        if private:
            self.cursor_is_shown = command == "h"
        elif command == "A":
            self._row -= int(number or 1)
        elif command == "K":
            self._lines[self._row] = ""
        elif command != "m":
            raise AssertionError(f"unknown control sequence {number}{command}")

    def _put(self, character: str) -> None:
        if character == "\n":
            self._row += 1
            if self._row == len(self._lines):
                self._lines.append("")
        elif character == "\r":
            self._column = 0
        else:
            line = self._lines[self._row].ljust(self._column)
            self._lines[self._row] = line[: self._column] + character + line[self._column + 1 :]
            self._column += 1


class TerminalRun:
    """A program in a terminal. `seen` are the screens after each of its writes."""

    def __init__(
        self, command: Sequence[str | Path], *, columns: int, directory: Path, environment: dict[str, str]
    ) -> None:
        self.terminal = Terminal(columns)
        self.seen: list[list[str]] = []
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.process = subprocess.Popen(
            command,
            cwd=directory,
            env={**environment, "TERM": "xterm-256color"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)

    def read_until(self, text: str, *, timeout: float = 60) -> None:
        """Read until `text` is on the screen. Raises AssertionError if it never is."""
        deadline = time.monotonic() + timeout
        while not any(text in line for line in self.terminal.lines):
            assert time.monotonic() < deadline, self.terminal.lines
            assert self._read(), f"ended without {text!r}: {self.terminal.lines}"

    def finish(self) -> int:
        """Read to the end, and return the exit code."""
        while self._read():
            pass
        os.close(self._ours)
        return self.process.wait(timeout=60)

    def _read(self) -> bool:
        try:
            data = os.read(self._ours, 1 << 16)
        except OSError:  # Linux's way to say that the other end is closed
            return False
        self.terminal.feed(self._decoder.decode(data))
        self.seen.append(self.terminal.lines)
        return bool(data)
