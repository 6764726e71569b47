# SPDX-License-Identifier: GPL-3.0-or-later
"""What an AWS API request asks for, read from the raw request: its action, and whether it changes anything."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

Environ = dict[str, Any]

_READING = re.compile(r"(BatchGet|Describe|Filter|Get|Head|List|Lookup|Query|Scan|Search|Simulate|Test)")
# Log events and metric data arrive by the thousand. They are evidence, not state: they end with the control plane.
_TRANSIENT = frozenset({"PutLogEvents", "PutMetricData"})
# Paths that are no AWS API: our own endpoint and the instance metadata.
_FOREIGN_PATHS = ("/_local/", "/latest/")


@dataclass(frozen=True, kw_only=True)
class ApiRequest:
    """One API request: `protocol` is `ec2`, `query`, `json` or `rest`; `action` is the API's name for it if it has one.

    A request of a REST service (S3, Route 53) is named by its method and path: `PUT /bucket/key`.
    """

    protocol: str
    action: str
    service: str

    @property
    def mutating(self) -> bool:
        """Whether it may change the state that has to survive a restart."""
        if self.protocol == "rest":
            return self.action.split(" ", 1)[0] not in {"GET", "HEAD", "OPTIONS"}
        return not _READING.match(self.action) and self.action not in _TRANSIENT


def is_api(environ: Environ) -> bool:
    """Whether the request is for an AWS API at all."""
    return not str(environ["PATH_INFO"]).startswith(_FOREIGN_PATHS)


def read_body(environ: Environ) -> bytes:
    """Read the request's body and put it back, so that the next reader finds it too."""
    stream = environ["wsgi.input"]
    length = environ.get("CONTENT_LENGTH")
    if length:
        body: bytes = stream.read(int(length))
    elif environ.get("wsgi.input_terminated"):  # Transfer-Encoding: chunked
        body = stream.read()
    else:
        body = b""
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    return body


def parse(environ: Environ, body: bytes) -> ApiRequest:
    """Name the action that `environ` and `body` ask for."""
    service = _signed_service(environ)
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return ApiRequest(protocol="json", action=str(target).rpartition(".")[2], service=service)
    if "x-www-form-urlencoded" in environ.get("CONTENT_TYPE", ""):
        form = parse_qs(body.decode("utf-8", "replace"))
        if "Action" in form:
            protocol = "ec2" if form.get("Version") == ["2016-11-15"] else "query"
            return ApiRequest(protocol=protocol, action=form["Action"][0], service=service)
    return ApiRequest(protocol="rest", action=f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}", service=service)


def _signed_service(environ: Environ) -> str:
    """Return the service that the request was signed for (`elasticloadbalancing`, `s3`, ...), or an empty string."""
    scope = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request", environ.get("HTTP_AUTHORIZATION", ""))
    return scope[1] if scope else ""
