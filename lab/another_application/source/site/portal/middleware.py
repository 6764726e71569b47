"""Say which release and which host answered."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable

from asgiref.sync import markcoroutinefunction
from django.http import HttpRequest, HttpResponse

from portal.release import RELEASE

HEALTH_PATH = "/healthz/"
HOST = socket.gethostname()


class ReleaseMiddleware:
    """Answer /healthz/ before the Host check and without the database; mark every answer with its origin."""

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponse]]) -> None:
        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == HEALTH_PATH:
            text = f"{RELEASE} is well\n"
            response = HttpResponse(text, content_type="text/plain", headers={"Content-Length": len(text)})
        else:
            response = await self.get_response(request)
        response["X-Release"] = RELEASE
        response["X-Served-By"] = HOST
        return response
