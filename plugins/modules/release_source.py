#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: release_source
short_description: Find the commit of a version, and archive its source
version_added: 0.1.0
description:
  - Resolves a tag, a branch or a commit of a git repository, and writes the commit's files as a tar archive.
  - Nothing is checked out. A bare clone in O(cache_directory) makes the next run short.
  - Runs on the controller and uses its git, with whatever access to the repository git has there.
  - Submodules and files in Git LFS are not part of the archive; C(left_out) names them.
options:
  repository:
    description: URL or local path of the git repository.
    type: str
    required: true
  version:
    description: A tag, else a branch, else a commit id of at least 7 digits. Of equal names the tag wins.
    type: str
    required: true
  commit:
    description: The commit that O(version) meant at an earlier time, if a branch may have moved since.
    type: str
    default: ""
  source_directory:
    description: The directory in the source that holds C(manage.py), and the files that say which Python it needs.
    type: str
    default: .
  left_out:
    description: Submodules and files in Git LFS that the release does without, by their paths or by patterns.
    type: list
    elements: str
    default: []
  python:
    description: The version of Python that it is to run on, as V(3.12) or V(3.12.4). Without it, none is looked for.
    type: str
  cache_directory:
    description: Where clones and archives are kept. Made if it is absent; may be removed at any time.
    type: path
    required: true
attributes:
  check_mode:
    description: Resolves in a temporary clone; writes nothing.
    support: full
  diff_mode:
    description: Nothing to show.
    support: none
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Find the source of the release
  carpentries.amy.release_source:
    repository: https://git.example.org/amy.git
    version: v4.2.4
    python: "3.11"
    cache_directory: .cache/sources
  delegate_to: localhost
"""

RETURN = r"""
ref:
  description: The version that was asked for.
  returned: success
  type: str
  sample: v4.2.4
commit:
  description: The full commit id it means.
  returned: success
  type: str
  sample: 0123456789abcdef0123456789abcdef01234567
commit_date:
  description: When it was committed, ISO 8601.
  returned: success
  type: str
  sample: "2026-01-31T12:00:00+00:00"
subject:
  description: The first line of the commit's message.
  returned: success
  type: str
version:
  description:
    - What the source calls itself, by C(pyproject.toml), where O(version) is a branch or a commit. Empty for a tag,
      which says it, and where nothing does.
  returned: success
  type: str
  sample: 4.9.0
archive:
  description: Path of the tar archive. In check mode it may not exist.
  returned: success
  type: str
  sample: .cache/sources/0123456789abcdef0123456789abcdef01234567.tar
left_out:
  description:
    - What O(source_directory) needs and the archive lacks, but for O(left_out), each with its C(path) and its C(kind),
      C(submodule) or C(Git LFS).
  returned: success
  type: list
  elements: dict
  sample: [{path: static/theme, kind: submodule}]
python:
  description:
    - Whether O(python), C(version), is what C(pyproject.toml), C(uv.lock), C(poetry.lock) and C(Pipfile.lock) ask for
      (C(fits)); if not, which C(file) asks for what (C(text)), and the minor versions that all take (C(fitting)).
  returned: when O(python) is given
  type: dict
  sample: {version: "3.11", fits: false, file: pyproject.toml, text: ">=3.12,<4.0", fitting: ["3.12", "3.13"]}
"""

import posixpath
from dataclasses import asdict, replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.release.failure import ReleaseError
from ..module_utils.release.left_out import concerning
from ..module_utils.release.python_asked import FILES, PYPROJECT, judge, stated_version
from ..module_utils.release.source import Clone, Source, clone_directory, locked


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "repository": {"type": "str", "required": True},
            "version": {"type": "str", "required": True},
            "commit": {"type": "str", "default": ""},
            "source_directory": {"type": "str", "default": "."},
            "left_out": {"type": "list", "elements": "str", "default": []},
            "python": {"type": "str"},
            "cache_directory": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    cache = Path(module.params["cache_directory"]).absolute()
    find = look if module.check_mode else fetch
    try:
        result = find(parameters=module.params, cache=cache)
    except ReleaseError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


def fetch(*, parameters: dict[str, Any], cache: Path) -> dict[str, Any]:
    """What the module returns of the source; its archive is in `cache` then."""
    repository = parameters["repository"]
    with locked(cache):
        clone = Clone(repository=repository, directory=clone_directory(cache=cache, repository=repository))
        source, result = described(clone, parameters=parameters, cache=cache)
        if result["changed"]:
            clone.archive(source.commit, to=archive_of(source, cache=cache))
    return result


def look(*, parameters: dict[str, Any], cache: Path) -> dict[str, Any]:
    """What `fetch` would return."""
    with TemporaryDirectory() as temporary:
        clone = Clone(repository=parameters["repository"], directory=Path(temporary, "clone.git"))
        return described(clone, parameters=parameters, cache=cache)[1]


def described(clone: Clone, *, parameters: dict[str, Any], cache: Path) -> tuple[Source, dict[str, Any]]:
    """The source of the version that is asked for, and what the module returns of it."""
    clone.refresh()
    source = replace(clone.resolve(parameters["commit"] or parameters["version"]), ref=parameters["version"])
    archive = archive_of(source, cache=cache)
    directory = parameters["source_directory"]
    lacking = concerning(clone.gaps(source.commit), directory=directory, accepted=parameters["left_out"])
    result = {
        "changed": not archive.exists(),
        **asdict(source),
        "archive": str(archive),
        "left_out": [asdict(gap) for gap in lacking],
    }
    # The nearest of each name counts: a lock may be above the application.
    texts = {
        name: text
        for folder in reversed(folders(directory))
        for name in FILES
        if (text := clone.read(source.commit, posixpath.normpath(posixpath.join(folder, name))))
    }
    result["version"] = "" if clone.has_tag(parameters["version"]) else stated_version(texts.get(PYPROJECT, ""))
    if parameters["python"]:
        verdict = judge(texts, python=parameters["python"])
        result["python"] = asdict(verdict)
    return source, result


def folders(directory: str) -> list[str]:
    """`directory`, a path in the source, and all above it, the source's own last."""
    path = PurePosixPath(posixpath.normpath(directory))
    return [str(path), *map(str, path.parents)]


def archive_of(source: Source, *, cache: Path) -> Path:
    """Where the archive of a commit is kept."""
    return cache / f"{source.commit}.tar"


if __name__ == "__main__":
    main()
