# SPDX-License-Identifier: GPL-3.0-or-later
"""The local cloud's API and nothing behind it: `python -m tests.provision.cloud DIRECTORY PORT`.

Instances, databases and load balancers exist only in its answers, so that a playbook's calls are seen in seconds.
"""

from __future__ import annotations

import sys
from pathlib import Path

from lab.local_cloud.server import ControlPlane
from lab.local_cloud.service import World
from lab.local_cloud.settings import Settings


def main(directory: Path, port: int) -> None:
    """Answer until the process is ended."""
    plane = ControlPlane(Settings(directory=directory, endpoint_port=port), World(), [])
    plane.start(["127.0.0.1"])
    plane.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
