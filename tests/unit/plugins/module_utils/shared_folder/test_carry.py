# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that go from one folder to another which others write to: none is lost, and the newer one stays."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from plugins.module_utils.shared_folder import carry as carrying
from plugins.module_utils.shared_folder.carry import Verdict, carry, verdict
from plugins.module_utils.shared_folder.marker import NAME, lacks_mount
from plugins.module_utils.shared_folder.seal import is_sealed, seal
from plugins.module_utils.shared_folder.writers import written_files

OLD, NEW = 1_700_000_000, 1_800_000_000


@pytest.fixture
def local(tmp_path: Path) -> Path:
    folder = tmp_path / "shared"
    folder.mkdir()
    return folder


@pytest.fixture
def share(tmp_path: Path) -> Path:
    folder = tmp_path / "share"
    folder.mkdir()
    return folder


def write(path: Path, text: str, *, time: int = OLD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (time, time))
    return path


def contents(folder: Path) -> dict[str, str]:
    """The text of each file but those that are ours."""
    files = [path for path in folder.rglob("*") if path.is_file() and carrying.WORKSHOP not in path.parts]
    return {str(path.relative_to(folder)): path.read_text() for path in files}


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (None, Verdict.COPY),
        (("one", OLD), Verdict.SAME),
        (("one", NEW), Verdict.SAME),
        (("two, longer", OLD - 5), Verdict.REPLACE),
        (("two, longer", OLD), Verdict.REPLACE),
        (("two, longer", NEW), Verdict.LEAVE),
    ],
)
def test_verdict(local: Path, share: Path, there: tuple[str, int] | None, expected: Verdict) -> None:
    file = write(local / "a", "one")
    if there:
        write(share / "a", there[0], time=there[1])
    assert verdict(file, share / "a") is expected


def test_a_folder_in_the_place_of_a_file_is_left(local: Path, share: Path) -> None:
    write(local / "a", "file")
    (share / "a").mkdir()
    assert carry(local, share).left == ["a"]


def test_all_is_carried_with_owner_permissions_and_times_and_a_second_time_nothing(local: Path, share: Path) -> None:
    file = write(local / "media/deep/a.txt", "one")
    file.chmod(0o640)
    (local / "media/empty").mkdir(mode=0o750)
    (local / "media/link").symlink_to("deep/a.txt")
    (local / "media/deeper").symlink_to("deep")
    assert sorted(carry(local, share).copied) == ["media/deep/a.txt", "media/deeper", "media/link"]
    made = (share / "media/deep/a.txt").stat()
    assert (made.st_mode & 0o777, int(made.st_mtime), made.st_uid) == (0o640, OLD, file.stat().st_uid)
    assert (share / "media/empty").stat().st_mode & 0o777 == 0o750
    assert (share / "media/link").readlink() == Path("deep/a.txt")
    assert carry(local, share).copied == []
    assert list((share / carrying.WORKSHOP).iterdir()) == [share / carrying.WORKSHOP / "lock"]


def test_a_newer_file_on_the_share_stays_and_the_older_one_is_not_lost(local: Path, share: Path) -> None:
    write(local / "a", "older")
    write(share / "a", "newer!", time=NEW)
    done = carry(local, share)
    assert (done.copied, done.left) == ([], ["a"])
    assert (contents(share), contents(local)) == ({"a": "newer!"}, {"a": "older"})


def test_an_older_file_on_the_share_is_replaced_and_not_lost(local: Path, share: Path) -> None:
    write(local / "b/a", "newer!", time=NEW)
    write(share / "b/a", "older")
    assert carry(local, share).copied == ["b/a"]
    assert contents(share) == {"b/a": "newer!"}
    assert contents(local) == {"b/a": "newer!", ".replaced/b/a": "older"}
    # What was replaced is no upload: it is not carried itself.
    assert carry(local, share).copied == []


def test_a_file_that_is_being_written_is_named_and_carried_later(local: Path, share: Path) -> None:
    file = write(local / "a", "ha")
    status = file.stat()
    assert carry(local, share, writing={(status.st_dev, status.st_ino)}).busy == ["a"]
    assert contents(share) == {}
    write(file, "half and half")
    assert carry(local, share).copied == ["a"]
    assert contents(share) == {"a": "half and half"}


def test_a_file_that_vanishes_meanwhile_is_no_failure(
    local: Path, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(local / "a", "temporary")
    write(local / "b", "upload")
    copied = carrying._copy

    def copy(file: Path, target: Path) -> None:
        if file.name == "a":
            file.unlink()
        copied(file, target)

    monkeypatch.setattr(carrying, "_copy", copy)
    assert carry(local, share).copied == ["b"]


def test_what_comes_to_be_on_the_share_at_this_very_moment_is_not_overwritten(
    local: Path, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(local / "a", "older")
    copied = carrying._copy

    def copy(file: Path, target: Path) -> None:
        copied(file, target)
        write(share / "a", "newer!", time=NEW)

    monkeypatch.setattr(carrying, "_copy", copy)
    assert carry(local, share).left == ["a"]
    assert contents(share) == {"a": "newer!"}


def test_several_hosts_at_once_bring_the_files_of_all(
    tmp_path: Path, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "one-name-for-all")
    hosts = [tmp_path / f"host{number}" for number in range(4)]
    for number, host in enumerate(hosts):
        write(host / "m/common", f"version {number}", time=OLD + number)
        for file in range(20):
            write(host / f"m/{number}-{file}", "x" * file)
    with ThreadPoolExecutor() as threads:
        list(threads.map(lambda host: carry(host, share), hosts))
    found = contents(share)
    assert len(found) == 81
    assert found["m/common"] == "version 3"


def test_who_writes_is_seen_and_who_reads_is_not(tmp_path: Path) -> None:
    script = 'exec 3>"$1" 4<"$2"; echo; read -r _'
    read, written = write(tmp_path / "read", ""), tmp_path / "written"
    with subprocess.Popen(
        ["sh", "-c", script, "sh", written, read], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.readline()
        found = written_files(besides=-1)
        assert (written.stat().st_dev, written.stat().st_ino) in found
        assert (read.stat().st_dev, read.stat().st_ino) not in found
        assert (written.stat().st_dev, written.stat().st_ino) not in written_files(besides=written.stat().st_dev)
        process.communicate(b"\n")


@pytest.mark.skipif(os.getuid() != 0, reason="gives files to root")
def test_a_sealed_folder_is_readable_and_says_what_it_is(local: Path) -> None:
    upload = write(local / "media/a", "upload")
    os.chown(upload.parent, 1234, 1234)
    assert not is_sealed(local)
    seal(local, source="fs-1:/")
    assert is_sealed(local)
    assert lacks_mount(local)
    status = upload.parent.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o222) == (0, 1234, 0)
    assert upload.read_text() == "upload"
    assert "fs-1:/, which belongs here and is not mounted" in (local / NAME).read_text()
