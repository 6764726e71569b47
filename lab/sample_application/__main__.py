# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m lab.sample_application DESTINATION`: write the repository and print its releases."""

from __future__ import annotations

import sys

from lab.sample_application import APPLICATION
from lab.sample_application.command import main

if __name__ == "__main__":
    sys.exit(main(APPLICATION))
