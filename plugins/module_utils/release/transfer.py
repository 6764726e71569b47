# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moves an artifact by a presigned URL. The URL is a secret: it never appears in a message."""

from __future__ import annotations

import http.client
import os
import shutil
import urllib.error
import urllib.parse
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from ansible.module_utils.urls import open_url

from .failure import ReleaseError

# Seconds without a byte.
_SILENCE = 30
_ATTEMPTS = 3


def download(url: str, *, to: Path, sleep: Callable[[float], None]) -> None:
    """Write what `url` gives to `to`, on the disk. Raises ReleaseError after three attempts, 2 and 4 s apart."""
    _attempt(lambda: _fetch(url, to=to), doing=f"download {without_query(url)}", sleep=sleep)


def upload(path: Path, *, url: str, headers: Mapping[str, str], sleep: Callable[[float], None]) -> None:
    """PUT the file to `url` with `headers`. Raises ReleaseError after three attempts, 2 and 4 s apart."""
    _attempt(lambda: _send(path, url=url, headers=headers), doing=f"upload to {without_query(url)}", sleep=sleep)


def without_query(url: str) -> str:
    """`url` without its query, where a presigned URL has its signature."""
    return urllib.parse.urlsplit(url)._replace(query="").geturl()


def _attempt(transfer: Callable[[], None], *, doing: str, sleep: Callable[[float], None]) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            transfer()
        except (OSError, http.client.HTTPException) as error:
            if attempt == _ATTEMPTS or _refused(error):
                raise ReleaseError(
                    f"Cannot {doing}: {_reason(error)} (attempt {attempt} of {_ATTEMPTS}). Check that this host "
                    "reaches the bucket (security group, VPC endpoint, DNS), then deploy again."
                ) from None  # urllib's exception knows the whole URL
            sleep(2.0**attempt)
        else:
            return


def _send(path: Path, *, url: str, headers: Mapping[str, str]) -> None:
    # A length must be given, or the body is sent in chunks, which S3 does not take.
    length = {"Content-Length": str(path.stat().st_size), "Content-Type": "application/octet-stream"}
    with path.open("rb") as file:
        _open(url, data=file, method="PUT", headers={**length, **headers}).close()


def _fetch(url: str, *, to: Path) -> None:
    with _open(url) as answer, to.open("wb") as file:
        shutil.copyfileobj(answer, file, 1 << 20)
        _require_length(file.tell(), promised=answer.headers.get("Content-Length"))
        file.flush()
        os.fsync(file.fileno())


def _require_length(length: int, *, promised: str | None) -> None:
    """Raises OSError for a body that was cut short: who reads it piece by piece is not told."""
    if promised is not None and length < int(promised):
        raise OSError(f"the connection ended after {length} of {promised} bytes")


def _open(url: str, **request: Any) -> Any:
    # The signature is all that S3 wants to see; the artifact's bytes are what its checksum is of.
    return open_url(_require_http(url), timeout=_SILENCE, use_netrc=False, decompress=False, **request)


def _require_http(url: str) -> str:
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise ReleaseError(f"{without_query(url)} is no http or https URL.")
    return url


def _refused(error: Exception) -> bool:
    return (
        isinstance(error, urllib.error.HTTPError)
        and HTTPStatus.BAD_REQUEST <= error.code < HTTPStatus.INTERNAL_SERVER_ERROR
    )


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        hint = (
            "; a presigned URL expires, and needs the controller's clock to be right"
            if error.code == HTTPStatus.FORBIDDEN
            else ""
        )
        return f"the answer was {error.code} {error.reason}{hint}"
    if isinstance(error, http.client.HTTPException):
        # Some have the URL in their text.
        return f"there was no whole answer in HTTP ({type(error).__name__})"
    return str(getattr(error, "reason", error))
