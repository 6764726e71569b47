# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import getpass
from pathlib import Path

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError
from ansible_collections.carpentries.amy.plugins.module_utils.rq.jobs_check import run


@pytest.mark.parametrize(("command", "directory"), [("absent", "."), ("/bin/true", "absent")])
def test_a_release_that_lacks_what_is_started_says_so(tmp_path: Path, command: str, directory: str) -> None:
    with pytest.raises(QueueError, match=r"could not be started: .*absent"):
        run(command=[command], directory=tmp_path / directory, user=getpass.getuser(), text="", timeout=5)
