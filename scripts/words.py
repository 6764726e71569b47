# SPDX-License-Identifier: GPL-3.0-or-later
"""Refuse words that do not say who acts, and say what to write instead. The exit code is 1 if there are any.

It reads what git tracks. The patterns are written so that they do not find themselves.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ACTOR = "the actor, as operator, visitor, application, host, program"
WORDS = {
    r"who(?:ever|m|mever)": ACTOR,
    r"(?:no|some|every|any)(?:body)": ACTOR,
    r"a(?:new)": "again, or the verb: restart, create",
    r"le(?:st)": "so that it does not, or otherwise",
    r"let(?:s|ting)? (?:\w+ ){,2}g(?:o)(?! on| to| back)": "resume (requests, queues), unlock, remove (a host)",
    r"lead(?:s|ing)? (?:\w+ )?pa(?:st)": "remove from rotation",
}
# The text of others, and the recording of a deploy.
NOT_OURS = {"LICENSE", "docs/recorded_deploy.jsonl"}


def findings(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield each line's number, the word, and what to write instead; a word may be a part of a name."""
    for number, line in enumerate(text.splitlines(), start=1):
        for pattern, instead in WORDS.items():
            for found in re.finditer(rf"(?<![a-z])(?:{pattern})(?![a-z])", line, re.IGNORECASE):
                yield number, found[0], instead


def main() -> int:
    """Print what is found in the files that git tracks."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    failed = False
    for name in sorted(set(listed.split("\0")) - NOT_OURS - {""}):
        path = ROOT / name
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        for number, word, instead in findings(text):
            sys.stdout.write(f"{name}:{number}: {word}: write {instead}\n")
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
