# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts read public data without credentials."""

from __future__ import annotations

from pathlib import Path

import boto3
import requests
from moto import mock_aws
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from lab.local_cloud.public_catalogue import IMAGES, publish
from lab.local_cloud.settings import Settings


def test_agent_is_public(tmp_path: Path) -> None:
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


def test_each_parameter_of_debians_names_an_image_that_can_be_run_here(tmp_path: Path) -> None:
    settings = Settings(directory=tmp_path)
    with mock_aws():
        publish(settings)
        ssm, ec2 = boto3.client("ssm", settings.region), boto3.client("ec2", settings.region)
        for version, codename in (("12", "bookworm"), ("13", "trixie")):
            parameter = f"/aws/service/debian/release/{version}/latest/amd64"
            image = ssm.get_parameter(Name=parameter)["Parameter"]["Value"]
            # As the role looks for it.
            (found,) = ec2.describe_images(Filters=[{"Name": "image-id", "Values": [image]}])["Images"]
            assert (found["OwnerId"], found["RootDeviceName"]) == ("136693071363", "/dev/xvda")
            assert IMAGES[image].codename == codename
