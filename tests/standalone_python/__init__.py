# SPDX-License-Identifier: GPL-3.0-or-later
"""Python in an archive of its own, as python-build-standalone publishes it, made of a newer Debian's packages.

`python -m tests.standalone_python 3.13 3.14` prints the archives' paths and makes those that are not in the cache.
The packages come from the mirror that this computer's own apt uses, with apt's checks of their signatures.
`install_only` is the archive's layout: one folder `python/` with bin, lib and include. It runs wherever it is unpacked,
on Debian 12 and newer: the libraries that it needs are in it, and it asks no more of glibc than Debian 12 has.

It differs from a published build in this: the libraries are files in lib/, not parts of the program, and the compiler's
options are Debian's.
"""
