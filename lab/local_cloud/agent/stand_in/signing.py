# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS's signature, version 4, of a POST request without a query."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Credentials:
    """Of an instance's role; `token` is empty for a user's."""

    key: str
    secret: str
    token: str = ""


def signed_headers(
    *,
    url: str,
    body: bytes,
    headers: dict[str, str],
    service: str,
    region: str,
    credentials: Credentials,
    now: datetime,
) -> dict[str, str]:
    """Return `headers` with those that prove who sends the request; `now` is UTC."""
    parts = urlsplit(url)
    moment, day = f"{now:%Y%m%dT%H%M%SZ}", f"{now:%Y%m%d}"
    full = {**headers, "Host": parts.netloc, "X-Amz-Date": moment}
    if credentials.token:
        full["X-Amz-Security-Token"] = credentials.token
    lower = {name.lower(): value.strip() for name, value in full.items()}
    names = ";".join(sorted(lower))
    canonical = "\n".join(
        [
            "POST",
            parts.path or "/",
            "",
            *(f"{name}:{lower[name]}" for name in sorted(lower)),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    scope = f"{day}/{region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    secret = f"AWS4{credentials.secret}".encode()
    for part in (day, region, service, "aws4_request", text):
        secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
    full["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.key}/{scope}, SignedHeaders={names}, Signature={secret.hex()}"
    )
    return full
