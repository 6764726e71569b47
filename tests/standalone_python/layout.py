# SPDX-License-Identifier: GPL-3.0-or-later
"""What of Debian's Python is not as its makers publish it, and how it becomes so again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

# Parts of glibc itself, which are the host's.
GLIBC = re.compile(r"(ld-linux-[\w-]+|lib(c|m|dl|pthread|rt|resolv|util))\.so\.\d+")
# As published: without tests, examples, a desktop's toolkit and what only Debian's own tools read.
LEFT_OUT = (
    "EXTERNALLY-MANAGED",
    "_distutils_system_mod.py",
    "sitecustomize.py",
    "test",
    "libpython*",
    "*.o",
    "_*test*.so",
    "xx*.so",
)


class UnknownPackageError(ValueError):
    """A package is not as it was when this was written; the message names the file."""


@dataclass(frozen=True)
class Correction:
    """A change of the file `path` below lib/python3.x: what `pattern` finds becomes `replacement`."""

    path: str
    pattern: str
    replacement: str

    def apply(self, text: str) -> str:
        """The corrected text. Raises UnknownPackageError if there is nothing to correct."""
        corrected, count = re.subn(self.pattern, self.replacement, text, flags=re.MULTILINE)
        if not count:
            raise UnknownPackageError(f"{self.path} has nothing like {self.pattern}: the package has changed")
        return corrected


def corrections(*, multiarch: str, pip: str) -> tuple[Correction, ...]:
    """What to correct, for a machine such as `x86_64-linux-gnu` and the version of the pip that comes along."""
    data = f"_sysconfigdata__linux_{multiarch}.py"
    return (
        Correction("sysconfig/__init__.py", r"= 'posix_local'$", "= 'posix_prefix'"),
        Correction("ensurepip/__init__.py", r"^ +_ensurepip_is_disabled_in_debian_for_system\(\)\n", ""),
        Correction("ensurepip/__init__.py", r'^_PIP_VERSION = ".*"', f'_PIP_VERSION = "{pip}"'),
        Correction(data, r"^ *'WHEEL_PKG_DIR': .*\n", ""),
        # As a published build, it does not know at its making where it will be.
        Correction(data, r"(?<!'TZPATH': )'/usr\b", "'/install"),
    )


def bundled(library: str) -> str:
    """The name of a library's copy: the host's library of the same name must not take its place, or it the host's."""
    stem, separator, version = library.partition(".so")
    return f"{stem}-standalone{separator}{version}"


def archive_name(*, version: str, machine: str) -> str:
    """The archive's name, for `3.14.2` and `x86_64`."""
    return f"cpython-{version}-{machine}-unknown-linux-gnu-install_only.tar.gz"


def script(python: str, content: bytes) -> bytes:
    """A script of bin/ that runs `python`, a program of the same folder, wherever the folder is."""
    _first, _newline, rest = content.partition(b"\n")
    start = f"""#!/bin/sh\n'''exec' "$(dirname -- "$(realpath -- "$0")")/{python}" "$0" "$@"\n' '''\n"""
    return start.encode() + rest


def package_suite(table: str, suites: Iterable[str]) -> str | None:
    """The first of `suites` that `apt-cache madison` shows in its `table`; None if none has the package."""
    shown = {suite for line in table.splitlines() for suite in re.findall(r" (\S+)/main \S+ Packages$", line)}
    return next((suite for suite in suites if suite in shown), None)
