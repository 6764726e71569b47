# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
from werkzeug.test import Client

from lab.local_cloud.downloads import PREFIX, downloads


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("python.tar.gz", 200, "archive"),
        ("20261110/cpython-3.14.10%2B20261110.tar.gz", 200, "mirrored"),
        ("absent", 404, None),
        ("", 404, None),
        ("20261110", 404, None),
        ("../secret", 404, None),
        ("..%2Fsecret", 404, None),
        ("%2Fetc/passwd", 404, None),
    ],
)
def test_only_files_of_the_folder_are_given(path: str, status: int, text: str | None, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    folder = tmp_path / "downloads"
    (folder / "20261110").mkdir(parents=True)
    (folder / "python.tar.gz").write_text("archive")
    (folder / "20261110/cpython-3.14.10+20261110.tar.gz").write_text("mirrored")
    answer = Client(downloads(folder)).get(PREFIX + path)
    assert answer.status_code == status
    assert text is None or answer.text == text


def test_a_folder_that_is_not_there_has_no_files(tmp_path: Path) -> None:
    assert Client(downloads(tmp_path / "absent")).get(PREFIX + "python.tar.gz").status_code == 404


def test_an_archive_is_given_as_it_is(tmp_path: Path) -> None:
    """With an encoding said, a client would unpack it and find no archive."""
    (tmp_path / "python.tar.gz").write_text("archive")
    answer = Client(downloads(tmp_path)).get(PREFIX + "python.tar.gz")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert "Content-Encoding" not in answer.headers
