# SPDX-License-Identifier: GPL-3.0-or-later
"""A small Django application with AMY's shape, and a git repository of good and broken releases of it."""

from __future__ import annotations

from pathlib import Path

from lab.sample_application.build_repository import Application, Release

APPLICATION = Application(
    folder=Path(__file__).resolve().parent,
    releases=(
        Release(tag="v1", parent=None, summary="Keep a ledger of uploads and jobs"),
        Release(tag="v2", parent="v1", summary="Record each upload's content type, repaint the pages"),
        Release(tag="v3", parent="v2", summary="Rename the columns of notices and uploads, add tokens"),
        Release(tag="v2-crash", parent="v1", summary="Import a module that does not exist"),
        Release(tag="v2-error500", parent="v1", summary="Break the login page"),
        Release(tag="v2-slow", parent="v1", summary="Take 25 seconds to start"),
        Release(tag="v2-badmigration", parent="v1", summary="Migrate data that cannot all be migrated"),
        Release(tag="v2-poison", parent="v1", summary="Move the action that queued jobs refer to"),
    ),
    main_release="v3",
)
