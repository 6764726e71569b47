# SPDX-License-Identifier: GPL-3.0-or-later
"""ELBv2's application load balancers, done by one HAProxy on this computer."""
