# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The maintenance page: nginx answers every request with it for as long as it is named `maintenance_on.html`.

Its time of modification, if that lies in the future, is the planned end; nginx tells it to visitors (Retry-After).
"""

from __future__ import annotations

import os
import shlex
import shutil
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

from ._clock import Clock, SystemClock

Mode = Literal["on", "off"]


class MaintenanceError(Exception):
    """The page cannot be switched; the message says why and what to run."""


@dataclass(frozen=True)
class MaintenancePage:
    """The page of one site; `site_root` is `/webapps/{domain}`."""

    site_root: Path
    clock: Clock = SystemClock()

    @property
    def mode(self) -> Mode:
        """What the page is now, however it was renamed."""
        return "on" if self._named("on").exists() else "off"

    @property
    def for_deploy(self) -> bool:
        """Whether a deploy has switched the page on; it, or the next one, switches it off."""
        return self.mode == "on" and self._mark.exists()

    @property
    def planned_end(self) -> datetime | None:
        """When the page that is on is planned to be off again, in UTC; None if that is not set, or is over."""
        end = self._end(self._named("on"))
        return end if end and end > self.clock.now() else None

    def switch(
        self, mode: Mode, *, dry: bool, for_deploy: bool = False, content: str = "", until: datetime | None = None
    ) -> bool:
        """Bring the page into `mode` by a rename; return whether anything changes. With `dry`, only look.

        One rename: at every moment there is either the one name or the other. `for_deploy` leaves a mark, before the
        page is on, by which a later deploy knows that it may switch the page off. A call without `for_deploy` removes
        the mark from a page that is on. A page that is to be on gets the new `content` and the planned end `until`,
        where they are given. Raises MaintenanceError if there is no page, or if `until` has passed.
        """
        if mode == "off":
            content, until = "", None
        self._require_future(until)
        page = self._named(self.mode)
        renamed = self.mode != mode
        if renamed and not page.exists():
            raise MaintenanceError(
                f"There is no {page}, so there is no page to show. "
                "Write one by hand, or let the role maintenance write its own: make configure STAGE=<stage>"
            )
        # A plan from the last time is no plan for this one.
        outdated = renamed and until is None and (self._end(page) or self.clock.now()) > self.clock.now()
        end = self.clock.now() if outdated else until
        rewritten = bool(content) and page.read_text(encoding="utf-8") != content
        moved = end is not None and self._end(page) != end
        taken_over = mode == "on" and not for_deploy and self.for_deploy
        if not dry:
            if rewritten or moved:
                self._write(page, content=content, end=end or self._end(page))
            if renamed:
                self._rename(page, mode, for_deploy=for_deploy)
            if taken_over:
                self._mark.unlink(missing_ok=True)
        return renamed or rewritten or taken_over or (moved and not outdated)

    def switch_command(self) -> list[str]:
        """The command that switches the page on for a deploy, for a host to run when no controller is there.

        A page that is on stays as it is, a deploy's or an operator's.
        """
        mark, off, on = (shlex.quote(str(path)) for path in (self._mark, self._named("off"), self._named("on")))
        return ["/bin/sh", "-c", f"test -e {on} || {{ touch {mark} && mv -n {off} {on}; }}"]

    def _rename(self, page: Path, mode: Mode, *, for_deploy: bool) -> None:
        if for_deploy:
            self._mark.touch()
        page.rename(self._named(mode))
        if mode == "off" or not for_deploy:
            self._mark.unlink(missing_ok=True)

    def _write(self, page: Path, *, content: str, end: datetime | None) -> None:
        """Replace the page at once, so that no visitor gets half of it, or a text without its end."""
        new = page.with_suffix(".new")
        shutil.copy2(page, new)
        os.chown(new, page.stat().st_uid, page.stat().st_gid)
        if content:
            new.write_text(content, encoding="utf-8")
        if end:
            os.utime(new, (end.timestamp(), end.timestamp()))
        new.replace(page)

    def _require_future(self, until: datetime | None) -> None:
        if until and until <= self.clock.now():
            raise MaintenanceError(
                f"The planned end {until:%Y-%m-%d %H:%M %Z} has passed, so nothing has been touched. Name one that is "
                "to come, for example: -e maintenance_until=2026-01-31T15:30Z"
            )

    @staticmethod
    def _end(page: Path) -> datetime | None:
        """The time of modification, in full seconds; None without a page."""
        try:
            return datetime.fromtimestamp(int(page.stat().st_mtime), tz=timezone.utc)
        except FileNotFoundError:
            return None

    @property
    def _mark(self) -> Path:
        return self.site_root / ".maintenance_for_deploy"

    def _named(self, mode: Mode) -> Path:
        return self.site_root / f"maintenance_{mode}.html"
