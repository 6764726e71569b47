# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.standalone_python 3.13 3.14`: make the archives that are not there yet, and print their paths."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from tests.standalone_python.build import BuildError, ensure_archive

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.standalone_python", description=__doc__)
    parser.add_argument("versions", nargs="+", metavar="VERSION", help="for example 3.14")
    parser.add_argument("--cache", type=Path, default=Path(".cache/standalone_python"), help="default: %(default)s")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        for version in options.versions:
            sys.stdout.write(f"{ensure_archive(version, options.cache)}\n")
    except BuildError as error:
        sys.exit(f"{error}")
