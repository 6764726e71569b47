# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The programs of supervisord, told apart by what they run."""

from __future__ import annotations

import configparser
import shlex
from collections.abc import Callable, Mapping
from typing import NamedTuple

from ..host_kinds import PROGRAMS

# The word in a command, or in the script that it is, that tells what the program is to the application.
DUTIES = {program: kind for kind, program in PROGRAMS.items()}
UNKNOWN = "unknown"


class ProgramsError(Exception):
    """A file of supervisord cannot be read; the message says which, and nothing of what is in it."""


class Program(NamedTuple):
    """A program: its file, what it runs, and its duty, one of web, worker, scheduler or unknown."""

    name: str
    file: str
    command: str
    duty: str


def programs_of(files: Mapping[str, str], read: Callable[[str], str]) -> list[Program]:
    """Return the programs that supervisord's files describe; `files` are texts by path.

    `read` returns a script's text, or nothing if the path is none. Raises ProgramsError.
    """
    return [program for file, text in sorted(files.items()) for program in _programs(file, text, read)]


def _programs(file: str, text: str, read: Callable[[str], str]) -> list[Program]:
    parser = configparser.RawConfigParser(strict=False, inline_comment_prefixes=(";",))
    try:
        parser.read_string(text, source=file)
    except configparser.Error as error:
        # Its own words have the line, which may set a secret.
        raise ProgramsError(
            f"{file} is no file that supervisord could read ({type(error).__name__}). "
            "See on the old server: supervisorctl reread"
        ) from None
    return [
        Program(
            name=section.partition(":")[2],
            file=file,
            command=parser.get(section, "command", fallback=""),
            duty=_duty(parser.get(section, "command", fallback=""), read),
        )
        for section in parser.sections()
        if section.startswith("program:")
    ]


def _duty(command: str, read: Callable[[str], str]) -> str:
    scripts = " ".join(read(word) for word in _words(command) if word.startswith("/"))
    duties = {duty for word, duty in DUTIES.items() if word in command} or {
        duty for word, duty in DUTIES.items() if word in scripts
    }
    return duties.pop() if len(duties) == 1 else UNKNOWN


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:  # a quotation mark without another
        return command.split()
