# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs and libraries of a newer Debian that an older glibc runs."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

# Of the System V ABI and the Linux Standard Base, as are the layouts below.
VERSIONS, NEEDED_VERSIONS, INDEX = 0x6FFFFFFF, 0x6FFFFFFE, 0x7FFF
# How a compiler names the parsers of numbers that also read C23's binary ones.
C23 = b"__isoc23_"


@dataclass(frozen=True)
class Section:
    """A section's place in the file, in bytes; `link` is the number of the section that it refers to."""

    kind: int
    offset: int
    size: int
    link: int


@dataclass(frozen=True)
class Needed:
    """A version that is needed of a library: where that is written, its hash, number and name."""

    offset: int
    checksum: int
    index: int
    name_at: int
    version: tuple[int, ...]


def is_elf(content: bytes) -> bool:
    """Whether this is a program or a library of a 64-bit little-endian machine."""
    return content[:6] == b"\x7fELF\x02\x01"


def for_older_glibc(content: bytes, newest: tuple[int, ...]) -> bytes:
    """The same program, which a glibc of version `newest` starts.

    Each function of a newer version becomes its oldest one, and C23's parsers of numbers become those of C89. What the
    older glibc lacks altogether remains, and `ldd -r` names it there.
    """
    sections = _sections(content)
    needed = [
        need
        for section in sections
        if section.kind == NEEDED_VERSIONS
        for need in _needed(content, section, sections[section.link].offset)
        if need.version
    ]
    newer = [need for need in needed if need.version > newest]
    if not newer:
        return content
    oldest = min(needed, key=lambda need: need.version)
    changed = bytearray(content)
    for need in newer:
        struct.pack_into("<I", changed, need.offset, oldest.checksum)
        struct.pack_into("<I", changed, need.offset + 8, oldest.name_at)
    indexes = {need.index for need in newer}
    (versions,) = (section for section in sections if section.kind == VERSIONS)
    symbols = sections[versions.link]
    strings = sections[symbols.link].offset
    for number in range(versions.size // 2):
        index = struct.unpack_from("<H", content, versions.offset + 2 * number)[0] & INDEX
        symbol = symbols.offset + 24 * number
        (name_at,) = struct.unpack_from("<I", content, symbol)
        if index in indexes and content.startswith(C23, strings + name_at):
            struct.pack_into("<I", changed, symbol, name_at + len(C23))
    return bytes(changed)


def _sections(content: bytes) -> list[Section]:
    (table,) = struct.unpack_from("<Q", content, 40)
    entry, count = struct.unpack_from("<HH", content, 58)
    headers = (struct.unpack_from("<IIQQQQI", content, table + entry * number) for number in range(count))
    return [Section(kind, offset, size, link) for _name, kind, _flags, _address, offset, size, link in headers]


def _needed(content: bytes, section: Section, strings: int) -> Iterator[Needed]:
    library, following = section.offset, -1
    while following:
        _format, count, _file, first, following = struct.unpack_from("<HHIII", content, library)
        offset = library + first
        for _number in range(count):
            checksum, _flags, index, name_at, step = struct.unpack_from("<IHHII", content, offset)
            end = content.index(b"\0", strings + name_at)
            version = glibc_version(content[strings + name_at : end].decode())
            yield Needed(offset, checksum, index & INDEX, name_at, version)
            offset += step
        library += following


def glibc_version(name: str) -> tuple[int, ...]:
    """The version of glibc that a symbol's version names; empty if it is another library's, or none."""
    match = re.fullmatch(r"GLIBC_(\d+(?:\.\d+)+)", name)
    return tuple(int(number) for number in match[1].split(".")) if match else ()
