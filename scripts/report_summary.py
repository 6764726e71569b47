# SPDX-License-Identifier: GPL-3.0-or-later
"""Print the newest report of the stage that is named as the argument, as Markdown, for the page of a CI run."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def newest(folder: Path) -> dict[str, Any] | None:
    """The report in `folder` whose deploy has begun last; None if there is none."""
    reports = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*/report.json")]
    return max(reports, key=lambda report: str(report["started"]), default=None)


def summary(report: dict[str, Any]) -> str:
    """`report` (the content of report.json) as Markdown: the outcome, why and where it failed, each host's releases."""
    hosts = [f"| {host['name']} | {host['from'] or ''} | {host['to'] or ''} |" for host in report["hosts"]]
    failures = [f'- {failure["host"]}, in "{failure["phase"]}": {failure["step"]}' for failure in report["failures"]]
    return "\n".join(
        [
            f"### {report['playbook']} on {report['stage']}: {report['outcome'].replace('_', ' ')}",
            *([f"\n{report['reason']}"] if report["reason"] else []),
            *(["", *failures] if failures else []),
            "",
            "| host | from | to |",
            "|---|---|---|",
            *hosts,
            "",
        ]
    )


def main(stage: str, *, reports: Path = Path("reports")) -> str:
    """What to print of `stage`."""
    report = newest(reports / stage)
    return summary(report) if report else f"### {stage}\n\nThere is no report: the run ended before its first task.\n"


if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1]))
