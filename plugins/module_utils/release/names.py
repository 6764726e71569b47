# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a release and its artifact are called.

A release is immutable, and so is its name: the same source with the same settings has the same id on every host and
in every run, and another setting gives another id. A change of a setting is therefore an ordinary rolling deploy.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from .environment import environment_values
from .failure import ReleaseError

_FULL_COMMIT = re.compile(r"[0-9a-f]{40}")
_RELEASE_ID = re.compile(r"[a-z0-9][a-z0-9._-]*-[0-9a-f]{12}-[0-9a-f]{8}")
_LONGEST_SLUG = 40
_ARCHIVE = ".tar.zst"


def release_slug(ref: str) -> str:
    """`ref` (a tag, branch or commit) as a part of a file name: lower case, at most 40 characters."""
    slug = re.sub(r"[^a-z0-9.]+", "-", ref.lower()).strip("-.")[:_LONGEST_SLUG].strip("-.")
    return slug or "release"


def digest8(value: Mapping[str, Any]) -> str:
    """The first 8 hexadecimal digits of the SHA-256 of `value`, whatever the order of its keys."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:8]


def release_id(*, ref: str, commit: str, environment: Mapping[str, Any], recipe: Mapping[str, Any]) -> str:
    """The name of the release of `commit` (40 hexadecimal digits) with this environment, built by this recipe.

    Raises ReleaseError if `commit` is not a full commit id (a shorter one could come to mean another commit) or if
    `environment` holds what `environment_values` refuses.
    """
    if not _FULL_COMMIT.fullmatch(commit):
        raise ReleaseError(
            f"{commit!r} is no full commit id (40 hexadecimal digits). Use the `commit` that "
            "carpentries.amy.release_source returned."
        )
    values = environment_values(environment)
    settings = {"environment": values, "recipe": recipe} if recipe else values
    return f"{release_slug(ref)}-{commit[:12]}-{digest8(settings)}"


def require_release_id(value: str) -> str:
    """`value`, if it is a release id. Raises ReleaseError otherwise, for ids become paths that are written as root."""
    if not _RELEASE_ID.fullmatch(value):
        raise ReleaseError(
            f"{value!r} is no release id (<ref>-<12 digits of the commit>-<8 digits of the settings>). "
            "See the ids on a host: ls -1 <site root>/releases"
        )
    return value


def artifact_key(*, prefix: str, commit: str, platform: str) -> str:
    """The object key of the artifact of `commit` for `platform`; its manifest is `manifest_key` of it."""
    return f"{artifact_prefix(prefix=prefix, commit=commit)}{platform}{_ARCHIVE}"


def artifact_prefix(*, prefix: str, commit: str) -> str:
    """What the object keys of all artifacts of `commit` begin with."""
    return f"{prefix.rstrip('/')}/{commit}-"


def is_archive(key: str) -> bool:
    """Whether that is the object key of an artifact, not of its manifest."""
    return key.endswith(_ARCHIVE)


def manifest_key(key: str) -> str:
    """The object key of an artifact's manifest. It is written last: an artifact without one is incomplete."""
    return key[: -len(_ARCHIVE)] + ".json"
