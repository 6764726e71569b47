# SPDX-License-Identifier: GPL-3.0-or-later
"""What everybody may read, hosts read without credentials."""

from __future__ import annotations

from pathlib import Path

import requests
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from local_cloud.public_catalogue import publish
from local_cloud.settings import Settings


def test_agent_is_there_for_everybody(tmp_path: Path) -> None:
    publish(Settings(directory=tmp_path))
    version = (tmp_path / "agent/version").read_text().strip()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        address, port = server.get_host_and_port()
        bucket = f"http://{address}:{port}/amazoncloudwatch-agent"
        path = f"{bucket}/debian/amd64/{version}/amazon-cloudwatch-agent.deb"
        for url, file in (
            (path, "amazon-cloudwatch-agent.deb"),
            (f"{path}.sig", "amazon-cloudwatch-agent.deb.sig"),
            (f"{bucket}/assets/amazon-cloudwatch-agent.gpg", "amazon-cloudwatch-agent.gpg"),
        ):
            assert requests.get(url, timeout=10).content == (tmp_path / "agent" / file).read_bytes()
        assert requests.get(f"{bucket}/absent", timeout=10).status_code in (403, 404)
    finally:
        server.stop()
