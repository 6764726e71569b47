# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the archive; see the package's own text."""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab.local_cloud import engine
from lab.local_cloud.distributions import DISTRIBUTIONS, package_sources
from lab.local_cloud.images import fingerprint
from tests.standalone_python.elf import for_older_glibc, is_elf
from tests.standalone_python.layout import (
    GLIBC,
    LEFT_OUT,
    archive_name,
    bundled,
    corrections,
    package_suite,
    script,
)

logger = logging.getLogger(__name__)

# From the oldest, whose glibc is the nearest to the hosts'.
SUITES = ("trixie", "forky", "sid")
# Of Debian 12.
NEWEST_GLIBC = (2, 36)
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
RECIPE = [Path(__file__).with_name(name) for name in ("build.py", "elf.py", "layout.py")]


class BuildError(RuntimeError):
    """There is no such Python, or it could not be made; the message says why."""


def ensure_archive(version: str, cache: Path) -> Path:
    """The archive of Python `version`, such as `3.14`, made first unless `cache` has it. Raises BuildError.

    Beside it is its checksum, as `sha256sum` writes it. A changed recipe makes it again.
    """
    if not re.fullmatch(r"3\.\d+", version):
        raise BuildError(f"{version} is no version of Python to make. Name it as in: 3.14")
    folder = cache / fingerprint(path.read_bytes() for path in RECIPE)
    there = sorted(folder.glob(archive_name(version=f"{version}.*", machine=platform.machine())))
    if there:
        return there[-1]
    programs = {"mmdebstrap": "mmdebstrap", "patchelf": "patchelf"}
    engine.install([package for package, program in programs.items() if shutil.which(program) is None])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="standalone-python-") as name:
        work = Path(name)
        # apt reads there as a user of its own.
        work.chmod(0o755)
        suite = _suite(version, work)
        logger.info("making Python %s from the packages of %s", version, suite)
        names = [f"python{version}", f"python{version}-venv", f"libpython{version}", f"libpython{version}-dev"]
        python = Tree(version, debian(suite, work / "root", *names, variant="extract"), work / "python")
        python.make()
        return _pack(python, folder)


class Tree:
    """The folder `python` of an archive, made of the packages in `root`."""

    def __init__(self, version: str, root: Path, python: Path) -> None:
        self.name = f"python{version}"
        self.usr = root / "usr"
        self.python = python
        self.lib = python / "lib"
        self.library = self.lib / self.name
        self.multiarch = f"{platform.machine()}-linux-gnu"

    def make(self) -> None:
        """Copy, correct, and compile."""
        self._copy()
        self._undo_debian()
        self._make_relocatable()
        self.run("-m", "ensurepip", "--default-pip")
        for path in (self.python / "bin").glob("pip*"):
            path.write_bytes(script(self.name, path.read_bytes()))
        self.run("-m", "compileall", "-q", "-f", str(self.library))

    def run(self, *arguments: str) -> str:
        """What the made Python prints. Raises BuildError if it fails."""
        # Not this environment's own settings of Python and pip.
        return _run(
            [self.python / "bin" / self.name, "-I", *arguments], environment={"PATH": os.environ["PATH"]}
        ).strip()

    def _copy(self) -> None:
        left_out = shutil.ignore_patterns(*LEFT_OUT)
        shutil.copytree(self.usr / "lib" / self.name, self.library, symlinks=True, ignore=left_out)
        shutil.copytree(self.usr / "include" / self.name, self.python / "include" / self.name)
        shutil.copy2(
            self.usr / "include" / self.multiarch / self.name / "pyconfig.h", self.python / "include" / self.name
        )
        (self.python / "bin").mkdir()
        shutil.copy2(self.usr / "bin" / self.name, self.python / "bin" / self.name)
        for link in ("python3", "python"):
            (self.python / "bin" / link).symlink_to(self.name)
        shared = f"lib{self.name}.so.1.0"
        shutil.copy2(self.usr / "lib" / self.multiarch / shared, self.lib / shared)
        (self.lib / f"lib{self.name}.so").symlink_to(shared)

    def _undo_debian(self) -> None:
        (wheel,) = (self.usr / "share/python-wheels").glob("pip-*.whl")
        (self.library / "ensurepip/_bundled").mkdir()
        shutil.copy2(wheel, self.library / "ensurepip/_bundled")
        for correction in corrections(multiarch=self.multiarch, pip=wheel.name.split("-")[1]):
            path = self.library / correction.path
            path.write_text(correction.apply(path.read_text(encoding="utf-8")), encoding="utf-8")
        # The module site is frozen in the program, and so is Debian's name there.
        (self.library / "site-packages").mkdir()
        (self.library / "dist-packages").symlink_to("site-packages")

    def _make_relocatable(self) -> None:
        copied: set[str] = set()
        waiting = [path for path in self.python.rglob("*") if path.is_file() and not path.is_symlink()]
        while waiting:
            path = waiting.pop()
            content = path.read_bytes()
            if not is_elf(content):
                continue
            path.write_bytes(for_older_glibc(content, NEWEST_GLIBC))
            needed = {
                library: bundled(library)
                for library in _run(["patchelf", "--print-needed", path]).split()
                if not GLIBC.fullmatch(library)
            }
            for library in sorted(needed.keys() - copied):
                shutil.copy2(self.usr / "lib" / self.multiarch / library, self.lib / bundled(library))
                (self.lib / bundled(library)).chmod(0o644)
                waiting.append(self.lib / bundled(library))
            copied |= needed.keys()
            _correct_needs(path, needed, self.lib)


def _correct_needs(path: Path, needed: Mapping[str, str], lib: Path) -> None:
    # Each in a run of its own: of two corrections in one, patchelf 0.14 writes one's text over the other's.
    for library, copy in needed.items():
        _run(["patchelf", "--replace-needed", library, copy, path])
    if path.parent == lib and "-standalone.so" in path.name:
        _run(["patchelf", "--set-soname", path.name, path])
    _run(["patchelf", "--set-rpath", f"$ORIGIN/{os.path.relpath(lib, path.parent)}", path])


def debian(suite: str, root: Path, *packages: str, variant: str = "minbase") -> Path:
    """Make the folder `root` a Debian of this suite, with packages, from this computer's mirror; return it."""
    # A mirror that is behind is this computer's to accept or not, as for its own packages.
    dated = _run(["apt-config", "dump", "Acquire::Check-Valid-Until", "Acquire::Check-Date"]).splitlines()
    command = ["mmdebstrap", "--quiet", f"--variant={variant}", f"--include={','.join(packages)}"]
    _run([*command, *(f"--aptopt={line}" for line in dated), suite, root, f"deb {_mirror()} {suite} main"])
    return root


def _mirror() -> str:
    files = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    texts = [file.read_text(encoding="utf-8") for file in files if file.is_file()]
    mirrors = [line.split()[1] for line in package_sources(texts, DISTRIBUTIONS["debian13"]) if " trixie " in line]
    if not mirrors:
        raise BuildError("this computer's apt knows no mirror of Debian. Make the archive on a computer with Debian")
    return mirrors[0]


def _suite(version: str, work: Path) -> str:
    """The suite whose Python is taken."""
    sources = work / "sources.list"
    sources.write_text("".join(f"deb [signed-by={KEYRING}] {_mirror()} {suite} main\n" for suite in SUITES))
    (work / "lists/partial").mkdir(parents=True)
    apt = {
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::Lists": work / "lists",
        "Dir::Cache": work,
    }
    options = [word for name, value in apt.items() for word in ("-o", f"{name}={value}")]
    _run(["apt-get", *options, "--quiet", "update"])
    suite = package_suite(_run(["apt-cache", *options, "madison", f"python{version}"]), SUITES)
    if suite is None:
        raise BuildError(f"none of Debian's suites {', '.join(SUITES)} has python{version}")
    return suite


def _pack(tree: Tree, folder: Path) -> Path:
    version = tree.run("-c", "import platform; print(platform.python_version())")
    path = folder / archive_name(version=version, machine=platform.machine())
    partial = path.with_suffix(".partial")
    with tarfile.open(partial, "w:gz", compresslevel=6) as archive:
        archive.add(tree.python, "python", filter=_owned_by_root)
    digest = hashlib.sha256(partial.read_bytes()).hexdigest()
    path.with_name(f"{path.name}.sha256").write_text(f"{digest}  {path.name}\n", encoding="utf-8")
    return partial.rename(path)


def _owned_by_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return member


def _run(command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        raise BuildError(f"{' '.join(map(str, command))} ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
    return done.stdout
