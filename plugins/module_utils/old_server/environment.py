# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a postactivate script sets, read by sourcing it in a shell that knows nothing else."""

from __future__ import annotations

from urllib.parse import urlsplit

SCRIPT = 'set -a; . "$1" >/dev/null; env -0'
# What a shell sets by itself.
SHELL_NAMES = {"PATH", "PWD", "SHLVL", "_", "OLDPWD"}


def environment_command(path: str) -> list[str]:
    """Return the command that prints what the script at `path` sets, each entry ended by a null character."""
    return ["env", "-i", "PATH=/usr/bin:/bin", "bash", "-c", SCRIPT, "-", path]


def environment_of(output: str) -> dict[str, str]:
    """Return the settings by name from what that command has printed."""
    entries = (entry.partition("=") for entry in output.split("\0") if entry)
    return {name: value for name, _equals, value in entries if name not in SHELL_NAMES}


def host_in(setting: str) -> str:
    """Return the host of a setting that is its name, or a URL with it; empty if there is none."""
    return (urlsplit(setting).hostname or "") if "://" in setting else setting
