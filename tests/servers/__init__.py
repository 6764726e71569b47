# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that belong to one test run: in a folder of their own, on a private socket or an ephemeral loopback port."""
