# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The files that a stage has of its own in a release, as settings that an application reads from a file. Decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from .failure import ReleaseError
from .site import RECORD, REFUSAL

# What staging and the playbooks write themselves.
_TAKEN = (".venv", RECORD, REFUSAL)


def own_files(files: Mapping[Any, Any], *, shared_paths: Sequence[str], static_directory: str) -> dict[str, str]:
    """`files`, which are texts by their paths in the release, beside or below manage.py.

    Raises ReleaseError, naming the path but never the text, for a path that leads elsewhere, or to where the
    application could change the file or visitors could read it; and for what is no text.
    """
    texts = {_require_path(path): _require_text(path, text) for path, text in files.items()}
    for path in texts:
        _require_place(path, shared_paths=shared_paths, static_directory=static_directory)
        for other in texts:
            if path in map(str, PurePosixPath(other).parents):
                raise _refusal(path, f"is the folder of {other}, which is a file of release_files, too")
    return texts


def _require_path(path: Any) -> str:
    # What a path is not the only spelling of could be another file's, too.
    parts = PurePosixPath(path).parts if isinstance(path, str) and "\0" not in path else ()
    if not parts or path != "/".join(parts) or path.startswith("/") or ".." in parts:
        raise _refusal(path, 'must be a path inside the release, beside or below manage.py, as "portal/local.py"')
    return str(path)


def _require_text(path: Any, text: Any) -> str:
    if not isinstance(text, str):
        raise _refusal(path, "is no text. Write it as a block (|); of JSON or YAML as text: {{ ... | to_json }}")
    return str(text)


def _require_place(path: str, *, shared_paths: Sequence[str], static_directory: str) -> None:
    if _is_in(path, _TAKEN):
        raise _refusal(path, "is the stage's own, which the deploy writes")
    if _is_in(path, shared_paths):
        raise _refusal(path, "is in release_shared_paths, which releases share and the application may write to")
    if _is_in(path, [static_directory]):
        raise _refusal(path, "is in release_static_directory, whose files every visitor may read")


def _is_in(path: str, places: Sequence[str]) -> bool:
    return any(PurePosixPath(path).is_relative_to(place) for place in places)


def _refusal(path: Any, why: str) -> ReleaseError:
    return ReleaseError(f"{path} in release_files {why}. Correct it in the stage's inventory and run again.")
