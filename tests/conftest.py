# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets Ansible find the collection before a test imports any of it: the first import decides how all of it is found."""

from __future__ import annotations

from ansible.plugins.loader import init_plugin_loader

init_plugin_loader()
