"""Say which release and which host answered."""

from __future__ import annotations

import socket
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from config.release import RELEASE

VERSION_PATH = "/version/"
HOST = socket.gethostname()


class ReleaseMiddleware:
    """Answer /version/ before the Host check and without the database; mark every answer with its origin."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == VERSION_PATH:
            response = HttpResponse(RELEASE, content_type="text/plain", headers={"Content-Length": len(RELEASE)})
        else:
            response = self.get_response(request)
        response["X-Release"] = RELEASE
        response["X-Served-By"] = HOST
        return response
