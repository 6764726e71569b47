# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for Amazon's CloudWatch agent, as a signed package: it cannot be downloaded everywhere."""
