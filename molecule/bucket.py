# SPDX-License-Identifier: GPL-3.0-or-later
"""An S3 bucket that the scenarios' hosts can reach: on their network's own address of this machine."""

from __future__ import annotations

import json
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from moto.server import ThreadedMotoServer

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "molecule-backups"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "molecule",
    "AWS_SECRET_ACCESS_KEY": "molecule",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@dataclass(frozen=True)
class Bucket:
    """Where it is, and its client."""

    url: str
    client: Any

    def variables(self, role: str) -> str:
        """The variables with which ROLE copies its backups there, for ansible-playbook's `-e`."""
        told = {"bucket": NAME, "endpoint_url": self.url, "aws_environment": ENVIRONMENT}
        return json.dumps({f"{role}_{name}": value for name, value in told.items()})

    def keys(self) -> set[str]:
        """What is in it."""
        return {found["Key"] for found in self.client.list_objects_v2(Bucket=NAME).get("Contents", [])}


@contextmanager
def bucket() -> Iterator[Bucket]:
    """Give an empty bucket."""
    server = ThreadedMotoServer(ip_address=_gateway(), port=0, verbose=False)
    server.start()
    try:
        url = "http://{}:{}".format(*server.get_host_and_port())
        client = boto3.client(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="molecule",
            aws_secret_access_key="molecule",  # noqa: S106 - moto takes any
        )
        client.create_bucket(Bucket=NAME)
        yield Bucket(url, client)
    finally:
        server.stop()


def _gateway() -> str:
    found = subprocess.run(["docker", "network", "inspect", "amy-molecule"], check=True, capture_output=True)
    return str(json.loads(found.stdout)[0]["IPAM"]["Config"][0]["Gateway"])
