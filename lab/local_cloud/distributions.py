# SPDX-License-Identifier: GPL-3.0-or-later
"""The distributions that hosts can have, and where this computer gets the packages of each from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

POCKETS = ("", "-updates", "-security")


@dataclass(frozen=True)
class Distribution:
    """A release of a distribution, for example `debian12`, which calls itself bookworm."""

    name: str
    codename: str

    @property
    def family(self) -> str:
        """Who publishes it: `debian` or `ubuntu`."""
        return self.name.rstrip("0123456789")

    @property
    def version(self) -> str:
        """Its number, without points."""
        return self.name.removeprefix(self.family)

    @property
    def public_image(self) -> str:
        """Its image in the public registry."""
        return f"{self.family}:{self.codename}"

    @property
    def components(self) -> tuple[str, ...]:
        """Where its nginx, Redis and supervisor are."""
        return ("main", "universe") if self.family == "ubuntu" else ("main",)


DISTRIBUTIONS = {
    distribution.name: distribution
    for distribution in (
        Distribution("debian12", "bookworm"),
        Distribution("debian13", "trixie"),
        Distribution("ubuntu2204", "jammy"),
        Distribution("ubuntu2404", "noble"),
    )
}
DEFAULT = DISTRIBUTIONS["debian12"]


def package_sources(texts: Iterable[str], distribution: Distribution) -> list[str]:
    """The sources of `distribution` on the mirrors that the contents of apt's files name, one line each.

    Reads both of apt's formats. A mirror of one release has the family's others, too. Third parties' sources are left
    out: a cloud's image has none. Empty on a computer of another family; mmdebstrap then takes the family's own.
    """
    pockets = {
        f"{relative.codename}{pocket}": pocket
        for relative in DISTRIBUTIONS.values()
        if relative.family == distribution.family
        for pocket in POCKETS
    }
    components = " ".join(distribution.components)
    found = [
        f"deb {mirror} {distribution.codename}{pockets[suite]} {components}"
        for text in texts
        for mirror, suite, offered in (*_one_line_sources(text), *_stanza_sources(text))
        if suite in pockets and "main" in offered
    ]
    if any(f" {distribution.codename} " in line for line in found):
        return list(dict.fromkeys(found))
    return []


def _one_line_sources(text: str) -> Iterator[tuple[str, str, list[str]]]:
    for line in text.splitlines():
        match = re.match(r"deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)\s+(.*)", line)
        if match:
            yield match[1], match[2], match[3].split()


def _stanza_sources(text: str) -> Iterator[tuple[str, str, list[str]]]:
    for stanza in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"^([A-Za-z-]+):[ \t]*(.*)$", stanza, re.MULTILINE))
        if "deb" not in fields.get("Types", "").split():
            continue
        for uri in fields.get("URIs", "").split():
            for suite in fields.get("Suites", "").split():
                yield uri, suite, fields.get("Components", "").split()
