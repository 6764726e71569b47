# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWS offers to everybody and moto lacks: Debian's machine image, its public parameter, the CloudWatch agent."""

from __future__ import annotations

from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.ec2.models.amis import Ami
from moto.s3.models import get_canned_acl, s3_backends
from moto.ssm.models import Parameter, ssm_backends

from .agent.package import ensure_package
from .settings import Settings

# The account that publishes Debian's images: https://wiki.debian.org/Cloud/AmazonEC2Image
DEBIAN_ACCOUNT = "136693071363"
DEBIAN_IMAGE = "ami-0debian12000000000"
DEBIAN_PARAMETER = "/aws/service/debian/release/12/latest/amd64"
# The bucket from which Amazon hands out its agent.
AGENT_BUCKET = "amazoncloudwatch-agent"


def publish(settings: Settings) -> None:
    """Register all of it, as if AWS had always had it; called once, before the first request."""
    _publish_image(settings)
    _publish_agent(settings)


def _publish_image(settings: Settings) -> None:
    ec2 = ec2_backends[settings.account][settings.region]
    ec2.amis[DEBIAN_IMAGE] = Ami(
        ec2,
        DEBIAN_IMAGE,
        name="debian-12-amd64-local",
        description="Debian 12 (bookworm) of the local cloud",
        owner_id=DEBIAN_ACCOUNT,
        public=True,
        virtualization_type="hvm",
        architecture="x86_64",
        hypervisor="xen",
        root_device_type="ebs",
        root_device_name="/dev/xvda",
    )
    ssm = ssm_backends[settings.account][settings.region]
    ssm._parameters[DEBIAN_PARAMETER].append(
        Parameter(
            account_id=settings.account,
            name=DEBIAN_PARAMETER,
            value=DEBIAN_IMAGE,
            parameter_type="String",
            description=None,
            allowed_pattern=None,
            keyid=None,
            last_modified_date=utcnow().timestamp(),
            version=1,
            data_type="aws:ec2:image",
        )
    )


def _publish_agent(settings: Settings) -> None:
    """Put the stand-in where Amazon's own package would be, for everybody to read."""
    package = ensure_package(settings.directory / "agent")
    s3 = s3_backends[settings.account]["aws"]
    s3.create_bucket(AGENT_BUCKET, settings.region)
    folder = f"debian/amd64/{package.version}"
    for key, file in (
        (f"{folder}/{package.file.name}", package.file),
        (f"{folder}/{package.signature.name}", package.signature),
        (f"assets/{package.key.name}", package.key),
    ):
        s3.put_object(AGENT_BUCKET, key, file.read_bytes())
        s3.put_object_acl(AGENT_BUCKET, key, get_canned_acl("public-read"))
