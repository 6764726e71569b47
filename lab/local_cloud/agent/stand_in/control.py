# SPDX-License-Identifier: GPL-3.0-or-later
"""`amazon-cloudwatch-agent-ctl`, as far as this collection uses it: the real one's actions, files and answers."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

from . import settings

UNIT = "amazon-cloudwatch-agent.service"
# The real one writes what it has made of the JSON here, and counts as configured when it is there.
TRANSLATED = settings.HOME / "etc" / "amazon-cloudwatch-agent.toml"
VERSION = settings.HOME / "bin" / "CWAGENT_VERSION"


def main() -> int:
    """Do one action."""
    options = parser().parse_args()
    if options.action == "status":
        print(json.dumps(status(), indent=2))
    elif options.action == "stop":
        systemctl("stop", UNIT)
    elif options.action == "start":
        start()
    else:
        return configure(options.configuration, append=options.action == "append-config", restart=options.restart)
    return 0


def configure(location: str, *, append: bool, restart: bool) -> int:
    """Take a file as the configuration, or as one more of its parts; refuse it if the agent could not work with it."""
    kind, _, name = location.partition(":")
    if kind != "file":
        print(f"the stand-in reads file:<path> only, not {location}")
        return 1
    path = Path(name)
    known = [file for file in settings.FOLDER.glob("*") if append]
    try:
        settings.read([*known, path], lambda: "unknown")
    except settings.SettingsError as error:
        print(f"Configuration validation first phase failed: {error}")
        return 1
    settings.FOLDER.mkdir(parents=True, exist_ok=True)
    for file in settings.FOLDER.glob("*"):
        if not append:
            file.unlink()
    (settings.FOLDER / f"file_{path.name}").write_bytes(path.read_bytes())
    TRANSLATED.write_text("# The stand-in reads the JSON itself.\n")
    print("Configuration validation succeeded")
    if restart:
        systemctl("stop", UNIT)
        start()
    return 0


def start() -> None:
    """Start the agent, now and at boot."""
    systemctl("daemon-reload")
    systemctl("enable", "--quiet", UNIT)
    systemctl("restart", UNIT)


def status() -> dict[str, str]:
    """Say whether the agent runs, since when, and which one it is."""
    properties = systemctl("show", UNIT, "--property=ActiveState,ActiveEnterTimestamp", "--timestamp=unix")
    values = dict(line.partition("=")[::2] for line in properties.splitlines())
    running = values["ActiveState"] == "active"
    since = datetime.fromtimestamp(int(values["ActiveEnterTimestamp"].lstrip("@") or 0), timezone.utc)
    return {
        "status": "running" if running else "stopped",
        "starttime": since.isoformat() if running else "",
        "configstatus": "configured" if TRANSLATED.exists() else "not configured",
        "version": VERSION.read_text().strip(),
    }


def systemctl(*arguments: str) -> str:
    """Run systemctl and return what it prints."""
    return subprocess.run(["systemctl", *arguments], check=True, capture_output=True, text=True).stdout


def parser() -> argparse.ArgumentParser:
    """The real one's options."""
    options = argparse.ArgumentParser(prog="amazon-cloudwatch-agent-ctl", description=__doc__)
    actions = ["fetch-config", "append-config", "start", "stop", "status"]
    options.add_argument("-a", dest="action", required=True, choices=actions)
    options.add_argument("-m", dest="mode", default="ec2", choices=["ec2", "onPremise", "auto"])
    options.add_argument("-c", dest="configuration", default="")
    options.add_argument("-s", dest="restart", action="store_true")
    return options


if __name__ == "__main__":
    sys.exit(main())
