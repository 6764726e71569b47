# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane's memory: every mutating API request, written down before it is carried out.

moto forgets everything at exit, and its ids are random. Here each request is carried out with randomness that is a
function of the request's number, so replaying the requests gives the same ids, addresses and ARNs again.
The journal holds passwords and keys: its files are readable by their owner only.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .api_request import Environ, is_api, parse, read_body
from .faults import WsgiApp
from .randomness import seeded
from .service import World

# A larger body (an uploaded object) goes to a file of its own, named by its content.
_INLINE_BYTES = 16 * 1024


class Journal:
    """WSGI middleware that serialises, seeds and records mutating requests; reading requests pass through."""

    def __init__(self, app: WsgiApp, *, directory: Path, world: World) -> None:
        self._app = app
        self._world = world
        self._objects = directory / "objects"
        self._objects.mkdir(parents=True, exist_ok=True)
        self._objects.chmod(0o700)
        self._path = directory / "journal.jsonl"
        self._number = 0
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._file = os.fdopen(descriptor, "ab")

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        if not is_api(environ):
            return self._app(environ, start_response)
        body = read_body(environ)
        if not parse(environ, body).mutating:
            return self._app(environ, start_response)
        with self._world.lock:
            self._number += 1
            self._write(environ, body)
            with seeded(self._number):
                return list(self._app(environ, start_response))

    def replay(self) -> int:
        """Carry out the recorded requests again, at their own times, and return how many there were.

        A last line that was cut short by a crash was never carried out; it is removed.
        """
        recorded = self._path.read_bytes()
        complete = recorded[: recorded.rfind(b"\n") + 1]
        if len(complete) != len(recorded):
            os.truncate(self._path, len(complete))
        self._world.replaying = True
        try:
            for line in complete.splitlines():
                entry = json.loads(line)
                self._number = entry["number"]
                self._world.replay_time = entry["time"]
                with seeded(self._number):
                    list(self._app(self._environ(entry), _ignore_response))
        finally:
            self._world.replaying = False
        return self._number

    def _write(self, environ: Environ, body: bytes) -> None:
        kept = {key: value for key, value in environ.items() if isinstance(value, (str, dict))}
        entry: dict[str, Any] = {"number": self._number, "time": self._world.now(), "environ": kept}
        if len(body) <= _INLINE_BYTES:
            entry["body"] = base64.b64encode(body).decode()
        else:
            entry["object"] = self._keep(body)
        self._file.write(json.dumps(entry).encode() + b"\n")
        self._file.flush()

    def _keep(self, body: bytes) -> str:
        name = hashlib.sha256(body).hexdigest()
        path = self._objects / name
        if not path.exists():
            draft = path.with_suffix(".draft")
            draft.touch(mode=0o600)
            draft.write_bytes(body)
            draft.rename(path)
        return name

    def _environ(self, entry: dict[str, Any]) -> Environ:
        name = entry.get("object")
        body = (self._objects / name).read_bytes() if name else base64.b64decode(entry["body"])
        environ: Environ = dict(entry["environ"])
        environ.pop("HTTP_TRANSFER_ENCODING", None)  # the body is whole now
        environ |= {
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.version": (1, 0),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        return environ


def _ignore_response(*_: object) -> None:
    """Stand in for WSGI's `start_response`: no client waits for a replayed answer."""
