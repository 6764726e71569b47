# SPDX-License-Identifier: GPL-3.0-or-later
"""Talking to the control plane's own endpoint, `/_local`."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from .settings import Settings

SECONDS = 10.0


class ControlError(RuntimeError):
    """The control plane does not answer, or says no."""


def request(settings: Settings, method: str, path: str, body: object = None) -> Any:
    """Return the JSON answer to one request. Raises ControlError."""
    url = f"{settings.controller_endpoint}{path}"
    data = None if body is None else json.dumps(body).encode()
    # A proxy of the environment must not be asked for this computer's own address.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, data=data, method=method), timeout=SECONDS) as response:  # noqa: S310
            return json.load(response)
    except urllib.error.HTTPError as error:
        msg = f"{method} {path} was refused ({error.code}): {error.read().decode(errors='replace').strip()}"
        raise ControlError(msg) from error
    except (OSError, ValueError) as error:
        msg = f"nothing usable answers at {url} ({error}); to start the local cloud: python -m lab.local_cloud up"
        raise ControlError(msg) from error
