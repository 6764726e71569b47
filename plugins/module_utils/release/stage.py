# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Puts a built release on a host: unpacked, linked, with its settings, complete or not there at all. Runs as root.

A release is prepared as `releases/<id>.partial` and renamed when it is whole, so `releases/<id>` is complete by its
mere existence. `finish` states what a whole release is; it heals a damaged release, too.
"""

from __future__ import annotations

import glob
import json
import os
import shutil
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..shared_folder.marker import lacks_mount
from .environment import LAUNCHER, postactivate
from .failure import ReleaseError
from .files import fsync_directory, regular_files, remove_tree, run_tar, sha256_of
from .site import PARTIAL, RECORD, Site
from .static_tree import merge_static
from .transfer import download


@dataclass(frozen=True)
class Owner:
    """Numeric ids. Code belongs to root and `group` may read it; only shared paths belong to `user`."""

    user: int
    group: int


@dataclass(frozen=True)
class Release:
    """What a release on a host consists of; `record` holds its id, ref, commit, sha256 and what the stage had for it.

    `files` are texts that the stage has in it besides, by their paths.
    """

    id: str
    record: Mapping[str, Any]
    environment: Mapping[str, Any]
    shared_paths: tuple[str, ...]
    static_directory: str
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class File:
    """A file that staging writes into a release: `path` in the release, its whole text, its permissions."""

    path: str
    text: str
    mode: int


def space_needed(*, size: int, unpacked_size: int) -> int:
    """Bytes that staging an artifact of `size` needs: the archive and the tree, and never less than three archives."""
    return max(3 * size, size + unpacked_size)


def require_space(*, free: int, needed: int, site: Site, what: str = "the release") -> None:
    """Raises ReleaseError if `free` bytes are fewer than `what` needs: `needed`."""
    if free < needed:
        raise ReleaseError(
            f"{site.root} has {_megabytes(free)} MB free and {what} needs {_megabytes(needed)} MB; nothing was "
            f"written. Look: df -h {site.root}; du -sh {site.releases}/* | sort -h. Make room with a smaller "
            "release_keep, and run the deploy again."
        )


def is_staged(site: Site, *, release: str, sha256: str) -> bool:
    """Whether the complete `release` of exactly that artifact is there.

    Raises ReleaseError if the active release has that id but is of another artifact: what serves is not replaced.
    """
    record = site.record(release)
    if record is not None and record.get("sha256") == sha256:
        return True
    if site.active() == release:
        raise ReleaseError(
            f"{site.directory(release)} serves, and its record ({RECORD}) is not of the artifact {sha256[:12]}. "
            "A release that serves is never replaced: deploy another version or a changed setting; that has another id."
        )
    return False


def fetch(url: str, *, to: Path, sha256: str, sleep: Callable[[float], None]) -> Path:
    """Download the artifact of that SHA-256 (hexadecimal) and unpack it beside `to`, as `unpack` does.

    Returns where it is unpacked; of the archive nothing stays.
    """
    archive = to.with_name(f"{to.name}.tar.zst{PARTIAL}")
    try:
        download(url, to=archive, sleep=sleep)
        require_checksum(archive, sha256=sha256)
        return unpack(archive, to=to)
    finally:
        archive.unlink(missing_ok=True)


def unpack(archive: Path, *, to: Path) -> Path:
    """Unpack `archive` into a new `<to>.partial` and return that; what was half staged before is removed."""
    partial = to.with_name(to.name + PARTIAL)
    remove_tree(partial)
    partial.mkdir(mode=0o750)
    run_tar(
        *("--extract", "--zstd", f"--file={archive}", f"--directory={partial}"),
        *("--no-same-owner", "--same-permissions", "--delay-directory-restore"),
        doing=f"unpack {archive}",
    )
    return partial


def secure(directory: Path, *, owner: Owner) -> None:
    """Give all of `directory` to root and the group, without anything for others; only root may write."""
    for folder, names, files in os.walk(directory):
        for path in [Path(folder), *(Path(folder, name) for name in (*names, *files))]:
            os.chown(path, 0, owner.group, follow_symlinks=False)
            if not path.is_symlink():
                path.chmod(_read_only(path.stat().st_mode))


def publish(partial: Path, *, to: Path) -> None:
    """Make what is prepared appear as `to`, on the disk before it is seen."""
    remove_tree(to)
    os.sync()
    partial.rename(to)
    fsync_directory(to.parent)


def finish(directory: Path, *, site: Site, release: Release, owner: Owner) -> list[str]:
    """Make the unpacked `directory` whole: shared paths, settings, launcher, record. Returns what had to be changed."""
    shared = [
        path for path in release.shared_paths if share(directory, path=path, site=site, release=release, owner=owner)
    ]
    written = [file.path for file in _files(release) if _write(directory, file=file, group=owner.group)]
    return [*shared, *written]


def differences(directory: Path, *, site: Site, release: Release) -> list[str]:
    """What `finish` would change, as far as it can be known without changing anything."""
    shared = [path for path in release.shared_paths if not _is_shared(directory, path=path, site=site, release=release)]
    for setting, paths in (("release_shared_paths", shared), ("release_files", release.files)):
        for path in paths:
            _require_no_link(directory, path=path, setting=setting)
    return [*shared, *(file.path for file in _files(release) if not _is_whole(directory / file.path, file=file))]


def merge(site: Site, *, release: Release, owner: Owner) -> int:
    """Make the static files of a staged release servable for as long as it is kept; returns how many were not yet."""
    static = static_files(site.directory(release.id), static_directory=release.static_directory)
    return merge_static(static, into=site.static, group=owner.group)


def static_files(directory: Path, *, static_directory: str) -> Path:
    """Where the release in `directory` has its static files. Raises ReleaseError if a link leads out of the release."""
    static = directory / static_directory
    if not static.resolve().is_relative_to(directory.resolve()):
        raise _linked(static_directory, setting="release_static_directory")
    return static


def share(directory: Path, *, path: str, site: Site, release: Release, owner: Owner) -> bool:
    """Replace `path` in a release by a link to the site's shared directory; True if it was not one.

    What the release has there becomes the seed of the shared directory, and never replaces what is shared already.
    """
    shared = site.shared / path
    if lacks_mount(site.shared):
        raise ReleaseError(
            f"What belongs over {site.shared} is not mounted on this host: what a release has for it would be seen "
            "by no other host. Nothing that serves was touched. Run make configure STAGE=<stage>, and then the deploy "
            "again."
        )
    _require_no_link(directory, path=path, setting="release_shared_paths")
    if not shared.is_dir():
        # Where hosts share it, another one may create it at this moment.
        shared.mkdir(parents=True, exist_ok=True)
        os.chown(shared, owner.user, owner.group)
        shared.chmod(0o750)
    if _is_shared(directory, path=path, site=site, release=release):
        return False
    link = directory / path
    if link.is_dir() and not link.is_symlink():
        _seed(link, to=shared, owner=owner)
        remove_tree(link)
    elif link.is_symlink() or link.exists():
        link.unlink()
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(_shared_target(path, site=site, release=release))
    return True


def write_file(path: Path, *, file: File, group: int) -> bool:
    """Make `path` be `file`, root's and `group`'s; True if it was not. Never half written."""
    if _is_written(path, file=file) and path.stat().st_gid == group:
        return False
    partial = path.with_name(path.name + PARTIAL)
    partial.unlink(missing_ok=True)
    # The file may hold secrets: it must not be readable by others, not even for a moment.
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(file.text.encode())
        stream.flush()
        os.fsync(stream.fileno())
    os.chown(partial, 0, group)
    partial.chmod(file.mode)
    partial.rename(path)
    return True


def record_text(record: Mapping[str, Any]) -> str:
    """The text of a record's file."""
    return json.dumps(dict(record), indent=2, sort_keys=True) + "\n"


def require_checksum(path: Path, *, sha256: str) -> None:
    """Raises ReleaseError unless the file at `path` has that SHA-256 (hexadecimal)."""
    actual = sha256_of(path)
    if actual != sha256:
        raise ReleaseError(
            f"The artifact has sha256 {actual}, and {sha256} was built: it was damaged or replaced on its way. Nothing "
            "was staged. Run the deploy again; if it stays so, delete the artifact and its manifest from the bucket."
        )


def _seed(path: Path, *, to: Path, owner: Owner) -> None:
    for file in regular_files(path):
        wanted = to / file.relative_to(path)
        if not wanted.exists():
            missing = [folder for folder in (wanted.parent, *wanted.parent.parents) if not folder.exists()]
            wanted.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, wanted)
            wanted.chmod(0o640)
            for created in (wanted, *missing):
                os.chown(created, owner.user, owner.group)


def _files(release: Release) -> tuple[File, ...]:
    return (
        *(File(path, text=text, mode=0o640) for path, text in sorted(release.files.items())),
        File(".venv/bin/postactivate", text=postactivate(release.environment), mode=0o640),
        File(".venv/bin/with-environment", text=LAUNCHER, mode=0o755),
        # Last: it says that the release is complete.
        File(RECORD, text=record_text(release.record), mode=0o640),
    )


def _write(directory: Path, *, file: File, group: int) -> bool:
    """Make the release in `directory` have `file`, where root follows no link of the source; True if it did not."""
    _require_no_link(directory, path=file.path, setting="release_files")
    path = directory / file.path
    missing = [folder for folder in path.parents if not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    for folder in missing:
        os.chown(folder, 0, group)
        folder.chmod(0o750)
    # Python looks at the bytecode of a build without a look at the file.
    stale = _bytecode(path)
    for compiled in stale:
        compiled.unlink()
    return write_file(path, file=file, group=group) or bool(stale)


def _require_no_link(directory: Path, *, path: str, setting: str) -> None:
    """Raises ReleaseError if a folder of `path` in the release is a link: root would write elsewhere."""
    if (directory / path).parent.resolve() != (directory.resolve() / path).parent:
        raise _linked(path, setting=setting)


def _linked(path: str, *, setting: str) -> ReleaseError:
    return ReleaseError(
        f"{path} in {setting} leads elsewhere: the source has a link on the way, which root does not follow. Nothing "
        f"was written there. Choose another path in {setting}, in the stage's group_vars/all/release.yml, or remove "
        "the link from the source, and run the same command again."
    )


def _is_whole(path: Path, *, file: File) -> bool:
    return _is_written(path, file=file) and not _bytecode(path)


def _bytecode(path: Path) -> list[Path]:
    # https://peps.python.org/pep-3147/
    cache = path.parent / "__pycache__"
    if path.suffix != ".py":
        return []
    return [cache] if cache.is_symlink() else sorted(cache.glob(f"{glob.escape(path.stem)}.*.pyc"))


def _is_written(path: Path, *, file: File) -> bool:
    return (
        path.is_file()
        and not path.is_symlink()
        and stat.S_IMODE(path.stat().st_mode) == file.mode
        and path.read_bytes() == file.text.encode()
    )


def _shared_target(path: str, *, site: Site, release: Release) -> str:
    """Relative to where the link will be when the release is published."""
    return os.path.relpath(site.shared / path, (site.directory(release.id) / path).parent)


def _is_shared(directory: Path, *, path: str, site: Site, release: Release) -> bool:
    link = directory / path
    return link.is_symlink() and str(link.readlink()) == _shared_target(path, site=site, release=release)


def _read_only(mode: int) -> int:
    executable = 0o110 if mode & 0o100 else 0
    return 0o640 | executable


def _megabytes(size: int) -> int:
    return size // 1_000_000
