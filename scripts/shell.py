# SPDX-License-Identifier: GPL-3.0-or-later
"""Open a shell on a host of a stage, or run manage.py of its release there, and end as that does.

    python -m scripts.shell STAGE [HOST]
    python -m scripts.shell --manage STAGE [HOST]

What manage.py is told is in the environment's ARGUMENTS: words that neither make nor another shell has read.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scripts.playbook import inventory


def main(arguments: Sequence[str]) -> int:
    """Run what `arguments` ask for; returns its exit code."""
    manages = "--manage" in arguments
    stage, *hosts = [argument for argument in arguments if argument not in ("--manage", "")]
    told = os.environ.get("ARGUMENTS", "") if manages else ""
    if manages and not told.strip():
        sys.stderr.write(f'Which command? Run: make manage STAGE={stage} ARGS="check", or another of manage.py\n')
        return 2
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "command.json"
        facts = {"shell_file": str(file), "shell_manage": told, "shell_host": hosts[0] if hosts else ""}
        facts["shell_terminal"] = json.dumps(sys.stdin.isatty())
        # What is typed is no template.
        given = ", ".join(f"{json.dumps(name)}: !unsafe {json.dumps(value)}" for name, value in facts.items())
        found = subprocess.run(
            ["ansible-playbook", "-i", inventory(stage), "carpentries.amy.shell", "-e", f"{{{given}}}"],
            capture_output=True,
            text=True,
            check=False,
        )
        if not file.exists():
            sys.stderr.write(found.stdout + found.stderr)
            return found.returncode or 1
        command: list[str] = json.loads(file.read_text(encoding="utf-8"))
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
