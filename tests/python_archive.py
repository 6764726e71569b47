# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes an archive with the layout of python-build-standalone's `install_only` of a Python that this machine has.

It stands for the makers' own where those are out of reach: one folder `python/` with `bin`, `include`, `lib`; the
files that name their place name `/install`, as theirs do. The Python finds its library wherever it is unpacked, as long
as the C libraries that it needs are there: it is for hosts of this machine's distribution.

    python -m tests.python_archive /usr/bin/python3.11 .cache/python.tar.gz
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

# Tests of Python itself, windows and toys: big, and no part of what an application needs.
_UNUSED = (
    "test",
    "tests",
    "idlelib",
    "tkinter",
    "turtledemo",
    "ensurepip",
    "site-packages",
    "dist-packages",
    "__pycache__",
)
_ASK = """
import json, platform, sys, sysconfig
paths = sysconfig.get_paths("posix_prefix")
print(json.dumps({
    "version": platform.python_version(), "machine": platform.machine(), "minor": sys.version_info[1],
    "program": sys.executable, "prefix": sys.base_prefix, "library": paths["stdlib"], "include": paths["include"],
    "shared": sysconfig.get_config_var("INSTSONAME"), "libraries": sysconfig.get_config_var("LIBDIR"),
}))
"""


def make_archive(program: Path, *, output: Path, work: Path) -> dict[str, str]:
    """Write the archive of the Python `program` to OUTPUT; returns its `version`, `machine` and `sha256`.

    WORK is an empty directory of its own.
    """
    said = subprocess.run([program, "-I", "-c", _ASK], capture_output=True, text=True, check=True)
    python: dict[str, Any] = json.loads(said.stdout)
    name = f"python3.{python['minor']}"
    tree = work / "python"
    (tree / "bin").mkdir(parents=True)
    shutil.copy(Path(python["program"]).resolve(), tree / "bin" / name)
    for link in ("python3", "python"):
        (tree / "bin" / link).symlink_to(name)
    shutil.copytree(
        python["library"], tree / "lib" / name, symlinks=False, ignore=_ignored, ignore_dangling_symlinks=True
    )
    # So that pip leaves it alone, as the makers' say too; and a place for packages, which a Python expects.
    (tree / "lib" / name / "site-packages").mkdir()
    (tree / "lib" / name / "EXTERNALLY-MANAGED").write_text("[externally-managed]\n")
    if Path(python["include"]).is_dir():
        shutil.copytree(python["include"], tree / "include" / name)
    # Debian's program has the library in it, and says that it was built with a shared one. What needs it has it.
    shared = Path(python["libraries"], python["shared"])
    if shared.is_file() and ".so" in shared.name:
        shutil.copy(shared, tree / "lib")
    for path in tree.rglob("*"):
        _forget_place(path, prefix=python["prefix"])
    with tarfile.open(output, "w:gz", compresslevel=1) as archive:
        archive.add(tree, arcname="python")
    return {
        "version": python["version"],
        "machine": python["machine"],
        "sha256": hashlib.sha256(output.read_bytes()).hexdigest(),
    }


def _ignored(_directory: str, names: list[str]) -> list[str]:
    return [name for name in names if name in _UNUSED or name.endswith((".a", ".pyc"))]


def _forget_place(path: Path, *, prefix: str) -> None:
    if path.name.startswith("_sysconfigdata") or path.suffix == ".pc":
        path.write_text(path.read_text().replace(f"'{prefix}", "'/install").replace(f"={prefix}", "=/install"))


if __name__ == "__main__":
    given, written = Path(sys.argv[1]), Path(sys.argv[2])
    scratch = written.with_name(written.name + ".work")
    try:
        scratch.mkdir(parents=True)
        sys.stdout.write(json.dumps(make_archive(given, output=written, work=scratch), indent=2) + "\n")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
