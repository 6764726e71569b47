# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from plugins.module_utils.release.failure import ReleaseError
from plugins.module_utils.release.transfer import download, upload
from tests.serving import serving


class Bucket(BaseHTTPRequestHandler):
    """Answers with the statuses in `answers`, then 200; remembers what was sent.

    The first answers have the headers in `promises`, whatever is then sent.
    """

    answers: list[int]
    promises: list[tuple[str, str]]
    requests: list[tuple[str, dict[str, str], bytes]]

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.requests.append((self.command, dict(self.headers), body))
        self.send_response(self.answers.pop(0) if self.answers else 200)
        if self.promises:
            self.send_header(*self.promises.pop(0))
        self.end_headers()
        self.wfile.write(b"artifact")

    def __getattr__(self, name: str) -> Any:
        if name in ("do_GET", "do_PUT"):
            return self._answer
        raise AttributeError(name)

    def log_message(self, *_arguments: object) -> None:
        """Keep the tests quiet."""


@pytest.fixture
def bucket() -> Iterator[str]:
    Bucket.answers, Bucket.promises, Bucket.requests = [], [], []
    with serving(HTTPServer(("127.0.0.1", 0), Bucket)) as server:
        yield f"http://127.0.0.1:{server.server_port}/bucket/key?X-Amz-Signature=canary"


def test_download_tries_again(bucket: str, tmp_path: Path) -> None:
    Bucket.answers = [503, 500]
    slept: list[float] = []
    download(bucket, to=tmp_path / "artifact", sleep=slept.append)
    assert (tmp_path / "artifact").read_text() == "artifact"
    assert slept == [2, 4]


@pytest.mark.parametrize("promise", [("Content-Length", "20"), ("Transfer-Encoding", "chunked")])
def test_a_download_that_is_cut_short_is_tried_again(bucket: str, tmp_path: Path, promise: tuple[str, str]) -> None:
    Bucket.promises = [promise, promise]
    download(bucket, to=tmp_path / "artifact", sleep=lambda _seconds: None)
    assert (tmp_path / "artifact").read_text() == "artifact"
    assert len(Bucket.requests) == 3


@pytest.mark.parametrize(
    ("promise", "why"),
    [(("Content-Length", "20"), "8 of 20 bytes"), (("Transfer-Encoding", "chunked"), "no whole answer")],
)
def test_a_download_that_is_always_cut_short_is_explained(
    bucket: str, tmp_path: Path, promise: tuple[str, str], why: str
) -> None:
    Bucket.promises = [promise] * 3
    with pytest.raises(ReleaseError, match=why) as failure:
        download(bucket, to=tmp_path / "artifact", sleep=lambda _seconds: None)
    assert "canary" not in str(failure.value)


@pytest.mark.parametrize(("answers", "asked", "why"), [([503] * 3, 3, "503"), ([403], 1, "controller's clock")])
def test_failure_is_explained_without_the_signature(
    bucket: str, tmp_path: Path, answers: list[int], asked: int, why: str
) -> None:
    Bucket.answers = list(answers)
    with pytest.raises(ReleaseError, match=why) as failure:
        download(bucket, to=tmp_path / "artifact", sleep=lambda _seconds: None)
    assert len(Bucket.requests) == asked
    assert "/bucket/key" in str(failure.value)
    assert "canary" not in str(failure.value)


def test_no_server_listens(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="refused"):
        download("http://127.0.0.1:9/key", to=tmp_path / "artifact", sleep=lambda _seconds: None)


def test_other_schemes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="no http or https"):
        download("file:///etc/shadow", to=tmp_path / "artifact", sleep=lambda _seconds: None)


def test_upload_sends_the_signed_headers_and_a_length(bucket: str, tmp_path: Path) -> None:
    path = tmp_path / "artifact"
    path.write_bytes(b"x" * 100_000)
    Bucket.answers = [500]
    upload(path, url=bucket, headers={"x-amz-meta-sha256": "abc"}, sleep=lambda _seconds: None)
    method, headers, body = Bucket.requests[-1]
    assert (method, body) == ("PUT", path.read_bytes())
    sent = {name.lower(): value for name, value in headers.items()}
    assert (sent["x-amz-meta-sha256"], sent["content-length"]) == ("abc", "100000")
    assert "transfer-encoding" not in sent
