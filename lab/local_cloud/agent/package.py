# SPDX-License-Identifier: GPL-3.0-or-later
"""Building and signing the stand-in: a Debian package with the real one's name, paths and commands.

`python -m lab.local_cloud.agent.package FOLDER` makes it in FOLDER, where no local cloud runs.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

RECIPE = Path(__file__).parent
HOME = "opt/aws/amazon-cloudwatch-agent"
NAME = "amazon-cloudwatch-agent"
CONTROL = """\
Package: {name}
Version: {version}
Architecture: all
Maintainer: carpentries.amy <local-cloud@carpentries.test>
Depends: python3
Description: stand-in of the local cloud for Amazon's CloudWatch agent
"""
# What the package does when it is replaced and removed, as the real one: an agent that runs is restarted.
SCRIPTS = {
    "postinst": "#!/bin/sh\nset -e\nsystemctl daemon-reload\nsystemctl try-restart amazon-cloudwatch-agent.service\n",
    "prerm": '#!/bin/sh\nset -e\n[ "$1" != remove ] || systemctl disable --now amazon-cloudwatch-agent.service\n',
}


@dataclass(frozen=True)
class Package:
    """The package's files, beside each other in one folder."""

    file: Path
    signature: Path
    key: Path
    fingerprint: str
    version: str


def ensure_package(folder: Path) -> Package:
    """Build the package in `folder` and sign it with a key that is made there; what is there already is kept.

    `folder` then also has the files `fingerprint` and `version`, for inventories. Raises CalledProcessError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    package = Package(
        file=folder / f"{NAME}.deb",
        signature=folder / f"{NAME}.deb.sig",
        key=folder / f"{NAME}.gpg",
        fingerprint=_ensure_key(folder),
        version=_version(),
    )
    known = folder / "version"
    if not known.exists() or known.read_text().strip() != package.version:
        _build(package)
        _gpg(folder, "--yes", "--output", str(package.signature), "--detach-sign", str(package.file))
        package.key.write_bytes(_gpg(folder, "--armor", "--export"))
        (folder / "fingerprint").write_text(f"{package.fingerprint}\n")
        known.write_text(f"{package.version}\n")
    # gpg has started an agent, which would not end by itself.
    subprocess.run(["gpgconf", "--homedir", str(folder / "gnupg"), "--kill", "all"], check=True)
    return package


def _version() -> str:
    """Another one for each change of the program, so that hosts get it."""
    files = sorted(path for part in ("stand_in", "root") for path in (RECIPE / part).rglob("*") if path.is_file())
    contents = b"".join(path.read_bytes() for path in files if path.suffix != ".pyc")
    return f"1.0.{int(hashlib.sha256(contents).hexdigest()[:6], 16)}-1"


def _build(package: Package) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch, "root")
        shutil.copytree(RECIPE / "root", root)
        library = root / HOME / "lib" / "stand_in"
        shutil.copytree(RECIPE / "stand_in", library, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("etc", "logs"):
            (root / HOME / name).mkdir()
        (root / HOME / "bin" / "CWAGENT_VERSION").write_text(f"{package.version}\n")
        control = root / "DEBIAN"
        control.mkdir()
        (control / "control").write_text(CONTROL.format(name=NAME, version=package.version))
        for name, text in SCRIPTS.items():
            (control / name).write_text(text)
            (control / name).chmod(0o755)
        # Whatever the umask of this computer's user is.
        for path in [root, *root.rglob("*")]:
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", "--build", str(root), str(package.file)], check=True, capture_output=True
        )


def _ensure_key(folder: Path) -> str:
    """Return the fingerprint of the folder's key."""
    if not (folder / "gnupg").exists():
        (folder / "gnupg").mkdir(mode=0o700)
        _gpg(folder, "--passphrase", "", "--quick-generate-key", "local cloud", "ed25519", "sign", "never")
    listing = _gpg(folder, "--with-colons", "--fingerprint").decode()
    return next(line.split(":")[9] for line in listing.splitlines() if line.startswith("fpr:"))


def _gpg(folder: Path, *arguments: str) -> bytes:
    """Run gpg with the folder's keys."""
    command = ["gpg", "--homedir", str(folder / "gnupg"), "--batch", "--quiet", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, env={**os.environ, "LC_ALL": "C"})
    return done.stdout


if __name__ == "__main__":
    ensure_package(Path(sys.argv[1]))
