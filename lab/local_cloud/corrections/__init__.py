# SPDX-License-Identifier: GPL-3.0-or-later
"""Where moto 5.2 answers otherwise than AWS, and an unmodified Ansible module stumbles over it: one file a service."""

from __future__ import annotations

import functools

from . import acm, autoscaling, backup, dynamodb, ec2, efs, elbv2, rds, s3


@functools.cache
def install() -> None:
    """Correct moto's classes; called before the first request. A second call changes nothing."""
    for service in (acm, autoscaling, backup, dynamodb, ec2, efs, elbv2, rds, s3):
        service.install()
