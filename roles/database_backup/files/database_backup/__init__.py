# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of a PostgreSQL database that are known to restore. Runs on a host, with the distribution's own Python."""
