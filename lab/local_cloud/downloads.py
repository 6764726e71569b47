# SPDX-License-Identifier: GPL-3.0-or-later
"""The place on the internet from which hosts download what is no package: files of a folder of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from werkzeug.exceptions import NotFound
from werkzeug.utils import send_from_directory

from .api_request import Environ

PREFIX = "/_local/downloads/"


def downloads(folder: Path) -> Callable[[Environ, Any], Iterable[bytes]]:
    """A WSGI application that gives the files of FOLDER under PREFIX, and nothing outside of it."""

    def answer(environ: Environ, start_response: Any) -> Iterable[bytes]:
        name = str(environ["PATH_INFO"]).removeprefix(PREFIX)
        try:
            response = send_from_directory(folder, name, environ, mimetype="application/octet-stream")
            # An archive is not a way to send what is in it: a client that believed that would unpack it.
            response.headers.pop("Content-Encoding", None)
        except NotFound as error:
            response = error.get_response(environ)
        chunks: Iterable[bytes] = response(environ, start_response)
        return chunks

    return answer
