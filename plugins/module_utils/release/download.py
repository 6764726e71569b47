# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Fetches an artifact by a presigned URL. The URL is a secret: it never appears in a message."""

from __future__ import annotations

import os
import shutil
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

from .failure import ReleaseError

# Seconds without a byte.
_SILENCE = 30
_ATTEMPTS = 3


def download(url: str, *, to: Path, sleep: Callable[[float], None]) -> None:
    """Write what `url` gives to `to`, on the disk. Raises ReleaseError after three attempts, 2 and 4 s apart."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _fetch(url, to=to)
        except OSError as error:
            if attempt == _ATTEMPTS or _refused(error):
                raise ReleaseError(
                    f"Cannot download {without_query(url)}: {_reason(error)} ({attempt} attempts). "
                    "Check that this host reaches the bucket (security group, VPC endpoint, DNS), then deploy again."
                ) from None  # urllib's exception knows the whole URL
            sleep(2.0**attempt)
        else:
            return


def without_query(url: str) -> str:
    """`url` without its query, where a presigned URL has its signature."""
    return urllib.parse.urlsplit(url)._replace(query="").geturl()


def _fetch(url: str, *, to: Path) -> None:
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise ReleaseError(f"{without_query(url)} is no http or https URL.")
    with urllib.request.urlopen(url, timeout=_SILENCE) as answer, to.open("wb") as file:  # noqa: S310 - checked above
        shutil.copyfileobj(answer, file, 1 << 20)
        file.flush()
        os.fsync(file.fileno())


def _refused(error: OSError) -> bool:
    return (
        isinstance(error, urllib.error.HTTPError)
        and HTTPStatus.BAD_REQUEST <= error.code < HTTPStatus.INTERNAL_SERVER_ERROR
    )


def _reason(error: OSError) -> str:
    if isinstance(error, urllib.error.HTTPError):
        hint = (
            "; a presigned URL expires, and needs the controller's clock to be right"
            if error.code == HTTPStatus.FORBIDDEN
            else ""
        )
        return f"the answer was {error.code} {error.reason}{hint}"
    return str(getattr(error, "reason", error))
