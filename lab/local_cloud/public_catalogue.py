# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWS publishes and moto lacks: Debian's images, their public parameters, the CloudWatch agent."""

from __future__ import annotations

from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.ec2.models.amis import Ami
from moto.s3.models import get_canned_acl, s3_backends
from moto.ssm.models import Parameter, ssm_backends

from .agent.package import ensure_package
from .distributions import DISTRIBUTIONS, Distribution
from .settings import Settings

# The account that publishes Debian's images: https://wiki.debian.org/Cloud/AmazonEC2Image
DEBIAN_ACCOUNT = "136693071363"
# The machine images that can be run here, by their ids.
IMAGES = {f"ami-0{found.name}000000000": found for found in DISTRIBUTIONS.values() if found.family == "debian"}
# The bucket from which Amazon hands out its agent.
AGENT_BUCKET = "amazoncloudwatch-agent"


def publish(settings: Settings) -> None:
    """Register all of it, as if AWS had always had it; called once, before the first request."""
    for image, distribution in IMAGES.items():
        _publish_image(settings, image, distribution)
    _publish_agent(settings)


def parameter(distribution: Distribution) -> str:
    """The name of the public parameter that holds the id of Debian's newest image."""
    return f"/aws/service/debian/release/{distribution.version}/latest/amd64"


def _publish_image(settings: Settings, image: str, distribution: Distribution) -> None:
    ec2 = ec2_backends[settings.account][settings.region]
    ec2.amis[image] = Ami(
        ec2,
        image,
        name=f"debian-{distribution.version}-amd64-local",
        description=f"Debian {distribution.version} ({distribution.codename}) of the local cloud",
        owner_id=DEBIAN_ACCOUNT,
        public=True,
        virtualization_type="hvm",
        architecture="x86_64",
        hypervisor="xen",
        root_device_type="ebs",
        root_device_name="/dev/xvda",
    )
    ssm = ssm_backends[settings.account][settings.region]
    ssm._parameters[parameter(distribution)].append(
        Parameter(
            account_id=settings.account,
            name=parameter(distribution),
            value=image,
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
    """Put the stand-in where Amazon's own package would be, readable for all."""
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
