# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run a playbook of the collection on a stage, with what an operator has typed, byte for byte.

    python3 -m scripts.playbook STAGE NAME [--variable NAME=SOURCE] [arguments of ansible-playbook]

The operator's own arguments are in the environment variable ARGUMENTS, and come before the others. `--variable` gives
the playbook a text that is in the environment variable SOURCE, which is no template.
"""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

# Where stages are; the Makefile looks there in the same order.
INVENTORIES = ("inventories", "lab/inventories")
# Where Ansible takes variables as JSON or YAML, which needs no quotes of a shell then.
_DOCUMENT = re.compile(r"(?:--extra-vars=|-e)?(?=[{\[])")
_BRACKETS = {"{": "}", "[": "]"}


def main(arguments: Sequence[str]) -> None:
    """Become ansible-playbook."""
    stage, name, *others = arguments
    command = ["ansible-playbook", "-i", inventory(stage), f"carpentries.amy.{name}"]
    command += [*typed(stage=stage, name=name), *given(others, environment=os.environ)]
    os.execvp(command[0], command)  # noqa: S606


def inventory(stage: str) -> str:
    """The folder of a stage, from that of the Makefile: the operator's, or else the lab's own."""
    folders = [f"{inventories}/{stage}" for inventories in INVENTORIES]
    return next((folder for folder in folders if Path(folder).is_dir()), folders[0])


def typed(*, stage: str, name: str) -> list[str]:
    """The operator's own arguments; ends the program if they cannot be read."""
    try:
        return words(os.environ.get("ARGUMENTS", ""))
    except ValueError as error:
        sys.exit(
            f"ARGS cannot be read: {error}. Put each argument that has spaces in quotes, or give JSON as it is: "
            f"""make {name.replace("_", "-")} STAGE={stage} ARGS='-e {{"name": "a text"}}'"""
        )


def given(arguments: Sequence[str], *, environment: Mapping[str, str]) -> Iterator[str]:
    """`arguments`, with those of `--variable` as Ansible takes them."""
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--variable":
            name, _, source = next(remaining).partition("=")
            yield from ("-e", f"{{{json.dumps(name)}: !unsafe {json.dumps(environment[source])}}}")
        else:
            yield argument


def words(text: str) -> list[str]:
    """The words of `text` as a shell has them; a JSON or YAML document in brackets is one word, with all its quotes.

    Raises ValueError if a quotation or a bracket has no end.
    """
    found, position = [], 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        document = _DOCUMENT.match(text, position)
        if document:
            end = _end(text, document.end())
            found.append(text[position:end])
        else:
            rest = io.StringIO(text[position:])
            lexer = shlex.shlex(rest, posix=True, punctuation_chars=False)
            lexer.whitespace_split, lexer.commenters = True, ""
            found.append(lexer.get_token() or "")
            end = position + rest.tell()
        position = end
    return found


def _end(text: str, start: int) -> int:
    """Where the document ends whose first bracket is at `start`."""
    open_brackets, quote, position = [], "", start
    while position < len(text):
        character = text[position]
        if quote:
            position += character == "\\" and quote == '"'
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in _BRACKETS:
            open_brackets.append(_BRACKETS[character])
        elif open_brackets and character == open_brackets[-1]:
            open_brackets.pop()
            if not open_brackets:
                return position + 1
        position += 1
    raise ValueError(f"{text[start:]} has no end")


if __name__ == "__main__":
    main(sys.argv[1:])
