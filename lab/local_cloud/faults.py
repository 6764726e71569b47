# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault switch: API calls that throttle, fail or are slow on demand, and a count of all calls.

Programs on this machine use it at `/_local/faults` and `/_local/calls`; instances cannot.
"""

from __future__ import annotations

import fnmatch
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from http import HTTPStatus
from typing import Any
from xml.sax.saxutils import escape

from .api_request import ApiRequest, Environ, is_api, parse, read_body

WsgiApp = Callable[[Environ, Any], Iterable[bytes]]

# What each service calls "too many requests", and the HTTP status it comes with.
_THROTTLE_BY_PROTOCOL = {
    "ec2": ("RequestLimitExceeded", HTTPStatus.SERVICE_UNAVAILABLE),
    "query": ("Throttling", HTTPStatus.BAD_REQUEST),
    "json": ("ThrottlingException", HTTPStatus.BAD_REQUEST),
    "rest": ("SlowDown", HTTPStatus.SERVICE_UNAVAILABLE),
}


@dataclass(kw_only=True)
class Fault:
    """What happens to the next calls of an action.

    `action` is a shell pattern (`DescribeTargetHealth`, `Describe*`, `PUT /bucket/*`). Of the calls that match, each
    `every`-th is hit, `times` times in all. The call waits `seconds`; then, with `code`, it fails with that error
    code and HTTP `status`. The code `throttle` stands for the service's own throttling error.
    """

    action: str
    times: int = 1
    every: int = 1
    seconds: float = 0.0
    code: str | None = None
    status: int = 400
    message: str = "Injected by the local cloud's fault switch."
    seen: int = 0

    def __post_init__(self) -> None:
        if self.times < 1 or self.every < 1 or self.seconds < 0:
            msg = "A fault needs times >= 1, every >= 1 and seconds >= 0."
            raise ValueError(msg)

    def takes(self, action: str) -> bool:
        """Count the call; tell whether this fault hits it."""
        if self.times == 0 or not fnmatch.fnmatchcase(action, self.action):
            return False
        self.seen += 1
        if self.seen % self.every:
            return False
        self.times -= 1
        return True

    def response(self, request: ApiRequest) -> tuple[int, str, bytes]:
        """Return the error as HTTP status, content type and body, in the form that the request's protocol has."""
        code, status = self.code or "", self.status
        if code == "throttle":
            code, status = _THROTTLE_BY_PROTOCOL[request.protocol]
        if request.protocol == "json":
            return status, "application/x-amz-json-1.1", json.dumps({"__type": code, "message": self.message}).encode()
        error = f"<Code>{escape(code)}</Code><Message>{escape(self.message)}</Message>"
        if request.protocol == "ec2":
            text = f"<Response><Errors><Error>{error}</Error></Errors><RequestID>local-fault</RequestID></Response>"
        elif request.service == "s3":
            text = f"<Error>{error}<RequestId>local-fault</RequestId></Error>"
        else:
            sender = f"<Error><Type>Sender</Type>{error}</Error>"
            text = f"<ErrorResponse>{sender}<RequestId>local-fault</RequestId></ErrorResponse>"
        return status, "text/xml", text.encode()


class Faults:
    """WSGI middleware: counts every API call and lets the faults hit."""

    def __init__(self, app: WsgiApp, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._app = app
        self._sleep = sleep
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._calls: Counter[str] = Counter()

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        if str(environ["PATH_INFO"]).startswith("/_local/"):
            return self._control(environ, start_response)
        if not is_api(environ):
            return self._app(environ, start_response)
        request = parse(environ, read_body(environ))
        with self._lock:
            self._calls[request.action] += 1
            fault = next((fault for fault in self._faults if fault.takes(request.action)), None)
            self._faults = [fault for fault in self._faults if fault.times]
            if fault is not None:
                self._calls[f"{request.action} (fault)"] += 1
        if fault is not None:
            self._sleep(fault.seconds)
            if fault.code is not None:
                status, content_type, body = fault.response(request)
                return _respond(start_response, status, body, content_type=content_type)
        return self._app(environ, start_response)

    def _control(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        if environ.get("REMOTE_ADDR") != "127.0.0.1":
            return _respond_json(start_response, 403, {"error": "Only programs on this machine may use /_local."})
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        body = read_body(environ)
        with self._lock:
            try:
                answer = self._controls[method, path](body)
            except KeyError:
                return _respond_json(start_response, 404, {"error": f"There is no {method} {path}."})
            except (TypeError, ValueError) as error:
                return _respond_json(start_response, 400, {"error": str(error)})
        return _respond_json(start_response, 200, answer)

    @property
    def _controls(self) -> dict[tuple[str, str], Callable[[bytes], object]]:
        return {
            ("GET", "/_local/calls"): lambda _: dict(self._calls),
            ("DELETE", "/_local/calls"): lambda _: self._calls.clear(),
            ("GET", "/_local/faults"): lambda _: self._listed(),
            ("DELETE", "/_local/faults"): lambda _: self._faults.clear(),
            ("POST", "/_local/faults"): self._add,
        }

    def _add(self, body: bytes) -> object:
        self._faults.append(fault_from(json.loads(body)))
        return self._listed()

    def _listed(self) -> object:
        return [asdict(fault) for fault in self._faults]


def fault_from(value: object) -> Fault:
    """Make a fault of a JSON object; raise `ValueError` or `TypeError` for anything else."""
    if not isinstance(value, dict):
        msg = "A fault is an object with at least an `action`."
        raise TypeError(msg)
    known = {field.name for field in fields(Fault)} - {"seen"}
    unknown = sorted(set(value) - known)
    if unknown:
        msg = f"A fault has no {', '.join(unknown)}; it has {', '.join(sorted(known))}."
        raise ValueError(msg)
    return Fault(**value)


def _respond_json(start_response: Any, status: int, value: object) -> list[bytes]:
    return _respond(start_response, status, json.dumps(value).encode() + b"\n", content_type="application/json")


def _respond(start_response: Any, status: int, body: bytes, *, content_type: str) -> list[bytes]:
    phrase = HTTPStatus(status).phrase
    start_response(f"{int(status)} {phrase}", [("Content-Type", content_type), ("Content-Length", str(len(body)))])
    return [body]
