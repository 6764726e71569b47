# SPDX-License-Identifier: GPL-3.0-or-later
"""Loads the plugins that Ansible's command line programs load before they render."""

from __future__ import annotations

from ansible.plugins.loader import init_plugin_loader

init_plugin_loader()
