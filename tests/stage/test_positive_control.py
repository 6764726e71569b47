# SPDX-License-Identifier: GPL-3.0-or-later
"""The control: a naive restart of the same fleet under the same load must be seen losing requests."""

from __future__ import annotations

from tests.stage.conftest import under_load
from tests.stage.fleet import Fleet, eventually


def test_a_naive_restart_loses_requests(on_v1: Fleet) -> None:
    with under_load(on_v1) as loaded:
        eventually(on_v1.in_rotation, within=30, what="every web host serves")
        for host in on_v1.of_role("web"):
            on_v1.run(host, "supervisorctl restart gunicorn && systemctl restart nginx")
        eventually(lambda: on_v1.fetch("/version/")[0] == 200, within=180, what="the site serves again")
    assert loaded.lost > 0, loaded.report.summary()
