# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of Redis that are known to load. Runs on its host, with the distribution's own Python."""
