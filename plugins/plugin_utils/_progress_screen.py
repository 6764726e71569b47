# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The part of the terminal that changes in place: a bar for the phases, and a line for each host.

Private to this collection. Needs rich, and does without it: then nothing changes in place.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from threading import RLock

try:
    from rich.console import Console, Group, RenderableType
    from rich.live import Live
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text
except ImportError:
    RICH_MISSING = True
else:
    RICH_MISSING = False

from ._progress_model import CONTROLLER, Host, Progress, clock

# Lines besides those of the hosts, and a few for what is printed above.
_RESERVED = 8
_FEWEST_HOSTS = 3
_PER_SECOND = 4


class Screen:
    """Draws `progress` again and again until it is stopped. Code that changes `progress` holds `lock`.

    `notes` says what a host's running task tells of itself.
    """

    def __init__(
        self, progress: Progress, *, console: Console, now: Callable[[], float], notes: Callable[[str], str]
    ) -> None:
        self.lock = RLock()
        self._progress = progress
        self._notes = notes
        self._console = console
        self._now = now
        self._live = Live(
            get_renderable=self._draw,
            console=console,
            refresh_per_second=_PER_SECOND,
            transient=True,
            vertical_overflow="crop",
        )

    @property
    def width(self) -> int:
        """Of the terminal, now."""
        return self._console.width

    def start(self) -> None:
        """Begin to draw; whatever is printed from now on appears above."""
        sys.stdout.flush()
        self._live.start(refresh=True)
        # A run that is killed must not leave a terminal without a cursor.
        self._console.show_cursor(True)

    def stop(self) -> None:
        """Take the drawing away."""
        self._live.stop()

    def _draw(self) -> RenderableType:
        with self.lock:
            self._progress.look_on(self._notes)
            return drawing(self._progress, now=self._now(), width=self._console.width, height=self._console.height)


def screen_for(
    progress: Progress, *, now: Callable[[], float], notes: Callable[[str], str], no_color: bool
) -> Screen | None:
    """A screen on this program's terminal; None if it has none that can be drawn on."""
    if RICH_MISSING or not sys.stdout.isatty():
        return None
    # A file of its own: Ansible guards the program's by the lock that it holds while it prints, and whatever it prints
    # waits for a drawing to end. A drawing that waited for that lock in turn would wait for ever.
    terminal = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding=sys.stdout.encoding)
    console = Console(file=terminal, no_color=no_color or None)
    return None if console.is_dumb_terminal else Screen(progress, console=console, now=now, notes=notes)


def drawing(progress: Progress, *, now: float, width: int, height: int) -> RenderableType:
    """`progress` for a terminal of this size."""
    room = max(height - _RESERVED, _FEWEST_HOSTS)
    shown = _most_interesting(list(progress.hosts.values()), room)
    left_out = len(progress.hosts) - len(shown)
    rest = [Text(f"  and {left_out} more", style="dim")] if left_out else []
    return Group(Text(), _headline(progress), _bar(progress, now=now, width=width), _hosts(shown, now), *rest)


def _headline(progress: Progress) -> RenderableType:
    grid = Table.grid(expand=True, padding=(0, 1))
    grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    grid.add_column(justify="right", no_wrap=True)
    title = progress.title + (", dry run" if progress.dry else "")
    grid.add_row(Text.assemble((title, "bold"), "  ", progress.phase), Text(_counts(progress), style="dim"))
    return grid


def _counts(progress: Progress) -> str:
    serving, web_hosts = progress.web_hosts
    rotation = f"{serving} of {web_hosts} in rotation, " if web_hosts else ""
    return f"{rotation}{max(progress.position + 1, 0)}/{len(progress.expected)}"


def _bar(progress: Progress, *, now: float, width: int) -> RenderableType:
    grid = Table.grid(expand=True, padding=(0, 1))
    grid.add_column(ratio=1)
    grid.add_column(justify="right", no_wrap=True)
    failed = any(host.failed for host in progress.hosts.values())
    style = "red" if failed else "green"
    done = ProgressBar(total=1, completed=progress.fraction(now), complete_style=style, finished_style=style)
    grid.add_row(done, Text(", ".join([clock(progress.elapsed(now)), *_left(progress, now=now)])))
    return grid


def _left(progress: Progress, *, now: float) -> Iterator[str]:
    whole, phase = progress.remaining(now), progress.phase_remaining(now)
    if whole is not None:
        yield f"about {clock(whole)} left"
    if phase is not None:
        yield f"{clock(phase)} in this phase"


def _hosts(hosts: list[Host], now: float) -> RenderableType:
    grid = Table.grid(expand=True, padding=(0, 1))
    grid.add_column(width=1)
    grid.add_column(no_wrap=True, overflow="ellipsis", max_width=24)
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    grid.add_column(justify="right", no_wrap=True)
    for host in hosts:
        grid.add_row(*_host(host, now))
    return grid


def _host(host: Host, now: float) -> list[Text]:
    away = "" if host.away_since is None else f"out of rotation {clock(now - host.away_since)}"
    # In a narrow terminal, what is told now is worth more than the task's name.
    doing = [host.task.word, host.remark] if host.task else [host.remark]
    parts = [", ".join(filter(None, doing)), host.task.name if host.task else ""]
    return [
        Text("✗", style="red") if host.failed else Text("✓", style="green") if host.renewed else Text("·", style="dim"),
        Text("controller" if host.name == CONTROLLER else host.name, style="bold" if host.task else "dim"),
        Text(away, style="yellow"),
        Text(" · ".join(filter(None, parts)), style="" if host.task else "dim"),
        Text("" if host.begun is None else f"{now - host.begun:.0f} s", style="dim"),
    ]


def _most_interesting(hosts: list[Host], room: int) -> list[Host]:
    """As many as there is room for, in their order: those that are away, have failed or are busy before the others."""
    ranked = sorted(hosts, key=lambda host: (host.away_since is None, not host.failed, host.task is None))
    chosen = {host.name for host in ranked[:room]}
    return [host for host in hosts if host.name in chosen]
