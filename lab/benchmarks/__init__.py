# SPDX-License-Identifier: GPL-3.0-or-later
"""Measurements that are made by hand: speed is never asserted in a test."""
