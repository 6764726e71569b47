# SPDX-License-Identifier: GPL-3.0-or-later
"""A small Django application with AMY's shape, and a git repository of good and broken releases of it."""
