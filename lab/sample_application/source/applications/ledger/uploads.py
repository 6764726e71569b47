"""Receive a request's body piece by piece, however large it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from django.core.exceptions import BadRequest
from django.http import HttpRequest

LARGEST = 20 * 1024 * 1024  # bytes
PIECE = 64 * 1024  # bytes


class TooLargeError(Exception):
    """The body is larger than LARGEST."""


def pieces(request: HttpRequest) -> Iterator[bytes]:
    """Yield the uploaded bytes: those of the multipart form's only file, or else the raw body.

    Raises BadRequest when the body ends before its Content-Length, TooLargeError beyond LARGEST.
    """
    received = 0
    if request.content_type == "multipart/form-data":
        source = next(iter(request.FILES.values()), None)
        if source is None:
            raise BadRequest("The form holds no file.")
        expected = source.size
    else:
        source = request
        expected = int(request.headers.get("Content-Length") or 0)
    while piece := source.read(PIECE):
        received += len(piece)
        if received > LARGEST:
            raise TooLargeError(f"An upload may have at most {LARGEST} bytes.")
        yield piece
    if received < expected:
        raise BadRequest(f"The upload broke off after {received} of {expected} bytes.")


def measure(request: HttpRequest) -> tuple[int, str]:
    """Return the upload's size in bytes and its SHA-256 (hexadecimal), keeping none of it."""
    size, digest = 0, hashlib.sha256()
    for piece in pieces(request):
        size += len(piece)
        digest.update(piece)
    return size, digest.hexdigest()
