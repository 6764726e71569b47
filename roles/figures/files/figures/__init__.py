# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of a stage, for CloudWatch. Runs on a host, with the distribution's own Python."""
