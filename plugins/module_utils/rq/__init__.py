# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What RQ and rq-scheduler keep in Redis, and how a deploy holds both without losing a job."""
