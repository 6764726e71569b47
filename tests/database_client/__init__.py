# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of an older server on a host with a newer distribution: `python -m pytest tests/database_client`."""
