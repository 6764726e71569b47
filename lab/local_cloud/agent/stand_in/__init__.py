# SPDX-License-Identifier: GPL-3.0-or-later
"""The program in the package. Runs on a Debian 12 with its own Python and nothing else."""
