# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of a sample application: write its repository and print its releases."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lab.sample_application.build_repository import Application, RepositoryError, build_repository


def main(application: Application) -> int:
    """Return the exit code: 0 when the repository is there, 1 when it could not be written."""
    parser = argparse.ArgumentParser(prog=f"python -m lab.{application.folder.name}", description=__doc__)
    parser.add_argument("destination", type=Path, help="folder of the bare git repository, replaced when out of date")
    destination = parser.parse_args().destination
    try:
        releases = build_repository(application=application, destination=destination.resolve())
    except RepositoryError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for tag, commit in releases.items():
        sys.stdout.write(f"{tag:<16} {commit}\n")
    return 0
