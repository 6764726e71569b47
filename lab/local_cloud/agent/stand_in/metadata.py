# SPDX-License-Identifier: GPL-3.0-or-later
"""What the instance is told of itself: its region and its role's credentials, by version 2 of the metadata service."""

from __future__ import annotations

import json
import time
import urllib.request

from .signing import Credentials

SERVICE = "http://169.254.169.254/latest"
SECONDS = 2.0
# AWS gives an instance new credentials well before the old ones end.
LIFETIME = 300.0
# The local API checks no signature, so that a host without a role may write, too.
ANONYMOUS = Credentials("local", "local")


class Metadata:
    """Asks once, and for credentials again when they have grown old."""

    def __init__(self) -> None:
        self._credentials = ANONYMOUS
        self._asked: float | None = None

    def credentials(self) -> Credentials:
        """Return the role's credentials, or anonymous ones without a role."""
        if self._asked is None or time.monotonic() - self._asked > LIFETIME:
            self._asked = time.monotonic()
            self._credentials = _role_credentials()
        return self._credentials


def region() -> str:
    """Return the instance's region. Raises OSError if the metadata service does not answer."""
    return _get("meta-data/placement/region")


def _role_credentials() -> Credentials:
    try:
        role = _get("meta-data/iam/security-credentials/").splitlines()[0]
        answer = json.loads(_get(f"meta-data/iam/security-credentials/{role}"))
        return Credentials(answer["AccessKeyId"], answer["SecretAccessKey"], answer["Token"])
    except (OSError, ValueError, KeyError, IndexError):
        return ANONYMOUS


def _get(path: str) -> str:
    token = _open("api/token", "PUT", {"X-aws-ec2-metadata-token-ttl-seconds": "60"})
    return _open(path, "GET", {"X-aws-ec2-metadata-token": token})


def _open(path: str, method: str, headers: dict[str, str]) -> str:
    request = urllib.request.Request(f"{SERVICE}/{path}", method=method, headers=headers)  # noqa: S310  # a constant
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
        text: str = answer.read().decode()
        return text
