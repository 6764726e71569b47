# SPDX-License-Identifier: GPL-3.0-or-later
"""Say what runs where on a stage, and tell by the exit code whether it is well.

    python -m scripts.status [--json] STAGE [arguments of ansible-playbook]

More of these arguments are in the environment variable ARGUMENTS, as the Makefile gives an operator's ARGS.
0: all is well. 3: something needs a hand, and is named with the command to run. Anything else is ansible-playbook's own
exit code: the status could not be found out. ansible-playbook itself ends with 2 for both, and so does make.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.playbook import inventory, typed

NEEDS_A_HAND = 3


def main(arguments: Sequence[str]) -> int:
    """Print the status that `arguments` ask for; returns the exit code."""
    as_json = "--json" in arguments
    stage, *others = [argument for argument in arguments if argument != "--json"]
    others += typed(stage=stage, name="status")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "status.json"
        code = run(stage, others, file=file, output=sys.stderr.fileno() if as_json else None)
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    if as_json and found:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    if not found:
        return code or 1
    return NEEDS_A_HAND if found["findings"] else code


def run(stage: str, arguments: Sequence[str], *, file: Path, output: int | None) -> int:
    """Run the playbook, which writes the status to `file`; what it prints goes to `output`, by default to ours."""
    command = ["ansible-playbook", "-i", inventory(stage), "carpentries.amy.status", *arguments]
    ours = {"ANSIBLE_STDOUT_CALLBACK": "carpentries.amy.progress", "ANSIBLE_DEPRECATION_WARNINGS": "false"}
    return subprocess.run(
        [*command, "-e", f"status_file={file}"], env={**ours, **os.environ}, stdout=output, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
