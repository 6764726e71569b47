# SPDX-License-Identifier: GPL-3.0-or-later
"""A signed apt repository with PostgreSQL's layout, made of one package of a distribution."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from email.utils import formatdate
from pathlib import Path

KEY = "key.asc"


def make(folder: Path, packages: list[Path], suite: str) -> str:
    """Make `folder` a repository whose `suite` has the packages, and `key.asc` in it; return the key's fingerprint."""
    index = folder / f"dists/{suite}/main/binary-amd64"
    pool = folder / "pool"
    for path in (index, pool):
        path.mkdir(parents=True)
    for package in packages:
        shutil.copy2(package, pool)
    # Named as they are to be found below the repository's address.
    listed = _run("dpkg-scanpackages", "--multiversion", "pool", cwd=folder).encode()
    (index / "Packages").write_bytes(listed)
    release = index.parents[1]
    checksum = f" {hashlib.sha256(listed).hexdigest()} {len(listed)} main/binary-amd64/Packages"
    lines = [f"Suite: {suite}", "Components: main", "Architectures: amd64", f"Date: {formatdate(usegmt=True)}"]
    (release / "Release").write_text("\n".join([*lines, "SHA256:", checksum, ""]), encoding="utf-8")
    home = folder / "gnupg"
    home.mkdir(mode=0o700)
    gpg = ("gpg", "--homedir", str(home), "--batch")
    _run(*gpg, "--passphrase", "", "--quick-generate-key", "repository@example.test", "ed25519", cwd=folder)
    _run(*gpg, "--clearsign", "--output", "InRelease", "Release", cwd=release)
    (folder / KEY).write_text(_run(*gpg, "--armor", "--export", cwd=folder), encoding="utf-8")
    found = re.search(r"^fpr:+([0-9A-F]{40}):", _run(*gpg, "--list-keys", "--with-colons", cwd=folder), re.MULTILINE)
    assert found
    subprocess.run(["gpgconf", "--homedir", home, "--kill", "gpg-agent"], check=False)
    shutil.rmtree(home)
    return found[1]


def _run(*command: str, cwd: Path) -> str:
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout
