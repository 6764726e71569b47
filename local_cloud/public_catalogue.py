# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWS offers to everybody and moto lacks: Debian's machine image, and the public parameter that names it."""

from __future__ import annotations

from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.ec2.models.amis import Ami
from moto.ssm.models import Parameter, ssm_backends

from .settings import Settings

# The account that publishes Debian's images: https://wiki.debian.org/Cloud/AmazonEC2Image
DEBIAN_ACCOUNT = "136693071363"
DEBIAN_IMAGE = "ami-0debian12000000000"
DEBIAN_PARAMETER = "/aws/service/debian/release/12/latest/amd64"


def publish(settings: Settings) -> None:
    """Register the image and its parameter, as if AWS had always had them; called once, before the first request."""
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
