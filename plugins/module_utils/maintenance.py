# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The maintenance page: nginx answers every request with it for as long as it is named `maintenance_on.html`."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Mode = Literal["on", "off"]


class MaintenanceError(Exception):
    """The page cannot be switched; the message says why and what to run."""


@dataclass(frozen=True)
class MaintenancePage:
    """The page of one site; `site_root` is `/webapps/{domain}`."""

    site_root: Path

    @property
    def mode(self) -> Mode:
        """What the page is now, whoever has renamed it."""
        return "on" if self._named("on").exists() else "off"

    @property
    def for_deploy(self) -> bool:
        """Whether a deploy has switched the page on; it, or the next one, switches it off."""
        return self.mode == "on" and self._mark.exists()

    def switch(self, mode: Mode, *, dry: bool, for_deploy: bool = False) -> bool:
        """Rename the page so that it is in `mode`; return whether that changes anything. With `dry`, only look.

        One rename: at every moment there is either the one name or the other. `for_deploy` leaves a mark, before the
        page is on, by which a later deploy knows that nobody wants it to stay. Raises MaintenanceError if there is no
        page.
        """
        if self.mode == mode:
            return False
        page = self._named(self.mode)
        if not page.exists():
            raise MaintenanceError(
                f"There is no {page}, so there is no page to show. "
                "Write one by hand, or let the role base write its own: make configure"
            )
        if not dry:
            if for_deploy:
                self._mark.touch()
            page.rename(self._named(mode))
            if mode == "off" or not for_deploy:
                self._mark.unlink(missing_ok=True)
        return True

    def switch_command(self) -> list[str]:
        """The command that switches the page on for a deploy, for a host to run when no controller is there."""
        mark, off, on = self._mark, self._named("off"), self._named("on")
        return [
            "/bin/sh",
            "-c",
            f"touch {shlex.quote(str(mark))} && mv -n {shlex.quote(str(off))} {shlex.quote(str(on))}",
        ]

    @property
    def _mark(self) -> Path:
        return self.site_root / ".maintenance_for_deploy"

    def _named(self, mode: Mode) -> Path:
        return self.site_root / f"maintenance_{mode}.html"
