# SPDX-License-Identifier: GPL-3.0-or-later
"""What backups have in common, whatever is backed up. Runs on a host, with the distribution's own Python."""
