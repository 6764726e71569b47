# SPDX-License-Identifier: GPL-3.0-or-later
"""An open-loop load generator for the sample application on this machine; see `python -m lab.load --help`.

What it assumes of a client: a connection that was idle for 20 seconds is not used again, and a resolver's answer is
used for its TTL. Nothing is sent twice, so whatever a browser would hide by a retry is counted as lost, under a name
that says where it failed: `refused`, `failed TLS handshake`, `not resolved`, `reset`, `closed`, `timeout`, a status.
"""

from __future__ import annotations

from lab.load.options import Options
from lab.load.process import Load
from lab.load.report import Report

__all__ = ["Load", "Options", "Report"]
