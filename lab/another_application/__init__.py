# SPDX-License-Identifier: GPL-3.0-or-later
"""A Django application of another shape: no jobs, ASGI, a poetry.lock, and other names for everything."""

from __future__ import annotations

from pathlib import Path

from lab.sample_application.build_repository import Application, Release

APPLICATION = Application(
    folder=Path(__file__).resolve().parent,
    releases=(
        Release(tag="v1", parent=None, summary="Put notices on a board"),
        Release(tag="v2", parent="v1", summary="Name who has written each notice, repaint the board"),
    ),
    main_release="v2",
)
