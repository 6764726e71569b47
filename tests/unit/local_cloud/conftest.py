# SPDX-License-Identifier: GPL-3.0-or-later
"""moto inside the test's own process, with the local cloud's corrections."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import boto3
import pytest
from moto import mock_aws

from lab.local_cloud import corrections


@pytest.fixture
def aws() -> Iterator[Callable[[str], Any]]:
    """Return a function that makes a boto3 client of a service."""
    settings = {
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    corrections.install()
    with mock.patch.dict(os.environ, settings), mock_aws():
        os.environ.pop("AWS_ENDPOINT_URL", None)
        make: Any = boto3.client  # its overloads name every service
        yield make
