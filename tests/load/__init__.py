# SPDX-License-Identifier: GPL-3.0-or-later
"""An open-loop load generator for the sample application on a loopback address; see `python -m tests.load --help`."""

from __future__ import annotations

from tests.load.options import Options
from tests.load.process import Load
from tests.load.report import Report

__all__ = ["Load", "Options", "Report"]
