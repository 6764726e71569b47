# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a build had to compile, the native library that it lacks, and the package that has that; from what it says."""

from __future__ import annotations

import re

# What compilers say of a header, and the packages' own build scripts of the programs that they ask.
_HEADER = re.compile(r"fatal error: (\S+\.h): No such file or directory")
_PROGRAM = re.compile(r"\b(pg_config|mysql_config|xmlsec1-config)\b[^\n]*not found")
# What cffi, ctypes and the linker say of a library.
_LIBRARY = re.compile(
    r"cannot load library '?(lib[\w.+-]+?\.so[.\d]*)'?[:\s]|(lib[\w.+-]+?\.so[.\d]*): cannot open shared object"
)

# What uv and npm say where a package comes from a git repository.
_GIT = re.compile(
    r"Git executable not found|spawn git\b|syscall spawn git|\bgit: not found|No such file or directory: 'git'"
)

# What uv says of a package that it has built from source.
_UNBUILT = re.compile(r"Failed to build `([^`]+)`")

# Packages with the same name in Debian 12 and 13 and in Ubuntu 22.04 and 24.04.
_DEVELOPMENT = {
    "Python.h": "python3-dev",
    "cairo.h": "libcairo2-dev",
    "ffi.h": "libffi-dev",
    "git": "git",
    "jpeglib.h": "libjpeg-dev",
    "lber.h": "libldap-dev",
    "libpq-fe.h": "libpq-dev",
    "libxml/xmlversion.h": "libxml2-dev",
    "libxslt/xslt.h": "libxslt1-dev",
    "mysql_config": "libmariadb-dev",
    "openssl/ssl.h": "libssl-dev",
    "pg_config": "libpq-dev",
    "sasl/sasl.h": "libsasl2-dev",
    "yaml.h": "libyaml-dev",
    "zlib.h": "zlib1g-dev",
}
_RUNTIME = {
    "libcairo.so": "libcairo2",
    "libgdk_pixbuf-2.0.so": "libgdk-pixbuf-2.0-0",
    "libpango-1.0.so": "libpango-1.0-0",
    "libpangocairo-1.0.so": "libpangocairo-1.0-0",
    "libpangoft2-1.0.so": "libpangoft2-1.0-0",
    "libpq.so": "libpq5",
    "libxslt.so": "libxslt1.1",
}


def hint(output: str) -> str:
    """Return why a package was compiled, and what is missing, as `_missing` says; empty if nothing is recognised.

    A lock that is made for another Python lacks wheels for this one: the library is not what is missing then.
    """
    found = _UNBUILT.search(output)
    if not found:
        return _missing(output)
    return (
        f"There is no ready-made wheel of {found[1]} for this Python and machine, so it was compiled. Is "
        f"release_python the version that the lock was made for? {_missing(output)}"
    ).rstrip()


def _missing(output: str) -> str:
    """Return what is missing, the package that has it and the variable that takes it; empty if nothing is recognised.

    Of several that are missing the first is named: the others often follow from it.
    """
    found = _HEADER.search(output) or _PROGRAM.search(output)
    if found:
        return _say(found[1], package=_DEVELOPMENT.get(found[1]), variable="release_build_packages")
    if _GIT.search(output):
        return _say("git", package=_DEVELOPMENT["git"], variable="release_build_packages")
    found = _LIBRARY.search(output)
    if found:
        library = found[1] or found[2]
        package = _RUNTIME.get(library[: library.index(".so")] + ".so")
        return _say(library, package=package, variable="release_runtime_packages")
    return ""


def _say(missing: str, *, package: str | None, variable: str) -> str:
    which = (
        f"The distribution's package {package} has it: add that"
        if package
        else f"Find the distribution's package that has it (apt-file search {missing}), and add that"
    )
    return f"The build host has no {missing}. {which} to {variable} in the stage's group_vars/all/release.yml."
